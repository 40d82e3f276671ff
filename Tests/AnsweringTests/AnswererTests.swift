import Corpus
import Embedding
import Foundation
import Synchronization
import Testing
import VectorShard

@testable import Answering

@Suite struct AnswererTests {
  private let documents = [
    TestDocument(
      source: "public", title: "Prices",
      chunks: ["A rain cover for the box costs 129 euros in every shop."]),
    TestDocument(
      source: "public", uri: "b.md", title: "Leave",
      chunks: ["Paid leave is 28 working days a year for everyone here."]),
  ]
  private let question = "What does a rain cover for the box cost?"

  private func model(_ pieces: [String], end: LanguageModelError? = nil) -> LanguageModel {
    LanguageModel(name: "scripted") { _ in
      AsyncThrowingStream { continuation in
        for piece in pieces { continuation.yield(.text(piece)) }
        continuation.finish(throwing: end)
      }
    }
  }

  @Test func `a stream is deltas, then sources, then done`() async throws {
    let shards = try TestShards()
    try await shards.write(documents)
    var order: [String] = []
    var text = ""
    for try await event in shards.answerer().answer(request(question)) {
      switch event {
      case .delta(let piece):
        text += piece
        order.append("delta")
      case .sources(let sources):
        #expect(sources.count == 1)
        order.append("sources")
      case .done(let answer):
        #expect(answer.answered)
        order.append("done")
      }
    }
    #expect(order.suffix(2) == ["sources", "done"])
    #expect(text == "A rain cover for the box costs 129 euros in every shop. [1]")
  }

