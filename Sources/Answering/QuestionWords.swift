// Which of a question's words a text holds, weighed by their rarity in the citable text. Words are stemmed and folded by the
// shard itself, so that "holidays" is found in "holiday" here exactly when the search finds it.

import VectorShard

/// A question's words and what each weighs.
struct QuestionWords {
  /// What a word in a sentence's heading counts, against 1 in the sentence.
  private static let contextShare: Float = 0.6
  /// What a word of an earlier question counts, against 1 for the visitor's last.
  ///
  /// Who asks when it closes was told when it opens. Set on fixtures/questions/followups.jsonl (THRESHOLD.md).
  private static let carriedShare: Float = 0.5

  private let words: ShardWords
  private let weights: [String: Float]
  private let total: Float

  init(_ question: WholeQuestion, words: ShardWords) throws(ShardError) {
    self.words = words
    let carried =
      question.carried.isEmpty
      ? []
      : Set(words.terms(of: question.carried, language: nil))
        .subtracting(words.terms(of: ContentWords.text(of: question.question), language: nil))
    var weights: [String: Float] = [:]
    for word in try words.question(ContentWords.text(of: question.text), language: nil).weights {
      weights[word.term] = word.weight * (carried.contains(word.term) ? Self.carriedShare : 1)
    }
    self.weights = weights
    total = weights.values.sorted().reduce(0, +)
  }

  /// The share of the question's weight that `text` holds, 0 to 1; what only `context` holds counts less.
  func coverage(of text: String, context: String = "") -> Float {
    guard total > 0 else { return 0 }
    let own = terms(of: text)
    let near = context.isEmpty ? [] : terms(of: context)
    // In a fixed order: sums of Float depend on it.
    var held: Float = 0
    for (term, weight) in weights.sorted(by: { $0.key < $1.key }) {
      if own.contains(term) {
        held += weight
      } else if near.contains(term) {
        held += weight * Self.contextShare
      }
    }
    return min(1, held / total)
  }

  private func terms(of text: String) -> Set<String> {
    Set(words.terms(of: text, language: nil))
  }
}
