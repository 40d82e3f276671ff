// Neighbouring chunks go to a language model as one passage, and what is not near the question goes to none.

import Corpus
import Embedding
import FoundationEssentials
import Synchronization
import Testing
import VectorShard

@testable import Answering

@Suite struct MergedPassageTests {
  private static let sentences = [
    "The tower of Orrin was built in 1902.", "Masons of the valley built the tower.",
    "The tower is 31 metres high.", "The tower of Orrin has 204 steps.",
    "Its roof is made of red slate.", "A keeper of the tower lives below.",
    "The bell of the tower rings at noon.",
  ]
  /// Three sentences each, one of them shared with the chunk before.
  private static let chunks = [0, 2, 4].map { sentences[$0..<$0 + 3].joined(separator: " ") }
  private static let offsets = [0, 2, 4].map { sentences[..<$0].reduce(0) { $0 + $1.count + 1 } }

  /// - Parameter page: of the first chunk; each next one is a page further.
  private func shards(page: Int? = nil) async throws -> TestShards {
    let shards = try TestShards()
    try await shards.write([
      TestDocument(
        source: "tower", uri: "tower.pdf", title: "Tower", mediaType: "application/pdf",
        chunks: Self.chunks, offsets: Self.offsets, page: page),
      TestDocument(
        source: "well", title: "Well", chunks: ["The well of Orrin is near the tower."]),
    ])
    return shards
  }

  private func found(_ shards: TestShards, _ question: String) async throws -> [RetrievedPassage] {
    let embedder = HashingEmbedder.make()
    return try Retriever().passages(
      for: question, vector: try #require(try await embedder.embed([question]).first),
      identity: embedder.model.identity, in: try #require(try shards.cache.shard("bot")).words,
      visibilities: ["tower", "well"].reduce(into: [:]) {
        $0[SourceID(unchecked: $1)] = .citable
      })
  }

  @Test func `neighbours are one passage, and say nothing twice`() async throws {
    let found = try await found(try await shards(), "How high is the tower of Orrin?")
    #expect(found.count == 4)
    let merged = MergedPassage.merging(found)
    #expect(merged.count == 2)
    let tower = try #require(merged.first { $0.parts.count == 3 })
    #expect(tower.citable.text == Self.sentences.joined(separator: " "))
    #expect(tower.parts.map(\.ordinal) == [0, 1, 2])
    // In whatever order they were found.
    for order in [[2, 0, 1], [0, 2, 1], [1, 2, 0], [2, 1, 0]] {
      let chunks = found.filter { $0.citable.source.text == "tower" }
        .sorted { $0.ordinal < $1.ordinal }
      let again = MergedPassage.merging(order.map { chunks[$0] })
      #expect(again.map(\.citable.text) == [tower.citable.text], "\(order)")
    }
  }

  @Test func `chunks with one between them stay apart, and so do two documents`() async throws {
    let found = try await found(try await shards(), "How high is the tower of Orrin?")
    let apart = found.filter { $0.ordinal != 1 }
    #expect(MergedPassage.merging(apart).allSatisfy { $0.parts.count == 1 })
    #expect(MergedPassage.merging(apart).count == 3)
  }

  @Test func `what stands on two pages is not joined: each statement leads to its own`()
    async throws
  {
    let found = try await found(try await shards(page: 4), "How high is the tower of Orrin?")
    let merged = MergedPassage.merging(found)
    #expect(merged.count == 4 && merged.allSatisfy { $0.parts.count == 1 })
    #expect(merged.compactMap(\.citable.place.page).sorted() == [4, 5, 6])
  }

  @Test func `a citation of a joined passage leads to the chunk of its quote`()
    async throws
  {
    let shards = try await shards()
    let seen = Mutex<[Dialogue]>([])
    let model = LanguageModel(name: "scripted") { dialogue in
      seen.withLock { $0.append(dialogue) }
      return AsyncThrowingStream { continuation in
        continuation.yield(.text("The bell rings at noon [1]."))
        continuation.finish()
      }
    }
    let answer = try await shards.answerer(model: model).wholeAnswer(
      request("When does the bell of the tower of Orrin ring?", citable: ["tower"]))
    let prompt = try #require(seen.withLock { $0 }.last?.messages.last?.content)
    #expect(prompt.contains("[1]\n") && !prompt.contains("[2]\n"))
    #expect(prompt.split(separator: "31 metres high").count == 2)
    let citation = try #require(answer.sources.first)
    #expect(answer.message == "The bell rings at noon [1]." && answer.answered)
    #expect(citation.quote == "The bell of the tower rings at noon.")
    #expect(citation.reference == "doc0.2")
  }

