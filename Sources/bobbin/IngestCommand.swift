// bobbin ingest: documents in. Writes the chatbot and its sources as rows, starts the five stages, follows the ledger,
// and says what became of each document.

import App
import ArgumentParser
import Corpus
import FoundationEssentials
import Spool
import StageCommand
import Storage

struct IngestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Reads documents into a chatbot.",
    discussion: """
      bobbin ingest handbook ./manual.pdf notes.docx https://example.com/page
      bobbin ingest handbook https://example.com/help/ --depth 2 --include https://example.com/help/
      bobbin ingest handbook 'https://www.youtube.com/watch?v=…' --captions talk.srt
      The chatbot is made when there is none of that name. A folder stands for the files in it. A
      site is crawled when --depth or --sitemap is given, within these bounds from then on.
      """)

  @Argument(help: "The chatbot's name: a-z, 0-9 and -.")
  var chatbot: String

  @Argument(help: "Files, folders and http(s) URLs.")
  var sources: [String]

  @Flag(help: "These sources may inform answers and are never quoted or cited.")
  var learnOnly = false

  @Option(help: "Read a site: follow links so many steps from each URL, on its host.")
  var depth: Int?

  @Flag(
    help:
      "Read a site: the pages that its sitemap names, or that the URL, a sitemap or feed, names.")
  var sitemap = false

  @Option(help: "Pages of a site that are read at most. [default: 1000]")
  var maxPages: Int?

  @Option(
    help: "Only addresses with this in them, `*` for anything; may be given several times.")
  var include: [String] = []

  @Option(help: "No addresses with this in them; may be given several times.")
  var exclude: [String] = []

  @Flag(help: "The URLs play videos: their captions are read. YouTube's are known as such.")
  var video = false

  @Option(help: "Of a video: its captions (.srt, .vtt, .txt), so that its site need not be asked.")
  var captions: String?

  @Option(help: "Of videos: the language of the captions, such as en or pt-BR.")
  var language: String?

  @Option(help: "Settings of the stages. [default: pipelines/ingest.mk if there]")
  var pipeline: String?

  @Flag(help: "These sources are all the chatbot shall know: what else it had goes.")
  var replace = false

  @Flag(help: "Go live even if many documents of the chatbot would go.")
  var allowShrink = false

  @Flag(help: "Begin the run and leave the work to what runs the stages: bobbin pipeline, systemd.")
  var detach = false

  @Option(help: "Seconds to wait for sources that must be tried again; then the others go live.")
  var wait = 60

  @OptionGroup var common: CommonOptions

  func run() async throws {
    // A model that was loaded to judge a generation has threads of its own.
    ProcessEnd.now(await Failure.code("bobbin ingest") { try await ingest() })
  }

  private func ingest() async throws -> Int32 {
    let configuration = try common.configuration()
    let pipelineFile = try PipelineFile(chosen: pipeline)
    let locations = try videos(among: SourceList.locations(of: sources))
    let services = try Services(configuration)
    let database = services.database
    let row = try await database.ensureChatbot(
      slug: chatbot, id: ChatbotID(unchecked: Training.newID()), now: WallClock.now())
    let training = Training(
      spool: configuration.spool, database: database,
      batchRecords: try pipelineFile.number("FETCH_BATCH_RECORDS", 8))
    let found = try await Janitor(spool: configuration.spool, database: database).run()
    if !found.isClean { StandardStream.error.line(found.line) }
    let requests = try await requests(
      for: locations, of: row, database, data: configuration.data)
    let started = ContinuousClock.now
    let run = try await training.begin(
      requests, of: row.id, replacing: replace, mayShrink: allowShrink)
    if detach {
      print("run \(run): \(requests.count) documents; bobbin status \(chatbot) shows how far it is")
      return 0
    }
    let stages = try Supervisor(
      Supervisor.stages(
        pipelineFile, pipelinePath: pipeline, configuration: configuration, quiet: true))
    defer { stages.stop() }
    let judging = Task { await services.gatekeeper { StandardStream.error.line($0) }.run() }
    defer { judging.cancel() }
    let stop = StopFlag(heedingSignals: true)
    let drain = LedgerDrain(spool: configuration.spool, database: database)
    var meter = IngestMeter(
      stages: pipelineFile.stages, documents: requests.count, silent: common.json)
    while true {
      let looked = ContinuousClock.now
      try await drain.drain()
      // Runs that an earlier ingest left unfinished are finished along with this one.
      let isWorking = try await training.advance(patience: wait * 1000)
      let progress = try await database.progress(of: run)
      meter.show(progress)
      if !isWorking, try await database.isFinished(run) { break }
      if stop.isSet {
        meter.end()
        StandardStream.error.line(
          "bobbin ingest: stopped; what is unfinished waits in \(configuration.spool) "
            + "and goes on with the next ingest")
        return 130
      }
      if let end = stages.look().first(where: Self.isFatal) {
        meter.end()
        StandardStream.error.line("bobbin ingest: \(end.message)")
        return end.exitCode
      }
      if !isWorking, progress.onlyWaits, progress.documents["embedded", default: 0] == 0,
        let since = progress.waitingSince, WallClock.now() - since >= wait * 1000
      {
        break
      }
      try await Task.sleep(for: LookAgain.pause(after: looked, least: .milliseconds(40)))
    }
    meter.end()
    let documents = try await database.documents(of: run)
    let progress = try await database.progress(of: run)
    let report = IngestReport(
      chatbot: row, documents: documents, progress: progress,
      elapsed: ContinuousClock.now - started)
    print(common.json ? try report.json() : report.text())
    return report.exitCode
  }

  func validate() throws {
    if let depth, !(0...100).contains(depth) { throw ValidationError("--depth: 0 to 100") }
    if let maxPages, !(1...100_000).contains(maxPages) {
      throw ValidationError("--max-pages: 1 to 100000")
    }
    let isCrawl = (depth ?? 0) > 0 || sitemap
    if isCrawl, video || captions != nil || language != nil {
      throw ValidationError("a video is read alone: leave out --depth and --sitemap")
    }
    if !isCrawl, maxPages != nil || !include.isEmpty || !exclude.isEmpty {
      throw ValidationError(
        "--max-pages, --include and --exclude bound a crawl: add --depth or --sitemap")
    }
  }

  /// URLs as the videos that they play, when they are said to.
  private func videos(
    among locations: [(location: Source.Location, name: String)]
  ) throws -> [(location: Source.Location, name: String)] {
    guard video || captions != nil || language != nil else { return locations }
    let path = try captions.map { file in
      guard case .file(let path)? = try SourceList.locations(of: [file]).first?.location else {
        throw StageFault("--captions: \(file) is no file", exitCode: 64)
      }
      return path
    }
    guard path == nil || locations.count == 1 else {
      throw StageFault("--captions belong to one video: name one URL", exitCode: 64)
    }
    return try locations.map { location, name in
      guard case .web(let url) = location else {
        throw StageFault("\(name): a video is named by its URL", exitCode: 64)
      }
      return (.video(url: url, captions: path, language: language), name)
    }
  }

  private func requests(
    for locations: [(location: Source.Location, name: String)], of chatbot: Chatbot,
    _ database: AppDatabase, data: String
  ) async throws -> [SourceRequest] {
    var given: CrawlWish?
    if depth != nil || sitemap {
      var wish = CrawlWish()
      (wish.depth, wish.max_pages) = (depth, maxPages)
      if sitemap { wish.sitemap = true }
      if !include.isEmpty { wish.include = include }
      if !exclude.isEmpty { wish.exclude = exclude }
      given = wish
    }
    let reading = SourceReading(database: database, data: data)
    var requests: [SourceRequest] = []
    for (location, name) in locations {
      let plain = Training.source(location, name: name, of: chatbot.id)
      var bounds: CrawlBounds?
      if case .web = location {
        // Without a word about it a site stays what it was given as.
        let kept = try await database.source(plain.source.text, of: chatbot.id)?.crawl
        bounds = try await reading.bounds(
          given ?? CrawlWish(json: kept ?? "{}"), of: chatbot.id)
      }
      requests.append(
        SourceRequest(
          source: Source(
            source: plain.source, document: plain.document, location: location, name: name,
            crawl: bounds),
          visibility: learnOnly ? .learnOnly : .citable,
          crawl: wish(for: location, given: given)?.json))
    }
    return requests
  }

  /// What the source's row keeps of how it is read; nil leaves it as it is.
  private func wish(for location: Source.Location, given: CrawlWish?) -> CrawlWish? {
    switch location {
    case .file: return nil
    case .web: return given
    case .video(_, _, let language):
      guard let language else { return nil }
      var wish = CrawlWish()
      wish.language = language
      return wish
    }
  }

  /// A stage that died is started again, and what kills it ends as `crashed`; one that says it cannot work is believed.
  private static func isFatal(_ end: Supervisor.End) -> Bool {
    end.bySignal ? end.count > 20 : end.exitCode != 75 || end.count > 3
  }
}
