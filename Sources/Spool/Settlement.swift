// How a claimed item ends, in the order that loses nothing: outputs durable, receipt durable, then the claim goes
// (SPOOL.md sections 3 and 5).

import Faults

/// Settles items of one stage.
struct Settlement<S: Stage>: Sendable {
  let stage: S
  let spool: String
  let settings: RunnerSettings
  let worker: String
  let log: @Sendable (String) -> Void

  private var own: SpoolDirectory { SpoolDirectory(spool: spool, stage: S.name) }
  private var ledger: SpoolDirectory { SpoolDirectory(spool: spool, stage: "ledger") }

  /// A written, unpublished output.
  private struct Prepared {
    let directory: SpoolDirectory
    let state: SpoolState
    let temporary: String
    let name: ItemName
  }

  func settle(
    _ claim: Claim, content: ItemContent, inputs: [S.Input], outcomes: [Outcome<S.Output>],
    started: Int
  ) throws {
    precondition(inputs.count == outcomes.count, "a stage answers for each record")
    var outputs: [[UInt8]] = []
    var documents: [Receipt.Document] = []
    var retries: [(line: [UInt8], reason: String, message: String, notBefore: Int?)] = []
    var generation: Generation?
    for (index, outcome) in outcomes.enumerated() {
      let document = stage.document(of: inputs[index])
      switch outcome {
      case .done(let made, let reports, let built):
        outputs += try made.map { try JSONLines.encode($0) }
        documents += reports
        generation = built ?? generation
      case .retry(let reason, let message, let notBefore):
        retries.append((Array(content.records[index]), reason, message, notBefore))
        documents.append(
          .init(document: document, outcome: .retry, reason: reason, message: message))
      case .gone(let reason, let message):
        documents.append(
          .init(document: document, outcome: .gone, reason: reason, message: message))
      }
    }
    documents = Self.merged(documents)
    if retries.count == inputs.count, let first = retries.first {
      let longest = retries.compactMap(\.notBefore).max()
      try postpone(
        claim, content: content, documents: documents, reason: first.reason,
        message: first.message, notBefore: longest, started: started)
      return
    }
    var prepared = try prepareOutputs(outputs, claim: claim, content: content)
    if let first = retries.first {
      let retry = try prepareRetry(
        retries.map(\.line), first.reason, first.notBefore, claim, content)
      prepared.append(retry)
      if retry.state == .failed {
        for index in documents.indices where documents[index].outcome == .retry {
          documents[index].outcome = .failed
        }
      }
    }
    guard try publish(prepared, claim: claim) else { return }
    try writeReceipt(
      claim, content.envelope, outcome: .done, tries: claim.name.tries, documents: documents,
      outputs: Self.open(prepared), generation: generation, started: started)
    try claim.complete()
  }

  /// What the receipt names as work still to be done: an item put into `failed` is none.
  private static func open(_ prepared: [Prepared]) -> [Receipt.Output] {
    prepared.filter { $0.state != .failed }
      .map { .init(stage: $0.directory.stage, item: $0.name.id) }
  }

  /// After a crash: one item a record, so that a poison record takes no neighbours along.
  func split(_ claim: Claim, content: ItemContent, started: Int) throws {
    let prepared = try content.records.map { line in
      var envelope = content.envelope
      envelope.from = [claim.name.id]
      let bytes = try ItemContent.encode(envelope, records: [Array(line)])
      let staged = try own.stageFile(
        bytes, lane: claim.name.lane, due: claim.name.due, tries: claim.name.tries, reason: "split")
      return Prepared(
        directory: own, state: .incoming, temporary: staged.temporary, name: staged.name)
    }
    guard try publish(prepared, claim: claim) else { return }
    try writeReceipt(
      claim, content.envelope, outcome: .done, tries: claim.name.tries, documents: [],
      outputs: Self.open(prepared), started: started)
    try claim.complete()
  }

  /// Kills its workers: failed before it takes the next one along.
  func failCrashed(
    _ claim: Claim, content: ItemContent, inputs: [S.Input], started: Int
  ) throws {
    let message = "The \(S.name) stage died on it \(claim.name.tries) times."
    let documents = inputs.map { input in
      Receipt.Document(
        document: stage.document(of: input), outcome: .failed, reason: "crashed", message: message)
    }
    try writeReceipt(
      claim, content.envelope, outcome: .failed, tries: claim.name.tries, reason: "crashed",
      message: message, documents: Self.merged(documents), outputs: [], started: started)
    try claim.move(to: .failed, as: claim.name)
  }

  /// Unreadable: failed at once, never looped.
  func failUnreadable(_ claim: Claim, error: SpoolError, started: Int) throws {
    var name = claim.name
    name.tries += 1
    name.reason = "damaged"
    let envelope = Envelope(
      schema: Receipt.schema, lane: name.lane, run: "", scope: "", born: name.due, madeBy: "",
      from: [], recordCount: 1)
    try writeReceipt(
      claim, envelope, outcome: .failed, tries: name.tries, reason: "damaged",
      message: "\(error)", documents: [], outputs: [], started: started)
    try claim.move(to: .failed, as: name)
  }

