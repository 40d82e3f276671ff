// What the output gate costs: making it for one answer, and each token of a reply that goes through it.
//
// Made as the server makes it, with a memory of passages: the slowest making is the first, which makes what the others share.
// The private passages, the citable passages and the words that are no secret are as many as the server gives it. The reply is
// text of the citable passages, so nothing in it is private and the gate reads to the end; a reply that it stops ends the bench,
// as it would measure something else. Does not judge the gate: AnswerGuardTests does.

import AnswerGuard
import FoundationEssentials
import Spool

/// The gate's part in the bench of answers.
enum GateBench {
  /// What the command line gives.
  struct Options {
    /// A text whose first words are the private passages.
    let secret: String
    /// A text whose beginning is the citable passages.
    let citable: String
    /// Word lists, a word a line.
    let words: [String]
  }

  private struct Result: Encodable {
    let privatePassages: Int
    let privateWords: Int
    let citablePassages: Int
    let knownWords: Int
    let rareTokens: Int
    /// Pieces of the reply, four characters each.
    let tokens: Int
    let rounds: Int
    let microsecondsPerToken: Double
    let tokenP99Microseconds: Double
    let slowestTokenMicroseconds: Double
    let buildMilliseconds: Double
    let slowestBuildMilliseconds: Double
  }

  private static let passageCount = 5
  private static let passageWords = 200
  private static let tokenLength = 4
  /// Citable passages as a prompt holds them: their number, and characters of each.
  private static let citableCount = 6
  private static let citableLength = 1_000

  /// - Returns: a JSON object; microseconds a token are of CPU time, the slowest and the 99th percentile by the clock.
  static func run(_ options: Options) throws -> String {
    let secret = try text(options.secret).split(whereSeparator: \.isWhitespace)
      .prefix(passageCount * passageWords)
    let passages = stride(from: secret.startIndex, to: secret.endIndex, by: passageWords).map {
      secret[$0..<min($0 + passageWords, secret.endIndex)].joined(separator: " ")
    }
    let reply = Array(try text(options.citable).prefix(citableCount * citableLength))
    let citable = pieces(of: reply, length: citableLength)
    let tokens = pieces(of: reply, length: tokenLength)
    guard secret.count == passageCount * passageWords, citable.count == citableCount else {
      throw StageFault("the texts are too short for the bench of the gate", exitCode: 64)
    }
    let vocabulary = try options.words.reduce(CommonVocabulary(words: [])) {
      $0.union(CommonVocabulary.parse(try text($1)))
    }
    var gate = AnswerGuard(privateTexts: [], citableTexts: [], vocabulary: vocabulary)
    let memory = PassageMemory()
    var builds: [Double] = []
    for _ in 0..<20 {
      let start = BenchClock.wall()
      gate = AnswerGuard(
        privateTexts: passages, citableTexts: citable,
        visitorTexts: ["How long is the warranty on a bicycle?"], names: ["Fern"],
        vocabulary: vocabulary, memory: memory)
      builds.append((BenchClock.wall() - start) * 1e3)
    }
    var times: [Double] = []
    var spent = 0.0
    var rounds = 0
    while spent < 2 || rounds < 5 {
      var stream = GuardedStream(gate)
      let used = BenchClock.cpu()
      for (number, token) in tokens.enumerated() {
        let start = BenchClock.wall()
        let outcome = stream.feed(token)
        times.append((BenchClock.wall() - start) * 1e6)
        if let violation = outcome.violation {
          throw StageFault(
            "the gate stopped the benign reply at token \(number): \(violation)", exitCode: 70)
        }
      }
      _ = stream.finish()
      spent += BenchClock.cpu() - used
      rounds += 1
    }
    times.sort()
    builds.sort()
    let result = Result(
      privatePassages: passages.count, privateWords: secret.count, citablePassages: citable.count,
      knownWords: vocabulary.count, rareTokens: gate.rareTokenCount, tokens: tokens.count,
      rounds: rounds, microsecondsPerToken: spent * 1e6 / Double(times.count),
      tokenP99Microseconds: times[times.count * 99 / 100],
      slowestTokenMicroseconds: times.last ?? 0, buildMilliseconds: builds[builds.count / 2],
      slowestBuildMilliseconds: builds.last ?? 0)
    return String(decoding: try JSONLines.encode(result), as: UTF8.self)
  }

  private static func pieces(of text: [Character], length: Int) -> [String] {
    stride(from: 0, to: text.count, by: length).map {
      String(text[$0..<min($0 + length, text.count)])
    }
  }

  private static func text(_ file: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
  }
}
