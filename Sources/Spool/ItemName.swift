// The grammar of an item's file name (SPOOL.md section 1). Claiming, ordering, counting and scheduling read names alone.

/// The name of a spool item: `due.lane.id.tries[.reason].jsonl.zst`.
package struct ItemName: Hashable, Sendable {
  /// Milliseconds since 1970 UTC before which the item is not taken.
  package var due: Int
  /// Whose work it is: 1 to 32 of `a-z 0-9`.
  package let lane: String
  /// 32 hex digits: the first 128 bits of SHA-256 over the uncompressed bytes.
  package let id: String
  /// Tries that ended without success; 0 to 99.
  package var tries: Int
  /// Why the last try ended so: 1 to 24 of `a-z 0-9 _`.
  package var reason: String?

  package static let suffix = ".jsonl.zst"
  /// The reason of an item that was cut out of one whose worker died.
  package static let split = "split"

  /// Whether the item, or one it was cut out of, was in a worker's hands when that died: it is worked on alone.
  package var isSuspect: Bool { reason == "crashed" || reason == Self.split }

  package init(due: Int, lane: String, id: String, tries: Int = 0, reason: String? = nil) {
    self.due = due
    self.lane = lane
    self.id = id
    self.tries = tries
    self.reason = reason
  }

  /// Parses a file name, or the part of a claim's name before its comma; nil when it is a stray.
  ///
  /// Works on bytes: a spool's directories are listed often and may hold tens of thousands of names.
  package init?(_ fileName: String) {
    var bytes = fileName.utf8[...]
    if let comma = bytes.firstIndex(of: 44) { bytes = bytes[..<comma] }
    guard bytes.count > Self.suffix.utf8.count,
      bytes.suffix(Self.suffix.utf8.count).elementsEqual(Self.suffix.utf8)
    else { return nil }
    let parts = bytes.dropLast(Self.suffix.utf8.count).split(
      separator: 46, omittingEmptySubsequences: false)
    guard parts.count == 4 || parts.count == 5,
      let due = Self.number(parts[0], digits: 13), let tries = Self.number(parts[3], digits: 2),
      Self.isLane(parts[1]), Self.isID(parts[2])
    else { return nil }
    if parts.count == 5 {
      guard Self.isReason(parts[4]) else { return nil }
      reason = String(Substring(parts[4]))
    } else {
      reason = nil
    }
    (self.due, lane, id, self.tries) =
      (due, String(Substring(parts[1])), String(Substring(parts[2])), tries)
  }

  /// The file name.
  package var fileName: String {
    let head = "\(Self.padded(due, 13)).\(lane).\(id).\(Self.padded(min(tries, 99), 2))"
    return head + (reason.map { "." + $0 } ?? "") + Self.suffix
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  /// Whether `text` may name a lane.
  package static func isLane(_ text: String) -> Bool { isLane(text.utf8[...]) }

  private static func isLane(_ text: Substring.UTF8View) -> Bool {
    (1...32).contains(text.count) && text.allSatisfy(isLowerOrDigit)
  }

  /// Whether `text` may stand as a reason.
  package static func isReason(_ text: String) -> Bool { isReason(text.utf8[...]) }

  private static func isReason(_ text: Substring.UTF8View) -> Bool {
    (1...24).contains(text.count) && text.allSatisfy { isLowerOrDigit($0) || $0 == 95 }
  }

  private static func isID(_ text: Substring.UTF8View) -> Bool {
    text.count == 32 && text.allSatisfy { (97...102).contains($0) || (48...57).contains($0) }
  }

  private static func number(_ text: Substring.UTF8View, digits: Int) -> Int? {
    guard text.count == digits else { return nil }
    var number = 0
    for byte in text {
      guard (48...57).contains(byte) else { return nil }
      number = number * 10 + Int(byte - 48)
    }
    return number
  }

  private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (48...57).contains(byte)
  }
}
