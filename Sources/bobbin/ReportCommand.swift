// bobbin report: what became of each web address of a run, and what to do about those that were not read.

import App
import ArgumentParser
import Corpus
import Spool
import Storage

struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Shows what became of each web address of a run.",
    discussion: """
      bobbin report handbook              the latest run, without what was read
      bobbin report handbook --all        every address
      bobbin report handbook --csv > report.csv
      """)

  @Argument(help: "The chatbot's name.")
  var chatbot: String

  @Argument(help: "The run's id; the latest without it.")
  var run: String?

  @Flag(help: "Addresses that were read, too.")
  var all = false

  @Flag(help: "Comma-separated values, every address.")
  var csv = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    throw ExitCode(await Failure.code("bobbin report") { try await show() })
  }

  private func show() async throws -> Int32 {
    let configuration = try common.configuration()
    let database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
    try await LedgerDrain(spool: configuration.spool, database: database).drain()
    guard let row = try await database.chatbot(chatbot) else {
      throw StorageError.noChatbot(chatbot)
    }
    let latest = try await database.latestRun(of: row.id)?.text
    guard let id = run ?? latest, let found = try await database.runRow(id, of: row.id) else {
      throw StageFault("\(chatbot): there is no such run", exitCode: 69)
    }
    let report = try await CrawlReport.of(found, in: database)
    if csv {
      print(report.csv, terminator: "")
    } else if common.json {
      for line in report.lines { try printJSON(line) }
    } else {
      print(text(report, found))
    }
    return 0
  }

  private func text(_ report: CrawlReport, _ row: RunRow) -> String {
    let shown = report.lines.filter { all || !["read", "unchanged"].contains($0.outcome) }
    var lines: [String] = []
    if !shown.isEmpty {
      let cells = shown.map { line in
        [
          line.outcome, line.statusNumber.map(String.init) ?? "-", line.reasonText ?? "-",
          Self.shortened(line.url),
        ]
      }
      let header = ["OUTCOME", "STATUS", "REASON", "ADDRESS"]
      let widths = (0..<3).map { column in
        ([header] + cells).map { $0[column].count }.max() ?? 0
      }
      for (index, row) in ([header] + cells).enumerated() {
        lines.append(
          zip(row, widths).map { $0.padding(to: $1) }.joined(separator: "  ") + "  " + row[3])
        guard index > 0 else { continue }
        let line = shown[index - 1]
        if let redirect = line.redirectText { lines.append("    → \(Self.shortened(redirect))") }
        if let remedy = line.remedyText { lines.append("    \(remedy)") }
      }
    }
    lines.append("run \(row.id): \(Self.list(report.totals, "no web address"))")
    if !report.changes.isEmpty {
      lines.append("since the last run: \(Self.list(report.changes, ""))")
    }
    if !report.notFollowed.isEmpty {
      lines.append("not followed: \(Self.list(report.notFollowed, ""))")
      if report.notFollowed["crawl_broken"] != nil,
        let remedy = ReadingAdvice.remedy("crawl_broken")
      {
        lines.append("    \(remedy)")
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func list(_ counts: [String: Int], _ none: String) -> String {
    counts.isEmpty
      ? none
      : counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }

  private static func shortened(_ address: String) -> String {
    address.count <= 120 ? address : address.prefix(90) + "…" + address.suffix(29)
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
