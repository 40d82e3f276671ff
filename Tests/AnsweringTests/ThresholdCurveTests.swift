// The curve of THRESHOLD.md: the bundled handbook through the real reader, chunker and embedding model, asked all of
// fixtures/questions. Takes a minute of CPU, so it runs on request only:
//
//     BOBBIN_CURVE=1 swift test --filter ThresholdCurveTests
//
// Skipped without the weights (`make model`).

import ChunkStage
import Corpus
import Embedding
import Extraction
import FoundationEssentials
import Testing
import VectorShard

@testable import Answering

@Suite struct ThresholdCurveTests {
  /// One line of fixtures/questions.
  struct Question: Decodable {
    let question: String
    let expected: String?
    let file: String?
    let kind: String?
  }

  /// What became of one question.
  struct Outcome {
    let question: Question
    let confidence: Float
    let isRight: Bool
    let isRightDocument: Bool
    let isInPassages: Bool
  }

  static let repository: String = {
    var parts = #filePath.split(separator: "/").map(String.init)
    while !parts.isEmpty,
      !FileManager.default.fileExists(
        atPath: "/" + (parts + ["Package.swift"]).joined(separator: "/"))
    { parts.removeLast() }
    return "/" + parts.joined(separator: "/")
  }()

  static let directory =
    (ProcessInfo.processInfo.environment["BOBBIN_DATA"] ?? repository + "/var") + "/"
    + MiniLM.directoryName

  static let isAsked =
    ProcessInfo.processInfo.environment["BOBBIN_CURVE"] == "1"
    && FileManager.default.fileExists(atPath: directory + "/model.safetensors")

