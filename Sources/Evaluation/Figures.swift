// The figures of a set of questions. A share without anything to share out is nil, never 0 or 1. What each means stands
// in EVALUATION.md.

/// Totals over questions of one kind, or over all.
package struct Figures: Encodable, Hashable, Sendable {
  package let questions: Int
  /// Questions that the documents answer.
  package let answerable: Int
  /// Questions to which "I could not find this" is the right reply.
  package let noAnswer: Int
  /// Of answerable questions: means over all of them.
  package let recallAt1, recallAt5, recallAt10, mrr, ndcgAt10: Double?
  /// Of answerable questions: the share that got an answer, and that got the right one.
  package let answered, right: Double?
  /// Of the citations in answers to answerable questions: the share that lead to where the answer stands.
  package let citationPrecision: Double?
  /// Of the questions that were declined: the share that have no answer; nil for questions that are all of one sort, where it
  /// says nothing.
  package let noAnswerPrecision: Double?
  /// Of the questions that have no answer: the share that were declined.
  package let noAnswerRecall: Double?
  /// Private runs and words in answers; nothing but 0 is good.
  package let leaks: Int

  package init(_ results: [QuestionResult]) {
    let answerable = results.filter { !$0.question.hasNoAnswer }
    let unanswerable = results.filter(\.question.hasNoAnswer)
    let declined = results.filter { !$0.isAnswered }
    let citations = answerable.flatMap(\.citations)
    questions = results.count
    self.answerable = answerable.count
    noAnswer = unanswerable.count
    recallAt1 = Self.mean(answerable.map(\.recallAt1))
    recallAt5 = Self.mean(answerable.map(\.recallAt5))
    recallAt10 = Self.mean(answerable.map(\.recallAt10))
    mrr = Self.mean(answerable.map(\.reciprocalRank))
    ndcgAt10 = Self.mean(answerable.map(\.ndcgAt10))
    answered = Self.share(of: answerable, where: \.isAnswered)
    right = Self.share(of: answerable) { $0.outcome == .right }
    citationPrecision = Self.share(of: citations, where: \.isRight)
    let isMixed = !answerable.isEmpty && !unanswerable.isEmpty
    noAnswerPrecision =
      isMixed ? Self.share(of: declined, where: \.question.hasNoAnswer) : nil
    noAnswerRecall = Self.share(of: unanswerable) { !$0.isAnswered }
    leaks = results.reduce(0) { $0 + $1.leaks.count }
  }

  private enum CodingKeys: String, CodingKey {
    case questions, answerable
    case noAnswer = "no_answer"
    case recallAt1 = "recall_at_1"
    case recallAt5 = "recall_at_5"
    case recallAt10 = "recall_at_10"
    case mrr
    case ndcgAt10 = "ndcg_at_10"
    case answered, right
    case citationPrecision = "citation_precision"
    case noAnswerPrecision = "no_answer_precision"
    case noAnswerRecall = "no_answer_recall"
    case leaks
  }

  /// Nil when there is nothing, or when a value was not measured.
  private static func mean(_ values: [Double?]) -> Double? {
    let known = values.compactMap { $0 }
    guard !known.isEmpty, known.count == values.count else { return nil }
    return rounded(known.reduce(0, +) / Double(known.count))
  }

  private static func share<Element>(
    of all: [Element], where isCounted: (Element) -> Bool
  ) -> Double? {
    all.isEmpty ? nil : rounded(Double(all.count(where: isCounted)) / Double(all.count))
  }

  /// Four digits: more would be noise, and equal runs print equal bytes.
  static func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
}
