// A bitmap before a set of keys: nearly every question is answered "no" by one bit.

/// Answers "maybe" for every key that was put in, and "no" for nearly all others.
struct KeyFilter: Sendable {
  private var bits: [UInt64]
  private let mask: UInt64

  /// Room for so many keys, each with that many bits.
  init(keyCount: Int, bitsPerKey: Int) {
    var size = 1024
    while size < keyCount * bitsPerKey { size *= 2 }
    bits = [UInt64](repeating: 0, count: size / 64)
    mask = UInt64(size - 1)
  }

  /// Bytes that it takes.
  var byteCount: Int { bits.count * 8 }

  mutating func insert(_ key: UInt64) {
    let place = Int(truncatingIfNeeded: key & mask)
    bits[place >> 6] |= 1 << UInt64(place & 63)
  }

  @inline(__always) func mayContain(_ key: UInt64) -> Bool {
    let place = Int(truncatingIfNeeded: key & mask)
    return bits[place >> 6] & (1 << UInt64(place & 63)) != 0
  }
}
