// bobbin eval: golden questions asked of a generation, through the same retrieval and quoting as the server's.

import Answering
import App
import ArgumentParser
import Evaluation
import Foundation
import Glibc
import Spool
import Storage

struct EvalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measures how well a chatbot finds and answers golden questions.",
    discussion: """
      bobbin eval handbook                               its own questions, set by PUT …/questions/
      bobbin eval handbook --questions q.jsonl --page report.html
      bobbin eval handbook --generation 4 --min-recall-at-5 0.8 --min-no-answer-recall 0.9

      A line of the file is {"question": "…", "sources": ["terms.pdf"], "expected": "words of the answer"}; with
      "history": ["…"] it is a follow-up, with "no_answer": true nothing answers it, with "private": true only learn-only
      text does. A source is named by its name, its id or a document's address. What the figures mean:
      Sources/Evaluation/EVALUATION.md.

      Exit codes: 0 all minimums are reached, 1 one is not or private text stood in an answer, 64 a line is no question,
      65 the shard is damaged, 69 no question or no such generation.
      """)

  @Argument(help: "The chatbot's name.")
  var chatbot: String

  @Option(help: "A file of questions, JSON Lines; may be given several times. [default: its own]")
  var questions: [String] = []

  @Option(help: "A kept generation, held ones too. [default: the current one]")
  var generation: Int?

  @Option(help: "Write a page for people to this file.", completion: .file())
  var page: String?

  @Option(help: "Rank by the vectors' share, 0 (words alone) to 1. [default: what answers use]")
  var vectorShare: Float?

  @OptionGroup var minimums: EvalMinimums
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let vectorShare, !(0...1).contains(vectorShare) {
      throw ValidationError("--vector-share is between 0 and 1.")
    }
  }

  func run() async throws {
    let code = await Failure.code("bobbin eval") {
      let services = try Services(common.configuration())
      let access = try ShardAccess(common)
      let row = try await access.chatbot(chatbot)
      let shard = try access.set(of: row, generation: generation)
      let asked = try await golden(services, row)
      let meter = EvalMeter("questions", isSilent: common.json)
      let report = try await services.quality.report(
        on: asked, of: row, in: shard,
        fusion: vectorShare.map { RankFusion(vectorShare: $0) } ?? RankFusion(), isDeep: true,
        progress: { meter.show($0, of: asked.count) })
      meter.end()
      if let page { try write(EvaluationPage(report).html, to: page) }
      if common.json {
        try printJSON(report)
      } else {
        print(EvalText(report, page: page).text)
      }
      let objections = minimums.objections(to: report.totals)
      for objection in objections { StandardStream.error.line("bobbin eval: \(objection)") }
      return objections.isEmpty ? 0 : 1
    }
    ProcessEnd.now(code)
  }

  private func write(_ html: String, to path: String) throws {
    do {
      try Data(html.utf8).write(to: URL(fileURLWithPath: path))
    } catch {
      throw StageFault("\(path) cannot be written; name another file", exitCode: 74)
    }
  }

  private func golden(_ services: Services, _ row: Chatbot) async throws -> [GoldenQuestion] {
    guard !questions.isEmpty else {
      let own = try await services.quality.questions(of: row.id)
      guard !own.isEmpty else { throw EvaluationError.noQuestions(file: row.slug) }
      return own
    }
    return try questions.flatMap { path in
      guard let data = FileManager.default.contents(atPath: path) else {
        throw StageFault("\(path) cannot be read; name a file of questions", exitCode: 64)
      }
      return try GoldenQuestion.parse(String(decoding: data, as: UTF8.self), named: path)
    }
  }
}

/// The least that a caller accepts.
struct EvalMinimums: ParsableArguments {
  @Option(name: .customLong("min-recall-at-1"), help: "Least recall@1, 0 to 1.") var minRecallAt1:
    Double?
  @Option(name: .customLong("min-recall-at-5"), help: "Least recall@5.") var minRecallAt5: Double?
  @Option(name: .customLong("min-recall-at-10"), help: "Least recall@10.") var minRecallAt10:
    Double?
  @Option(help: "Least MRR.") var minMRR: Double?
  @Option(name: .customLong("min-ndcg-at-10"), help: "Least nDCG@10.") var minNDCGAt10: Double?
  @Option(help: "Least share of right answers.") var minRight: Double?
  @Option(help: "Least citation precision.") var minCitationPrecision: Double?
  @Option(help: "Least no-answer precision.") var minNoAnswerPrecision: Double?
  @Option(help: "Least no-answer recall.") var minNoAnswerRecall: Double?

