// The generation of an archive, under names of this server's own. Rows are decoded and written again: a document of an archive can
// stand for none that is here or will be, and what it was read from are bytes that came with it, or none.

import Corpus
import Spool
import Storage
import VectorShard

/// What the parts of an archive are called here.
struct ArchiveNames: Sendable {
  /// The chatbot that is made; its id is nobody's to foretell, so neither are the names made of it.
  let chatbot: ChatbotID

  func source(_ old: String) -> SourceID {
    SourceID(unchecked: SHA256Digest(of: "\(chatbot)\u{0}archive\u{0}\(old)").shortName)
  }

  /// The name that reading the same address again will give, where the old one was made so.
  func document(_ old: DocumentID, of source: SourceID, at uri: String) -> DocumentID {
    let new = self.source(source.text)
    let seed =
      switch old.text {
      case SHA256Digest(of: source.documentSeed).shortName: new.documentSeed
      case SHA256Digest(of: source.pageSeed(uri)).shortName: new.pageSeed(uri)
      default: "\(new)\u{0}archive\u{0}\(old)"
      }
    return DocumentID(unchecked: SHA256Digest(of: seed).shortName)
  }
}

/// A generation that was brought.
struct ArchivedShard: Sendable {
  /// The number it has here: the first.
  static let generation = 1
  /// Where the bytes of a document did not come along: a digest of nothing, which names no blob.
  private static let noBytes = "sha256:none"
  /// Rows of one segment, which is held in memory while it is made: 100 MB at most.
  private static let mostRows = 65_536
  private static let longestAddress = 2_048

  private struct Document: Sendable {
    let description: DocumentDescription
    let segment: Int
    let rows: Range<Int>
  }

  private let set: ShardSet
  private let documents: [Document]

  /// Names the documents of a generation anew; those of sources that are not in the archive stay out.
  ///
  /// - Throws: `ShardError`, `DecodingError`; 400 for documents that no crawl would have made.
  init(_ set: ShardSet, _ archive: ArchiveReader.Unpacked, _ names: ArchiveNames) throws {
    self.set = set
    let known = Set(archive.manifest.sources.map(\.id))
    var documents: [Document] = []
    var ids: Set<DocumentID> = []
    var addresses: Set<String> = []
    for live in try set.liveDocuments {
      let old = try JSONLines.decode(
        DocumentDescription.self, from: try set.payload(of: live))
      guard known.contains(old.source.text) else { continue }
      let description = try Self.renamed(old, names, archive.blobs)
      // As rows have them: an id once, and an address once in its source.
      guard ids.insert(description.document).inserted,
        addresses.insert("\(description.source) \(description.uri)").inserted
      else { throw AppError.malformed("The archive cannot be used: it has a document twice.") }
      documents.append(
        Document(description: description, segment: live.segment, rows: live.entry.rows))
    }
    self.documents = documents
  }

  private static func renamed(
    _ old: DocumentDescription, _ names: ArchiveNames, _ blobs: [String: Int]
  ) throws -> DocumentDescription {
    guard
      ([old.uri] + (old.aliases ?? []).map(\.uri)).allSatisfy({
        $0.utf8.count <= longestAddress
      })
    else { throw AppError.malformed("The archive cannot be used: an address is too long.") }
    func bytes(_ digest: String) -> String {
      let digits = digest.drop { $0 != ":" }.dropFirst()
      return blobs[String(digits)] == nil ? noBytes : "sha256:\(digits)"
    }
    return DocumentDescription(
      document: names.document(old.document, of: old.source, at: old.uri),
      source: names.source(old.source.text), uri: old.uri, title: old.title,
      language: old.language, mediaType: old.mediaType, rawDigest: bytes(old.rawDigest),
      textDigest: old.textDigest, likeness: old.likeness,
      aliases: old.aliases?.map { alias in
        Alias(
          document: names.document(alias.document, of: old.source, at: alias.uri), uri: alias.uri,
          rawDigest: bytes(alias.rawDigest), textDigest: alias.textDigest)
      })
  }

  var chunkCount: Int { documents.reduce(0) { $0 + $1.rows.count } }

  /// The documents as rows tell of them.
  var rows: [ChatbotImport.Document] {
    documents.map { document in
      (
        id: document.description.document.text, source: document.description.source.text,
        uri: document.description.uri, title: document.description.title,
        chunks: document.rows.count
      )
    }
  }

  /// Writes and publishes the generation.
  ///
  /// Segments and rows keep their order, so that what scored alike answers in the same order as before.
  ///
  /// - Throws: `ShardError`, `DecodingError`, or what the disk has to say.
  func write(into directory: String, run: String) throws {
    try DurableFile.makeDirectory(directory)
    var segments: [SegmentReader] = []
    var writer: SegmentWriter?
    var segment = 0
    func finish() throws {
      guard let full = writer.take() else { return }
      segments.append(
        try SegmentReader(digest: try full.write(into: directory).digest, in: directory))
    }
    for document in documents {
      if document.segment != segment || (writer?.rowCount ?? 0) >= Self.mostRows { try finish() }
      segment = document.segment
      var next =
        try writer.take()
        ?? SegmentWriter(identity: set.manifest.identity, dimension: set.manifest.dimension)
      try add(document, to: &next)
      writer = next
    }
    try finish()
    try ShardManifest.publish(
      try ShardManifest(
        identity: set.manifest.identity, dimension: set.manifest.dimension,
        generation: Self.generation, run: run, segments: segments.map { ($0, []) }),
      in: directory)
  }

  private func add(_ document: Document, to writer: inout SegmentWriter) throws {
    let reader = set.segments[document.segment]
    let description = document.description
    // What only the table of documents tells.
    var plain = description
    plain.likeness = nil
    plain.aliases = nil
    let index = try writer.addDocument(
      ShardDocument(
        id: description.document.text, group: description.source.text,
        payload: try JSONLines.encode(description)))
    for (ordinal, row) in document.rows.enumerated() {
      let old = try JSONLines.decode(Chunk.self, from: try reader.payload(ofRow: row))
      let seed = description.document.chunkSeed(ordinal: ordinal, text: old.text)
      let chunk = Chunk(
        id: ChunkID(unchecked: SHA256Digest(of: seed).shortName), description: plain,
        ordinal: ordinal, count: document.rows.count, offset: old.offset, place: old.place,
        changes: old.changes, tokens: old.tokens, text: old.text)
      try writer.addRow(
        document: index, words: chunk.searchedText, language: description.language,
        vector: try reader.vector(ofRow: row), payload: try JSONLines.encode(chunk))
    }
  }
}
