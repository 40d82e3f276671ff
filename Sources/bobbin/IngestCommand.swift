// bobbin ingest: documents in. Writes the chatbot and its sources as rows, starts the five stages, follows the ledger,
// and says what became of each document.

import App
import ArgumentParser
import Corpus
import FoundationEssentials
import Glibc
import Spool
import StageCommand
import Storage

struct IngestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Reads documents into a chatbot.",
    discussion: """
      bobbin ingest handbook ./manual.pdf notes.docx https://example.com/page
      The chatbot is made when there is none of that name. A folder stands for the files in it.
      """)

  @Argument(help: "The chatbot's name: a-z, 0-9 and -.")
  var chatbot: String

  @Argument(help: "Files, folders and http(s) URLs.")
  var sources: [String]

  @Flag(help: "These sources may inform answers and are never quoted or cited.")
  var learnOnly = false

  @Option(help: "Settings of the stages. [default: pipelines/ingest.mk if there]")
  var pipeline: String?

  @Option(help: "Seconds to wait for retries at the end.")
  var wait = 120

  @OptionGroup var common: CommonOptions

  func run() async throws {
    signal(SIGPIPE, SIG_IGN)
    let code: Int32
    do {
      code = try await ingest()
    } catch let error as SpoolError {
      StandardStream.error.line("bobbin ingest: \(error)")
      code = error.exitCode
    } catch let error as StageFault {
      StandardStream.error.line("bobbin ingest: \(error)")
      code = error.exitCode
    } catch let error as StorageError {
      StandardStream.error.line("bobbin ingest: \(error)")
      code = error.exitCode
    } catch let error as ConfigurationError {
      StandardStream.error.line("bobbin ingest: \(error)")
      code = 78
    } catch {
      StandardStream.error.line("bobbin ingest: \(error)")
      code = 70
    }
    throw ExitCode(code)
  }

  private func ingest() async throws -> Int32 {
    let configuration = try common.configuration()
    let pipelineFile = try PipelineFile(chosen: pipeline)
    let locations = try SourceList.locations(of: sources)
    let database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
    let row = try await database.ensureChatbot(
      slug: chatbot, id: ChatbotID(unchecked: Training.newID()), now: WallClock.now())
    let training = Training(
      spool: configuration.spool, database: database,
      batchRecords: try pipelineFile.number("FETCH_BATCH_RECORDS", 8))
    try await training.republish()
    let requests = locations.map { location in
      SourceRequest(
        source: Training.source(location.location, name: location.name, of: row.id),
        visibility: learnOnly ? .learnOnly : .citable)
    }
    let started = ContinuousClock.now
    let run = try await training.begin(requests, of: row.id)
    let stages = try StageProcesses(
      pipeline: pipelineFile, pipelinePath: pipeline, configuration: configuration)
    defer { stages.stop() }
    let interrupted = Interruption()
    let drain = LedgerDrain(spool: configuration.spool, database: database)
    var meter = IngestMeter(
      stages: pipelineFile.stages, documents: requests.count, silent: common.json)
    var waitingSince: ContinuousClock.Instant?
    while true {
      try await drain.drain()
      // Runs that an earlier ingest left unfinished are finished along with this one.
      let isWorking = try await training.advance()
      let progress = try await database.progress(of: run)
      meter.show(progress)
      if !isWorking, try await database.isFinished(run) { break }
      if interrupted.happened {
        meter.end()
        StandardStream.error.line(
          "bobbin ingest: stopped; what is unfinished waits in \(configuration.spool) "
            + "and goes on with the next ingest")
        return 130
      }
      if let failure = stages.failure {
        meter.end()
        StandardStream.error.line("bobbin ingest: \(failure.message)")
        return failure.exitCode
      }
      if !isWorking, progress.onlyWaits, progress.documents["embedded", default: 0] == 0 {
        waitingSince = waitingSince ?? ContinuousClock.now
        if let since = waitingSince, ContinuousClock.now - since > .seconds(wait) { break }
      } else {
        waitingSince = nil
      }
      try await Task.sleep(for: .milliseconds(40))
    }
    meter.end()
    let documents = try await database.documents(of: run)
    let progress = try await database.progress(of: run)
    let report = IngestReport(
      chatbot: row, documents: documents, generation: progress.generation,
      elapsed: ContinuousClock.now - started,
      embeddedTokens: progress.passed["embed"]?.tokens ?? 0)
    print(common.json ? try report.json() : report.text())
    return report.exitCode
  }
}
