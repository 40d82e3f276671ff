// New identifiers for rows: 26 of `a-z 0-9`, sorting by time.

/// Draws identifiers.
package enum FreshID {
  private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

  /// A new id.
  ///
  /// - Parameter now: milliseconds since 1970 UTC.
  package static func text(now: Int) -> String {
    var time = now
    var head: [UInt8] = []
    for _ in 0..<10 {
      head.append(digits[time & 31])
      time >>= 5
    }
    var random = SystemRandomNumberGenerator()
    // 64 bits are a system call; eight digits take 40 of them.
    let chance = (random.next() as UInt64, random.next() as UInt64)
    let tail = (0..<16).map { place in
      let bits = place < 8 ? chance.0 : chance.1
      return digits[Int(truncatingIfNeeded: bits >> UInt64(place % 8 * 5)) & 31]
    }
    return String(decoding: head.reversed() + tail, as: UTF8.self)
  }
}
