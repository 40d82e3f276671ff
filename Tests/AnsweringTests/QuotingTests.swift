import Corpus
import Embedding
import Testing
import VectorShard

@testable import Answering

@Suite struct QuotingTests {
  private func ask(
    _ question: String, _ documents: [TestDocument], weights: QuotingWeights? = nil
  ) async throws -> Answer {
    let shards = try TestShards()
    try await shards.write(documents)
    let answerer = Answerer(
      shards: shards.cache, embedder: { HashingEmbedder.make() }, weights: weights)
    return try await answerer.wholeAnswer(request(question))
  }

  private let handbook = TestDocument(
    source: "public", title: "Handbook",
    chunks: [
      "Leave\n\nEveryone receives 28 working days of paid leave in a year. Bicycles are repaired on Mondays by two people from the shop.\n\nHow do I ask for leave?\n\nWrite to Ingrid Solheim."
    ], headingPath: ["Leave"])

  @Test func `the sentence that answers is quoted whole and cited`() async throws {
    let answer = try await ask("How many days of paid leave in a year?", [handbook])
    #expect(answer.answered)
    #expect(answer.origin == .quoted)
    #expect(
      answer.message.hasPrefix("Everyone receives 28 working days of paid leave in a year. [1]"))
    #expect(answer.sources.first?.n == 1)
    #expect(answer.sources.first?.quote.contains("28 working days") == true)
    #expect(answer.sources.first?.place.heading == "Leave")
  }

  @Test func `a question in a document is not an answer to itself`() async throws {
    let answer = try await ask("How do I ask for leave?", [handbook])
    #expect(!answer.message.contains("?"))
    #expect(answer.message.contains("Write to Ingrid Solheim."))
  }

  @Test func `a heading is never quoted`() async throws {
    let answer = try await ask("leave", [handbook])
    #expect(!answer.message.hasPrefix("Leave"))
  }

  @Test func `every mark has its citation and every citation its mark`() async throws {
    let second = TestDocument(
      source: "public", uri: "b.md", title: "Other",
      chunks: ["Paid leave of 28 days in a year is for apprentices too."])
    let answer = try await ask("How many days of paid leave in a year?", [handbook, second])
    #expect(answer.sources.map(\.n) == Array(1...answer.sources.count))
    for citation in answer.sources { #expect(answer.message.contains("[\(citation.n)]")) }
    #expect(!answer.message.contains("[\(answer.sources.count + 1)]"))
  }

  @Test func `below the threshold the documents hold no answer`() async throws {
    let answer = try await ask("Which vaccinations do I need for Kenya?", [handbook])
    #expect(!answer.answered)
    #expect(answer.sources.isEmpty)
    #expect(answer.message == "I could not find this in the documents.")
  }

  @Test func `the threshold decides and nothing else`() async throws {
    var weights = QuotingWeights()
    weights.threshold = 0
    #expect(try await ask("leave", [handbook], weights: weights).answered)
    weights.threshold = 1.01
    #expect(
      try await ask("How many days of paid leave in a year?", [handbook], weights: weights).answered
        == false)
  }

  @Test func `a confidence is compared with the value of the embedding model`() {
    #expect(
      QuotingWeights.set(for: MiniLM.model).threshold
        > QuotingWeights.set(for: HashingEmbedder.model).threshold)
    let unknown = EmbeddingModel(name: "x", identity: "x", dimension: 3, maxTokens: 9)
    #expect(QuotingWeights.set(for: unknown).threshold == QuotingWeights().threshold)
  }

  @Test func `a line right above a sentence is shown with it and not quoted`() async throws {
    let hours = TestDocument(
      source: "public",
      chunks: ["Sunday, 13 September\nHarbour Day: the shop opens from 11:00 to 17:00 for rides."])
    let answer = try await ask("When is Harbour Day and when does the shop open?", [hours])
    #expect(
      answer.message
        == "Sunday, 13 September: Harbour Day: the shop opens from 11:00 to 17:00 for rides. [1]")
    #expect(
      answer.sources.first?.quote == "Harbour Day: the shop opens from 11:00 to 17:00 for rides.")
  }

  @Test func `the page is that of the chunk the sentence stands in`() async throws {
    let manual = TestDocument(
      source: "public", mediaType: "application/pdf",
      chunks: [
        "The brakes are checked each spring by the workshop.",
        "Batteries are stored at fifteen degrees in winter.",
      ],
      page: 4)
    let answer = try await ask("At how many degrees are batteries stored in winter?", [manual])
    #expect(answer.sources.first?.place.page == 5)
  }

  @Test func `a recording opens where the question is answered, not where the quote begins`()
    async throws
  {
    // As captions are cut: a chunk whose sentences have seconds of their own.
    let shards = try TestShards()
    let first = "Bake the loaf for forty minutes on the rack. "
    try await shards.write([
      TestDocument(
        source: "public", uri: "https://talks.example/v", title: "Loaf", mediaType: "text/vtt",
        chunks: [first + "Let the loaf cool for two hours on the rack."], second: 150,
        changes: [PlaceChange(offset: first.count, place: Place(second: 225))])
    ])
    var weights = QuotingWeights.set(for: HashingEmbedder.model)
    weights.reach = 1
    let answer = try await Answerer(
      shards: shards.cache, embedder: { HashingEmbedder.make() }, weights: weights
    ).wholeAnswer(request("For how many hours does the loaf cool on the rack?"))
    let citation = try #require(answer.sources.first)
    #expect(answer.message.contains("Bake") && answer.message.contains("cool"))
    #expect(citation.place.second == 225)
    #expect(citation.url == "https://talks.example/v#t=225")
  }

  @Test func `a question in a script without spaces finds its sentence`() async throws {
    var weights = QuotingWeights()
    weights.threshold = 0
    let leave = TestDocument(source: "public", chunks: ["自行车每年检查一次。员工每年有二十八天带薪年假。商店星期天休息。"])
    let answer = try await ask("带薪年假有多少天？", [leave], weights: weights)
    #expect(answer.message.contains("员工每年有二十八天带薪年假。 [1]"))
  }

  @Test func `a note of the document's own is no mark of ours`() async throws {
    let paper = TestDocument(
      source: "public",
      chunks: ["Everyone receives 28 working days of paid leave in a year [1], see also [17]."])
    let answer = try await ask("How many days of paid leave in a year?", [paper])
    #expect(
      answer.message
        == "Everyone receives 28 working days of paid leave in a year (1), see also [17]. [1]")
    #expect(answer.sources.first?.quote.contains("year [1], see") == true)
  }

  @Test func `an answer is no longer than its bounds`() async throws {
    let words = (1...40).map { "Paid leave rule \($0) says that leave is granted to all of us." }
    let answer = try await ask(
      "paid leave", [TestDocument(source: "public", chunks: [words.joined(separator: " ")])])
    #expect(answer.message.split(separator: "[").count - 1 <= QuotingAnswerer.quotedSentences)
    #expect(answer.message.count <= QuotingAnswerer.quotedLength + 40)
  }

  @Test(arguments: [
    "© 2026 Fernwheel Cargo Cycles", "All rights reserved by the firm of cycles.", "Page 3 of 12",
    "Leave ........ 12", "Leave . . . . 12", "We use cookies on this page.", "yes indeed", "— 12 —",
  ])
  func `page furniture is not quotable`(text: String) {
    let sentences = SentenceSplitter.sentences(of: text)
    #expect(sentences.allSatisfy { !Boilerplate.isQuotable($0) })
  }

  @Test(arguments: ["Deposit: 50 euros", "It is free.", "年假为二十八天。", "Tel: 0555 014 266"])
  func `short lines that say something are quotable`(text: String) {
    let sentences = SentenceSplitter.sentences(of: text)
    #expect(!sentences.isEmpty && sentences.allSatisfy { Boilerplate.isQuotable($0) })
  }
}
