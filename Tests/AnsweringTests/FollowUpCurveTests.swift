// What carrying the topic gains: fixtures/questions/followups.jsonl over the bundled handbook, with and without the questions
// before. Takes half a minute of CPU, so it runs on request only:
//
//     BOBBIN_CURVE=1 swift test --filter FollowUpCurveTests

import Corpus
import Embedding
import FoundationEssentials
import Testing
import VectorShard

@testable import Answering

@Suite struct FollowUpCurveTests {
  struct FollowUpQuestion: Decodable {
    let history: [String]
    let question: String
    let kind: String
    let file: String?
    let expected: String?
  }

  private struct Count {
    var all = 0
    var first = 0
    var passages = 0
    var right = 0
    var answered = 0
  }

  @Test(
    .enabled(
      if: ThresholdCurveTests.isAsked, "set BOBBIN_CURVE=1 and get the weights with `make model`"))
  func `questions before a follow-up find what it is about, and do not drag a new subject back`()
    async throws
  {
    let embedder = try MiniLM.load(directory: ThresholdCurveTests.directory, threads: 2)
    let shards = try TestShards()
    let visibilities = try await shards.writeHandbook(
      folder: ThresholdCurveTests.repository + "/fixtures", embedder: embedder)
    let shard = try #require(try shards.cache.shard("handbook"))
    let path = "\(ThresholdCurveTests.repository)/fixtures/questions/followups.jsonl"
    let questions = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(FollowUpQuestion.self, from: Data($0.utf8))
    }
    let weights = QuotingWeights.set(for: embedder.model)
    var counts: [String: Count] = [:]
    let ways: [(String, (FollowUpQuestion) -> WholeQuestion)] = [
      ("alone", { WholeQuestion($0.question) }),
      ("joined", { WholeQuestion(($0.history.suffix(1) + [$0.question]).joined(separator: " ")) }),
      ("carried", { FollowUp.whole($0.question, after: $0.history) }),
    ]
    for question in questions {
      for (name, way) in ways {
        let whole = way(question)
        let vector = try #require(try await embedder.embed([whole.text]).first)
        let passages = try Retriever().passages(
          for: whole.text, vector: vector, identity: embedder.model.identity,
          in: try .citable(in: shard, visibilities: visibilities),
          visibilities: visibilities)
        let quotation = try await QuotingAnswerer(weights: weights).quote(
          whole, vector: vector, passages: passages,
          words: try .citable(in: shard, visibilities: visibilities),
          embed: embedder.embed)
        let expected = ThresholdCurveTests.flat(question.expected ?? "\u{0}")
        func holds(_ text: String?) -> Bool {
          ThresholdCurveTests.flat(text ?? "").contains(expected)
        }
        var count = counts["\(name) \(question.kind)", default: Count()]
        let isAnswered = (quotation?.confidence ?? 0) >= weights.threshold
        count.all += 1
        if holds(passages.first?.citable.text) { count.first += 1 }
        if passages.contains(where: { holds($0.citable.text) }) { count.passages += 1 }
        if isAnswered { count.answered += 1 }
        if isAnswered, holds(quotation?.message.replacing(#/ \[[0-9]+\]/#, with: "")) {
          count.right += 1
        }
        counts["\(name) \(question.kind)"] = count
        if name == "carried", question.kind == "carry" || question.kind == "switch",
          FollowUp.isDependent(question.question) != (question.kind == "carry")
        {
          print("misjudged", question.kind, question.question)
        }
      }
    }
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
      print(
        name,
        "all \(count.all) first \(count.first) passages \(count.passages) answered \(count.answered) right \(count.right)"
      )
    }
    let alone = try #require(counts["alone carry"])
    let carried = try #require(counts["carried carry"])
    #expect(carried.passages > alone.passages && carried.right > alone.right)
    #expect(
      try #require(counts["carried switch"]).right >= #require(counts["alone switch"]).right - 1)
  }
}