  @Test(.enabled(if: isAsked, "set BOBBIN_CURVE=1 and get the weights with `make model`"))
  func `the threshold holds on the bundled questions`() async throws {
    let embedder = try MiniLM.load(directory: Self.directory, threads: 2)
    let shards = try TestShards()
    let visibilities = try await shards.writeHandbook(
      folder: Self.repository + "/fixtures", embedder: embedder)
    let shard = try #require(try shards.cache.shard("handbook"))
    var outcomes: [Outcome] = []
    for kind in ["answerable", "unanswerable"] {
      let path = "\(Self.repository)/fixtures/questions/\(kind).jsonl"
      for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
        outcomes.append(
          try await ask(
            JSONDecoder().decode(Question.self, from: Data(line.utf8)), shard, visibilities,
            embedder))
      }
    }
    let weights = QuotingWeights.set(for: embedder.model)
    for step in 0...14 { print(Self.line(outcomes, at: 0.3 + 0.02 * Float(step))) }
    print("chosen", Self.line(outcomes, at: weights.threshold))
    let answerable = outcomes.filter { $0.question.expected != nil }
    let unanswerable = outcomes.filter { $0.question.expected == nil }
    #expect(answerable.count >= 200 && unanswerable.count >= 200)
    let right = answerable.count { $0.isRight && $0.confidence >= weights.threshold }
    let wrong = unanswerable.count { $0.confidence >= weights.threshold }
    #expect(Double(right) >= 0.80 * Double(answerable.count))
    #expect(Double(wrong) <= 0.25 * Double(unanswerable.count))
  }

  private func ask(
    _ question: Question, _ shard: ShardSet, _ visibilities: [SourceID: Visibility],
    _ embedder: Embedder
  ) async throws -> Outcome {
    let vector = try #require(try await embedder.embed([question.question]).first)
    let passages = try Retriever().passages(
      for: question.question, vector: vector, identity: embedder.model.identity,
      in: try .citable(in: shard, visibilities: visibilities),
      visibilities: visibilities)
    let quotation = try await QuotingAnswerer(weights: .set(for: embedder.model)).quote(
      WholeQuestion(question.question), vector: vector, passages: passages,
      words: try .citable(in: shard, visibilities: visibilities),
      embed: embedder.embed)
    let expected = Self.flat(question.expected ?? "\u{0}")
    return Outcome(
      question: question, confidence: quotation?.confidence ?? 0,
      isRight: Self.flat(
        (quotation?.message ?? "").replacing(#/ \[[0-9]+\]/#, with: "")
      ).contains(expected),
      isRightDocument: passages.contains { passage in
        passage.citable.description.uri == question.file
          && (quotation?.citations ?? []).contains { $0.sourceID == passage.citable.source }
      },
      isInPassages: passages.contains { Self.flat($0.citable.text).contains(expected) })
  }

  static func flat(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private static func line(_ outcomes: [Outcome], at threshold: Float) -> String {
    func share(_ all: [Outcome], _ isCounted: (Outcome) -> Bool) -> String {
      let percent = 1000 * all.count(where: isCounted) / max(1, all.count)
      return "\(percent / 10).\(percent % 10) %"
    }
    let answerable = outcomes.filter { $0.question.expected != nil }
    var parts = [
      "\(Int((threshold * 100).rounded()))",
      "answered " + share(answerable) { $0.confidence >= threshold },
      "right " + share(answerable) { $0.confidence >= threshold && $0.isRight },
      "right document " + share(answerable) { $0.confidence >= threshold && $0.isRightDocument },
      "in passages " + share(answerable) { $0.isInPassages },
    ]
    for kind in ["near", "far", "private"] {
      let asked = outcomes.filter { $0.question.kind == kind }
      parts.append("false, \(kind) " + share(asked) { $0.confidence >= threshold })
    }
    return parts.joined(separator: " | ")
  }
}

extension TestShards {
  /// Reads, cuts, embeds and writes the handbook as chatbot `handbook`; the private paper as a learn-only source.
  func writeHandbook(
    folder: String, embedder: Embedder
  ) async throws -> [SourceID: Visibility] {
    let kinds: Set<String> = ["pdf", "docx", "html", "md", "txt"]
    let paths = try ["handbook", "handbook-private"].flatMap { part in
      try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(part)").sorted()
        .filter { kinds.contains($0.split(separator: ".").last.map(String.init) ?? "") }
        .map { "\(folder)/\(part)/\($0)" }
    }
    let chunker = Chunker(countTokens: embedder.countTokens)
    var writer = try SegmentWriter(
      identity: embedder.model.identity, dimension: embedder.model.dimension)
    var visibilities: [SourceID: Visibility] = [:]
    for (number, path) in paths.enumerated() {
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      let read = try Extractor.extract(
        bytes: Array(try Data(contentsOf: URL(fileURLWithPath: path))), fileName: name,
        declaredType: nil, charset: nil, limits: ExtractionLimits())
      let description = DocumentDescription(
        document: DocumentID(unchecked: "d\(number)"), source: SourceID(unchecked: "s\(number)"),
        uri: name, title: read.title, language: read.language, mediaType: read.mediaType,
        rawDigest: "sha256:00", textDigest: "00")
      visibilities[description.source] = path.contains("private") ? .learnOnly : .citable
      let chunks = chunker.chunks(of: Document(description: description, content: read.content))
      let index = try writer.addDocument(
        ShardDocument(
          id: description.document.text, group: description.source.text,
          payload: Array(try JSONEncoder().encode(description))))
      for (chunk, vector) in zip(chunks, try await embedder.embed(chunks.map(\.text))) {
        try writer.addRow(
          document: index,
          words: (chunk.place.headingPath + [chunk.text]).joined(separator: "\n"),
          language: description.language, vector: .unit(vector),
          payload: Array(try JSONEncoder().encode(chunk)))
      }
    }
    let directory = "\(root)/handbook"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let summary = try writer.write(into: directory)
    try ShardManifest.publish(
      ShardManifest(
        identity: embedder.model.identity, dimension: embedder.model.dimension, generation: 1,
        segments: [.init(summary)], run: "run1", rowCount: summary.rowCount,
        documentCount: summary.documentCount),
      in: directory)
    return visibilities
  }
}
