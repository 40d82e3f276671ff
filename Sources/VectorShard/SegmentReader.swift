// One segment, mapped, checked, and answering from the map.
//
// The header, the tables of documents and groups and all lengths are checked at open, every checksum too when the file is
// small; a large file's checksums are `verify`'s matter. Whatever else is read is checked against bounds when it is used.
// Knows nothing of other segments, deletions or filters: ShardSet.

/// An open segment; a value for any number of threads.
package final class SegmentReader: Sendable {
  /// Files up to this many bytes have all their checksums verified at open: about 0.4 ms.
  package static let checkedAtOpenLimit = 4 << 20

  /// SHA-256 of the file by its name.
  package let digest: String
  /// Name of the embedding model of the rows.
  package let identity: String
  /// The distinct groups of its documents, in order of first use.
  package let groups: [String]
  let header: SegmentHeader
  let file: MappedFile

  /// Opens `<digest>.segment` in `directory`.
  ///
  /// - Throws: `system` when there is no such file, `corrupt` or `unsupported` for what it holds.
  package convenience init(
    digest: String, in directory: String, expectedLength: Int? = nil
  ) throws(ShardError) {
    guard isDigest(digest) else { throw .invalid("a segment named \(digest)") }
    let path = "\(directory)/\(segmentFileName(digest))"
    try self.init(
      digest: digest, file: try MappedFile(path: path, expectedLength: expectedLength))
  }

  init(digest: String, file: MappedFile) throws(ShardError) {
    self.digest = digest
    self.file = file
    let isSmall = file.count <= Self.checkedAtOpenLimit
    if isSmall { file.expectReading() }
    let (header, identity, groups) = try file.withBytes {
      (bytes) throws(ShardError) -> (SegmentHeader, String, [String]) in
      let header = try SegmentHeader(bytes, file: file.path)
      let check = SegmentCheck(bytes: bytes, header: header, file: file.path)
      if isSmall { try check.checksums() }
      try check.documents()
      return (header, try check.identity(), try check.groups())
    }
    (self.header, self.identity, self.groups) = (header, identity, groups)
    if isSmall { file.releasePages() }
  }

  /// Numbers of a vector.
  package var dimension: Int { header.dimension }
  /// Rows, those of deleted documents too.
  package var rowCount: Int { header.rowCount }
  /// Documents, deleted ones too.
  package var documentCount: Int { header.documentCount }
  /// Length of the file in bytes.
  package var byteCount: Int { file.count }

  /// Checks every byte: all checksums, the zeros between sections, and that all tables agree.
  ///
  /// - Throws: `corrupt` with the first thing found.
  /// - Complexity: reads the whole file, some 5 GB/s from memory, and unpacks every payload.
  package func verify() throws(ShardError) {
    try file.withBytes { (bytes) throws(ShardError) in
      let check = SegmentCheck(bytes: bytes, header: header, file: file.path)
      try check.checksums()
      try check.documents()
      try check.documentOrder()
      try check.stemmers()
      try check.payloads()
      let found = sha256(bytes)
      guard found == digest else {
        throw ShardError.corrupt(file: file.path, detail: "its SHA-256 is \(found)")
      }
    }
    try verifyWords()
  }

  /// The stored numbers of a row, as a merge copies them.
  ///
  /// - Throws: `invalid` for a row that is not there.
  package func vector(ofRow row: Int) throws(ShardError) -> ShardVector {
    try checkRow(row)
    return try withSection(.rows) { (rows) throws(ShardError) -> ShardVector in
      guard let bytes = rows.slice(row * header.rowStride, header.dimension) else {
        throw damage("section rows ends before row \(row)")
      }
      return .quantized(scale: try scale(ofRow: row), values: bytes.map { Int8(bitPattern: $0) })
    }
  }

  private func scale(ofRow row: Int) throws(ShardError) -> Float {
    try withSection(.scales) { (scales) throws(ShardError) -> Float in
      guard let bits = scales.integer(UInt32.self, at: row * 4) else {
        throw damage("section scales ends before row \(row)")
      }
      return Float(bitPattern: bits)
    }
  }

  /// Lends the bytes of one section for the time of `body`.
  func withSection<Result, Failure: Error>(
    _ section: ShardFormat.Section, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try file.withBytes { (bytes) throws(Failure) -> Result in
      try body(UnsafeRawBufferPointer(rebasing: bytes[header.range(section)]))
    }
  }

  func checkRow(_ row: Int) throws(ShardError) {
    guard row >= 0, row < rowCount else {
      throw .invalid("row \(row) of a segment of \(rowCount) rows")
    }
  }

  func checkDocument(_ document: Int) throws(ShardError) {
    guard document >= 0, document < documentCount else {
      throw .invalid("document \(document) of a segment of \(documentCount) documents")
    }
  }

  func damage(_ detail: String) -> ShardError { .corrupt(file: file.path, detail: detail) }
}
