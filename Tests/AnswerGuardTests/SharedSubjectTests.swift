// Honest answers on a subject of which half is private: at most one in a hundred is stopped.

import Foundation
import Testing

@testable import AnswerGuard

@Suite struct SharedSubjectTests {
  @Test(.enabled(if: GuardFixtures.modelVocabulary != nil))
  func `of quoted answers from papers that are half private at most one in a hundred is stopped`()
    throws
  {
    let vocabulary = try #require(GuardFixtures.modelVocabulary)
    let inARow = SharedSubject.count(SharedSubject.handbook, isTornOff: false, vocabulary)
    #expect(inARow.answers > 40)
    #expect(inARow.share <= 0.01, "\(inARow)")
  }

  /// Slow without optimisation, and prints the figures of Sources/Evaluation/EVALUATION.md.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["BOBBIN_STOPS"] != nil && SharedSubject.hasShared
        && GuardFixtures.modelVocabulary != nil, "BOBBIN_STOPS=1 and the public sets are needed"),
    arguments: [false, true])
  func `the public sets half private`(isTornOff: Bool) throws {
    let vocabulary = try #require(GuardFixtures.modelVocabulary)
    for (name, subjects) in [
      ("handbook", SharedSubject.handbook), ("XQuAD", try SharedSubject.xquad()),
      ("Cranfield", try SharedSubject.cranfield()),
    ] {
      let count = SharedSubject.count(subjects, isTornOff: isTornOff, vocabulary)
      print("\(name), last sentence \(isTornOff ? "torn off" : "in a row"): \(count)")
      #expect(count.answers > 40)
    }
  }
}
