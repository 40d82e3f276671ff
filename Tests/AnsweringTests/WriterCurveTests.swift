// The curves of THRESHOLD.md for answers that a model writes, and for what is quoted beside the best sentence: the bundled handbook
// and its questions, as in ThresholdCurveTests, on request only:
//
//     BOBBIN_CURVE=1 swift test --filter WriterCurveTests

import Corpus
import Embedding
import FoundationEssentials
import Testing
import VectorShard

@testable import Answering

@Suite struct WriterCurveTests {
  private typealias Question = ThresholdCurveTests.Question

  private struct Asked {
    let question: Question
    let vector: [Float]
    let passages: [RetrievedPassage]
    /// Number of the first passage that holds the expected words, from 1.
    var place: Int? {
      guard let expected = question.expected.map(ThresholdCurveTests.flat) else { return nil }
      return passages.firstIndex {
        ThresholdCurveTests.flat($0.citable.text).contains(expected)
      }.map { $0 + 1 }
    }
  }

  @Test(
    .enabled(
      if: ThresholdCurveTests.isAsked, "set BOBBIN_CURVE=1 and get the weights with `make model`"))
  func `the numbers of written answers hold on the bundled questions`() async throws {
    let embedder = try MiniLM.load(directory: ThresholdCurveTests.directory, threads: 2)
    let shards = try TestShards()
    let fixtures = ThresholdCurveTests.repository + "/fixtures"
    let visibilities = try await shards.writeHandbook(folder: fixtures, embedder: embedder)
    let shard = try #require(try shards.cache.shard("handbook"))
    let words = try ShardWords.citable(in: shard, visibilities: visibilities)
    var questions: [Question] = []
    for kind in ["answerable", "unanswerable"] {
      for line in try String(
        contentsOfFile: "\(fixtures)/questions/\(kind).jsonl", encoding: .utf8
      ).split(separator: "\n") {
        questions.append(try JSONDecoder().decode(Question.self, from: Data(line.utf8)))
      }
    }
    func ask(_ question: Question, _ vector: [Float], mostShared: Double) throws -> Asked {
      Asked(
        question: question, vector: vector,
        passages: try Retriever(mostShared: mostShared).passages(
          for: question.question, vector: vector, identity: embedder.model.identity,
          in: words,
          visibilities: visibilities))
    }
    var asked: [Asked] = []
    for question in questions {
      let vector = try #require(try await embedder.embed([question.question]).first)
      asked.append(try ask(question, vector, mostShared: DuplicateFilter.mostShared))
    }
    let answerable = asked.filter { $0.question.expected != nil }

    print(
      "a model is asked from: answerable asked | their answer is there | near, far, private asked")
    for step in 0...12 {
      let least = 0.10 + 0.025 * Float(step)
      func isAsked(_ one: Asked) -> Bool { (one.passages.first?.score ?? 0) >= least }
      let others = ["near", "far", "private"].map { kind in
        Self.share(asked.filter { $0.question.kind == kind }, isAsked)
      }
      print(
        least, Self.share(answerable, isAsked),
        Self.share(answerable.filter { $0.place != nil }, isAsked), others)
    }
    for count in [2, 4, 6, 8] {
      print(
        "answer is in the first", count, Self.share(answerable) { ($0.place ?? 99) <= count })
    }
    for shared in [0.2, 0.35, 0.5, 0.65, 0.8, 1.0] {
      let again = try answerable.map { try ask($0.question, $0.vector, mostShared: shared) }
      print(
        "most shared", shared, "in the first 4, 6, 8",
        [4, 6, 8].map { count in Self.share(again) { ($0.place ?? 99) <= count } })
    }

    // A statement in the words of the question and of the answer: what a model would say, as far as words go.
    var right: [Float] = []
    var wrong: [Float] = []
    for one in answerable {
      guard let expected = one.question.expected, one.place != nil else { continue }
      let passages = Array(one.passages.prefix(6))
      let support = Support(passages: passages.map { ($0.citable, []) }, words: words)
      let statement = "\(one.question.question.replacing("?", with: "")) \(expected)"
      for (index, passage) in passages.enumerated() {
        let share = support.share(of: statement, number: index + 1)
        if ThresholdCurveTests.flat(passage.citable.text).contains(
          ThresholdCurveTests.flat(expected))
        {
          right.append(share)
        } else {
          wrong.append(share)
        }
      }
    }
    print("support: \(right.count) passages that hold the answer, \(wrong.count) beside them")
    for step in 3...9 {
      let least = 0.1 * Float(step)
      print(least, Self.share(right) { $0 >= least }, Self.share(wrong) { $0 >= least })
    }

    try await paraphrases(asked, in: words, embedder: embedder, folder: fixtures)

    for reach: Float in [0, 0.05, 0.1, 0.15, 0.2] {
      var weights = QuotingWeights.set(for: embedder.model)
      weights.reach = reach
      var right = 0
      var length = 0
      var citations = 0
      var good = 0
      for one in answerable {
        let quotation = try await QuotingAnswerer(weights: weights).quote(
          WholeQuestion(one.question.question), vector: one.vector, passages: one.passages,
          words: words,
          embed: embedder.embed)
        guard let quotation, quotation.confidence >= weights.threshold else { continue }
        let expected = ThresholdCurveTests.flat(one.question.expected ?? "\u{0}")
        if ThresholdCurveTests.flat(quotation.message.replacing(#/ \[[0-9]+\]/#, with: ""))
          .contains(expected)
        {
          right += 1
        }
        length += quotation.message.count
        citations += quotation.citations.count
        good += quotation.citations.count { citation in
          one.passages.contains {
            $0.citable.source == citation.sourceID
              && $0.citable.description.uri == one.question.file
          }
        }
      }
      print(
        "reach", reach, "right", right, "of", answerable.count, "letters",
        length / max(1, answerable.count), "citations good", good, "of", citations)
    }
    #expect(answerable.count >= 200 && right.count >= 200)
  }

  private struct Paraphrase: Decodable {
    let question, statement: String
  }

  /// Answers in other words than the document's: whether their citation stands, of the right passage, of one beside it, and of the
  /// right passage for the answer to another question.
  private func paraphrases(
    _ asked: [Asked], in words: ShardWords, embedder: Embedder, folder: String
  ) async throws {
    let all = try String(
      contentsOfFile: "\(folder)/questions/paraphrases.jsonl", encoding: .utf8
    ).split(separator: "\n").map { try JSONDecoder().decode(Paraphrase.self, from: Data($0.utf8)) }
    /// How near a statement is to a passage.
    struct Near {
      let share: Float
      let hasFigures: Bool
      let alone, asked: Float
    }
    var right: [Near] = []
    var beside: [Near] = []
    var foreign: [Near] = []
    for (number, one) in all.enumerated() {
      let question = try #require(asked.first { $0.question.question == one.question })
      let other = all[(number + 37) % all.count]
      let passages = Array(question.passages.prefix(6))
      let lines = passages.map { PassageLines.cut($0).map(\.line.embeddedText) }
      let support = Support(
        passages: zip(passages, lines).map { ($0.citable, $1) }, words: words)
      let vectors = try await embedder.embed(
        [one.statement, other.statement].flatMap { [$0, "\(one.question) \($0)"] })
      for (index, passage) in passages.enumerated() {
        let near = lines[index].isEmpty ? [] : try await embedder.embed(lines[index])
        func measure(_ statement: String, _ own: ArraySlice<[Float]>) -> Near {
          func most(_ vector: [Float]?) -> Float {
            near.map { line in zip(line, vector ?? []).reduce(0) { $0 + $1.0 * $1.1 } }.max() ?? 0
          }
          let figures = Figures.all(in: passage.citable.text)
          return Near(
            share: support.share(of: statement, number: index + 1),
            hasFigures: Figures.written(in: statement).allSatisfy(figures.contains),
            alone: most(own.first), asked: most(own.last))
        }
        let expected = ThresholdCurveTests.flat(question.question.expected ?? "\u{0}")
        guard ThresholdCurveTests.flat(passage.citable.text).contains(expected) else {
          beside.append(measure(one.statement, vectors[..<2]))
          continue
        }
        right.append(measure(one.statement, vectors[..<2]))
        foreign.append(measure(other.statement, vectors[2...]))
      }
    }
    print("other words: \(right.count) right, \(beside.count) beside, \(foreign.count) foreign")
    print("words alone", [right, beside, foreign].map { Self.share($0) { $0.share >= 0.5 } })
    for asked: Float in [0.5, 0.55, 0.6] {
      for alone: Float in [0.3, 0.35, 0.4, 0.45, 0.5] {
        func stands(_ near: Near) -> Bool {
          near.share >= Support.enough
            || (near.hasFigures && near.asked >= asked && near.alone >= alone)
        }
        print(asked, alone, [right, beside, foreign].map { Self.share($0, stands) })
      }
    }
    #expect(right.count >= 90)
  }

  private static func share<One>(_ all: [One], _ isCounted: (One) -> Bool) -> String {
    let permille = 1000 * all.count(where: isCounted) / max(1, all.count)
    return "\(permille / 10).\(permille % 10) %"
  }
}
