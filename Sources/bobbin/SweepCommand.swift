// bobbin sweep: takes away what owners have removed, and blobs that nothing names any more. The server does the same by itself;
// a person, or a timer where no server runs, does it by this.

import App
import ArgumentParser
import Spool
import StageCommand
import Storage

struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Takes away removed chatbots and sources, and unused blobs.",
    discussion: """
      bobbin sweep && bobbin pipeline --until-drained && bobbin sweep
      Text of a removed source leaves its shard by a run that the index stage carries out; what
      follows from that run is done by the next sweep.
      """)

  @Option(
    help:
      "Blobs that nothing names, and archives half unpacked, are kept for so many seconds: a hand-over takes less."
  )
  var olderThan = 3_600

  @OptionGroup var common: CommonOptions

  func run() async throws {
    throw ExitCode(await Failure.code("bobbin sweep") { try await sweep() })
  }

  private struct Report: Encodable {
    let blobs: Int
    let bytes: Int
  }

  private func sweep() async throws -> Int32 {
    let configuration = try common.configuration()
    let database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
    try await LedgerDrain(spool: configuration.spool, database: database).drain()
    try await Training(spool: configuration.spool, database: database).advance()
    let removals = Removals(
      data: configuration.data, spool: configuration.spool, database: database)
    // The server may be at it; what it has begun is part of what was asked for.
    let deadline = ContinuousClock.now + .seconds(600)
    while try await !removals.advance() {
      guard ContinuousClock.now < deadline else {
        throw StageFault(
          "another process has been taking away for ten minutes; see what holds \(configuration.data)/removals.lock",
          exitCode: 75)
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    try await removals.removeImports(olderThan: olderThan)
    let report = try await removals.sweepBlobs(olderThan: olderThan)
    try await database.checkpoint()
    if common.json {
      try printJSON(Report(blobs: report.count, bytes: report.bytes))
    } else {
      print("removed \(report.count) blobs, \(report.bytes) bytes")
    }
    return 0
  }
}
