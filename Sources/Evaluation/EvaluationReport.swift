// An evaluation as a whole: totals, totals by kind, every question. `bobbin eval --json` prints it as it is encoded here.

/// What an evaluation found.
package struct EvaluationReport: Encodable, Sendable {
  /// The figures of one kind of question.
  package struct Group: Encodable, Sendable {
    package let kind: String
    package let figures: Figures
  }

  package let chatbot: String
  package let generation: Int
  /// The embedding model's identity.
  package let model: String
  /// The confidence from which on a quotation is an answer.
  package let threshold: Double
  /// Passages that the ranking was followed to.
  package let ranks: Int
  package let totals: Figures
  /// In the order in which kinds first come up.
  package let groups: [Group]
  package let results: [QuestionResult]

  package init(
    chatbot: String, generation: Int, model: String, threshold: Double, ranks: Int,
    results: [QuestionResult]
  ) {
    self.chatbot = chatbot
    self.generation = generation
    self.model = model
    self.threshold = threshold
    self.ranks = ranks
    self.results = results
    totals = Figures(results)
    var kinds: [String] = []
    for result in results where !kinds.contains(result.question.group) {
      kinds.append(result.question.group)
    }
    groups = kinds.map { kind in
      Group(kind: kind, figures: Figures(results.filter { $0.question.group == kind }))
    }
  }

  private enum CodingKeys: String, CodingKey {
    case chatbot, generation, model, threshold, ranks, totals
    case groups = "by_kind"
    case results
  }
}
