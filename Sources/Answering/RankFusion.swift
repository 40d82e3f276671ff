// One ranking out of two: a convex combination of normalised scores, not of ranks, because naive rank fusion was
// measured to be worse than its better part (SHARD.md, "Words beside vectors").
//
// Pure numbers. Vectors give their cosine, words their BM25 over the most that any row could score for the question: so
// a question whose words match badly counts on its vector, and scores of different questions can be compared. nDCG@10 at
// one half (words, vectors, reciprocal ranks, this): XQuAD 0.968, 0.945, 0.968, 0.980; Cranfield 0.381, 0.390,
// 0.426, 0.436. Between 0.4 and 0.6 it stays above both parts on both.

/// Combines cosine and BM25 into one score.
package struct RankFusion: Sendable {
  /// The vectors' share, 0 to 1; the rest is the words'.
  package let vectorShare: Float

  package init(vectorShare: Float = 0.5) { self.vectorShare = vectorShare }

  /// The score of a row, 0 to 1.
  ///
  /// `wordCeiling` is `ShardWords.ceiling` of the question; 0 for a question without words.
  package func score(cosine: Float, wordScore: Float, wordCeiling: Float) -> Float {
    let vector = max(0, min(1, cosine))
    let words = wordCeiling > 0 ? max(0, min(1, wordScore / wordCeiling)) : 0
    return vectorShare * vector + (1 - vectorShare) * words
  }
}
