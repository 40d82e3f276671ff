// What became of one golden question: the answer, what it rests on, and how that compares with what was expected. Built from
// citable passages only, as the answer itself.

/// One question with its answer.
package struct QuestionResult: Encodable, Hashable, Sendable {
  /// How an answer compares with what was expected.
  package enum Outcome: String, Encodable, Sendable, CaseIterable {
    /// Answered, as expected.
    case right
    /// Answered, but not with what was expected.
    case wrong
    /// Declined, although the documents hold the answer.
    case missed
    /// Answered, although the documents hold no answer.
    case unfounded
    /// Declined, and rightly.
    case declined

    package var isGood: Bool { self == .right || self == .declined }
  }

  /// A citation of the answer.
  package struct Cited: Encodable, Hashable, Sendable {
    package let title: String
    /// Page and headings; empty when neither is known.
    package let place: String
    package let quote: String
    /// As `bobbin trace` takes it.
    package let reference: String
    /// Whether it leads to where the answer stands; false for a question without an answer.
    package let isRight: Bool

    private enum CodingKeys: String, CodingKey {
      case title, place, quote, reference
      case isRight = "is_right"
    }
  }

  /// A passage that was found.
  package struct Found: Encodable, Hashable, Sendable {
    package let title: String
    package let place: String
    package let reference: String
    /// What it is ranked by, 0 to 1.
    package let score: Double
    /// Whether it meets a need of the question.
    package let isExpected: Bool
    /// Its first words.
    package let beginning: String

    private enum CodingKeys: String, CodingKey {
      case title, place, reference, score, beginning
      case isExpected = "is_expected"
    }
  }

  package let question: GoldenQuestion
  package let outcome: Outcome
  package let isAnswered: Bool
  package let message: String
  package let citations: [Cited]
  /// The passages found, best first.
  package let passages: [Found]
  /// Nil for a question without an answer, and where the ranking was not followed that far.
  package let recallAt1, recallAt5, recallAt10, reciprocalRank, ndcgAt10: Double?
  /// Private runs and words in what was sent.
  package let leaks: [String]

  /// Whether its owner should look at it.
  package var isFailed: Bool { !outcome.isGood || !leaks.isEmpty }

  private enum CodingKeys: String, CodingKey {
    case question, group, outcome
    case isAnswered = "answered"
    case message, citations, passages
    case recallAt1 = "recall_at_1"
    case recallAt5 = "recall_at_5"
    case recallAt10 = "recall_at_10"
    case reciprocalRank = "reciprocal_rank"
    case ndcgAt10 = "ndcg_at_10"
    case leaks
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(question, forKey: .question)
    try values.encode(question.group, forKey: .group)
    try values.encode(outcome, forKey: .outcome)
    try values.encode(isAnswered, forKey: .isAnswered)
    try values.encode(message, forKey: .message)
    try values.encode(citations, forKey: .citations)
    try values.encode(passages, forKey: .passages)
    try values.encodeIfPresent(recallAt1, forKey: .recallAt1)
    try values.encodeIfPresent(recallAt5, forKey: .recallAt5)
    try values.encodeIfPresent(recallAt10, forKey: .recallAt10)
    try values.encodeIfPresent(reciprocalRank, forKey: .reciprocalRank)
    try values.encodeIfPresent(ndcgAt10, forKey: .ndcgAt10)
    try values.encode(leaks, forKey: .leaks)
  }
}
