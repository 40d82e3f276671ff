// One ranking out of two: a convex combination of normalised scores, not of ranks, because naive rank fusion was
// measured to be worse than its better part (SHARD.md, "Words beside vectors").
//
// Pure numbers. Vectors: the cosine, none below zero. Words: BM25 over the best BM25 of this question.

/// Combines cosine and BM25 into one score.
package struct RankFusion: Sendable {
  /// One row with both its scores.
  package struct Candidate: Sendable {
    package let cosine: Float
    package let wordScore: Float

    package init(cosine: Float, wordScore: Float) {
      self.cosine = cosine
      self.wordScore = wordScore
    }
  }

  /// The vectors' share, 0 to 1; the rest is the words'.
  package let vectorShare: Float

  package init(vectorShare: Float = 0.6) { self.vectorShare = vectorShare }

  /// One score a candidate, 0 to 1, in their order.
  package func scores(of candidates: [Candidate]) -> [Float] {
    let bestCosine = candidates.reduce(0) { max($0, $1.cosine) }
    let bestWords = candidates.reduce(0) { max($0, $1.wordScore) }
    return candidates.map { candidate in
      let vector = bestCosine > 0 ? max(0, candidate.cosine) / bestCosine : 0
      let words = bestWords > 0 ? candidate.wordScore / bestWords : 0
      return vectorShare * vector + (1 - vectorShare) * words
    }
  }
}
