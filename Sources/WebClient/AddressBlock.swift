// A block of addresses in the notation of RFC 4632: an address and how many of its bits count.

/// All addresses that share their first `length` bits.
struct AddressBlock: Hashable, Sendable {
  let first: IPAddress
  let length: Int

  /// Parses `address/length`; nil when either is out of range.
  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = IPAddress(String(parts[0])), let length = Int(parts[1])
    else { return nil }
    let width =
      switch first {
      case .v4: 32
      case .v6: 128
      }
    guard (0...width).contains(length) else { return nil }
    self.first = first
    self.length = length
  }

  func contains(_ address: IPAddress) -> Bool {
    switch (first, address) {
    case (.v4(let ours), .v4(let theirs)):
      // A shift by the full width gives 0 in Swift, so length 0 needs no case of its own.
      return (ours ^ theirs) >> UInt32(32 - length) == 0
    case (.v6(let ourHigh, let ourLow), .v6(let high, let low)):
      if length <= 64 { return (ourHigh ^ high) >> UInt64(64 - length) == 0 }
      return ourHigh == high && (ourLow ^ low) >> UInt64(128 - length) == 0
    default:
      return false
    }
  }
}
