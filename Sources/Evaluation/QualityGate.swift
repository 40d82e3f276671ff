// What an owner demands of a generation before it may answer: opt-in, and off while nothing is demanded. Its verdict is kept
// with the run.
//
// Pure: who builds, holds and publishes generations is App's and the index stage's matter (SHARD.md).

/// The least figures of a generation that goes live by itself.
package struct QualityGate: Codable, Hashable, Sendable {
  /// Least recall@5 over the questions that the documents answer; nil demands none.
  package let recallAt5: Double?
  /// Least share of the questions without an answer that must be declined; nil demands none.
  package let noAnswer: Double?

  package init(recallAt5: Double? = nil, noAnswer: Double? = nil) {
    self.recallAt5 = recallAt5
    self.noAnswer = noAnswer
  }

  private enum CodingKeys: String, CodingKey {
    case recallAt5 = "recall_at_5"
    case noAnswer = "no_answer"
  }

  package var isOff: Bool { recallAt5 == nil && noAnswer == nil }

  /// What a generation with these figures lacks, as a sentence for the owner; nil when it may go live.
  ///
  /// A leak is an objection whatever is demanded.
  package func objection(to figures: Figures) -> String? {
    var minimums: [Minimum] = []
    if let recallAt5 { minimums.append(Minimum(.recallAt5, recallAt5)) }
    if let noAnswer { minimums.append(Minimum(.noAnswerRecall, noAnswer)) }
    var objections = minimums.compactMap { $0.objection(to: figures) }
    if figures.leaks > 0 { objections.append("private text stood in answers") }
    return objections.isEmpty ? nil : objections.joined(separator: "; ")
  }
}

/// What the gate found of a generation; stands in its run's row.
package struct GateFinding: Codable, Hashable, Sendable {
  /// Whether it reached what was demanded, so that it was ordered to go live.
  package let passed: Bool
  package let recallAt5: Double?
  package let mrr: Double?
  /// The share of the questions without an answer that were declined.
  package let noAnswer: Double?
  /// Questions asked; 0 when it could not be evaluated, or when nothing was demanded any more.
  package let questions: Int

  /// A finding on figures; without any, nothing was asked.
  package init(_ figures: Figures? = nil, passed: Bool) {
    self.passed = passed
    recallAt5 = figures?.recallAt5
    mrr = figures?.mrr
    noAnswer = figures?.noAnswerRecall
    questions = figures?.questions ?? 0
  }

  private enum CodingKeys: String, CodingKey {
    case passed
    case recallAt5 = "recall_at_5"
    case mrr
    case noAnswer = "no_answer"
    case questions
  }
}