  @Test
  func `each sentence that cites a joined passage leads to its own chunk and is in the quote`()
    async throws
  {
    let shards = try await shards()
    let model = LanguageModel(name: "scripted") { _ in
      AsyncThrowingStream { continuation in
        continuation.yield(
          .text("The tower was built in 1902 [1]. The bell of the tower rings at noon [1]."))
        continuation.finish()
      }
    }
    let answer = try await shards.answerer(model: model).wholeAnswer(
      request("Tell me of the tower of Orrin.", citable: ["tower"]))
    let citation = try #require(answer.sources.first)
    #expect(answer.sources.count == 1)
    #expect(
      citation.quote
        == "The tower of Orrin was built in 1902. … The bell of the tower rings at noon.")
    #expect(citation.reference == "doc0.0")
    #expect(answer.grounds.map(\.sentence) == [0, 1])
    #expect(answer.grounds.map(\.reference) == ["doc0.0", "doc0.2"])
  }

  @Test func `a quote shows what the sentences that cite it say, not the rest of the answer`()
    async throws
  {
    let shards = try TestShards()
    try await shards.write([
      TestDocument(
        source: "tower", title: "Tower",
        chunks: [
          "The tower of Orrin is white. The bell of Orrin, cast of bronze by masons, rings at noon each day."
        ]),
      TestDocument(
        source: "well", title: "Well",
        chunks: ["The bell of Orrin was cast of bronze by masons and rings at noon each day."]),
    ])
    let model = LanguageModel(name: "scripted") { dialogue in
      // Which of the two is [1] is the search's matter.
      let prompt = dialogue.messages.last?.content ?? ""
      let tower = prompt.split(separator: "[2]\n").first?.contains("white") == true ? 1 : 2
      return AsyncThrowingStream { continuation in
        continuation.yield(
          .text(
            "The tower of Orrin is white [\(tower)]. The bell, cast of bronze by masons, rings at noon each day [\(3 - tower)]."
          ))
        continuation.finish()
      }
    }
    let answer = try await shards.answerer(model: model).wholeAnswer(
      request("What is there in Orrin?", citable: ["tower", "well"]))
    let quotes = Dictionary(uniqueKeysWithValues: answer.sources.map { ($0.title, $0.quote) })
    #expect(quotes["Tower"] == "The tower of Orrin is white.")
    #expect(quotes["Well"]?.hasPrefix("The bell of Orrin was cast of bronze") == true)
  }

  @Test func `a question that nothing is near does not go to the model`() async throws {
    let shards = try await shards()
    let count = Mutex(0)
    let model = LanguageModel(name: "eager") { _ in
      count.withLock { $0 += 1 }
      return AsyncThrowingStream { continuation in
        continuation.yield(.text("It is so [1]."))
        continuation.finish()
      }
    }
    var weights = QuotingWeights.set(for: HashingEmbedder.model)
    weights.leastPassageScore = 0.2
    let answerer = Answerer(
      shards: shards.cache, embedder: { HashingEmbedder.make() }, model: model, weights: weights)
    for mode in [PrivacyMode.strict, .blended] {
      var far = request("Quantum chromodynamics lecture?", citable: ["well"], learnOnly: ["tower"])
      far.mode = mode
      let answer = try await answerer.wholeAnswer(far)
      #expect(!answer.answered && answer.sources.isEmpty && answer.usage.promptTokens == 0)
    }
    #expect(count.withLock { $0 } == 0)
    _ = try await answerer.wholeAnswer(request("Where is the well of Orrin?", citable: ["well"]))
    #expect(count.withLock { $0 } == 1)
  }
}
