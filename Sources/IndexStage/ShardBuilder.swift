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
  /// More segments than this are merged into one.
  static let mostSegments = 8

  let blobs: DirectoryBlobs

  /// A generation whose segments stand on disk and whose manifest does not yet.
  struct Prepared {
    /// Nil when the order changes nothing.
    let manifest: ShardManifest?
    /// The generation that answers now; nil for a shard's first.
    let current: ShardManifest?
    /// The ordered documents that stand in the generation.
    let live: Set<DocumentID>
    /// Documents that are not in the generation because another one of it says nearly the same.
    let keptBy: [DocumentID: Receipt.Kept]
    /// Documents of the current generation that the new one has no more, but for those for which another one stands.
    let leavingCount: Int
    /// Documents of the current generation for which another one stands in the new one.
    let joinedCount: Int
  }

  /// Writes what is new of the next generation.
  ///
  /// - Parameter earlier: documents that an earlier build of the same order made live; they need no chunks.
  /// - Throws: `Refusal` when nothing sensible can be built.
  func prepare(
    _ order: IndexOrder, pending: PendingChunks, earlier: Set<DocumentID> = [], shard: String,
    run: String
  ) throws -> Prepared {
    // A document with a chunk missing (its embed item failed) stays out as a whole.
    let added = order.live.sorted().compactMap { pending.complete($0) }
    let current = try ShardManifest.current(in: shard)
    let built = Set(added.compactMap { $0.first?.chunk.description.document })
    let gone = built.union(order.removed)
    guard let identity = added.first?.first?.model ?? current?.identity else {
      throw Refusal(
        reason: "nothing_to_index", message: "No document of this run could be indexed.")
    }
    let isSameModel = current.map { $0.identity == identity } ?? true
    let stand = try Standing(
      current, shard: shard, gone: gone,
      sources: Set(added.compactMap { $0.first?.chunk.description.source }))
    let joined = try NearDuplicates(
      added: added.compactMap { chunks in
        chunks.first.map { first in
          ComparedDocument(description: first.chunk.description) {
            ComparedDocument.text(of: chunks.map(\.chunk))
          }
        }
      },
      standing: stand.staying.map(\.compared), leaving: stand.leaving.map(\.compared),
      settled: gone, replacing: Set(stand.leaving.map(\.compared.description.document)),
      // What must leave the disk does not go on under another name, and what another model embedded cannot.
      isPromoting: order.purge != true && isSameModel)
    var written = added.compactMap { NextDocument($0, joined) }
    for document in stand.leaving {
      guard let heir = joined.promoted[document.compared.description.document] else { continue }
      written.append(NextDocument(document, as: heir, joined))
    }
    var rewritten: Set<DocumentID> = []
    for document in stand.staying where isSameModel {
      let description = document.compared.description
      guard let aliases = joined.aliases[description.document],
        aliases != description.aliases ?? []
      else { continue }
      written.append(NextDocument(document, joined))
      rewritten.insert(description.document)
    }
    written.sort { $0.description.document < $1.description.document }
    let names = Set(written.map(\.description.document))
    let masked = try current.map { try mask(gone.union(names), in: $0, shard: shard) }
    var segments = masked?.segments ?? []
    let standing = masked?.standing ?? []
    let next = standing.subtracting(gone).union(names)
    let live = names.subtracting(rewritten)
      .union(earlier.intersection(next).intersection(order.live))
    // Of those that were ordered and came through before, one may be an alias since.
    var keptBy = joined.keptBy
    let ordered = Set(order.live)
    for document in stand.staying {
      let kept = document.compared.description
      for alias in joined.aliases[kept.document] ?? []
      where ordered.contains(alias.document) && keptBy[alias.document] == nil {
        keptBy[alias.document] = Receipt.Kept(document: kept.document.text, uri: kept.uri)
      }
    }
    let left = standing.subtracting(next)
    let joinedCount = left.count { keptBy[$0] != nil }
    let leavingCount = left.count - joinedCount
    if !isSameModel {
      guard segments.allSatisfy({ $0.rows == $0.deletedRows }) else {
        throw Refusal(
          reason: "model_changed",
          message: "The embedding model changed: train all sources of this chatbot again at once.")
      }
      segments = []
    }
    let unchanged = Prepared(
      manifest: nil, current: current, live: live, keptBy: keptBy, leavingCount: 0, joinedCount: 0)
    let purges = order.purge == true && segments.contains { $0.deletedRows > 0 }
    if let current, written.isEmpty, !purges, segments.map(\.entry) == current.segments {
      return unchanged
    }
    var dimension = current?.dimension ?? 0
    // A segment without a live row is dropped as a whole and counts no more.
    let kept = segments.filter { $0.rows > $0.deletedRows }
    var entries = kept.map(\.entry)
    if !written.isEmpty {
      let (summary, made) = try writeSegment(written, identity: identity, shard: shard)
      dimension = made
      entries.append(ShardManifest.Segment(summary))
    }
    let deleted = kept.reduce(0) { $0 + $1.deletedRows }
    let total = entries.reduce(0) { $0 + $1.rows }
    if entries.count > Self.mostSegments || (deleted * 4 > total && deleted > 0)
      || (purges && deleted > 0)
    {
      entries = [
        try Compaction.merge(entries, identity: identity, dimension: dimension, shard: shard)
      ]
      .compactMap { $0 }
    }
    // The same documents again give the same segment: nothing changed, so nothing is published.
    if let current, Set(entries) == Set(current.segments) { return unchanged }
    let manifest = try ShardManifest(
      identity: identity, dimension: dimension,
      generation: try ShardManifest.nextGeneration(in: shard), base: current?.generation, run: run,
      segments: entries.map { entry in
        (try SegmentReader(digest: entry.digest, in: shard), Set(entry.deletedDocuments))
      })
    return Prepared(
      manifest: manifest, current: current, live: live, keptBy: keptBy,
      leavingCount: leavingCount, joinedCount: joinedCount)
  }

  /// A segment of the current generation with the deletions of the next one.
  private struct Masked {
    let entry: ShardManifest.Segment
    let rows: Int
    let deletedRows: Int
  }

  private func mask(
    _ gone: Set<DocumentID>, in manifest: ShardManifest, shard: String
  ) throws -> (segments: [Masked], standing: Set<DocumentID>) {
    var standing: Set<DocumentID> = []
    let segments = try manifest.segments.map { segment in
      let reader = try SegmentReader(digest: segment.digest, in: shard)
      var deleted = Set(segment.deletedDocuments)
      var deletedRows = 0
      for (index, document) in try reader.documents.enumerated() {
        if let id = DocumentID(document.id), !deleted.contains(index) {
          standing.insert(id)
          if gone.contains(id) { deleted.insert(index) }
        }
        if deleted.contains(index) { deletedRows += document.rows.count }
      }
      let entry = ShardManifest.Segment(
        digest: segment.digest, rows: segment.rows, bytes: segment.bytes,
        deletedDocuments: deleted.sorted())
      return Masked(entry: entry, rows: segment.rows, deletedRows: deletedRows)
    }
    return (segments, standing)
  }

  private func writeSegment(
    _ documents: [NextDocument], identity: String, shard: String
  ) throws -> (SegmentSummary, dimension: Int) {
    var vectors = VectorReader(blobs: blobs)
    var writer: SegmentWriter?
    for document in documents {
      let entry = ShardDocument(
        id: document.description.document.text, group: document.description.source.text,
        payload: try JSONLines.encode(document.description))
      var index: Int?
      /// The first vector says how many numbers each has.
      func add(_ chunk: Chunk, _ vector: ShardVector, dimension: Int) throws {
        if writer == nil { writer = try SegmentWriter(identity: identity, dimension: dimension) }
        if index == nil { index = try writer?.addDocument(entry) }
        guard let index else { return }
        try writer?.addRow(
          document: index, words: chunk.searchedText, language: document.description.language,
          vector: vector, payload: try JSONLines.encode(chunk))
      }
      switch document.rows {
      case .embedded(let chunks):
        for embedded in chunks {
          guard embedded.model == identity else {
            throw Refusal(
              reason: "model_changed",
              message: "Documents of one run were embedded by two models; train again.")
          }
          let vector = try vectors.vector(of: embedded)
          try add(embedded.chunk, .unit(vector), dimension: vector.count)
        }
      case .standing(let reader, let rows):
        for row in rows {
          let chunk = try JSONLines.decode(Chunk.self, from: try reader.payload(ofRow: row))
          try add(
            document.renamed(chunk), try reader.vector(ofRow: row), dimension: reader.dimension)
        }
      }
    }
    guard let writer else {
      throw Refusal(reason: "nothing_to_index", message: "No document of this run has a chunk.")
    }
    let dimension = writer.dimension
    return (try writer.write(into: shard), dimension)
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
