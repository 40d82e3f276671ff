// bobbin recrawl: asks again for web pages that were last read some time ago; a timer starts it (pipelines/systemd). Begins
// runs and leaves the work to whatever runs the stages. A page that has not changed changes no shard.

import App
import ArgumentParser
import Corpus
import Spool
import StageCommand
import Storage

struct RecrawlCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recrawl",
    abstract: "Begins a run for web pages that are due to be read again.",
    discussion: """
      bobbin recrawl && bobbin pipeline --until-drained
      What is due: web sources that no open run is at work on and that were last looked at longer ago than their own
      interval, or, without one, than RECRAWL_AFTER_HOURS (pipelines/recrawl.mk), which doubles with each run that
      finds nothing new, up to RECRAWL_LONGEST_HOURS. Servers are asked whether a page has
      changed; one that has not is left as it is, and one that is gone twice leaves.
      """)

  @Option(help: "Settings of the re-crawl. [default: pipelines/recrawl.mk if there]")
  var pipeline = "pipelines/recrawl.mk"

  @Flag(help: "Every page, due or not.")
  var all = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    throw ExitCode(await Failure.code("bobbin recrawl") { try await begin() })
  }

  private func begin() async throws -> Int32 {
    let configuration = try common.configuration()
    let file =
      DurableFile.exists(pipeline)
      ? try PipelineFile(path: pipeline) : try PipelineFile(text: "", path: "built in")
    let hours = try file.number("RECRAWL_AFTER_HOURS", 24)
    let longest = try file.number("RECRAWL_LONGEST_HOURS", 168)
    let limit = try file.number("RECRAWL_PAGES", 1_000)
    let database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
    let now = WallClock.now()
    var due: [KnowledgeSource] = []
    var pages = 0
    for read in try await database.readWebSources() where pages < limit {
      if !all {
        let usual = hours * 3_600_000
        // Nobody is asked how quiet it was who is not due by the shortest interval.
        var interval = CrawlWish(json: read.source.crawl).interval
        if interval == nil, read.readAt < now - usual {
          interval = CrawlWish.backedOff(
            usual: usual, longest: longest * 3_600_000,
            quietRuns: try await database.quietRuns(of: read.source.id))
        }
        guard let interval, read.readAt < now - interval else { continue }
      }
      due.append(read.source)
      pages += read.documents
    }
    let training = Training(spool: configuration.spool, database: database)
    let reading = SourceReading(database: database, data: configuration.data)
    for (chatbot, sources) in Dictionary(grouping: due, by: \.chatbot)
      .sorted(by: { $0.key < $1.key })
    {
      let requests = try await reading.requests(sources, of: chatbot, again: true)
      let run = try await training.begin(requests, of: chatbot, keepingRows: true)
      print("run \(run): \(Spelling.count(requests.count, "source")) of chatbot \(chatbot)")
    }
    if due.isEmpty { print("no page is due") }
    return 0
  }
}
