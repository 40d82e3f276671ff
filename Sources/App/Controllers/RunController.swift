// Training: begun, followed, tried again. The status is what StatusReport says, at once or as a stream while it changes.

import Billing
import Corpus
import FoundationEssentials
import HTTPTypes
import Hummingbird
import ServiceLifecycle
import Spool
import Storage
import VectorShard

/// `/api/chatbots/{chatbot_id}/train|status|runs|documents/…`.
struct RunController: Sendable {
  let database: AppDatabase
  let training: Training
  let spool: String
  /// The data directory.
  let data: String
  let board: SpoolBoard
  /// Nil where the operator has named none.
  let prices: TokenPrices?
  let streams = OpenStreams(inAll: 4096)

  private static let base = "/api/chatbots/{chatbot_id}/"

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let run = Schema.component("Run")
    routes.add(
      Route(
        .post, Self.base + "train/", "Read the sources and go live with what they say.",
        body: .json(
          .object([
            optional("scope", .choice(["changed", "all"])),
            optional("source_ids", .array(.id, 1...2000)), optional("force", .boolean),
          ])), answers: [.json(202, run)], problems: [.noSources, .diskReserve],
        ownerLimit: .hourly(20), bodyLimit: 256 << 10, isIdempotent: true),
      for: access.owner, { call, owner in try await train(call, owner) })
    routes.add(
      Route(
        .get, Self.base + "train/estimate/", "What training would read and embed.",
        answers: [
          .json(
            200,
            .object([
              required("documents_changed", .count), required("chunks_new", .count),
              required("chunks_cached", .count), required("tokens", .count),
              required("cost", .nullable(.component("Cost"))),
              required("basis", .choice(["receipts", "size"])),
            ]))
        ]),
      for: access.owner, { call, owner in try await estimate(call, owner) })
    routes.add(
      Route(
        .get, Self.base + "status/",
        "How far training is; `Accept: text/event-stream` follows it.",
        answers: [
          AnswerShape(
            status: 200, description: "The status.",
            content: [
              "application/json": Schema.component("Status"),
              "text/event-stream": Optional<Schema>.none,
            ])
        ]),
      for: access.owner, { call, owner in try await status(call, owner) })
    routes.add(
      Route(
        .get, Self.base + "runs/", "The chatbot's runs, newest first.", query: Components.page,
        answers: [.json(200, Components.listing("Run"))]),
      for: access.owner, { call, owner in try await runs(call, owner) })
    routes.add(
      Route(.get, Self.base + "runs/{run_id}/", "A run.", answers: [.json(200, run)]),
      for: access.owner,
      { call, owner in
        let (_, row) = try await database.run(call, owner)
        return Answer.json(try await database.shape(row))
      })
    routes.add(
      Route(
        .post, Self.base + "runs/{run_id}/cancel/", "Stop a run; what answers now goes on.",
        answers: [.json(202, run)], problems: [.runOver]),
      for: access.owner,
      { call, owner in
        let (chatbot, row) = try await database.run(call, owner)
        guard try await training.cancel(row.id, of: chatbot.id),
          let after = try await database.runRow(row.id.text, of: chatbot.id)
        else { throw AppError(.runOver) }
        return Answer.json(try await database.shape(after), .accepted)
      })
    routes.add(
      Route(
        .get, Self.base + "documents/", "The chatbot's documents.",
        query: Components.page + [
          optional("source_id", .id),
          optional("state", .string(1...20, .token)), optional("reason", .string(1...40, .token)),
        ], answers: [.json(200, Components.listing("Document"))]),
      for: access.owner, { call, owner in try await documents(call, owner) })
    routes.add(
      Route(
        .post, Self.base + "sources/{source_id}/retry/", "Try a source's failed documents again.",
        answers: [.json(202, run)], problems: [.nothingToRetry, .diskReserve],
        ownerLimit: .hourly(60), isIdempotent: true),
      for: access.owner, { call, owner in try await retry(call, owner, onlyFailed: true) })
    routes.add(
      Route(
        .post, Self.base + "sources/{source_id}/refresh/", "Fetch a source again.",
        answers: [.json(202, run)], problems: [.diskReserve], ownerLimit: .hourly(60),
        isIdempotent: true),
      for: access.owner, { call, owner in try await retry(call, owner, onlyFailed: false) })
  }

  // MARK: Beginning

  private func train(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let all = try await database.sources(of: chatbot.id)
    var chosen = all
    if let ids = call.input.texts("source_ids") {
      let known = Set(all.map(\.id.text))
      guard ids.allSatisfy(known.contains) else { throw AppError.notFound }
      chosen = all.filter { ids.contains($0.id.text) }
    } else if call.input.text("scope") ?? "changed" == "changed" {
      chosen = try await database.changedSources(of: chatbot.id)
    }
    let removed = try await database.removedDocuments(of: chatbot.id)
    if chosen.isEmpty, removed.isEmpty {
      // Nothing is newer: the run that is open, or the latest, says so.
      guard !all.isEmpty, let latest = try await database.latestRun(of: chatbot.id),
        let row = try await database.runRow(latest.text, of: chatbot.id)
      else { throw AppError(.noSources) }
      return Answer.json(try await database.shape(row), .accepted)
    }
    // What is asked for by name, or not at all yet, is read whatever is known of it.
    return try await begin(
      chosen, chatbot, force: call.input.flag("force") ?? false, again: false)
  }

  /// From what was said of a source when it was last read, or from its size.
  private func estimate(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Estimate: Encodable {
      var documents_changed = 0
      var chunks_new = 0
      /// Known from an earlier reading, with their vectors: they cost nothing again.
      var chunks_cached = 0
      var tokens = 0
      var cost = Nullable<Cost>(nil)
      var basis = "receipts"
    }
    let chatbot = try await database.owned(call, owner)
    let changed = try await database.changedSources(of: chatbot.id)
    let documents = Dictionary(
      grouping: try await database.documents(of: chatbot.id), by: \.source)
    let embedded = try await database.embeddedChunks(of: chatbot.id)
    var estimate = Estimate()
    for source in changed {
      let known = (documents[source.id.text] ?? []).filter { $0.chunks > 0 }
      estimate.documents_changed += max(1, known.count)
      if known.isEmpty {
        // Of a web page the size is known once it has been read.
        let bytes = source.bytes > 0 ? source.bytes : Self.pageBytes
        estimate.chunks_new += max(1, bytes / Self.bytesPerChunk)
        estimate.tokens += max(1, bytes / Self.bytesPerToken)
        estimate.basis = "size"
      }
      for document in known {
        let new = document.chunks - min(document.chunks, embedded[document.id] ?? 0)
        estimate.chunks_new += new
        estimate.chunks_cached += document.chunks - new
        estimate.tokens += document.tokens * new / document.chunks
      }
    }
    estimate.cost = Nullable(prices?.cost(of: TokenCounts(embedded: estimate.tokens)))
    return Answer.json(estimate)
  }

  /// A chunk of 1,000 characters shares 200 with the one before.
  private static let bytesPerChunk = 800
  private static let bytesPerToken = 4
  /// The text of an ordinary web page.
  private static let pageBytes = 8_000

  private func retry(
    _ call: Call, _ owner: Owner, onlyFailed: Bool
  ) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    guard let source = try await database.source(try call.id("source_id"), of: chatbot.id) else {
      throw AppError.notFound
    }
    if onlyFailed {
      let state = try await database.sourceStates(of: chatbot.id)
        .first { $0.id == source.id.text }
      guard state?.documents["ended"] ?? 0 > 0 else { throw AppError(.nothingToRetry) }
    }
    return try await begin([source], chatbot, force: false, again: true)
  }

  /// Begins a run and says which.
  ///
  /// - Parameter again: whether what has not changed stays as it is.
  func begin(
    _ sources: [KnowledgeSource], _ chatbot: Chatbot, force: Bool, again: Bool
  ) async throws -> Response {
    try await begin(
      SourceReading(database: database, data: data)
        .requests(sources, of: chatbot.id, again: again), chatbot, force: force)
  }

  /// Reads one document again that has ended: of a site its page alone.
  ///
  /// - Throws: 409 `nothing-to-retry` when its source is gone, or it is not for reading.
  func readAgain(_ document: DocumentRow, of chatbot: Chatbot) async throws {
    guard document.state == "ended",
      let source = try await database.source(document.source, of: chatbot.id)
    else { throw AppError(.nothingToRetry) }
    guard source.type == "url" else {
      _ = try await begin([source], chatbot, force: false, again: true)
      return
    }
    let page = SourceRequest(
      source: Source(
        source: source.id, document: DocumentID(unchecked: document.id),
        location: .web(url: document.uri), name: document.uri),
      visibility: source.isCitable ? .citable : .learnOnly)
    _ = try await begin([page], chatbot, force: false)
  }

  private func begin(
    _ requests: [SourceRequest], _ chatbot: Chatbot, force: Bool
  ) async throws -> Response {
    let run: RunID
    do {
      run = try await training.begin(
        requests, of: chatbot.id, removing: try await database.removedDocuments(of: chatbot.id),
        mayShrink: force, keepingRows: true)
    } catch let error as SpoolError {
      throw error.isReserve ? AppError(.diskReserve) : error
    }
    guard let row = try await database.runRow(run.text, of: chatbot.id) else {
      throw AppError(.internal)
    }
    return Answer.json(try await database.shape(row), .accepted)
  }

  // MARK: Looking

  private func runs(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let page = try call.page()
    let rows = try await database.runRows(of: chatbot.id, page)
    var shapes: [RunShape] = []
    for row in rows { shapes.append(try await database.shape(row)) }
    return Answer.json(
      Listing(
        shapes, page,
        cursor: rows.last.map { Cursor(createdAt: $0.startedAt, id: $0.id.text) }))
  }

  private func documents(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let page = try call.page()
    let rows = try await database.documents(
      of: chatbot.id, source: call.query("source_id"), state: call.query("state"),
      reason: call.query("reason"), page)
    return Answer.json(
      Listing(
        rows.map { DocumentShape($0, now: call.now) }, page,
        cursor: rows.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
  }

  // MARK: Following

  private func status(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    guard ChatController.wantsEvents(call.request) else {
      return Answer.json(StatusShape(try await report(chatbot)))
    }
    let lease = try streams.open(owner.user.id, limit: owner.limits.eventStreams)
    return EventStream.response { writer in
      defer { withExtendedLifetime(lease) {} }
      try await writer.retry(milliseconds: 3000)
      let end = ContinuousClock.now + .seconds(30 * 60)
      var last: [UInt8] = []
      var silent = 0
      while ContinuousClock.now < end, !Task.isCancelled, !Task.isShuttingDownGracefully {
        let shape = StatusShape(try await report(chatbot))
        // That time passes is no news.
        let bytes = JSONText.encode(shape.withoutTimes)
        if bytes != last {
          try await writer.send("status", shape)
          last = bytes
          silent = 0
        }
        if shape.state != "training" {
          try await writer.send("done", shape)
          return
        }
        try await Task.sleep(for: .seconds(1))
        silent += 1
        if silent % 15 == 0 { try await writer.ping() }
      }
    }
  }

  private func report(_ chatbot: Chatbot) async throws -> StatusReport {
    try await StatusReport.of(chatbot, database: database, spool: spool, board: board)
  }
}

extension AppDatabase {
  /// The run that a request names, with its owner's chatbot.
  func run(_ call: Call, _ owner: Owner) async throws -> (Chatbot, RunRow) {
    let chatbot = try await owned(call, owner)
    guard let row = try await runRow(try call.id("run_id"), of: chatbot.id) else {
      throw AppError.notFound
    }
    return (chatbot, row)
  }

  /// A run as the API has it.
  func shape(_ row: RunRow) async throws -> RunShape {
    RunShape(row, try await progress(of: row.id))
  }
}

/// The status as the API has it.
struct StatusShape: Encodable {
  struct SourceLine: Encodable {
    let id, status: String
    let error_message: Nullable<String>
  }

  let state: String
  let progress: Double
  let generation: Nullable<Int>
  var oldest_age_seconds, seconds_left: Nullable<Int>
  let run, held_reason: Nullable<String>
  let stages: [String: StatusReport.StageCounts]
  let stuck: Int
  let sources: [SourceLine]

  /// The same but for what changes with every second.
  var withoutTimes: StatusShape {
    var shape = self
    (shape.oldest_age_seconds, shape.seconds_left) = (Nullable(nil), Nullable(nil))
    return shape
  }

  init(_ report: StatusReport) {
    state = report.state
    progress = report.progress
    generation = Nullable(report.generation)
    oldest_age_seconds = Nullable(report.oldestAge.map { max(0, $0 / 1000) })
    seconds_left = Nullable(report.secondsLeft)
    run = Nullable(report.run)
    held_reason = Nullable(report.heldReason)
    stages = report.stages
    stuck = report.stuck
    sources = report.sources.map {
      SourceLine(id: $0.id, status: $0.status, error_message: Nullable($0.message))
    }
  }
}
