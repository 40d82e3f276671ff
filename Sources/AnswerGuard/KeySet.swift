// Keys with a bitmap before them: nearly every question is answered "no" by one bit.

/// An immutable set of keys.
struct KeySet: Sendable {
  private let bits: [UInt64]
  private let mask: UInt64
  private let keys: Set<UInt64>

  init(_ keys: Set<UInt64>) {
    var size = 1024
    while size < keys.count * 16 { size *= 2 }
    var bits = [UInt64](repeating: 0, count: size / 64)
    let mask = UInt64(size - 1)
    for key in keys {
      let place = Int(truncatingIfNeeded: key & mask)
      bits[place >> 6] |= 1 << UInt64(place & 63)
    }
    self.bits = bits
    self.mask = mask
    self.keys = keys
  }

  /// How many keys.
  var count: Int { keys.count }

  @inline(__always) func contains(_ key: UInt64) -> Bool {
    let place = Int(truncatingIfNeeded: key & mask)
    guard bits[place >> 6] & (1 << UInt64(place & 63)) != 0 else { return false }
    return keys.contains(key)
  }
}
