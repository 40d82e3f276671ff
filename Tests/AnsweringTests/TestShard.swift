// A small shard for tests, written by the real SegmentWriter with hashed vectors: no weights, no network, no clock.

@testable import Answering
import Corpus
import Embedding
import FoundationEssentials
import Testing
import VectorShard

/// A document to be put into a test's shard.
struct TestDocument {
  var source: String
  var uri = "handbook.md"
  var title = "Handbook"
  var language = "en"
  var mediaType = "text/markdown"
  /// Chunks in order, a blank line between them unless `offsets` says otherwise.
  var chunks: [String]
  var offsets: [Int]?
  var page: Int?
  var second: Int?
  var headingPath: [String] = []
  /// Of each chunk.
  var changes: [PlaceChange] = []
}

/// A folder of shards that ends with the test.
final class TestShards: Sendable {
  let root: String
  let cache: ShardCache

  init() throws {
    root = "\(FileManager.default.temporaryDirectory.path)/answering-\(UUID().uuidString)"
    cache = ShardCache(root: root, byteLimit: 1 << 30)
  }

  deinit {
    // Best effort: a folder left in the temporary directory harms nobody.
    try? FileManager.default.removeItem(atPath: root)
  }

  /// Writes the shard of chatbot `bot` and opens it.
  @discardableResult
  func write(_ documents: [TestDocument], bot: String = "bot") async throws -> ShardSet {
    let embedder = HashingEmbedder.make()
    let model = embedder.model
    var writer = try SegmentWriter(identity: model.identity, dimension: model.dimension)
    for (number, document) in documents.enumerated() {
      let description = DocumentDescription(
        document: try #require(DocumentID("doc\(number)")),
        source: try #require(SourceID(document.source)), uri: document.uri, title: document.title,
        language: document.language, mediaType: document.mediaType, rawDigest: "sha256:00",
        textDigest: "00")
      let index = try writer.addDocument(
        ShardDocument(
          id: description.document.text, group: document.source,
          payload: Array(try JSONEncoder().encode(description))))
      var offset = 0
      for (ordinal, text) in document.chunks.enumerated() {
        let chunk = Chunk(
          id: ChunkID(unchecked: "c\(number)x\(ordinal)"), description: description,
          ordinal: ordinal, count: document.chunks.count,
          offset: document.offsets?[ordinal] ?? offset,
          place: Place(
            page: document.page.map { $0 + ordinal }, second: document.second,
            headingPath: document.headingPath),
          changes: document.changes, tokens: 1, text: text)
        // A blank line stood between them.
        offset += text.unicodeScalars.count + 2
        try writer.addRow(
          document: index, words: (document.headingPath + [text]).joined(separator: "\n"),
          language: document.language,
          vector: .unit(try #require(try await embedder.embed([text]).first)),
          payload: Array(try JSONEncoder().encode(chunk)))
      }
    }
    let directory = "\(root)/\(bot)"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let summary = try writer.write(into: directory)
    try ShardManifest.publish(
      ShardManifest(
        identity: model.identity, dimension: model.dimension, generation: 1,
        segments: [.init(summary)], run: "run1", rowCount: summary.rowCount,
        documentCount: summary.documentCount),
      in: directory)
    return try #require(try cache.shard(bot))
  }

  func answerer(model: LanguageModel? = nil) -> Answerer {
    Answerer(shards: cache, embedder: { HashingEmbedder.make() }, model: model)
  }
}

/// The flags of sources, by their ids.
func flags(citable: [String] = [], learnOnly: [String] = []) -> [SourceID: Visibility] {
  var flags: [SourceID: Visibility] = [:]
  for id in citable { flags[SourceID(unchecked: id)] = .citable }
  for id in learnOnly { flags[SourceID(unchecked: id)] = .learnOnly }
  return flags
}

/// A question to the chatbot `bot`.
func request(
  _ question: String, citable: [String] = ["public"], learnOnly: [String] = [],
  noAnswerText: String? = nil
) -> AnswerRequest {
  AnswerRequest(
    question: question, chatbot: ChatbotID(unchecked: "bot"), chatbotName: "Fern",
    visibilities: flags(citable: citable, learnOnly: learnOnly), noAnswerText: noAnswerText)
}

/// A citable passage made by the only way there is: from a chunk whose source's flag says so.
func citable(
  _ text: String, uri: String = "handbook.md", title: String = "Handbook",
  mediaType: String = "text/markdown", place: Place = Place(), language: String? = nil
) throws -> Citable {
  let chunk = Chunk(
    id: ChunkID(unchecked: "c"),
    description: DocumentDescription(
      document: DocumentID(unchecked: "d"), source: SourceID(unchecked: "public"), uri: uri,
      title: title, language: language, mediaType: mediaType, rawDigest: "sha256:00",
      textDigest: "00"),
    ordinal: 0, count: 1, offset: 0, place: place, tokens: 1, text: text)
  guard case .citable(let citable) = Passage(chunk, visibility: .citable) else {
    throw CancellationError()
  }
  return citable
}

/// A citable passage as retrieval gives it.
func passage(_ citable: Citable, offset: Int = 0, score: Float = 0.5) -> RetrievedPassage {
  RetrievedPassage(
    citable: citable, ordinal: 0, offset: offset, cosine: 0.5, wordScore: 1, score: score)
}
