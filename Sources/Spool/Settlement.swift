// Decides how a claimed item ends (SPOOL.md section 5): what it became, what its receipt says, where its file goes. Touches
// no file; Publication does what is decided here.

import Glibc

/// Decides for the items of one stage.
struct Settlement<S: Stage>: Sendable {
  let stage: S
  let spool: String
  let settings: RunnerSettings
  let worker: String

  private var own: SpoolDirectory { SpoolDirectory(spool: spool, stage: S.name) }

  /// A record that is tried again.
  private struct Retry {
    let line: [UInt8]
    let reason: String
    let message: String
    let notBefore: Int?
  }

  /// From the outcomes of an item's records, one each, in order.
  ///
  /// - Throws: an error of encoding, or `SpoolError.tooLarge` for an output no reader would take.
  func settle(
    _ claim: Claim, content: ItemContent, inputs: [S.Input], outcomes: [Outcome<S.Output>],
    started: Int
  ) throws -> Settled {
    precondition(inputs.count == outcomes.count, "a stage answers for each record")
    var records: [[UInt8]] = []
    var documents: [Receipt.Document] = []
    var retries: [Retry] = []
    var waiting: [Receipt.Document] = []
    var generation: Generation?
    var onwards: [Onward] = []
    for (index, outcome) in outcomes.enumerated() {
      let document = stage.document(of: inputs[index])
      switch outcome {
      case .done(let made, let reports, let built, let onward):
        records += try JSONLines.encode(made)
        documents += reports
        generation = built ?? generation
        if let onward { onwards.append(onward) }
      case .retry(let reason, let message, let notBefore):
        retries.append(
          Retry(
            line: Array(content.records[index]), reason: reason, message: message,
            notBefore: notBefore))
        waiting.append(
          .init(document: document, outcome: .retry, reason: reason, message: message))
      case .gone(let reason, let message):
        documents.append(
          .init(document: document, outcome: .gone, reason: reason, message: message))
      }
    }
    if retries.count == inputs.count, let first = retries.first {
      return postpone(
        claim, content: content, documents: Self.merged(waiting), reason: first.reason,
        message: first.message, notBefore: retries.compactMap(\.notBefore).max(), started: started)
    }
    var outputs = try outputs(of: records, claim: claim, content: content)
    var others: [Receipt] = []
    if let first = retries.first {
      let retry = try retryOutput(retries.map(\.line), first, claim, content)
      outputs.append(retry)
      // The records that are tried again are an item of their own from here on, with a receipt of its own.
      others = [
        receipt(
          of: retry.name, retry.state == .failed ? .failed : .retry,
          due: retry.state == .failed ? nil : retry.name.due, message: first.message,
          documents: Self.merged(waiting), started: started)
      ]
    }
    var counts: [String: Int] = [:]
    var named: [Receipt.Output] = []
    // Last, so that whoever meets what is left finds the outputs published.
    for onward in onwards {
      counts.merge(onward.counts, uniquingKeysWith: +)
      if let item = onward.publishedAs {
        named.append(.init(stage: S.name, item: item))
        continue
      }
      if onward.record.isEmpty { continue }
      let rest = try onwardOutput(onward, claim, content)
      outputs.append(rest)
      if let pause = onward.pause {
        others.append(
          receipt(
            of: rest.name, .retry, due: rest.name.due, message: pause.message, documents: [],
            started: started))
      }
    }
    return settled(
      claim, content.envelope, .done, name: claim.name, documents: Self.merged(documents),
      outputs: outputs, named: named, generation: generation, others: others, counts: counts,
      started: started, end: .remove)
  }

  /// What is left of the work, as an item of this stage with all its tries before it.
  private func onwardOutput(
    _ onward: Onward, _ claim: Claim, _ content: ItemContent
  ) throws -> Settled.Output {
    var envelope = content.envelope
    envelope.madeBy = "\(S.name)/\(S.version)"
    envelope.from = [claim.name.id]
    guard let pause = onward.pause else {
      return try output(
        [onward.record], envelope, into: own, state: .incoming, due: envelope.born)
    }
    return try output(
      [onward.record], envelope, into: own, state: .deferred,
      due: WallClock.now() + min(max(0, pause.milliseconds), 86_400_000), reason: pause.reason)
  }

  /// After a crash: one item a record, so that a poison record takes no neighbours along.
  func split(_ claim: Claim, content: ItemContent, started: Int) throws -> Settled {
    let outputs = try content.records.map { line in
      var envelope = content.envelope
      envelope.from = [claim.name.id]
      var name = claim.name
      name.reason = ItemName.split
      return try output(
        [Array(line)], envelope, into: own, state: .incoming, due: name.due, tries: name.tries,
        reason: name.reason)
    }
    return settled(
      claim, content.envelope, .done, name: claim.name, outputs: outputs, started: started,
      end: .remove)
  }

  /// Harms its workers, or was out of tries when it came: failed before it takes the next one along.
  func exhausted(
    _ claim: Claim, content: ItemContent, inputs: [S.Input], started: Int
  ) -> Settled {
    let reason = claim.name.reason ?? "crashed"
    let message =
      reason == "timeout"
      ? "The \(S.name) stage did not come to an end with it, \(claim.name.tries) times."
      : "The \(S.name) stage died on it \(claim.name.tries) times."
    let documents = inputs.map { input in
      Receipt.Document(
        document: stage.document(of: input), outcome: .failed, reason: reason, message: message)
    }
    return settled(
      claim, content.envelope, .failed, name: claim.name, message: message,
      documents: Self.merged(documents), started: started, end: .move(.failed, claim.name))
  }

