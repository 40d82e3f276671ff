// bobbin pipeline: all stages in the foreground, for machines without systemd. Starts crashed workers again, turns
// receipts into rows, closes runs.

import App
import ArgumentParser
import Glibc
import Spool
import StageCommand
import Storage

struct PipelineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pipeline",
    abstract: "Runs all stages in the foreground and starts them again when they end.",
    discussion: """
      bobbin pipeline                  until Ctrl-C
      bobbin pipeline --until-drained  until no run is open and no item is left to work on
      bobbin pipeline --serve          with the query server beside the stages
      """)

  @Flag(help: "End when no run is open and no item can be worked on.")
  var untilDrained = false

  @Flag(help: "Run bobbin-serve as well.")
  var serve = false

  @Option(help: "The server's port. [default: $BOBBIN_PORT or 8080]")
  var port: Int?

  @Option(help: "Seconds that retries may hold a run back before the rest goes live without them.")
  var wait = 300

  @Flag(help: "Print no line per outcome.")
  var quiet = false

  @Option(help: "Settings of the stages. [default: pipelines/ingest.mk if there]")
  var pipeline: String?

  @OptionGroup var common: CommonOptions

  func run() async throws {
    ProcessEnd.now(await Failure.code("bobbin pipeline") { try await work() })
  }

  private func work() async throws -> Int32 {
    let configuration = try common.configuration()
    let file = try PipelineFile(chosen: pipeline)
    let services = try Services(configuration)
    let database = services.database
    let training = Training(spool: configuration.spool, database: database)
    let drain = LedgerDrain(spool: configuration.spool, database: database)
    let report = try await Janitor(spool: configuration.spool, database: database).run()
    if !report.isClean { StandardStream.error.line(report.line) }
    var programs = Supervisor.stages(
      file, pipelinePath: pipeline, configuration: configuration, quiet: quiet)
    if serve {
      programs.append(
        .init(
          name: "bobbin-serve",
          arguments: ["--spool", configuration.spool, "--data", configuration.data]
            + (port.map { ["--port", "\($0)"] } ?? [])))
    }
    let stop = StopFlag(heedingSignals: true)
    let supervisor = try Supervisor(programs)
    defer { supervisor.stop() }
    // A server beside the stages has the model in its memory anyway.
    let isServed = serve
    let judging = Task {
      guard !isServed else { return }
      await services.gatekeeper { StandardStream.error.line("bobbin pipeline: \($0)") }.run()
    }
    defer { judging.cancel() }
    while !stop.isSet {
      let looked = ContinuousClock.now
      for end in supervisor.look() {
        StandardStream.error.line("bobbin pipeline: \(end.message)")
        // Draining cannot come to an end without what only another configuration gives.
        if untilDrained, !end.bySignal, [64, 70, 74, 78].contains(end.exitCode) {
          return end.exitCode
        }
      }
      do {
        try await drain.drain()
        let isWorking = try await training.advance(patience: wait * 1000)
        if untilDrained,
          let code = try await drained(
            isWorking, database, spool: configuration.spool, stages: file.stages)
        {
          return code
        }
      } catch {
        if untilDrained { throw error }
        // The disk may be full or the database busy: receipts wait, and so do we.
        StandardStream.error.line("bobbin pipeline: \(error)")
        try await Task.sleep(for: .seconds(5))
      }
      try await Task.sleep(
        for: LookAgain.pause(after: looked, least: .milliseconds(untilDrained ? 20 : 200)))
    }
    return untilDrained ? 130 : 0
  }

  /// The exit code when there is nothing left to do: 0, or 75 when something waits for longer than we may.
  private func drained(
    _ isWorking: Bool, _ database: AppDatabase, spool: String, stages: [String]
  ) async throws -> Int32? {
    let open = try await database.openRuns()
    if open.isEmpty { return try hasWork(spool, stages) ? nil : 0 }
    guard !isWorking else { return nil }
    for run in open {
      let progress = try await database.progress(of: run.id)
      guard progress.onlyWaits, progress.documents["embedded", default: 0] == 0,
        let since = progress.waitingSince, WallClock.now() - since >= wait * 1000
      else { return nil }
    }
    StandardStream.error.line(
      "bobbin pipeline: \(open.count) runs wait for retries; run it again later, nothing is lost")
    return 75
  }

  /// Whether an item can be worked on, or is.
  ///
  /// A run closes on receipts, and a worker that died between its receipt and the removal of its item leaves a claim behind:
  /// only a stage's sweep takes that away.
  private func hasWork(_ spool: String, _ stages: [String]) throws -> Bool {
    var selector = ItemSelector()
    selector.states = [.incoming, .active]
    let shape = try SpoolShape(
      spool: spool, stages: stages, selecting: selector, now: WallClock.now())
    return shape.queues.contains { $0.state == .active || $0.all.due > 0 }
  }
}
