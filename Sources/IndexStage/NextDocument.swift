// A document on its way into the next generation: one that the run brought, or one that stands and is written again because what
// it stands for has changed, or because it goes on under another address.

import Corpus
import Spool
import VectorShard

/// The documents of the current generation, as they look to the next one.
struct Standing {
  /// One document.
  struct Document {
    let reader: SegmentReader
    let rows: Range<Int>
    let compared: ComparedDocument
  }

  /// Those that stay as they are, of the sources looked at or with aliases; by segment, then as they stand in it.
  private(set) var staying: [Document] = []
  /// Those that leave or are replaced.
  private(set) var leaving: [Document] = []

  /// - Parameters:
  ///   - gone: documents that leave or are replaced.
  ///   - sources: the sources of the documents that come.
  /// - Complexity: linear in the documents of the generation; only those of these sources, or with aliases, are decoded.
  init(
    _ manifest: ShardManifest?, shard: String, gone: Set<DocumentID>, sources: Set<SourceID>
  ) throws {
    let mark = Array(#""aliases":"#.utf8)
    for segment in manifest?.segments ?? [] {
      let reader = try SegmentReader(digest: segment.digest, in: shard)
      let deleted = Set(segment.deletedDocuments)
      for (index, entry) in try reader.documents.enumerated() where !deleted.contains(index) {
        let isGone = DocumentID(entry.id).map(gone.contains) ?? false
        let payload = try reader.payload(ofDocument: index)
        guard
          isGone || SourceID(entry.group).map(sources.contains) == true
            || payload.firstRange(of: mark) != nil
        else { continue }
        let description = try JSONLines.decode(DocumentDescription.self, from: payload)
        let document = Document(
          reader: reader, rows: entry.rows,
          compared: ComparedDocument(description: description) {
            ComparedDocument.text(
              of: try entry.rows.map {
                try JSONLines.decode(Chunk.self, from: try reader.payload(ofRow: $0))
              })
          })
        if isGone { leaving.append(document) } else { staying.append(document) }
      }
    }
  }
}

/// A document to be written.
struct NextDocument {
  /// Where its rows are.
  enum Rows {
    case embedded([EmbeddedChunk])
    case standing(SegmentReader, Range<Int>)
  }

  /// As the table of documents will have it.
  let description: DocumentDescription
  let rows: Rows
  /// What its chunks say of it, when that is not what they say already.
  private var name: DocumentDescription?

  /// A document of the run; nil when another one stands for it.
  init?(_ chunks: [EmbeddedChunk], _ joined: NearDuplicates) {
    guard var description = chunks.first?.chunk.description,
      joined.keptBy[description.document] == nil
    else { return nil }
    description.likeness = joined.likenesses[description.document]
    description.aliases = Self.aliases(of: description.document, joined)
    self.description = description
    rows = .embedded(chunks)
  }

  /// A document that stays, with what it stands for now.
  init(_ document: Standing.Document, _ joined: NearDuplicates) {
    var description = document.compared.description
    description.aliases = Self.aliases(of: description.document, joined)
    self.description = description
    rows = .standing(document.reader, document.rows)
  }

  /// A document that leaves, under the name of one for which it stood.
  init(_ document: Standing.Document, as heir: Alias, _ joined: NearDuplicates) {
    let before = document.compared.description
    let name = DocumentDescription(
      document: heir.document, source: before.source, uri: heir.uri, title: before.title,
      language: before.language, mediaType: before.mediaType, rawDigest: before.rawDigest,
      textDigest: before.textDigest)
    self.name = name
    var description = name
    description.likeness = before.likeness
    description.aliases = Self.aliases(of: heir.document, joined)
    self.description = description
    rows = .standing(document.reader, document.rows)
  }

  private static func aliases(of id: DocumentID, _ joined: NearDuplicates) -> [Alias]? {
    joined.aliases[id].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A chunk as it is written.
  func renamed(_ chunk: Chunk) -> Chunk {
    guard let name else { return chunk }
    let digest = SHA256Digest(of: name.document.chunkSeed(ordinal: chunk.ordinal, text: chunk.text))
    return Chunk(
      id: ChunkID(unchecked: digest.shortName), description: name, ordinal: chunk.ordinal,
      count: chunk.count, offset: chunk.offset, place: chunk.place, changes: chunk.changes,
      tokens: chunk.tokens, text: chunk.text)
  }
}