  /// Unreadable: failed at once, never looped.
  func unreadable(_ claim: Claim, error: SpoolError, started: Int) -> Settled {
    var name = claim.name
    name.tries += 1
    name.reason = "damaged"
    let envelope = Envelope(
      schema: Receipt.schema, lane: name.lane, run: "", scope: "", born: name.due, madeBy: "",
      from: [], recordCount: 1)
    return settled(
      claim, envelope, .failed, name: name, message: "\(error)", started: started,
      end: .move(.failed, name))
  }

  private func postpone(
    _ claim: Claim, content: ItemContent, documents: [Receipt.Document], reason: String,
    message: String, notBefore: Int?, started: Int
  ) -> Settled {
    var name = claim.name
    name.tries += 1
    name.reason = reason
    if name.tries >= settings.policy.limit(for: reason) {
      return settled(
        claim, content.envelope, .failed, name: name, message: message, documents: documents,
        started: started, end: .move(.failed, name))
    }
    name.due = dueTime(tries: name.tries, notBefore: notBefore)
    return settled(
      claim, content.envelope, .retry, name: name, due: name.due, message: message,
      documents: documents, started: started, end: .move(.deferred, name))
  }

  private func dueTime(tries: Int, notBefore: Int?) -> Int {
    WallClock.now()
      + settings.policy.delay(
        after: tries, jitter: Double.random(in: 0.5..<1.5), notBefore: notBefore)
  }

  private func outputs(
    of records: [[UInt8]], claim: Claim, content: ItemContent
  ) throws -> [Settled.Output] {
    guard let next = S.next else { return [] }
    var envelope = content.envelope
    envelope.schema = next.schema
    envelope.madeBy = "\(S.name)/\(S.version)"
    envelope.from = [claim.name.id]
    return try settings.batch.batches(of: records).map { batch in
      try output(
        batch, envelope, into: SpoolDirectory(spool: spool, stage: next.stage), state: .incoming,
        due: envelope.born)
    }
  }

  private func retryOutput(
    _ lines: [[UInt8]], _ first: Retry, _ claim: Claim, _ content: ItemContent
  ) throws -> Settled.Output {
    let tries = claim.name.tries + 1
    let failed = tries >= settings.policy.limit(for: first.reason)
    var envelope = content.envelope
    envelope.from = [claim.name.id]
    return try output(
      lines, envelope, into: own, state: failed ? .failed : .deferred,
      due: dueTime(tries: tries, notBefore: first.notBefore), tries: tries, reason: first.reason)
  }

  private func output(
    _ records: [[UInt8]], _ envelope: Envelope, into directory: SpoolDirectory, state: SpoolState,
    due: Int, tries: Int = 0, reason: String? = nil
  ) throws -> Settled.Output {
    let content = try ItemContent.encode(envelope, records: records)
    guard content.count <= JSONLines.itemLimit else {
      throw SpoolError.tooLarge(path: "an output of \(S.name)", limit: JSONLines.itemLimit)
    }
    let name = ItemName(
      due: due, lane: envelope.lane, id: SpoolDirectory.id(of: content), tries: tries,
      reason: reason)
    return Settled.Output(directory: directory, state: state, name: name, content: content)
  }

  private func settled(
    _ claim: Claim, _ envelope: Envelope, _ outcome: Receipt.Outcome, name: ItemName,
    due: Int? = nil, message: String? = nil, documents: [Receipt.Document] = [],
    outputs: [Settled.Output] = [], named: [Receipt.Output] = [],
    generation: Generation? = nil, others: [Receipt] = [],
    counts: [String: Int] = [:], started: Int, end: Settled.End
  ) -> Settled {
    let receipt = receipt(
      of: name, outcome, due: due, message: message, documents: documents,
      outputs: outputs.map { .init(stage: $0.directory.stage, item: $0.name.id) } + named,
      generation: generation, counts: counts, started: started)
    return Settled(
      claim: claim, outputs: outputs, envelope: envelope, receipts: [receipt] + others, end: end)
  }

  private func receipt(
    of name: ItemName, _ outcome: Receipt.Outcome, due: Int?, message: String?,
    documents: [Receipt.Document], outputs: [Receipt.Output] = [], generation: Generation? = nil,
    counts: [String: Int] = [:], started: Int
  ) -> Receipt {
    var live: Int?
    var held: Int?
    var message = message
    var reason = outcome == .done ? nil : name.reason
    switch generation {
    case .live(let number): live = number
    case .held(let number, let why, let cause): (held, message, reason) = (number, why, cause)
    case nil: break
    }
    let documents = documents.map { document in
      var document = document
      // An item out of tries ends its documents with it.
      if outcome == .failed, document.outcome == .retry { document.outcome = .failed }
      return document
    }
    return Receipt(
      stage: S.name, item: name.id, outcome: outcome, tries: name.tries,
      reason: reason, due: due, message: message, outputs: outputs,
      documents: documents, startedAt: started, milliseconds: WallClock.now() - started,
      worker: worker, generation: live, heldGeneration: held,
      counts: counts.isEmpty ? nil : counts)
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
