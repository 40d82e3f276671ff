import Testing

@testable import Answering

@Suite struct RankFusionTests {
  private let fusion = RankFusion(vectorShare: 0.5)

  @Test func `a row that both searches like beats one that only one likes`() {
    let both = fusion.score(cosine: 0.6, wordScore: 6, wordCeiling: 10)
    let near = fusion.score(cosine: 0.7, wordScore: 0, wordCeiling: 10)
    let worded = fusion.score(cosine: 0.1, wordScore: 8, wordCeiling: 10)
    #expect(both > near)
    #expect(both > worded)
  }

  @Test func `words that match badly leave the ranking to the vectors`() {
    // The best of two bad word matches is not blown up to a perfect one.
    let near = fusion.score(cosine: 0.7, wordScore: 0, wordCeiling: 40)
    let worded = fusion.score(cosine: 0.3, wordScore: 3, wordCeiling: 40)
    #expect(near > worded)
  }

  @Test func `a question without words is ranked by its vector`() {
    #expect(fusion.score(cosine: 0.4, wordScore: 0, wordCeiling: 0) == 0.2)
  }

  @Test func `scores stay between 0 and 1`() {
    for (cosine, words, ceiling) in [(-1, 0, 0), (2, 50, 10), (-0.5, 20, 10), (1, 10, 10)]
      as [(Float, Float, Float)]
    {
      let score = fusion.score(cosine: cosine, wordScore: words, wordCeiling: ceiling)
      #expect((0...1).contains(score))
    }
  }

  @Test func `the ends of the share are the two searches alone`() {
    let vectors = RankFusion(vectorShare: 1)
    #expect(vectors.score(cosine: 0.3, wordScore: 9, wordCeiling: 10) == 0.3)
    let words = RankFusion(vectorShare: 0)
    #expect(words.score(cosine: 0.3, wordScore: 9, wordCeiling: 10) == 0.9)
  }
}
