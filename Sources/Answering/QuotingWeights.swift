// The numbers of the quoting answerer, per embedding model: what a cosine means differs from model to model. How they
// were found stands in THRESHOLD.md beside this file.

package import Embedding

/// How sentences are scored, and from which scores on there is an answer.
package struct QuotingWeights: Sendable {
  /// The share of a sentence's cosine with the question; the shares sum to 1.
  package var cosineShare: Float
  /// The share of the question's words, by their rarity, that a sentence and its heading hold.
  package var coverageShare: Float
  /// The share of the score of the passage it stands in.
  package var passageShare: Float
  /// The best sentence's score below which there is no answer.
  package var threshold: Float
  /// How far below the best sentence's score another may lie and still be quoted.
  package var reach: Float
  /// The best passage's score below which a language model is not asked: nothing that was found is near the question.
  package var leastPassageScore: Float
  /// From which cosines on a line of a passage says what a model's sentence says; nil goes by words alone.
  var meaning: SentenceMeaning.Bounds?

  package init(
    cosineShare: Float = 0.5, coverageShare: Float = 0.25, passageShare: Float = 0.25,
    threshold: Float = 0.44, reach: Float = 0.1, leastPassageScore: Float = 0.2
  ) {
    self.leastPassageScore = leastPassageScore
    self.cosineShare = cosineShare
    self.coverageShare = coverageShare
    self.passageShare = passageShare
    self.threshold = threshold
    self.reach = reach
  }

  /// The numbers for a model; the usual ones for a model that none were set for.
  ///
  /// What a language model is asked about is not bounded by a number of another model's: where relevant cosines are small it would
  /// keep good questions from it.
  package static func set(for model: EmbeddingModel) -> QuotingWeights {
    byIdentity[model.identity] ?? QuotingWeights(leastPassageScore: 0)
  }

  private static let byIdentity: [String: QuotingWeights] = [
    MiniLM.model.identity: {
      var weights = QuotingWeights()
      weights.meaning = SentenceMeaning.Bounds(alone: 0.4, asked: 0.55)
      return weights
    }(),
    // Words hashed: cosines are words again, and smaller.
    HashingEmbedder.model.identity: QuotingWeights(threshold: 0.3, leastPassageScore: 0),
  ]
}
