// A name for bytes that are too large, or too raw, to stand in a spool item. Where they lie is BlobStore's matter.

/// The content address of a blob: SHA-256 of its bytes.
package struct BlobReference: Codable, Hashable, Sendable {
  /// `sha256:` and 64 lower-case hex digits.
  package let blob: String
  /// Length of the blob in bytes.
  package let bytes: Int
  /// `[rows, dimension]` of Float32 little-endian row-major numbers when the blob holds vectors.
  package let shape: [Int]?

  package init(blob: String, bytes: Int, shape: [Int]? = nil) {
    self.blob = blob
    self.bytes = bytes
    self.shape = shape
  }

  /// The 64 hex digits, or nil when `blob` does not follow its grammar (never build a path from an unchecked name).
  package var hexDigits: String? {
    guard blob.hasPrefix("sha256:") else { return nil }
    let digits = blob.dropFirst(7)
    guard digits.utf8.count == 64,
      digits.utf8.allSatisfy({ (97...102).contains($0) || (48...57).contains($0) })
    else { return nil }
    return String(digits)
  }
}
