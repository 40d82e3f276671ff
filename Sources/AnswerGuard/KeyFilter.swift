// A bitmap before a set of keys: nearly every question is answered "no" by two bits of one word (a Bloom filter in blocks:
// Putze, Sanders, Singler 2007).

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
    bits[word(key)] |= Self.pair(key)
  }

  @inline(__always) func mayContain(_ key: UInt64) -> Bool {
    let pair = Self.pair(key)
    return bits[word(key)] & pair == pair
  }

  private func word(_ key: UInt64) -> Int { Int(truncatingIfNeeded: key & mask) >> 6 }

  /// The low bits tell the word and the first bit, the highest the second.
  private static func pair(_ key: UInt64) -> UInt64 { 1 << (key & 63) | 1 << (key >> 58) }
}
