// Decoding of one term's postings.

/// Walks the postings of one term in a segment.
enum Postings {
  /// Calls `body` with each row and how often it holds the term, rows ascending.
  ///
  /// Returns false when the bytes are not `rowCount` postings of rows below `limit`; `body` has then seen some of them.
  @inline(__always)
  static func walk(
    _ bytes: UnsafeRawBufferPointer, rowCount: Int, limit: Int,
    _ body: (_ row: Int, _ count: Int) -> Void
  ) -> Bool {
    var offset = 0
    var row = -1
    for _ in 0..<rowCount {
      guard let code = bytes.varint(at: &offset) else { return false }
      row += code >> 1
      guard code > 1, row < limit else { return false }
      if code & 1 == 1 {
        body(row, 1)
      } else {
        guard let count = bytes.varint(at: &offset), count > 1 else { return false }
        body(row, count)
      }
    }
    return offset == bytes.count
  }
}
