// The bounded heap against a full sort.

import Testing

@testable import VectorShard

struct TopKTests {
  @Test(arguments: [0, 1, 2, 10, 57, 500])
  func `it keeps what a full sort would put first`(limit: Int) {
    var chance = FixedChance(UInt64(limit))
    for count in [0, 1, 9, 300] {
      // Few distinct scores, so that ties matter.
      let scores = (0..<count).map { _ in Float(Int.random(in: 0...20, using: &chance)) }
      var best = TopK(limit: limit)
      for (index, score) in scores.enumerated() { best.offer(score, at: index) }
      let expected = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(limit)
      #expect(best.sorted().map(\.index) == Array(expected))
    }
  }

  @Test func `the order of offers does not matter and NaN is not kept`() {
    var forward = TopK(limit: 3)
    var backward = TopK(limit: 3)
    let scores: [Float] = [1, .nan, 2, 2, 2, 2, 0, -.infinity]
    for index in scores.indices { forward.offer(scores[index], at: index) }
    for index in scores.indices.reversed() { backward.offer(scores[index], at: index) }
    #expect(forward.sorted().map(\.index) == [2, 3, 4])
    #expect(backward.sorted().map(\.index) == [2, 3, 4])
  }
}
