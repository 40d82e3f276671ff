// A small shard for these tests, written by the real SegmentWriter with hashed vectors: no weights, no clock.

import Corpus
import Embedding
import Evaluation
import Foundation
import TestSupport
import Testing
import VectorShard

/// A shard whose documents are one chunk a paragraph; those of source `private` are learn-only.
struct TestShard {
  let folder: TemporaryFolder
  let set: ShardSet

  init(_ documents: [(source: String, uri: String, chunks: [String])]) async throws {
    folder = try TemporaryFolder()
    let embedder = HashingEmbedder.make()
    var writer = try SegmentWriter(
      identity: embedder.model.identity, dimension: embedder.model.dimension)
    for (number, document) in documents.enumerated() {
      let description = DocumentDescription(
        document: DocumentID(unchecked: "doc\(number)"),
        source: SourceID(unchecked: document.source), uri: document.uri, title: document.uri,
        language: "en", mediaType: "text/markdown", rawDigest: "sha256:00", textDigest: "00")
      let index = try writer.addDocument(
        ShardDocument(
          id: description.document.text, group: document.source,
          payload: Array(try JSONEncoder().encode(description))))
      var offset = 0
      for (ordinal, text) in document.chunks.enumerated() {
        let chunk = Chunk(
          id: ChunkID(unchecked: "c\(number)x\(ordinal)"), description: description,
          ordinal: ordinal, count: document.chunks.count, offset: offset, place: Place(page: 1),
          tokens: 1, text: text)
        offset += text.unicodeScalars.count + 2
        try writer.addRow(
          document: index, words: text, language: "en",
          vector: .unit(try #require(try await embedder.embed([text]).first)),
          payload: Array(try JSONEncoder().encode(chunk)))
      }
    }
    let summary = try writer.write(into: folder.path)
    set = try ShardSet(
      ShardManifest(
        identity: embedder.model.identity, dimension: embedder.model.dimension, generation: 3,
        segments: [.init(summary)], run: "run1", rowCount: summary.rowCount,
        documentCount: summary.documentCount), in: folder.path)
  }

  /// Every source citable but `private`.
  var visibilities: [SourceID: Visibility] {
    [
      SourceID(unchecked: "terms"): .citable, SourceID(unchecked: "tower"): .citable,
      SourceID(unchecked: "private"): .learnOnly,
    ]
  }

  func report(_ questions: [GoldenQuestion], isDeep: Bool = true) async throws -> EvaluationReport {
    try await Evaluator(
      of: set,
      Evaluator.Subject(
        chatbot: ChatbotID(unchecked: "bot"), name: "Fern", visibilities: visibilities,
        names: SourceNames([SourceID(unchecked: "terms"): "Our terms"])),
      embedder: HashingEmbedder.make(), isDeep: isDeep
    ).report(on: questions)
  }

  static func usual() async throws -> TestShard {
    try await TestShard([
      (
        "terms", "files/terms.md",
        [
          "A late return costs five euros for each half hour begun.",
          "The deposit for a rental bicycle is one hundred euros.",
        ]
      ),
      ("tower", "tower.md", ["The harbour tower is forty metres high and has a red lamp."]),
      (
        "private", "margins.md",
        ["Our margin on the Zephyr frame is 38.5 percent before the dealer discount in spring."]
      ),
    ])
  }
}
