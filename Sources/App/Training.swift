// A run from its rows to its generation: begin (rows first, then items), follow the ledger, order the closing build. Knows
// no stage: it writes items and reads receipts.

import Billing
package import Corpus
import FoundationEssentials
package import Spool
package import Storage

/// The reading half's side of a training run.
package struct Training: Sendable {
  private let spool: String
  private let database: AppDatabase
  /// Sources in one item of spool/fetch.
  private let batchRecords: Int

  package init(spool: String, database: AppDatabase, batchRecords: Int = 8) {
    self.spool = spool
    self.database = database
    self.batchRecords = batchRecords
  }

  /// A new id: 26 of `a-z 0-9`, sorting by time.
  package static func newID() -> String { FreshID.text(now: WallClock.now()) }

  /// The source of a location: the same chatbot and location always give the same source and document.
  package static func source(
    _ location: Source.Location, name: String, of chatbot: ChatbotID
  ) -> Source {
    let text =
      switch location {
      case .file(let path): "file:\(path)"
      case .web(let url): "web:\(url)"
      case .video(let url, _, _): "video:\(url)"
      }
    let source = SHA256Digest(of: "\(chatbot)\u{0}\(text)").shortName
    return Self.source(SourceID(unchecked: source), location, name: name)
  }

  /// A known source at its location.
  static func source(_ id: SourceID, _ location: Source.Location, name: String) -> Source {
    let document = SHA256Digest(of: id.documentSeed).shortName
    return Source(
      source: id, document: DocumentID(unchecked: document), location: location, name: name)
  }

  /// Commits a run and publishes its first items.
  ///
  /// - Throws: `SpoolError.diskReserve` before anything is accepted when the disk is nearly full.
  /// - Parameter replacing: whether the requests are all the chatbot shall know: its other documents go.
  /// - Parameter removing: documents that leave in any case; with no requests the run is nothing but that.
  /// - Parameter mayShrink: the owner's word that the shard may lose many documents.
  /// - Parameter keepingRows: whether the sources' rows are there and stay as they are.
  package func begin(
    _ requests: [SourceRequest], of chatbot: ChatbotID, replacing: Bool = false,
    removing: [DocumentID] = [], mayShrink: Bool = false, keepingRows: Bool = false
  ) async throws -> RunID {
    let fetch = SpoolDirectory(spool: spool, stage: "fetch")
    try fetch.prepare()
    // Taking things out needs little and frees much.
    if !requests.isEmpty { try DiskReserve.check(spool) }
    let run = RunID(unchecked: Self.newID())
    let now = WallClock.now()
    let envelope = Envelope(
      schema: RecordSchema.source, lane: chatbot.text, run: run.text, scope: chatbot.text,
      born: now,
      madeBy: "app/1", from: [], recordCount: 0)
    // A crawl takes its time, so it shares its item with nobody.
    let singles = try requests.filter { $0.source.crawl == nil }
      .map { try JSONLines.encode($0.source) }
    let crawls = try requests.filter { $0.source.crawl != nil }
      .map { [try JSONLines.encode($0.source)] }
    let contents = try (BatchLimits(records: batchRecords).batches(of: singles) + crawls).map {
      try ItemContent.encode(envelope, records: $0)
    }
    try await database.beginRun(
      run, of: chatbot, sources: requests,
      items: contents.map { (SpoolDirectory.id(of: $0), $0) }, replacing: replacing,
      removing: removing, mayShrink: mayShrink || requests.isEmpty, keepingRows: keepingRows,
      now: now)
    try fetch.publish(contents.map { ($0, chatbot.text) }, due: now)
    try await database.markPublished(run, now: WallClock.now())
    return run
  }

  /// Publishes again what a crash kept from being published, or from being marked: same bytes, same names.
  package func republish() async throws {
    let items = try await database.unpublishedItems()
    for item in items {
      guard let first = JSONLines.lines(of: item.content).first else { continue }
      let envelope = try JSONLines.decode(Envelope.self, from: first)
      let directory = SpoolDirectory(spool: spool, stage: item.stage)
      _ = try directory.publish(item.content, lane: envelope.lane, due: envelope.born)
    }
    for run in Set(items.map(\.run)) {
      try await database.markPublished(run, now: WallClock.now())
    }
  }

  /// Takes each open run one step on: orders its build when nothing is open, or only what has waited for `patience`;
  /// ends it when nothing is left to do.
  ///
  /// - Parameter patience: milliseconds for which the last retry must have been waiting before the others go live
  ///   without it; what comes later makes a generation of its own.
  /// - Returns: whether some run still has work to do before its retries fall due.
  @discardableResult
  package func advance(patience: Int = defaultPatience) async throws -> Bool {
    var isWorking = false
    var ordered = try await database.openOrders()
    let open = try await database.openRuns()
    // What is judged now must find the generation it was built from still answering.
    for run in open where run.evaluatedGeneration != nil { ordered[run.chatbot] = run.id }
    for run in open {
      if run.evaluatedGeneration != nil {
        isWorking = true
        continue
      }
      let progress = try await database.progress(of: run.id)
      var ready =
        progress.documents["embedded", default: 0] > 0
        || (run.trigger == "removal" && progress.generation == nil)
      if !ready, progress.generation == nil, progress.isOver, run.trigger == "train" {
        // Pages that are gone leave, though nothing else has changed.
        ready = try await !database.leavingDocuments(of: run.id).isEmpty
      }
      let isPatient = progress.waitingSince.map { WallClock.now() - $0 < patience } ?? false
      if ready, progress.isOver || (progress.onlyWaits && !isPatient) {
        // One order of a chatbot at a time, the older first.
        if ordered[run.chatbot] == nil {
          if try await order(run) { ordered[run.chatbot] = run.id }
        }
        isWorking = true
      } else if progress.isOver {
        // A damaged item's receipt names no documents; nothing is left that could still bring them on.
        try await database.endDocuments(
          of: run.id, reason: "item_failed",
          message: "An item of this document failed, see spool/*/failed; ingest it again.",
          unless: ["live", "ended"])
        // Documents of removed sources go on, in a run of their own, until they are gone.
        let isDone = progress.generation != nil || progress.documents["live", default: 0] > 0
        try await database.finishRun(
          run.id, state: isDone ? "done" : "failed", now: WallClock.now())
      } else if !progress.onlyWaits {
        isWorking = true
      }
    }
    return isWorking
  }

  /// Five minutes: SPOOL.md section 7.
  package static let defaultPatience = 300_000

  /// Orders the build of a run's next generation from the documents that came through.
  ///
  /// - Returns: false when there was nothing to order any more.
  private func order(_ run: OpenRun) async throws -> Bool {
    let limits = try await database.owner(of: run.chatbot)?.tier.limits
    let live = try await documentsWithRoom(in: run, chunks: limits?.chunksPerChatbot)
    let leaving = run.trigger == "train" ? try await database.leavingDocuments(of: run.id) : []
    let order = IndexOrder(
      live: live.sorted(), removed: Set(run.removed + leaving).sorted(), mayShrink: run.mayShrink,
      purge: run.trigger == "removal" ? true : nil, keep: limits?.generationsKept,
      hold: try await database.openGate(of: run.id) ? true : nil)
    guard try await publish(order, of: run.id, chatbot: run.chatbot, born: run.startedAt) else {
      // Another process was quicker, and what it ordered is judged by now or waits for it.
      if try await database.isJudged(run.id) { return false }
      // This very order has ended without making its documents live: ordering it again would go round for ever.
      try await database.endDocuments(
        of: run.id, reason: "index_failed",
        message: "The index could not be built; see spool/index/failed.",
        unless: ["live", "ended"])
      if run.trigger == "removal" || live.isEmpty {
        try await database.finishRun(run.id, state: "failed", now: WallClock.now())
      }
      return false
    }
    return true
  }

  /// The run's documents that may go live; those for whose chunks the plan has no room end with that reason.
  private func documentsWithRoom(in run: OpenRun, chunks limit: Int?) async throws -> [DocumentID] {
    let ready = try await database.documents(of: run.id).filter { $0.state == "embedded" }
    guard let limit else { return ready.map { DocumentID(unchecked: $0.id) } }
    let leaving = Set(run.removed.map(\.text)).union(ready.map(\.id))
    var room = try await database.documents(of: run.chatbot)
      .filter { $0.generation != nil && !leaving.contains($0.id) }
      .reduce(limit) { $0 - $1.chunks }
    var live: [DocumentID] = []
    for document in ready {
      if document.chunks <= room {
        room -= document.chunks
        live.append(DocumentID(unchecked: document.id))
      } else {
        try await database.endDocument(
          document.id, of: run.id, reason: "plan_limit",
          message:
            "The plan has room for \(limit) chunks; take something out or choose a larger plan, "
            + "then train again.")
      }
    }
    return live
  }

  /// Orders another generation to be current: one that was held back, or an earlier one.
  ///
  /// - Returns: the run whose receipt will tell what became of it.
  /// - Throws: `StageFault` (65) when nothing is held, or not this generation.
  package func order(
    _ action: IndexOrder.Action, generation: Int, of chatbot: ChatbotID
  ) async throws -> RunID {
    let isJudged = try await database.openRuns().contains {
      $0.chatbot == chatbot && $0.evaluatedGeneration != nil
    }
    let isOrdered = try await database.openOrders()[chatbot] != nil
    if isJudged || isOrdered {
      throw StageFault("a build of this chatbot is under way; try again shortly", exitCode: 75)
    }
    if action == .rollback {
      let run = RunID(unchecked: Self.newID())
      let now = WallClock.now()
      try await database.beginRollback(run, of: chatbot, now: now)
      let order = IndexOrder(action: .rollback, generation: generation, live: [], removed: [])
      _ = try await publish(order, of: run, chatbot: chatbot, born: now)
      return run
    }
    guard let held = try await database.heldRun(of: chatbot, generation: generation) else {
      throw StageFault(
        "no run holds generation \(generation) back; `bobbin shard ls` shows what is held",
        exitCode: 65)
    }
    let order = try await publishing(held, generation)
    guard try await publish(order, of: held.id, chatbot: chatbot, born: held.startedAt) else {
      throw StageFault(
        "this was ordered before and refused; train the chatbot again", exitCode: 65)
    }
    return held.id
  }

  /// Orders a generation that has passed its evaluation to go live; the verdict is committed with the order.
  ///
  /// - Returns: false when it was refused before, or does not wait for its verdict any more.
  func order(_ run: OpenRun, passing verdict: Verdict) async throws -> Bool {
    let order = try await publishing(run, verdict.generation)
    return try await publish(
      order, of: run.id, chatbot: run.chatbot, born: run.startedAt, verdict: verdict)
  }

  /// The order that lets a held generation answer, with the documents that were built into it: others of the run may have
  /// come through since.
  private func publishing(_ run: OpenRun, _ generation: Int) async throws -> IndexOrder {
    let built = try await database.builtDocuments(of: run.id)
    let live = try await database.documents(of: run.id)
      .filter { $0.state == "embedded" && built.contains($0.id) }
      .map { DocumentID(unchecked: $0.id) }
    return IndexOrder(
      action: .publish, generation: generation, live: live.sorted(), removed: run.removed,
      mayShrink: true)
  }

  /// Ends a run at its owner's word.
  ///
  /// - Returns: false when it is over already.
  package func cancel(_ run: RunID, of chatbot: ChatbotID) async throws -> Bool {
    guard try await database.cancelRun(run, now: WallClock.now()) else { return false }
    try dropItems(of: run, chatbot: chatbot)
    return true
  }

  /// Takes away what cancelled runs have in the spool: an item that was worked on has gone on meanwhile.
  package func dropCancelled() async throws {
    for (run, chatbot) in try await database.openCancelledRuns() {
      try dropItems(of: run, chatbot: chatbot)
    }
  }

  private func dropItems(of run: RunID, chatbot: ChatbotID) throws {
    var selector = ItemSelector()
    selector.lane = chatbot.text
    selector.states = OperatorVerb.drop.sources
    let now = WallClock.now()
    let items = try selector.items(in: spool, stages: PipelineStage.names, now: now).filter {
      item in
      let directory = SpoolDirectory(spool: spool, stage: item.stage)
      let path = directory.file(item.state, item.name.fileName)
      // One that has moved or cannot be read is met again, or ends by itself.
      guard let frame = try? DurableFile.read(path, limit: JSONLines.itemLimit),
        let content = try? ItemContent(frame: frame, name: item.name)
      else { return false }
      return content.envelope.run == run.text
    }
    _ = try OperatorMove(spool: spool, documents: ItemDocuments.ids(of:))
      .apply(.drop, to: items, now: now)
  }

  /// Commits an order and publishes it.
  ///
  /// - Returns: false when this very order has ended already.
  private func publish(
    _ order: IndexOrder, of run: RunID, chatbot: ChatbotID, born: Int, verdict: Verdict? = nil
  ) async throws -> Bool {
    // Nothing of the clock in it: two that advance the same run publish the same item.
    let envelope = Envelope(
      schema: RecordSchema.order, lane: chatbot.text, run: run.text, scope: chatbot.text,
      born: born, madeBy: "app/1", from: [], recordCount: 0)
    let content = try ItemContent.encode(envelope, records: [try JSONLines.encode(order)])
    let id = SpoolDirectory.id(of: content)
    let isNew = try await database.addOrder(
      run, item: id, content: content, removed: order.action == .build ? order.removed : nil,
      verdict: verdict, now: WallClock.now())
    guard isNew else { return false }
    let index = SpoolDirectory(spool: spool, stage: "index")
    try index.publish(content, lane: chatbot.text, due: born)
    try await database.markPublished(run, now: WallClock.now())
    return true
  }
}
