// Merges a shard's segments into one without its deleted rows. Numbers are copied as they are and words are counted again
// from the payloads, so that merging gives the same bytes as writing the documents at once.

import Corpus
import Spool
import VectorShard

/// Plain merge of segments.
enum Compaction {
  /// Writes one segment of all live documents of `entries`, by document id.
  ///
  /// - Returns: nil when no document is live.
  static func merge(
    _ entries: [ShardManifest.Segment], identity: String, dimension: Int, shard: String
  ) throws -> ShardManifest.Segment? {
    var live: [(reader: SegmentReader, index: Int, document: DocumentEntry)] = []
    for entry in entries {
      let reader = try SegmentReader(digest: entry.digest, in: shard)
      let deleted = Set(entry.deletedDocuments)
      for (index, document) in try reader.documents.enumerated() where !deleted.contains(index) {
        live.append((reader, index, document))
      }
    }
    guard !live.isEmpty else { return nil }
    var writer = try SegmentWriter(identity: identity, dimension: dimension)
    for (reader, old, document) in live.sorted(by: { $0.document.id < $1.document.id }) {
      let payload = try reader.payload(ofDocument: old)
      let language = try JSONLines.decode(DocumentDescription.self, from: payload).language
      let index = try writer.addDocument(
        ShardDocument(id: document.id, group: document.group, payload: payload))
      for row in document.rows {
        let payload = try reader.payload(ofRow: row)
        let chunk = try JSONLines.decode(Chunk.self, from: payload)
        try writer.addRow(
          document: index, words: chunk.searchedText, language: language,
          vector: try reader.vector(ofRow: row), payload: payload)
      }
    }
    return ShardManifest.Segment(try writer.write(into: shard))
  }
}
