// One spelling of percent-encoding, so that equal paths compare equal (RFC 3986 sections 6.2.2.1 and 6.2.2.2).

/// Percent-encoding in its normal form.
enum PercentEncoding {
  /// Escaped unreserved signs stand for themselves, other escapes in upper case, bytes outside ASCII are escaped.
  ///
  /// A stray `%` stays as it is.
  static func normal(_ text: some StringProtocol) -> String {
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var place = 0
    while place < bytes.count {
      let byte = bytes[place]
      if byte == UInt8(ascii: "%"), place + 2 < bytes.count, let high = digit(bytes[place + 1]),
        let low = digit(bytes[place + 2])
      {
        let value = high << 4 | low
        if isUnreserved(value) { out.append(value) } else { escape(value, into: &out) }
        place += 3
      } else {
        if byte >= 0x80 || byte <= 0x20 { escape(byte, into: &out) } else { out.append(byte) }
        place += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func escape(_ byte: UInt8, into out: inout [UInt8]) {
    let digits = Array("0123456789ABCDEF".utf8)
    out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
