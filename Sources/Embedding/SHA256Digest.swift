// SHA-256 by libcrypto, as lower-case hexadecimal.

import COpenSSL

/// The digest of bytes in memory.
enum SHA256Digest {
  /// 64 hexadecimal digits, or nil when libcrypto fails.
  static func hex(of bytes: UnsafeRawBufferPointer) -> String? {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    guard EVP_Digest(bytes.baseAddress, bytes.count, &digest, &length, EVP_sha256(), nil) == 1,
      length == 32
    else { return nil }
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
