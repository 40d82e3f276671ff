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

  package init(due: Int, lane: String, id: String, tries: Int = 0, reason: String? = nil) {
    self.due = due
    self.lane = lane
    self.id = id
    self.tries = tries
    self.reason = reason
  }

  /// Parses a file name, or the part of a claim's name before its comma; nil when it is a stray.
  package init?(_ fileName: String) {
    let name = fileName.prefix { $0 != "," }
    guard name.hasSuffix(Self.suffix) else { return nil }
    let parts = name.dropLast(Self.suffix.count).split(
      separator: ".", omittingEmptySubsequences: false
    ).map(String.init)
    guard parts.count == 4 || parts.count == 5,
      parts[0].utf8.count == 13, let due = Int(parts[0]), due >= 0,
      Self.isLane(parts[1]), Self.isID(parts[2]),
      parts[3].utf8.count == 2, let tries = Int(parts[3]), tries >= 0
    else { return nil }
    if parts.count == 5 {
      guard Self.isReason(parts[4]) else { return nil }
      reason = parts[4]
    } else {
      reason = nil
    }
    (self.due, lane, id, self.tries) = (due, parts[1], parts[2], tries)
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
  package static func isLane(_ text: String) -> Bool {
    (1...32).contains(text.utf8.count) && text.utf8.allSatisfy(isLowerOrDigit)
  }

  /// Whether `text` may stand as a reason.
  package static func isReason(_ text: String) -> Bool {
    (1...24).contains(text.utf8.count) && text.utf8.allSatisfy { isLowerOrDigit($0) || $0 == 95 }
  }

  private static func isID(_ text: String) -> Bool {
    text.utf8.count == 32
      && text.utf8.allSatisfy { (97...102).contains($0) || (48...57).contains($0) }
  }

  private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (48...57).contains(byte)
  }
}
