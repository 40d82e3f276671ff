import Corpus
import Embedding
import Testing
import VectorShard

@testable import Answering

@Suite struct RetrieverTests {
  private let leave = "Paid leave is 28 working days a year for everyone."
  private let rain = "Rain covers for the box cost 129 euros each."

  private func search(
    _ question: String, _ shard: ShardSet, _ flags: [SourceID: Visibility]
  ) async throws -> [RetrievedPassage] {
    let embedder = HashingEmbedder.make()
    let vector = try #require(try await embedder.embed([question]).first)
    return try Retriever().passages(
      for: question, vector: vector, identity: embedder.model.identity,
      in: try .citable(in: shard, visibilities: flags),
      visibilities: flags)
  }

  @Test func `the passage that fits comes first`() async throws {
    let shards = try TestShards()
    let shard = try await shards.write([TestDocument(source: "public", chunks: [rain, leave])])
    let found = try await search(
      "How much paid leave in a year?", shard, flags(citable: ["public"]))
    #expect(found.first?.citable.text == leave)
    #expect(found.first.map { $0.score > (found.last?.score ?? 1) } == true)
  }

  @Test func `a source that is learn-only or has no row gives nothing`() async throws {
    let shards = try TestShards()
    let shard = try await shards.write([
      TestDocument(source: "private", chunks: [leave]),
      TestDocument(source: "gone", chunks: [leave]),
      TestDocument(source: "public", chunks: [rain]),
    ])
    let found = try await search(
      leave, shard, flags(citable: ["public"], learnOnly: ["private"]))
    #expect(found.map(\.citable.text) == [rain])
    #expect(found.allSatisfy { $0.citable.source.text == "public" })
  }

  @Test func `a copy in another document and an overlapping stretch are dropped`() async throws {
    let shards = try TestShards()
    let text =
      "Paid leave is 28 working days. Leave is asked for in the app. It must be granted within a week."
    let shard = try await shards.write([
      TestDocument(source: "public", chunks: [text]),
      TestDocument(source: "public", uri: "copy.md", chunks: [text + " "]),
      TestDocument(
        source: "public", uri: "long.md",
        chunks: [
          "Unpaid leave needs a reason that both of us know.",
          "leave needs a reason that both of us know. And a date.",
        ],
        offsets: [0, 7]),
    ])
    let found = try await search("leave", shard, flags(citable: ["public"]))
    #expect(found.count == 2)
  }

  @Test func `chunks that overlap a little both stay and know their neighbours`() async throws {
    let shards = try TestShards()
    let shard = try await shards.write([
      TestDocument(
        source: "public",
        chunks: [
          "Leave is paid for all of us, and it is 28 days. Ask",
          "28 days. Ask in the app for leave, a week ahead of it at least.",
        ],
        offsets: [0, 39])
    ])
    let found = try await search("leave", shard, flags(citable: ["public"]))
    #expect(found.count == 2)
    let first = try #require(found.first { $0.offset == 0 })
    #expect(
      Excerpt.lines(of: first).map(\.sentence.text).first
        == "Leave is paid for all of us, and it is 28 days.")
    let second = try #require(found.first { $0.offset == 39 })
    #expect(
      Excerpt.lines(of: second).map(\.sentence.text)
        == ["Ask in the app for leave, a week ahead of it at least."])
  }

  @Test func `another model's question is refused by name`() async throws {
    let shards = try TestShards()
    let shard = try await shards.write([TestDocument(source: "public", chunks: [leave])])
    #expect(throws: ShardError.self) {
      try Retriever().passages(
        for: "leave", vector: [Float](repeating: 0.1, count: 384), identity: "other",
        in: try shard.words,
        visibilities: flags(citable: ["public"]))
    }
  }
}
