// bobbin status: chatbots, their documents by state, and what the spool holds.

import App
import ArgumentParser
import FoundationEssentials
import Spool
import StageCommand
import Storage

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows chatbots, documents and the spool.")

  @OptionGroup var common: CommonOptions

  private struct Status: Encodable {
    let chatbots: [String: [String: Int]]
    let spool: [String: [String: Int]]
  }

  func run() async throws {
    let configuration = try common.configuration()
    let database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
    try await LedgerDrain(spool: configuration.spool, database: database).drain()
    let documents = try await database.documentStates()
    var spool: [String: [String: Int]] = [:]
    for stage in try PipelineFile(chosen: nil).stages + ["ledger"] {
      let directory = SpoolDirectory(spool: configuration.spool, stage: stage)
      for state in SpoolState.allCases where state != .tmp {
        let count = try directory.items(state).count
        if count > 0 { spool[stage, default: [:]][state.rawValue] = count }
      }
    }
    if common.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      let status = Status(chatbots: documents, spool: spool)
      print(String(decoding: try encoder.encode(status), as: UTF8.self))
      return
    }
    if documents.isEmpty { print("no chatbot yet: bobbin ingest NAME FILE…") }
    for (chatbot, states) in documents.sorted(by: { $0.key < $1.key }) {
      print("\(chatbot): \(Self.list(states)) documents")
    }
    print("spool: \(spool.isEmpty ? "empty" : "")")
    for (stage, states) in spool.sorted(by: { $0.key < $1.key }) {
      print("  \(stage): \(Self.list(states))")
    }
  }

  private static func list(_ counts: [String: Int]) -> String {
    counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }
}
