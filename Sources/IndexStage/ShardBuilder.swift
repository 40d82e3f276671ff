// From a run's parts to the next generation: one new segment of the run's documents, deletions noted in the manifest, and
// a plain merge of all segments into one when they are many or much of them is deleted.
//
// The same parts and the same order give the same bytes, whatever the timing: documents go in by id, chunks by ordinal.

import BlobStore
import Corpus
import Spool
import VectorShard

/// Builds generations of shards.
struct ShardBuilder: Sendable {
  /// An order that cannot be carried out, with the remedy.
  struct Refusal: Error {
    let reason: String
    let message: String
  }

  /// More segments than this are merged into one.
  static let mostSegments = 8

  let blobs: DirectoryBlobs
  let generationsKept: Int

  /// Builds and publishes the next generation.
  ///
  /// - Returns: the generation's number (the current one when the order changes nothing) and which of the ordered
  ///   documents stand in it.
  func build(
    _ order: IndexOrder, parts: PendingParts, shard: String, run: String
  ) throws -> (generation: Int, live: Set<DocumentID>) {
    let pending = try parts.chunks()
    let added = try order.live.sorted().compactMap { id -> [EmbeddedChunk]? in
      // A document with a chunk missing (its embed item failed) stays out as a whole.
      guard let chunks = pending[id], let first = chunks.first, chunks.count == first.chunk.count
      else { return nil }
      return chunks
    }
    let current = try ShardManifest.current(in: shard)
    let live = Set(added.compactMap { $0.first?.chunk.description.document })
    let gone = live.union(order.removed)
    var segments = try current.map { try mask(gone, in: $0, shard: shard) } ?? []
    guard let identity = added.first?.first?.model ?? current?.identity else {
      throw Refusal(
        reason: "nothing_to_index", message: "No document of this run could be indexed.")
    }
    if let known = current?.identity, known != identity {
      guard segments.allSatisfy({ $0.rows == $0.deletedRows }) else {
        throw Refusal(
          reason: "model_changed",
          message: "The embedding model changed: train all sources of this chatbot again at once.")
      }
      segments = []
    }
    if let current, added.isEmpty, segments.map(\.entry) == current.segments {
      try parts.remove()
      return (current.generation, live)
    }
    var dimension = current?.dimension ?? 0
    // A segment without a live row is dropped as a whole and counts no more.
    let kept = segments.filter { $0.rows > $0.deletedRows }
    var entries = kept.map(\.entry)
    if !added.isEmpty {
      let (summary, made) = try writeSegment(added, identity: identity, shard: shard)
      dimension = made
      entries.append(ShardManifest.Segment(summary))
    }
    let deleted = kept.reduce(0) { $0 + $1.deletedRows }
    let total = entries.reduce(0) { $0 + $1.rows }
    if entries.count > Self.mostSegments || (deleted * 4 > total && deleted > 0) {
      entries = [
        try Compaction.merge(entries, identity: identity, dimension: dimension, shard: shard)
      ]
      .compactMap { $0 }
    }
    // The same documents again give the same segment: nothing changed, so nothing is published.
    if let current, Set(entries) == Set(current.segments) {
      try parts.remove()
      return (current.generation, live)
    }
    let manifest = try ShardManifest(
      identity: identity, dimension: dimension, generation: (current?.generation ?? 0) + 1,
      run: run,
      segments: entries.map { entry in
        (try SegmentReader(digest: entry.digest, in: shard), Set(entry.deletedDocuments))
      })
    try ShardManifest.publish(manifest, in: shard)
    try ShardManifest.sweep(in: shard, keepingGenerations: generationsKept)
    try parts.remove()
    return (manifest.generation, live)
  }

  /// A segment of the current generation with the deletions of the next one.
  private struct Masked {
    let entry: ShardManifest.Segment
    let rows: Int
    let deletedRows: Int
  }

  private func mask(
    _ gone: Set<DocumentID>, in manifest: ShardManifest, shard: String
  ) throws -> [Masked] {
    try manifest.segments.map { segment in
      let reader = try SegmentReader(digest: segment.digest, in: shard)
      var deleted = Set(segment.deletedDocuments)
      var deletedRows = 0
      for (index, document) in try reader.documents.enumerated() {
        if let id = DocumentID(document.id), gone.contains(id) { deleted.insert(index) }
        if deleted.contains(index) { deletedRows += document.rows.count }
      }
      let entry = ShardManifest.Segment(
        digest: segment.digest, rows: segment.rows, bytes: segment.bytes,
        deletedDocuments: deleted.sorted())
      return Masked(entry: entry, rows: segment.rows, deletedRows: deletedRows)
    }
  }

  private func writeSegment(
    _ documents: [[EmbeddedChunk]], identity: String, shard: String
  ) throws -> (SegmentSummary, dimension: Int) {
    var vectors = VectorReader(blobs: blobs)
    guard let first = documents.first?.first else {
      throw Refusal(reason: "nothing_to_index", message: "No document of this run has a chunk.")
    }
    let dimension = try vectors.vector(of: first).count
    var writer = try SegmentWriter(identity: identity, dimension: dimension)
    for chunks in documents {
      guard let description = chunks.first?.chunk.description else { continue }
      let index = try writer.addDocument(
        ShardDocument(
          id: description.document.text, group: description.source.text,
          payload: try JSONLines.encode(description)))
      for embedded in chunks {
        guard embedded.model == identity else {
          throw Refusal(
            reason: "model_changed",
            message: "Documents of one run were embedded by two models; train again.")
        }
        try writer.addRow(
          document: index, words: Self.words(of: embedded.chunk), language: description.language,
          vector: .unit(try vectors.vector(of: embedded)),
          payload: try JSONLines.encode(embedded.chunk))
      }
    }
    return (try writer.write(into: shard), dimension)
  }

  /// What word search finds a chunk by: its headings and its text.
  static func words(of chunk: Chunk) -> String {
    (chunk.place.headingPath + [chunk.text]).joined(separator: "\n")
  }
}

/// Reads vectors out of blobs, each blob once while rows of it are asked for in sequence.
private struct VectorReader {
  let blobs: DirectoryBlobs
  private var name = ""
  private var rows: [[Float]] = []

  init(blobs: DirectoryBlobs) { self.blobs = blobs }

  mutating func vector(of chunk: EmbeddedChunk) throws -> [Float] {
    if chunk.vectors.blob != name {
      let bytes = try blobs.get(chunk.vectors)
      guard let dimension = chunk.vectors.shape?.last,
        let decoded = VectorBlob.decode(bytes, dimension: dimension)
      else { throw BlobError.damaged(chunk.vectors.blob) }
      (name, rows) = (chunk.vectors.blob, decoded)
    }
    guard rows.indices.contains(chunk.row) else { throw BlobError.damaged(chunk.vectors.blob) }
    return rows[chunk.row]
  }
}
