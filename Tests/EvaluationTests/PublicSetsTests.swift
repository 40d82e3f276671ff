// The retriever on two public sets, beside each of its parts: the figures of EVALUATION.md. A minute of CPU, so it runs on
// request only:
//
//     BOBBIN_RETRIEVAL=1 swift test --filter PublicSetsTests
//
// Skipped without the weights (`make model`) and where the sets are absent (BOBBIN_SHARED_DATA).

import Answering
import Corpus
import Embedding
import Evaluation
import Foundation
import TestSupport
import Testing
import VectorShard

@Suite(.serialized) struct PublicSetsTests {
  /// A question with the texts that are relevant for it, by their numbers and grades.
  struct Query {
    let text: String
    let grades: [Int: Double]
  }

  /// Means over the questions of a set.
  struct Means {
    var recallAt1 = 0.0
    var recallAt5 = 0.0
    var recallAt10 = 0.0
    var mrr = 0.0
    var ndcgAt10 = 0.0

    func line(_ name: String, count: Int) -> String {
      let values = [recallAt1, recallAt5, recallAt10, mrr, ndcgAt10].map {
        Measure.text($0 / Double(count))
      }
      return "\(name): recall@1 \(values[0]) @5 \(values[1]) @10 \(values[2]) "
        + "MRR \(values[3]) nDCG@10 \(values[4])"
    }
  }

  static let folder =
    ProcessInfo.processInfo.environment["BOBBIN_SHARED_DATA"].map { URL(fileURLWithPath: $0) }
    ?? Checkout.root.appendingPathComponent("../shared/data")

  static func path(_ name: String) -> String {
    folder.appendingPathComponent("retrieval/\(name)").path
  }

  private static let model =
    Checkout.modelData.appendingPathComponent(MiniLM.directoryName).path

  private static let isAsked =
    ProcessInfo.processInfo.environment["BOBBIN_RETRIEVAL"] == "1"
    && FileManager.default.fileExists(atPath: path("xquad.en.json"))
    && FileManager.default.fileExists(atPath: model + "/model.safetensors")

  @Test(.enabled(if: isAsked, "set BOBBIN_RETRIEVAL=1; needs weights and the public sets"))
  func `the mixture is better than each of its parts on XQuAD`() async throws {
    let (texts, queries) = try Self.squad()
    #expect(texts.count == 240 && queries.count == 1190)
    try await compare("XQuAD", texts, queries)
  }

  @Test(.enabled(if: isAsked, "set BOBBIN_RETRIEVAL=1; needs weights and the public sets"))
  func `the mixture is better than each of its parts on Cranfield`() async throws {
    let (texts, queries) = try Self.cranfield()
    #expect(texts.count == 1400 && queries.count == 225)
    try await compare("Cranfield", texts, queries)
  }

  private func compare(_ name: String, _ texts: [String], _ queries: [Query]) async throws {
    let embedder = try MiniLM.load(directory: Self.model, threads: 2)
    let folder = try TemporaryFolder()
    let shard = try await Self.shard(of: texts, embedder: embedder, in: folder.path)
    let vectors = try await embedder.embed(queries.map(\.text))
    let flags = [SourceID(unchecked: "public"): Visibility.citable]
    var gains: [Float: Double] = [:]
    for share: Float in [0, 0.4, 0.5, 0.6, 1] {
      let retriever = Retriever(passageCount: 10, fusion: RankFusion(vectorShare: share))
      var means = Means()
      for (query, vector) in zip(queries, vectors) {
        let found = try retriever.passages(
          for: query.text, vector: vector, identity: embedder.model.identity, in: try shard.words,
          visibilities: flags
        ).map { Int($0.citable.description.uri) ?? -1 }
        Self.add(found, of: query, to: &means)
      }
      print(means.line("\(name), vectors' share \(share)", count: queries.count))
      gains[share] = means.ndcgAt10
    }
    let best = max(gains[0] ?? 0, gains[1] ?? 0)
    #expect((gains[0.5] ?? 0) > best)
  }