  @Test
  func `a model's text goes through, its false marks do not, and only what it cites is listed`()
    async throws
  {
    let shards = try TestShards()
    try await shards.write(documents)
    let model = model(["It costs ", "129 euros [", "1] and not [9", "]. "])
    let answer = try await shards.answerer(model: model).wholeAnswer(request(question))
    #expect(answer.message == "It costs 129 euros [1] and not. ")
    #expect(answer.origin == .model)
    #expect(answer.answered)
    #expect(answer.sources.map(\.n) == [1])
    #expect(
      answer.sources.first?.quote == "A rain cover for the box costs 129 euros in every shop.")
  }

  @Test func `a model that cites nothing has not answered`() async throws {
    let shards = try TestShards()
    try await shards.write(documents)
    let answer = try await shards.answerer(model: model(["I could not find it."])).wholeAnswer(
      request(question))
    #expect(!answer.answered)
    #expect(answer.sources.isEmpty)
  }

  @Test func `a model that fails before its first word is replaced by quoting`() async throws {
    let shards = try TestShards()
    try await shards.write(documents)
    for failing in [model([], end: .empty(endpoint: "e")), model([]), model([" ", ""])] {
      let answer = try await shards.answerer(model: failing).wholeAnswer(request(question))
      #expect(answer.origin == .quoted)
      #expect(answer.message.contains("129 euros"))
    }
  }

  @Test func `a model that breaks later ends the stream with its error`() async throws {
    let shards = try TestShards()
    try await shards.write(documents)
    let breaking = model(["It costs "], end: .unavailable(endpoint: "e", why: "broke off"))
    var text = ""
    await #expect(throws: LanguageModelError.self) {
      for try await event in shards.answerer(model: breaking).answer(request(question)) {
        if case .delta(let piece) = event { text += piece }
      }
    }
    #expect(text == "It costs")
  }

  @Test(arguments: [
    "hello", "Hi Fern!", "Good morning", "Guten Tag", "こんにちは", "hey there", "thanks!", "", "  ",
    "?!",
  ])
  func `a greeting or nothing gets a polite reply without a search`(text: String) async throws {
    let shards = try TestShards()
    let answerer = Answerer(
      shards: shards.cache, embedder: { throw EmbeddingError.cancelled })
    let answer = try await answerer.wholeAnswer(request(text))
    #expect(answer.origin == .fixed)
    #expect(answer.sources.isEmpty)
    #expect(!answer.message.isEmpty)
  }

  @Test func `the words of a chatbot's name may be what is asked for`() {
    #expect(FixedReplies.reply(to: "Bike repair?", chatbotName: "Bike Repair") == nil)
    #expect(FixedReplies.reply(to: "Returns, please", chatbotName: "Shipping & Returns") == nil)
    #expect(FixedReplies.reply(to: "Hello Bike Repair!", chatbotName: "Bike Repair") != nil)
    #expect(FixedReplies.reply(to: "Please", chatbotName: "Bike Repair") != nil)
  }

  @Test(arguments: [
    "Hello, what does a rain cover for the box cost?",
    "Thanks for the rain cover, what does it cost?",
  ])
  func `a question that begins politely is a question`(text: String) async throws {
    let shards = try TestShards()
    try await shards.write(documents)
    let answer = try await shards.answerer().wholeAnswer(request(text))
    #expect(answer.origin != .fixed || !answer.answered)
    #expect(!answer.passages.isEmpty)
  }

  @Test func `a chatbot without a shard says so`() async throws {
    let shards = try TestShards()
    let answer = try await shards.answerer().wholeAnswer(request(question))
    #expect(!answer.answered)
    #expect(answer.message.contains("not been trained"))
  }

  @Test func `the chatbot's own sentence is said when nothing is found`() async throws {
    let shards = try TestShards()
    try await shards.write(documents)
    let own = try await shards.answerer().wholeAnswer(
      request("Which vaccinations for Kenya?", noAnswerText: "Ask us by telephone."))
    #expect(own.message == "Ask us by telephone.")
    let blank = try await shards.answerer().wholeAnswer(
      request("Which vaccinations for Kenya?", noAnswerText: " "))
    #expect(blank.message == "I could not find this in the documents.")
  }

  @Test func `an embedder that fails ends the answer with its error`() async throws {
    let shards = try TestShards()
    try await shards.write(documents)
    let answerer = Answerer(
      shards: shards.cache, embedder: { throw EmbeddingError.modelMissing(path: "m") })
    await #expect(throws: EmbeddingError.modelMissing(path: "m")) {
      _ = try await answerer.wholeAnswer(request(question))
    }
  }

  @Test func `the same question gives the same answer`() async throws {
    let shards = try TestShards()
    try await shards.write(documents)
    let first = try await shards.answerer().wholeAnswer(request(question))
    for _ in 0..<5 {
      let again = try await shards.answerer().wholeAnswer(request(question))
      #expect(again.message == first.message && again.sources == first.sources)
    }
  }

  @Test func `the same question is answered once, and anew when anything it depends on changes`()
    async throws
  {
    let shards = try TestShards()
    try await shards.write(documents)
    let asked = Asked()
    let answerer = Answerer(
      shards: shards.cache,
      embedder: {
        asked.count.withLock { $0 += 1 }
        return HashingEmbedder.make()
      })
    let first = try await answerer.wholeAnswer(request(question))
    let again = try await answerer.wholeAnswer(request(question))
    #expect(again.message == first.message && again.sources == first.sources)
    #expect(asked.count.withLock { $0 } == 1)
    // Not citable any more: not from memory either.
    let hidden = try await answerer.wholeAnswer(
      request(question, citable: ["other"], learnOnly: ["public"]))
    #expect(!hidden.answered && hidden.sources.isEmpty)
    let own = try await answerer.wholeAnswer(
      request(question, citable: ["other"], learnOnly: ["public"], noAnswerText: "Ask us."))
    #expect(own.message == "Ask us.")
    // Another generation.
    var changed = documents
    changed[0].chunks = ["A rain cover for the box costs 139 euros in every shop."]
    try FileManager.default.removeItem(atPath: "\(shards.root)/bot")
    try await shards.write(changed)
    #expect(try await answerer.wholeAnswer(request(question)).message.contains("139 euros"))
  }

  /// How often the embedder was asked for.
  private final class Asked: Sendable {
    let count = Mutex(0)
  }
}
