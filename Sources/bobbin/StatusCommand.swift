// bobbin status: each chatbot with its run, its sources and what keeps a document from being live.

import App
import ArgumentParser
import FoundationEssentials
import Spool
import Storage

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows training: runs, sources, documents and why they wait.",
    discussion: """
      bobbin status             all chatbots
      bobbin status handbook    one, with every source
      Exit code 65 when something is stuck; the spool in detail: bobbin spool.
      """)

  @Argument(help: "The chatbot's name; all without it.")
  var chatbot: String?

  @OptionGroup var common: CommonOptions

  func run() async throws {
    throw ExitCode(await Failure.code("bobbin status") { try await show() })
  }

  private func show() async throws -> Int32 {
    let configuration = try common.configuration()
    let database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
    try await LedgerDrain(spool: configuration.spool, database: database).drain()
    var chatbots = try await database.chatbots()
    if let chatbot {
      guard let one = try await database.chatbot(chatbot) else {
        throw StorageError.noChatbot(chatbot)
      }
      chatbots = [one]
    }
    var reports: [StatusReport] = []
    for one in chatbots {
      reports.append(
        try await StatusReport.of(one, database: database, spool: configuration.spool))
    }
    if common.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .useDefaultKeys
      for report in reports { print(String(decoding: try encoder.encode(report), as: UTF8.self)) }
      print(
        String(decoding: try encoder.encode(["spool": try spool(configuration)]), as: UTF8.self))
    } else {
      if reports.isEmpty { print("no chatbot yet: bobbin ingest NAME FILE…") }
      for report in reports { print(StatusText(report, allSources: chatbot != nil).text) }
      let counts = try spool(configuration)
      print("spool: \(counts.isEmpty ? "empty" : "")")
      for (stage, states) in counts.sorted(by: { $0.key < $1.key }) {
        let parts = states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        print("  \(stage): \(parts.joined(separator: ", "))")
      }
    }
    return reports.contains { $0.stuck > 0 } ? 65 : 0
  }

  /// What stands in the spool by stage and state, whosever it is.
  private func spool(_ configuration: App.Configuration) throws -> [String: [String: Int]] {
    var counts: [String: [String: Int]] = [:]
    for stage in ["fetch", "extract", "chunk", "embed", "index", Ledger.stage] {
      let directory = SpoolDirectory(spool: configuration.spool, stage: stage)
      for state in SpoolState.allCases where state != .tmp {
        let count = try directory.items(state).count
        if count > 0 { counts[stage, default: [:]][state.rawValue] = count }
      }
    }
    return counts
  }
}

/// A status for people.
private struct StatusText {
  /// Most lines of sources or documents where not all are asked for.
  private static let mostLines = 10
  let report: StatusReport
  let allSources: Bool

  init(_ report: StatusReport, allSources: Bool) {
    self.report = report
    self.allSources = allSources
  }

  var text: String {
    var lines = [headline]
    if let reason = report.heldReason { lines.append("  \(reason)") }
    let sources = report.sources.filter { allSources || $0.status != "ready" }
    lines += cut(sources.map(line(of:)))
    lines += cut(report.unfinished.map(line(of:)))
    if report.stuck > 0 {
      lines.append("  STUCK: \(report.stuck) items are silent for too long; pipelines/README.md")
    }
    return lines.joined(separator: "\n")
  }

  private var headline: String {
    var line = "\(report.chatbot): \(report.state)"
    if report.state == "training" {
      line += " \(Int(report.progress * 100)) %"
      if let left = report.secondsLeft { line += ", about \(Spelling.age(left * 1000)) left" }
    }
    if let generation = report.generation { line += ", generation \(generation)" }
    var states: [String: Int] = [:]
    for source in report.sources {
      states.merge(source.documents, uniquingKeysWith: +)
    }
    let counts = states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    line += counts.isEmpty ? ", no documents" : ", documents: \(counts.joined(separator: ", "))"
    if let age = report.oldestAge { line += ", oldest unfinished \(Spelling.age(age))" }
    return line
  }

  private func line(of source: SourceState) -> String {
    let name = source.isCitable ? source.name : "\(source.name) (learn-only)"
    return "  \(source.status)  \(name)" + (source.reason.map { "  \($0)" } ?? "")
      + (source.status == "failed" ? (source.message.map { ": \($0)" } ?? "") : "")
  }

  private func line(of document: DocumentRow) -> String {
    var line = "    \(document.state) \(Spelling.age(WallClock.now() - document.changedAt))"
    line += "  \(document.uri)"
    if let reason = document.reason { line += "  \(reason)" }
    if document.tries > 0 { line += ", try \(document.tries)" }
    if document.state == "waiting", let due = document.dueAt {
      line += ", again in \(Spelling.age(max(0, due - WallClock.now())))"
    }
    if document.generation != nil { line += " (the earlier version still answers)" }
    return line
  }

  private func cut(_ lines: [String]) -> [String] {
    if allSources || lines.count <= Self.mostLines { return lines }
    return lines.prefix(Self.mostLines)
      + ["    … and \(lines.count - Self.mostLines) more: bobbin status \(report.chatbot)"]
  }
}