  private static func add(_ found: [Int], of query: Query, to means: inout Means) {
    let relevant = query.grades.filter { $0.value > 0 }.keys.sorted()
    let numbers = Dictionary(uniqueKeysWithValues: relevant.enumerated().map { ($1, $0) })
    let ranking = PassageRanking(
      needCount: relevant.count, met: found.map { numbers[$0].map { [$0] } ?? [] })
    means.recallAt1 += ranking.recall(at: 1)
    means.recallAt5 += ranking.recall(at: 5)
    means.recallAt10 += ranking.recall(at: 10)
    means.mrr += ranking.reciprocalRank
    func discounted(_ grades: [Double]) -> Double {
      zip(grades, 0...).reduce(0) { $0 + max(0, $1.0) * PassageRanking.discount($1.1) }
    }
    let best = discounted(Array(query.grades.values.sorted(by: >).prefix(10)))
    if best > 0 {
      means.ndcgAt10 += discounted(found.prefix(10).map { query.grades[$0] ?? 0 }) / best
    }
  }

  /// One document a text, called by its number.
  private static func shard(
    of texts: [String], embedder: Embedder, in folder: String
  ) async throws -> ShardSet {
    var writer = try SegmentWriter(
      identity: embedder.model.identity, dimension: embedder.model.dimension)
    for (number, text) in texts.enumerated() {
      let description = DocumentDescription(
        document: DocumentID(unchecked: "d\(number)"), source: SourceID(unchecked: "public"),
        uri: "\(number)", title: "", language: "en", mediaType: "text/plain",
        rawDigest: "sha256:00", textDigest: "00")
      let index = try writer.addDocument(
        ShardDocument(
          id: description.document.text, group: "public",
          payload: Array(try JSONEncoder().encode(description))))
      let chunk = Chunk(
        id: ChunkID(unchecked: "c\(number)"), description: description, ordinal: 0, count: 1,
        offset: 0, place: Place(), tokens: 1, text: text)
      try writer.addRow(
        document: index, words: text, language: "en",
        vector: .unit(try #require(try await embedder.embed([text]).first)),
        payload: Array(try JSONEncoder().encode(chunk)))
    }
    let summary = try writer.write(into: folder)
    return try ShardSet(
      ShardManifest(
        identity: embedder.model.identity, dimension: embedder.model.dimension, generation: 1,
        segments: [.init(summary)], run: "run1", rowCount: summary.rowCount,
        documentCount: summary.documentCount), in: folder)
  }

  // MARK: Reading the sets

  private static func squad() throws -> ([String], [Query]) {
    struct Set: Decodable {
      struct Article: Decodable {
        struct Paragraph: Decodable {
          struct Question: Decodable { let question: String }
          let context: String
          let qas: [Question]
        }
        let paragraphs: [Paragraph]
      }
      let data: [Article]
    }
    let set = try JSONDecoder().decode(
      Set.self, from: Data(contentsOf: URL(fileURLWithPath: path("xquad.en.json"))))
    let paragraphs = set.data.flatMap(\.paragraphs)
    return (
      paragraphs.map(\.context),
      paragraphs.enumerated().flatMap { number, paragraph in
        paragraph.qas.map { Query(text: $0.question, grades: [number: 1]) }
      }
    )
  }

  /// Queries are judged by their place in the file, not by the number that stands in it; one for which nothing is relevant
  /// measures nothing.
  private static func cranfield() throws -> ([String], [Query]) {
    func read(_ name: String) throws -> String {
      try String(contentsOfFile: path(name), encoding: .utf8)
    }
    func flat(_ text: some StringProtocol) -> String {
      text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    let texts = try read("cran.all.1400.xml").matches(of: #/(?s)<text>(.*?)</text>/#)
      .map { flat($0.1) }
    var grades: [Int: [Int: Double]] = [:]
    for line in try read("cranqrel.trec.txt").split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: " ").compactMap { Int($0) }
      guard fields.count == 4 else { continue }
      grades[fields[0], default: [:]][fields[2] - 1] = Double(fields[3])
    }
    let queries = try read("cran.qry.xml").matches(of: #/(?s)<title>(.*?)</title>/#).enumerated()
      .map { Query(text: flat($1.1), grades: grades[$0 + 1] ?? [:]) }
      .filter { $0.grades.contains { $0.value > 0 } }
    return (texts, queries)
  }
}
