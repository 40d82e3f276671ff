// What is kept of how an answer came about, and how its chatbot's owner reads it. Names places and scores of citable passages;
// holds no text of any.

import Answering
import Corpus
import FoundationEssentials
import Storage

/// The trace that is stored with a message.
struct AnswerTraceShape: Codable {
  /// A passage that was looked at.
  struct Passage: Codable {
    /// `<document>.<chunk>`, as `bobbin trace` takes it.
    let reference: String
    let source_id: String
    let score, cosine, words: Double
  }

  /// The chunk that a sentence of the answer rests on.
  struct Ground: Codable {
    let sentence, n: Int
    let reference: String
  }

  /// What was searched for.
  let searched: String?
  let passages: [Passage]
  /// Nil where each sentence rests on its citation's chunk.
  let grounds: [Ground]?

  init(_ answer: Answering.Answer) {
    searched = answer.searched
    grounds =
      answer.grounds.isEmpty
      ? nil
      : answer.grounds.map {
        Ground(sentence: $0.sentence, n: $0.n, reference: $0.reference)
      }
    passages = answer.looked.map { passage in
      Passage(
        reference: passage.reference, source_id: passage.source.text,
        score: Self.rounded(passage.score),
        cosine: Self.rounded(passage.cosine), words: Self.rounded(passage.wordScore))
    }
  }

  /// As JSON.
  static func text(_ answer: Answering.Answer) -> String {
    String(decoding: JSONText.encode(AnswerTraceShape(answer)), as: UTF8.self)
  }

  private static func rounded(_ value: Float) -> Double {
    (Double(value) * 10_000).rounded() / 10_000
  }
}
