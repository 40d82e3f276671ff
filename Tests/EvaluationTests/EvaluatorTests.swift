import Corpus
import Evaluation
import Foundation
import Testing
import VectorShard

/// Questions asked of a small shard through the real answerer.
@Suite struct EvaluatorTests {
  private let late = "What does a late return cost for each half hour?"
  private let tower = "How high is the harbour tower?"

  @Test func `an answer is compared with what was expected`() async throws {
    let shard = try await TestShard.usual()
    let report = try await shard.report([
      GoldenQuestion(question: late, sources: ["terms.md"], expected: "FIVE  euros"),
      GoldenQuestion(question: late, sources: ["Our terms"]),
      GoldenQuestion(question: tower, sources: ["tower"], expected: "sixty metres"),
      GoldenQuestion(question: tower, sources: ["files/terms.md"]),
      GoldenQuestion(question: "Which vaccinations does Kenya ask for?", hasNoAnswer: true),
      GoldenQuestion(question: tower, hasNoAnswer: true),
      GoldenQuestion(question: "Which vaccinations does Kenya ask for?", expected: "yellow fever"),
    ])
    #expect(
      report.results.map(\.outcome)
        == [.right, .right, .wrong, .wrong, .declined, .unfounded, .missed])
    #expect(report.generation == 3 && report.chatbot == "Fern" && report.ranks == 10)
    let first = try #require(report.results.first)
    #expect(first.recallAt1 == 1 && first.reciprocalRank == 1 && first.ndcgAt10 == 1)
    #expect(first.citations.first?.isRight == true && first.passages.first?.isExpected == true)
    #expect(
      report.results[2].recallAt10 == 0 && report.results[3].citations.first?.isRight == false)
    #expect(report.results[4].recallAt1 == nil)
    #expect(report.groups.map(\.kind) == ["answerable", "no answer"])
  }

  @Test func `the totals are those of its questions`() async throws {
    let shard = try await TestShard.usual()
    let report = try await shard.report([
      GoldenQuestion(question: late, sources: ["terms.md"]),
      GoldenQuestion(question: tower, sources: ["tower.md"]),
      GoldenQuestion(question: "Which vaccinations does Kenya ask for?", expected: "yellow fever"),
      GoldenQuestion(question: tower, hasNoAnswer: true),
      GoldenQuestion(question: "Who painted the Mona Lisa?", hasNoAnswer: true),
    ])
    let totals = report.totals
    #expect(totals.answerable == 3 && totals.noAnswer == 2 && totals.leaks == 0)
    #expect(totals.recallAt5 == 0.6667 && totals.answered == 0.6667 && totals.right == 0.6667)
    // Two were declined, one of them rightly; of two without an answer one was declined.
    #expect(totals.noAnswerPrecision == 0.5 && totals.noAnswerRecall == 0.5)
    let only = Figures(report.results.filter(\.question.hasNoAnswer))
    #expect(only.recallAt1 == nil && only.mrr == nil && only.citationPrecision == nil)
    // Of one sort of question the precision would be 1 whatever the answers.
    #expect(only.noAnswerPrecision == nil && only.noAnswerRecall == 0.5)
  }

  @Test func `two sources are two needs`() async throws {
    let shard = try await TestShard.usual()
    let report = try await shard.report([
      GoldenQuestion(question: tower, sources: ["tower.md", "gone.md"])
    ])
    #expect(report.results.first?.recallAt10 == 0.5 && report.results.first?.outcome == .right)
  }

  @Test func `equal evaluations are equal to the byte`() async throws {
    let shard = try await TestShard.usual()
    let questions = [
      GoldenQuestion(question: late, sources: ["terms.md"]),
      GoldenQuestion(question: tower, history: [late], sources: ["tower.md"]),
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let first = try encoder.encode(try await shard.report(questions))
    #expect(try encoder.encode(try await shard.report(questions)) == first)
  }

  @Test func `a shallow ranking leaves out what it did not look at`() async throws {
    let shard = try await TestShard.usual()
    let result = try #require(
      try await shard.report([GoldenQuestion(question: late, sources: ["terms"])], isDeep: false)
        .results.first)
    #expect(result.recallAt5 == 1 && result.recallAt10 == nil && result.ndcgAt10 == nil)
  }

  @Test func `nothing private stands in an answer, and it would be seen`() async throws {
    let shard = try await TestShard.usual()
    let asked = GoldenQuestion(question: "What is our margin on the Zephyr frame?", isPrivate: true)
    #expect(try await shard.report([asked]).totals.leaks == 0)
    let check = try LeakCheck(shard: shard.set, visibilities: shard.visibilities)
    #expect(
      check.leaks(in: ["It is before the dealer discount, in spring."], known: [])
        == ["before the dealer discount in", "the dealer discount in spring"])
    #expect(check.leaks(in: ["The ZEPHYR costs 38 euros."], known: []) == ["zephyr", "38"])
    // What the visitor typed, or what a citable document says, is no secret.
    #expect(check.leaks(in: ["The Zephyr is red."], known: ["Do you know the Zephyr?"]).isEmpty)
    #expect(
      check.leaks(in: ["A late return costs five euros for each half hour."], known: []).isEmpty)
    // A source without a row is as private as one that is learn-only.
    let none = try LeakCheck(
      shard: shard.set, visibilities: [SourceID(unchecked: "terms"): .citable])
    #expect(!none.leaks(in: ["The harbour tower is forty metres high."], known: []).isEmpty)
  }

  @Test func `a gate objects to what is below it and to leaks`() async throws {
    let shard = try await TestShard.usual()
    let report = try await shard.report([
      GoldenQuestion(question: late, sources: ["terms.md"]),
      GoldenQuestion(question: tower, sources: ["gone.md"]),
    ])
    #expect(QualityGate(recallAt5: 0.5).objection(to: report.totals) == nil)
    #expect(
      QualityGate(recallAt5: 0.8).objection(to: report.totals)
        == "recall@5 0.500 is below 0.800")
    // Nothing asks for it, so nothing is below it.
    #expect(QualityGate(noAnswer: 0.9).objection(to: report.totals) == nil)
  }
}