  private func postpone(
    _ claim: Claim, content: ItemContent, documents: [Receipt.Document], reason: String,
    message: String, notBefore: Int?, started: Int
  ) throws {
    var name = claim.name
    name.tries += 1
    name.reason = reason
    if name.tries >= settings.policy.limit(for: reason) {
      let failed = documents.map { document in
        var document = document
        document.outcome = .failed
        return document
      }
      try writeReceipt(
        claim, content.envelope, outcome: .failed, tries: name.tries, reason: reason,
        message: message, documents: failed, outputs: [], started: started)
      try claim.move(to: .failed, as: name)
    } else {
      name.due = dueTime(tries: name.tries, notBefore: notBefore)
      try writeReceipt(
        claim, content.envelope, outcome: .retry, tries: name.tries, reason: reason, due: name.due,
        message: message, documents: documents, outputs: [], started: started)
      try claim.move(to: .deferred, as: name)
    }
  }

  private func dueTime(tries: Int, notBefore: Int?) -> Int {
    WallClock.now()
      + settings.policy.delay(
        after: tries, jitter: Double.random(in: 0.5..<1.5), notBefore: notBefore)
  }

  private func prepareOutputs(
    _ outputs: [[UInt8]], claim: Claim, content: ItemContent
  ) throws -> [Prepared] {
    guard let next = S.next else { return [] }
    let directory = SpoolDirectory(spool: spool, stage: next.stage)
    var envelope = content.envelope
    envelope.schema = next.schema
    envelope.madeBy = "\(S.name)/\(S.version)"
    envelope.from = [claim.name.id]
    return try settings.batch.batches(of: outputs).map { batch in
      let bytes = try ItemContent.encode(envelope, records: batch)
      let staged = try directory.stageFile(bytes, lane: claim.name.lane, due: envelope.born)
      return Prepared(
        directory: directory, state: .incoming, temporary: staged.temporary, name: staged.name)
    }
  }

  private func prepareRetry(
    _ lines: [[UInt8]], _ reason: String, _ notBefore: Int?, _ claim: Claim, _ content: ItemContent
  ) throws -> Prepared {
    let tries = claim.name.tries + 1
    let failed = tries >= settings.policy.limit(for: reason)
    var envelope = content.envelope
    envelope.from = [claim.name.id]
    let bytes = try ItemContent.encode(envelope, records: lines)
    let staged = try own.stageFile(
      bytes, lane: claim.name.lane, due: dueTime(tries: tries, notBefore: notBefore), tries: tries,
      reason: reason)
    return Prepared(
      directory: own, state: failed ? .failed : .deferred, temporary: staged.temporary,
      name: staged.name)
  }

  /// Makes outputs visible and durable.
  ///
  /// - Returns: false when another worker took over after a sweep: it publishes the same, and speaks for the item.
  private func publish(_ prepared: [Prepared], claim: Claim) throws -> Bool {
    guard claim.stands else {
      for output in prepared { try DurableFile.remove(output.temporary) }
      return false
    }
    for output in prepared {
      let target = output.directory.file(output.state, output.name.fileName)
      _ = try DurableFile.rename(output.temporary, to: target)
      FailPoint.hit("output-renamed")
    }
    for directory in Set(prepared.map { $0.directory.directory($0.state) }) {
      try DurableFile.syncDirectory(directory)
    }
    return true
  }

  private func writeReceipt(
    _ claim: Claim, _ envelope: Envelope, outcome: Receipt.Outcome, tries: Int,
    reason: String? = nil, due: Int? = nil, message: String? = nil, documents: [Receipt.Document],
    outputs: [Receipt.Output], generation: Generation? = nil, started: Int
  ) throws {
    let now = WallClock.now()
    var live: Int?
    var held: Int?
    var message = message
    switch generation {
    case .live(let number): live = number
    case .held(let number, let why): (held, message) = (number, why)
    case nil: break
    }
    let receipt = Receipt(
      stage: S.name, item: claim.name.id, outcome: outcome, tries: tries, reason: reason, due: due,
      message: message, outputs: outputs, documents: documents, startedAt: started,
      milliseconds: now - started, worker: worker, generation: live, heldGeneration: held)
    var header = envelope
    header.schema = Receipt.schema
    header.madeBy = "\(S.name)/\(S.version)"
    header.from = [claim.name.id]
    let bytes = try ItemContent.encode(header, records: [try JSONLines.encode(receipt)])
    _ = try ledger.publish(bytes, lane: claim.name.lane, due: now)
    FailPoint.hit("receipt-published")
    log(
      "\(outcome.rawValue) stage=\(S.name) item=\(claim.name.id.prefix(8)) lane=\(claim.name.lane) "
        + "tries=\(tries) documents=\(documents.count) outputs=\(outputs.count) "
        + "ms=\(now - started)" + (reason.map { " reason=\($0)" } ?? ""))
  }

  /// One entry a document: counts added, the worse outcome kept.
  private static func merged(_ documents: [Receipt.Document]) -> [Receipt.Document] {
    var order: [String] = []
    var byName: [String: Receipt.Document] = [:]
    for document in documents {
      guard var known = byName[document.document] else {
        order.append(document.document)
        byName[document.document] = document
        continue
      }
      known.pages += document.pages
      known.chunks += document.chunks
      known.tokens += document.tokens
      if document.outcome != .done, known.outcome == .done {
        known.outcome = document.outcome
        known.reason = document.reason
        known.message = document.message
      }
      byName[document.document] = known
    }
    return order.compactMap { byName[$0] }
  }
}
