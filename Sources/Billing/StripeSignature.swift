// Whether a delivery is Stripe's: its `Stripe-Signature` header against the raw bytes (https://docs.stripe.com/webhooks, scheme
// v1). Pure: bytes, secrets and the present moment come in.
//
// Stricter than Stripe's own libraries in two points: a time in the future is refused like one that is too old, and a header
// with two times is none.

import COpenSSL

/// The check of one delivery.
package enum StripeSignature {
  /// Seconds that a delivery may be old, or ahead of this machine's clock.
  package static let tolerance = 300
  /// Bytes of a header; Stripe's has some hundred.
  private static let headerLimit = 4096

  /// What is wrong with a delivery.
  package enum Refusal: Error, Hashable, Sendable {
    /// No header, or one that is not of the form `t=…,v1=…`.
    case malformed
    /// Signed too long ago, or in the future.
    case untimely
    /// None of its signatures is made with one of our secrets.
    case foreign
  }

  /// Checks a delivery.
  ///
  /// - Parameter secrets: several while one replaces another.
  /// - Parameter now: seconds since 1970 UTC.
  /// - Throws: why it is not to be believed.
  package static func verify(
    header: String?, body: [UInt8], secrets: [String], now: Int
  ) throws(Refusal) {
    guard let header, header.utf8.count <= headerLimit, let parts = parse(header) else {
      throw .malformed
    }
    guard abs(now - parts.time) <= tolerance else { throw .untimely }
    // What was signed is the time as it is written, not as we read it.
    let message = Array("\(parts.timeText).".utf8) + body
    var isOurs = false
    for secret in secrets {
      let expected = Array(hexDigits(authenticationCode(of: message, key: secret)).utf8)
      // All are compared whatever the first ones say: how long it takes tells nothing.
      for signature in parts.signatures {
        isOurs = isEqual(Array(signature.utf8), expected) || isOurs
      }
    }
    guard isOurs else { throw .foreign }
  }

  /// A header for a body, as Stripe makes it: for tests and for trying a server out.
  package static func header(for body: [UInt8], secret: String, time: Int) -> String {
    let code = authenticationCode(of: Array("\(time).".utf8) + body, key: secret)
    return "t=\(time),v1=\(hexDigits(code))"
  }

  private static func parse(
    _ header: String
  ) -> (time: Int, timeText: Substring, signatures: [Substring])? {
    var times: [Substring] = []
    var signatures: [Substring] = []
    for item in header.split(separator: ",", omittingEmptySubsequences: false) {
      guard let equals = item.firstIndex(of: "=") else { return nil }
      let value = item[item.index(after: equals)...]
      switch item[..<equals] {
      case "t": times.append(value)
      case "v1": signatures.append(value)
      // Other schemes may come; an older one, v0, is no proof.
      default: break
      }
    }
    guard times.count == 1, let text = times.first, (1...12).contains(text.utf8.count),
      text.utf8.allSatisfy({ (48...57).contains($0) }), let time = Int(text), !signatures.isEmpty
    else { return nil }
    return (time, text, signatures)
  }

  /// HMAC-SHA256 (RFC 2104).
  private static func authenticationCode(of message: [UInt8], key: String) -> [UInt8] {
    let key = Array(key.utf8)
    var code = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    _ = HMAC(
      EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &code, &length)
    return code
  }

  private static func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
  }

  private static func hexDigits(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
