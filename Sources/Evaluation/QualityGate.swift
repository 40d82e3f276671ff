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

/// What became of a run's generation at the gate; stands in the run's row.
package struct GateVerdict: Codable, Hashable, Sendable {
  /// How far it is.
  package enum State: String, Codable, Sendable {
    /// The generation is built or being built and waits for its evaluation.
    case open
    /// It reached what was demanded, and was ordered to go live.
    case passed
    /// It did not, and is held.
    case failed
  }

  package let state: State
  package let generation: Int?
  package let recallAt5: Double?
  package let mrr: Double?
  package let noAnswer: Double?
  /// Questions asked.
  package let questions: Int

  /// A run whose generation will be evaluated.
  package static let open = GateVerdict(
    state: .open, generation: nil, recallAt5: nil, mrr: nil, noAnswer: nil, questions: 0)

  /// The verdict on figures; without any question, all pass.
  package init(_ figures: Figures, passed: Bool, generation: Int) {
    self.init(
      state: passed ? .passed : .failed, generation: generation, recallAt5: figures.recallAt5,
      mrr: figures.mrr, noAnswer: figures.noAnswerRecall, questions: figures.questions)
  }

  private init(
    state: State, generation: Int?, recallAt5: Double?, mrr: Double?, noAnswer: Double?,
    questions: Int
  ) {
    self.state = state
    self.generation = generation
    self.recallAt5 = recallAt5
    self.mrr = mrr
    self.noAnswer = noAnswer
    self.questions = questions
  }

  private enum CodingKeys: String, CodingKey {
    case state, generation
    case recallAt5 = "recall_at_5"
    case mrr
    case noAnswer = "no_answer"
    case questions
  }
}
