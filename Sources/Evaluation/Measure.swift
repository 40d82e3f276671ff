// The figures by name, for tables, for minimums and for the gate, so that a figure is called the same everywhere.

/// One figure of an evaluation.
package enum Measure: String, CaseIterable, Sendable {
  case recallAt1 = "recall@1"
  case recallAt5 = "recall@5"
  case recallAt10 = "recall@10"
  case mrr = "MRR"
  case ndcgAt10 = "nDCG@10"
  case answered
  case right
  case citationPrecision = "citation precision"
  case noAnswerPrecision = "no-answer precision"
  case noAnswerRecall = "no-answer recall"

  /// What people call it.
  package var label: String { rawValue }

  /// Its value; nil when nothing was asked that it could be measured on.
  package func value(of figures: Figures) -> Double? {
    switch self {
    case .recallAt1: figures.recallAt1
    case .recallAt5: figures.recallAt5
    case .recallAt10: figures.recallAt10
    case .mrr: figures.mrr
    case .ndcgAt10: figures.ndcgAt10
    case .answered: figures.answered
    case .right: figures.right
    case .citationPrecision: figures.citationPrecision
    case .noAnswerPrecision: figures.noAnswerPrecision
    case .noAnswerRecall: figures.noAnswerRecall
    }
  }

  /// A value with three digits, or a dash for what was not measured.
  package static func text(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    let thousandths = Int((value * 1000).rounded())
    let digits = String(abs(thousandths) % 1000)
    return (thousandths < 0 ? "-" : "") + "\(abs(thousandths) / 1000)."
      + String(repeating: "0", count: 3 - digits.count) + digits
  }
}

/// The least that a figure may be.
package struct Minimum: Hashable, Sendable {
  package let measure: Measure
  /// 0 to 1.
  package let least: Double

  package init(_ measure: Measure, _ least: Double) {
    self.measure = measure
    self.least = least
  }

  /// Why figures do not reach it, as a sentence; nil when they do, and when it was not measured.
  package func objection(to figures: Figures) -> String? {
    guard let value = measure.value(of: figures), value < least else { return nil }
    return "\(measure.label) \(Measure.text(value)) is below \(Measure.text(least))"
  }
}
