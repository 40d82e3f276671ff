// How well a ranking of passages serves one question. Pure numbers: which passage meets which need is worked out by
// Expectation.
//
// A question has needs: the one text it expects, or each of the sources it names. Recall counts needs that are met, not
// passages: for who asks, the second passage with the same fact adds nothing. nDCG is that of novelty (Clarke et al.,
// SIGIR 2008, with alpha = 1): a passage gains one for each need that no passage above it has met.

import Glibc

/// A question's passages, best first, by the needs they meet.
package struct PassageRanking: Hashable, Sendable {
  /// How many needs there are, at least one.
  package let needCount: Int
  /// Of each passage, the numbers of the needs it meets, below `needCount`.
  package let met: [Set<Int>]

  package init(needCount: Int, met: [Set<Int>]) {
    precondition(needCount > 0, "a question without a need has no ranking")
    self.needCount = needCount
    self.met = met
  }

  /// The share of the needs that the first `count` passages meet, 0 to 1.
  package func recall(at count: Int) -> Double {
    let found = met.prefix(count).reduce(into: Set<Int>()) { $0.formUnion($1) }
    return Double(found.count) / Double(needCount)
  }

  /// One over the rank of the first passage that meets a need; 0 when none does.
  package var reciprocalRank: Double {
    met.firstIndex { !$0.isEmpty }.map { 1 / Double($0 + 1) } ?? 0
  }

  /// The discounted gain of the first `count` passages over that of the best order there is, 0 to 1.
  ///
  /// The best order meets one need a rank: exact for needs that no passage meets two of at once, and capped at 1 otherwise.
  package func discountedGain(at count: Int) -> Double {
    var seen: Set<Int> = []
    var gain = 0.0
    for (index, needs) in met.prefix(count).enumerated() {
      gain += Double(needs.subtracting(seen).count) * Self.discount(index)
      seen.formUnion(needs)
    }
    let best = (0..<min(count, needCount)).reduce(0.0) { $0 + Self.discount($1) }
    return best > 0 ? min(1, gain / best) : 0
  }

  /// 1 over log2 of the rank plus one; `index` counts from 0.
  package static func discount(_ index: Int) -> Double {
    let rank = Double(index + 2)
    return 1 / log2(rank)
  }
}
