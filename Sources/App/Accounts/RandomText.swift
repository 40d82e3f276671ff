// Chance as text, for secrets: the system's generator, which is getrandom(2) on Linux.

import FoundationEssentials

/// Draws secrets.
enum RandomText {
  /// Base64url without padding.
  static func urlSafe(bytes count: Int) -> String { Base64URL.encode(bytes(count)) }

  static func bytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }

  /// A version 4 UUID in lower case (RFC 9562).
  static func uuid() -> String { UUID().uuidString.lowercased() }
}

/// Base64url without padding (RFC 4648 section 5), read strictly: one text for each value.
enum Base64URL {
  static func encode(_ bytes: [UInt8]) -> String {
    String(
      decoding: Data(bytes).base64EncodedString().utf8.compactMap { byte -> UInt8? in
        switch byte {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        case UInt8(ascii: "="): nil
        default: byte
        }
      }, as: UTF8.self)
  }

  /// Nil for anything that `encode` does not give.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var padded = text.utf8.map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      default: byte
      }
    }
    padded += [UInt8](repeating: UInt8(ascii: "="), count: (4 - padded.count % 4) % 4)
    // What holds + / or = itself does not come back the same.
    guard let data = Data(base64Encoded: Data(padded)) else { return nil }
    let bytes = Array(data)
    return encode(bytes) == String(text) ? bytes : nil
  }
}
