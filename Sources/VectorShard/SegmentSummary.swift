// What a manifest needs to know of a segment that was written.

/// The name and the size of a segment.
package struct SegmentSummary: Sendable, Hashable {
  /// SHA-256 of the file, 64 hex digits; the file's name without `.segment`.
  package let digest: String
  package let rowCount: Int
  package let documentCount: Int
  /// Length of the file in bytes.
  package let byteCount: Int
}

/// The name of a segment's file.
package func segmentFileName(_ digest: String) -> String { "\(digest).segment" }
