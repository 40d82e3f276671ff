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
    let tail = (0..<16).map { _ in digits[Int(random.next() & 31)] }
    return String(decoding: head.reversed() + tail, as: UTF8.self)
  }
}
