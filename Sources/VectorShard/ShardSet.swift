// A snapshot of a shard: the segments of one generation, open.
//
// A value: holding it keeps its files mapped, whatever is published or swept meanwhile. Searches are in ShardSet+nearest
// and ShardWords; they block and take no lock.

import Glibc

/// One generation of a shard, ready to be searched by any number of threads.
package struct ShardSet: Sendable {
  /// A row of a set; valid for this set only.
  package struct RowReference: Sendable, Hashable, Comparable {
    /// Index in `segments`.
    package let segment: Int
    /// Index in that segment.
    package let row: Int

    package init(segment: Int, row: Int) {
      self.segment = segment
      self.row = row
    }

    package static func < (left: Self, right: Self) -> Bool {
      (left.segment, left.row) < (right.segment, right.row)
    }
  }

  /// A row that was found.
  package struct Hit: Sendable, Hashable {
    package let row: RowReference
    /// Cosine for `nearest`, BM25 for `ShardWords.search`.
    package let score: Float

    package init(row: RowReference, score: Float) {
      self.row = row
      self.score = score
    }
  }

  package let manifest: ShardManifest
  package let segments: [SegmentReader]
  /// Number of the first row of each segment when all are counted through.
  let firstRows: [Int]

  /// Opens the current generation in `directory`; nil when nothing was ever published there.
  ///
  /// Segments that `earlier` has open already are shared, not mapped again.
  ///
  /// - Throws: `corrupt`, `unsupported` or `system`; never answers from half a generation.
  package static func open(
    directory: String, reusing earlier: ShardSet? = nil
  ) throws(ShardError) -> ShardSet? {
    var attempts = 0
    while true {
      do {
        guard let manifest = try ShardManifest.current(in: directory) else { return nil }
        return try ShardSet(manifest, in: directory, reusing: earlier)
      } catch {
        // A newer generation may be published and this one swept between reading CURRENT and opening what it names.
        attempts += 1
        guard case .system("open", _, ENOENT) = error, attempts < 8 else { throw error }
      }
    }
  }

  /// Opens the segments of a manifest, current or not.
  ///
  /// - Throws: as `open(directory:reusing:)`.
  package init(
    _ manifest: ShardManifest, in directory: String, reusing earlier: ShardSet? = nil
  ) throws(ShardError) {
    var segments: [SegmentReader] = []
    var firstRows: [Int] = []
    var total = 0
    var liveRows = 0
    var liveDocuments = 0
    for entry in manifest.segments {
      let known = earlier?.segments.first {
        $0.digest == entry.digest && $0.byteCount == entry.bytes
      }
      let reader =
        if let known {
          known
        } else {
          try SegmentReader(digest: entry.digest, in: directory, expectedLength: entry.bytes)
        }
      guard reader.identity == manifest.identity, reader.dimension == manifest.dimension,
        reader.rowCount == entry.rows
      else {
        throw .corrupt(file: reader.file.path, detail: "it is not what its manifest says")
      }
      liveRows += reader.rowCount
      liveDocuments += reader.documentCount
      var previous = -1
      for index in entry.deletedDocuments {
        guard index > previous, index < reader.documentCount else {
          throw .corrupt(
            file: "\(directory)/\(manifestFileName(manifest.generation))",
            detail: "deleted document \(index) of segment \(entry.digest)")
        }
        previous = index
        liveDocuments -= 1
        liveRows -= try reader.record(index).rowCount
      }
      firstRows.append(total)
      total += reader.rowCount
      segments.append(reader)
    }
    guard liveRows == manifest.rowCount, liveDocuments == manifest.documentCount else {
      throw .corrupt(
        file: "\(directory)/\(manifestFileName(manifest.generation))",
        detail: "it counts \(manifest.rowCount) rows, its segments hold \(liveRows)")
    }
    self.manifest = manifest
    self.segments = segments
    self.firstRows = firstRows
  }

  /// Bytes mapped by the set.
  package var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }

  /// The document that a row belongs to, without its payload.
  ///
  /// - Throws: `invalid` for a row of another set.
  package func entry(of row: RowReference) throws(ShardError) -> DocumentEntry {
    let segment = try segment(of: row)
    return try segment.entry(segment.documentIndex(ofRow: row.row))
  }

  /// The document that a row belongs to.
  ///
  /// - Throws: `invalid` for a row of another set, `corrupt` for a damaged payload.
  package func document(of row: RowReference) throws(ShardError) -> ShardDocument {
    let segment = try segment(of: row)
    return try segment.document(segment.documentIndex(ofRow: row.row))
  }

  /// The bytes that were stored with a row.
  ///
  /// - Throws: as `document(of:)`.
  package func payload(of row: RowReference) throws(ShardError) -> [UInt8] {
    try segment(of: row).payload(ofRow: row.row)
  }

  /// The rows of the document called `id`, in order; none when the generation has no such document.
  package func rows(ofDocument id: String) throws(ShardError) -> [RowReference] {
    // The newest segment last: a document that was replaced is deleted in the older ones.
    for number in segments.indices.reversed() {
      guard let index = try segments[number].documentIndex(ofID: id),
        !manifest.segments[number].deletedDocuments.contains(index)
      else { continue }
      return try segments[number].entry(index).rows.map {
        RowReference(segment: number, row: $0)
      }
    }
    return []
  }

  /// The row with the given number when all segments' rows are counted through.
  func reference(_ number: Int) -> RowReference {
    var segment = firstRows.count - 1
    while segment > 0, firstRows[segment] > number { segment -= 1 }
    return RowReference(segment: segment, row: number - firstRows[segment])
  }

  /// The rows a search may see: one list of ranges a segment.
  func allowedRows(where allowedGroup: (String) -> Bool) throws(ShardError) -> [[Range<Int>]] {
    var allowed: [[Range<Int>]] = []
    for (number, reader) in segments.enumerated() {
      allowed.append(
        try reader.allowedRows(
          deleted: manifest.segments[number].deletedDocuments, where: allowedGroup))
    }
    return allowed
  }

  func segment(of row: RowReference) throws(ShardError) -> SegmentReader {
    guard segments.indices.contains(row.segment) else {
      throw .invalid("row \(row.row) of segment \(row.segment), which this set does not have")
    }
    return segments[row.segment]
  }
}
