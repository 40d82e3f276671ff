import Evaluation
import Testing

/// The figures of a ranking against values worked out by hand.
@Suite struct PassageRankingTests {
  private func isNear(_ left: Double, _ right: Double) -> Bool { abs(left - right) < 1e-9 }

  @Test func `one need at rank three is found from three on`() {
    let ranking = PassageRanking(needCount: 1, met: [[], [], [0], [0]])
    #expect(ranking.recall(at: 1) == 0 && ranking.recall(at: 2) == 0)
    #expect(ranking.recall(at: 3) == 1 && ranking.recall(at: 10) == 1)
    #expect(isNear(ranking.reciprocalRank, 1.0 / 3))
    // 1 / log2(4)
    #expect(isNear(ranking.discountedGain(at: 10), 0.5))
    #expect(ranking.discountedGain(at: 2) == 0)
  }

  @Test func `the same need twice counts once`() {
    let once = PassageRanking(needCount: 1, met: [[0], []])
    let twice = PassageRanking(needCount: 1, met: [[0], [0]])
    #expect(once.discountedGain(at: 10) == 1 && twice.discountedGain(at: 10) == 1)
  }

  @Test func `of three needs two are met, one late`() {
    let ranking = PassageRanking(needCount: 3, met: [[2], [], [], [2], [0]])
    #expect(isNear(ranking.recall(at: 1), 1.0 / 3) && isNear(ranking.recall(at: 5), 2.0 / 3))
    #expect(ranking.reciprocalRank == 1)
    // Gained: 1 + 1 / log2(6) = 1.386852807; best: 1 + 1 / log2(3) + 1 / log2(4) = 2.130929754.
    #expect(abs(ranking.discountedGain(at: 10) - 0.650820) < 1e-6)
  }

  @Test func `a passage that meets two needs at once does not go beyond one`() {
    let ranking = PassageRanking(needCount: 2, met: [[0, 1]])
    #expect(ranking.discountedGain(at: 10) == 1 && ranking.recall(at: 1) == 1)
  }

  @Test func `nothing found is zero throughout`() {
    let ranking = PassageRanking(needCount: 2, met: [])
    #expect(ranking.recall(at: 10) == 0 && ranking.reciprocalRank == 0)
    #expect(ranking.discountedGain(at: 10) == 0)
  }
}
