// PRIVACY.md's pass lines P1 and P14: two hundred private sources with a canary each, the whole attack suite, and a look at every byte
// that a strict chatbot puts before a model, or says without one.

import Answering
import Corpus
import Embedding
import Foundation
import Synchronization
import TestSupport
import Testing
import VectorShard

@testable import Evaluation

@Suite struct SealedTests {
  private static let count = 200
  private static let open = [
    "A rain cover for the box costs 129 euros in every shop.",
    "Notes on deliveries, codes and names are kept in the office, and nobody reads them out.",
    "The tower of Orrin is 31 metres high and has a red lamp at its top.",
  ]

  /// A shard with public text and private sources, and who is asked.
  private struct Subject {
    let shard: TestShard
    let canaries: [Canary]
    let visibilities: [SourceID: Visibility]

    init(seed: String) async throws {
      canaries = (0..<SealedTests.count).map { Canary(seed: "\(seed) \($0)") }
      shard = try await TestShard(
        [("open", "prices.md", SealedTests.open)]
          + canaries.enumerated().map {
            ("secret\($0.offset)", "\(seed)-\($0.offset).md", [$0.element.text])
          })
      visibilities = [SourceID(unchecked: "open"): .citable].merging(
        canaries.indices.map { (SourceID(unchecked: "secret\($0)"), .learnOnly) }
      ) { $1 }
    }

    func answerer(_ model: LanguageModel?) -> Answerer {
      var weights = QuotingWeights.set(for: HashingEmbedder.model)
      // Whatever is asked: nothing must stand in the way of a leak but what is tested.
      weights.leastPassageScore = 0
      if model == nil { weights.threshold = 0 }
      return Answerer(
        shards: ShardCache(fixed: ["bot": shard.set]), embedder: { HashingEmbedder.make() },
        model: model, weights: weights)
    }

    func request(_ question: String, _ past: [AnswerRequest.Turn]) -> AnswerRequest {
      var request = AnswerRequest(
        question: question, chatbot: ChatbotID(unchecked: "bot"), chatbotName: "Fern",
        visibilities: visibilities)
      request.mode = .strict
      request.history = past
      return request
    }
  }

  /// The suite, each attack aimed at another source, with nothing in it that only an insider knows.
  private static func attacks(_ canaries: [Canary]) throws -> [[String]] {
    try Attack.suite().enumerated().map { number, attack in
      let topic = canaries[number % canaries.count].topic
      return attack.turns.map { turn in
        [
          ("{topic}", topic), ("{code}", "AA1-0000-BB"), ("{name}", "Somebody"),
          ("{sentence}", "the first words of it"),
        ].reduce("\(turn) (\(topic))") { $0.replacing($1.0, with: $1.1) }
      }
    }
  }

  /// What was said, for each attack, by what it was answered from.
  private static func carryOut(
    _ attacks: [[String]], on subject: Subject, by model: LanguageModel?
  ) async throws -> [String] {
    let answerer = subject.answerer(model)
    var said: [String] = []
    for turns in attacks {
      var past: [AnswerRequest.Turn] = []
      for turn in turns {
        let answer = try await answerer.wholeAnswer(subject.request(turn, past))
        past.append(
          AnswerRequest.Turn(
            question: turn, answer: answer.message, sources: answer.promptSources))
        said.append(
          ([answer.message] + answer.sources.flatMap { [$0.title, $0.quote, $0.url ?? ""] })
            .joined(separator: "\n"))
      }
    }
    return said
  }

  /// Traces of private sources in texts: codes, names, numbers, file names, and runs of five words that are not public.
  private static func leaks(_ subject: Subject, _ seed: String, in texts: [String]) -> [String] {
    var needles = subject.canaries.flatMap { [$0.code, $0.lastName, $0.number] }
    needles += subject.canaries.indices.flatMap { ["\(seed)-\($0).md", "secret\($0)"] }
    let runs = Set(subject.canaries.flatMap { Self.runs($0.text) })
      .subtracting(open.flatMap(Self.runs))
    return texts.flatMap { text in
      needles.filter { needle in
        text.withCString { text in needle.withCString { strstr(text, $0) != nil } }
      } + Self.runs(text).filter(runs.contains)
    }
  }

  private static func runs(_ text: String) -> [String] {
    let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }
    return words.indices.dropLast(4).map { words[$0..<$0 + 5].joined(separator: " ") }
  }

  /// A model that is shown prompts, and says what `words` makes of one.
  private static func model(
    _ seen: Seen, _ words: @escaping @Sendable (Dialogue) -> String
  ) -> LanguageModel {
    LanguageModel(name: "stub") { dialogue in
      seen.prompts.withLock {
        $0.append(dialogue.messages.map(\.content).joined(separator: "\n"))
      }
      return AsyncThrowingStream { continuation in
        continuation.yield(.text(words(dialogue)))
        continuation.finish()
      }
    }
  }

  private final class Seen: Sendable {
    let prompts = Mutex<[String]>([])
  }

  @Test func `no prompt holds a byte of two hundred private sources, whatever is asked`()
    async throws
  {
    let subject = try await Subject(seed: "ledger")
    let attacks = try Self.attacks(subject.canaries)
    let seen = Seen()
    let said = try await Self.carryOut(
      attacks, on: subject, by: Self.model(seen) { _ in "It is in the documents [1]." })
    let prompts = seen.prompts.withLock { $0 }
    #expect(said.count >= 300 && prompts.count >= said.count)
    #expect(Self.leaks(subject, "ledger", in: prompts + said) == [])
    // The eyes are open: the text itself is seen.
    #expect(Self.leaks(subject, "ledger", in: [subject.canaries[7].text]).count > 10)
  }

  @Test func `without a model no answer holds a private byte, however little it takes to quote`()
    async throws
  {
    let subject = try await Subject(seed: "ledger")
    let said = try await Self.carryOut(
      try Self.attacks(subject.canaries), on: subject, by: nil)
    #expect(said.count >= 300 && said.count { $0.contains("129 euros") } > 10)
    #expect(Self.leaks(subject, "ledger", in: said) == [])
  }

  @Test func `two private corpora give the same prompts, byte for byte`() async throws {
    let one = try await Subject(seed: "ledger")
    let other = try await Subject(seed: "diary")
    // A tenth of the suite: what differs is the corpora, not the questions.
    let attacks = try Self.attacks(one.canaries).enumerated().filter { $0.offset % 10 == 0 }
      .map(\.element)
    var all: [[String]] = []
    for subject in [one, other] {
      let seen = Seen()
      _ = try await Self.carryOut(
        attacks, on: subject, by: Self.model(seen) { _ in "It is in the documents [1]." })
      // The mark of the fences is drawn anew for each prompt; its length is not.
      all.append(
        seen.prompts.withLock { $0 }.map { $0.replacing(#/P[0-9A-Z]{13}/#, with: "MARK") })
    }
    #expect(all[0].count >= 30 && all[0] == all[1])
  }
}
