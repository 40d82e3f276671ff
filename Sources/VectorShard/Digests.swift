// CRC-32C for damage in sections and SHA-256 for the names of files.

import COpenSSL
import CKernels

/// CRC-32C of `bytes`, going on from `crc`.
func checksum(_ bytes: UnsafeRawBufferPointer, from crc: UInt32 = 0) -> UInt32 {
  guard let start = bytes.baseAddress else { return crc }
  return bobbin_crc32c(crc, start.assumingMemoryBound(to: UInt8.self), bytes.count)
}

/// SHA-256 as 64 lower-case hex digits.
func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
  var digest = [UInt8](repeating: 0, count: 32)
  let empty: [UInt8] = [0]
  if let start = bytes.baseAddress {
    SHA256(start.assumingMemoryBound(to: UInt8.self), bytes.count, &digest)
  } else {
    SHA256(empty, 0, &digest)
  }
  return hex(digest)
}

/// Two lower-case hex digits a byte.
func hex(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text = [UInt8]()
  text.reserveCapacity(bytes.count * 2)
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

/// Whether `text` is what `sha256` gives: 64 of 0-9 a-f.
func isDigest(_ text: some StringProtocol) -> Bool {
  text.utf8.count == 64
    && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
}
