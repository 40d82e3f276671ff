// SHA-256 by the system's libcrypto, and the two spellings of digests that Bobbin uses for names.

import COpenSSL
import Glibc

/// A SHA-256 digest (FIPS 180-4).
package struct SHA256Digest: Hashable, Sendable {
  /// 32 bytes.
  package let bytes: [UInt8]

  /// The digest of `data`.
  package init(of data: [UInt8]) {
    var output = [UInt8](repeating: 0, count: 32)
    // man 3 EVP_Digest; it can only fail for want of memory or of the algorithm, which libcrypto always has.
    let done = EVP_Digest(data, data.count, &output, nil, EVP_sha256(), nil)
    precondition(done == 1, "libcrypto offers no SHA-256")
    bytes = output
  }

  /// The digest of `text` in UTF-8.
  package init(of text: String) { self.init(of: Array(text.utf8)) }

  /// 64 lower-case hex digits.
  package var hexDigits: String { Self.hexDigits(of: bytes) }

  /// 26 of `a-z 2-7`: the first 130 bits, five a character (RFC 4648 section 6 in lower case).
  ///
  /// Follows the grammar of Corpus's identifiers and of a lane.
  package var shortName: String {
    var name = ""
    var buffer = 0
    var bits = 0
    for byte in bytes.prefix(17) {
      buffer = (buffer << 8 | Int(byte)) & 0xFFFF
      bits += 8
      while bits >= 5, name.utf8.count < 26 {
        bits -= 5
        let digit = UInt8(buffer >> bits & 31)
        name.unicodeScalars.append(Unicode.Scalar(digit < 26 ? 97 + digit : 24 + digit))
      }
    }
    return name
  }

  /// Lower-case hex of any bytes.
  package static func hexDigits(of bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// SHA-256 over pieces.
package final class SHA256Stream {
  private let context: OpaquePointer

  /// - Throws: `SpoolError.system` (ENOMEM) when libcrypto has no memory.
  package init() throws(SpoolError) {
    // man 3 EVP_DigestInit.
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      throw .system("EVP_DigestInit", "", ENOMEM)
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  package func update(_ bytes: [UInt8]) { _ = EVP_DigestUpdate(context, bytes, bytes.count) }

  /// The digest of all pieces in 64 hex digits.
  package func hexDigits() -> String {
    var output = [UInt8](repeating: 0, count: 32)
    _ = EVP_DigestFinal_ex(context, &output, nil)
    return SHA256Digest.hexDigits(of: output)
  }
}

/// HMAC-SHA256 (RFC 2104) by libcrypto.
package enum HMACSHA256 {
  /// 32 bytes.
  package static func code(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    // man 3 HMAC; it can only fail for want of memory or of the algorithm.
    let done = HMAC(
      EVP_sha256(), key, Int32(key.count), message, message.count, &output, &length)
    precondition(done != nil && length == 32, "libcrypto offers no HMAC")
    return output
  }

  /// Whether `code` belongs to `message`; takes as long whatever the difference.
  package static func verify(_ code: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
    let expected = Self.code(message, key: key)
    guard code.count == expected.count else { return false }
    return zip(code, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