  private var all: [Minimum] {
    let given: [(Measure, Double?)] = [
      (.recallAt1, minRecallAt1), (.recallAt5, minRecallAt5), (.recallAt10, minRecallAt10),
      (.mrr, minMRR), (.ndcgAt10, minNDCGAt10), (.right, minRight),
      (.citationPrecision, minCitationPrecision), (.noAnswerPrecision, minNoAnswerPrecision),
      (.noAnswerRecall, minNoAnswerRecall),
    ]
    return given.compactMap { measure, least in least.map { Minimum(measure, $0) } }
  }

  func validate() throws {
    for minimum in all where !(0...1).contains(minimum.least) {
      throw ValidationError("The least \(minimum.measure.label) is between 0 and 1.")
    }
  }

  /// What is below its minimum; a figure that could not be measured is, too.
  func objections(to figures: Figures) -> [String] {
    var objections = all.compactMap { minimum in
      minimum.measure.value(of: figures) == nil
        ? "\(minimum.measure.label) was not measured: no question asks for it"
        : minimum.objection(to: figures)
    }
    if figures.leaks > 0 {
      objections.append("\(figures.leaks) private runs or words stood in answers")
    }
    return objections
  }
}

/// How much is done, on a terminal only.
struct EvalMeter {
  let what: String
  let isShown: Bool

  init(_ what: String, isSilent: Bool) {
    self.what = what
    isShown = !isSilent && isatty(2) == 1
  }

  func show(_ count: Int, of total: Int) {
    if isShown { StandardStream.error.write("\r\u{1B}[K\(count) of \(total) \(what)") }
  }

  func end() {
    if isShown { StandardStream.error.write("\r\u{1B}[K") }
  }
}

/// A report in a terminal.
private struct EvalText {
  /// Failed questions listed where there is no page.
  private static let mostFailed = 10

  let report: EvaluationReport
  let page: String?

  init(_ report: EvaluationReport, page: String?) {
    self.report = report
    self.page = page
  }

  var text: String {
    var table = SpoolTable(
      ["QUESTIONS", "NUMBER"] + Measure.allCases.map(Self.head) + ["LEAKS"],
      rightAligned: Set(1...Measure.allCases.count + 2))
    for group in report.groups { table.add(row(group.kind, group.figures)) }
    if report.groups.count > 1 { table.add(row("all", report.totals)) }
    let failed = report.results.filter(\.isFailed)
    var lines = [
      "\(report.chatbot), generation \(report.generation): \(report.results.count) questions, "
        + "\(failed.count) failed; an answer is a quotation of confidence "
        + "\(Measure.text(report.threshold)) or more",
      table.text,
      "recall and nDCG: of what was expected, among the passages found; R@k is recall@k, CITED citation "
        + "precision, NONE-P and NONE-R precision and recall of \"no answer\"",
    ]
    for result in failed.prefix(Self.mostFailed) {
      lines.append(
        "  \(result.leaks.isEmpty ? result.outcome.rawValue : "leak")  \(result.question.question)")
    }
    if failed.count > Self.mostFailed {
      lines.append("  … and \(failed.count - Self.mostFailed) more")
    }
    if let page {
      lines.append("what was found instead: \(page)")
    } else if !failed.isEmpty {
      lines.append("what was found instead: --page report.html")
    }
    return lines.joined(separator: "\n")
  }

  private func row(_ name: String, _ figures: Figures) -> [String] {
    [name, "\(figures.questions)"]
      + Measure.allCases.map { Measure.text($0.value(of: figures)) } + ["\(figures.leaks)"]
  }

  /// Short enough for one line of a terminal.
  private static func head(of measure: Measure) -> String {
    switch measure {
    case .recallAt1: "R@1"
    case .recallAt5: "R@5"
    case .recallAt10: "R@10"
    case .mrr: "MRR"
    case .ndcgAt10: "NDCG@10"
    case .answered: "ANSWERED"
    case .right: "RIGHT"
    case .citationPrecision: "CITED"
    case .noAnswerPrecision: "NONE-P"
    case .noAnswerRecall: "NONE-R"
    }
  }
}
