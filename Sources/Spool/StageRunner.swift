// The one loop of every stage: sweep, claim, process, settle, publish (SPOOL.md sections 3 to 5).
//
// Quick items are settled in groups that share their syncs; a slow item is settled at once. What may kill its worker is
// worked on alone, so that it takes no neighbour along.

import Dispatch

/// Settings of one stage's runner; data of `pipelines/ingest.mk`.
package struct RunnerSettings: Sendable {
  /// Items worked on at the same time by this process.
  package var workers: Int
  package var batch: BatchLimits
  package var policy: RetryPolicy
  package var bounds: QueueBounds
  /// Items that are settled together at most; 1 syncs each by itself.
  package var groupLimit: Int
  /// Longest time on one item before the process ends itself.
  package var itemLimit: Duration
  /// Go on waiting for items when there are none.
  package var watch: Bool
  /// How much of the disk reserve must be free for this stage to take an item.
  package var reserve: DiskReserve.Level

  package init(
    workers: Int = 1, batch: BatchLimits = BatchLimits(), policy: RetryPolicy = RetryPolicy(),
    bounds: QueueBounds = QueueBounds(), groupLimit: Int = 32,
    itemLimit: Duration = .seconds(900), watch: Bool = false, reserve: DiskReserve.Level = .half
  ) {
    self.workers = workers
    self.batch = batch
    self.policy = policy
    self.bounds = bounds
    self.groupLimit = groupLimit
    self.itemLimit = itemLimit
    self.watch = watch
    self.reserve = reserve
  }
}

/// Runs one stage over its spool directory until drained, or until stopped.
package struct StageRunner<S: Stage>: Sendable {
  /// An item waits at most this long for others to share its syncs.
  private static var groupPatience: Duration { .milliseconds(100) }

  private let stage: S
  private let directory: SpoolDirectory
  private let settings: RunnerSettings
  private let settlement: Settlement<S>
  private let publication: Publication
  private let queue: ClaimQueue
  private let watchdog: Watchdog
  private let stop: StopFlag
  private let log: @Sendable (String) -> Void

  /// - Parameter log: receives one line an outcome, key first.
  package init(
    stage: S, spool: String, settings: RunnerSettings, stop: StopFlag,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.stage = stage
    self.settings = settings
    self.stop = stop
    self.log = log
    directory = SpoolDirectory(spool: spool, stage: S.name)
    let ledger = SpoolDirectory(spool: spool, stage: Ledger.stage)
    let worker = Worker()
    queue = ClaimQueue(
      directory: directory,
      next: S.next.map { SpoolDirectory(spool: spool, stage: $0.stage) }, ledger: ledger,
      bounds: settings.bounds, worker: worker)
    settlement = Settlement(stage: stage, spool: spool, settings: settings, worker: worker.name)
    publication = Publication(madeBy: "\(S.name)/\(S.version)", ledger: ledger)
    // SPOOL.md section 5: finish or give back within 30 s of the wish to stop.
    watchdog = Watchdog(limit: settings.itemLimit, grace: .seconds(25), stop: stop, log: log)
  }

  /// Works until the spool is drained; with `watch`, until stopped.
  ///
  /// - Throws: `StageFault` or a `SpoolError` that is the machine's fault, after giving back what was claimed.
  package func run() async throws {
    try directory.prepare()
    let watch = watchdog.start()
    defer { watch.cancel() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<max(1, settings.workers) { group.addTask { try await work() } }
      do {
        try await group.waitForAll()
      } catch {
        // The other workers finish the item in hand; then the fault is reported.
        stop.set()
        while await group.nextResult() != nil {}
        throw error
      }
    }
  }

  /// Items of one worker that are decided and not yet on disk.
  private struct Group {
    var members: [Settled] = []
    var since = ContinuousClock.now

    var isOld: Bool { ContinuousClock.now - since >= StageRunner.groupPatience }
    /// Outputs are held in memory until they are written.
    var byteCount: Int { members.reduce(0) { $0 + $1.outputs.reduce(0) { $0 + $1.content.count } } }
  }

  private func work() async throws {
    var group = Group()
    var idle = 10
    while !stop.isSet {
      switch try turn(&group) {
      case .claim(let claim):
        idle = 10
        try await work(on: claim, &group)
      case .wait:
        try publish(&group)
        try? await Task.sleep(for: .milliseconds(2))
      case .none:
        if !group.members.isEmpty {
          try publish(&group)
        } else if settings.watch {
          // No thread is blocked: a sleeping task costs nothing, and a listing every quarter second next to nothing.
          try? await Task.sleep(for: .milliseconds(idle))
          idle = min(idle * 2, 250)
        } else {
          return
        }
      }
    }
    try publish(&group)
  }

  /// The next claim, unless the disk is short; a worker that watches waits for space and needs no restart.
  private func turn(_ group: inout Group) throws -> ClaimQueue.Turn {
    do {
      try DiskReserve.check(directory.path, settings.reserve)
      return try queue.turn()
    } catch let error as SpoolError {
      if error.isReserve, settings.watch {
        ReserveNotice.tell(error, log)
        return .none
      }
      try publish(&group)
      throw error
    }
  }

  private func work(on claim: Claim, _ group: inout Group) async throws {
    watchdog.watch(claim)
    do {
      let settled = try await settle(claim)
      if group.members.isEmpty { group.since = .now }
      group.members.append(settled)
    } catch {
      // The machine's fault: the item goes back as it came. Where even that fails, the sweep will find it.
      release([claim], givingBack: true)
      // What was decided before it may still come through.
      try? publish(&group)
      throw error
    }
    if group.members.count >= settings.groupLimit || claim.name.tries > 0 || group.isOld
      || group.byteCount > settings.batch.bytes
    {
      try publish(&group)
    }
  }

  private func publish(_ group: inout Group) throws {
    guard !group.members.isEmpty else { return }
    let members = group.members
    group = Group()
    let published: [Settled]
    do {
      published = try publication.publish(members)
    } catch {
      release(members.map(\.claim).filter(\.stands), givingBack: true)
      throw error
    }
    release(members.map(\.claim), givingBack: false)
    for settled in published {
      for receipt in settled.receipts { log(Self.line(receipt, lane: settled.claim.name.lane)) }
    }
  }

  private func release(_ claims: [Claim], givingBack: Bool) {
    for claim in claims {
      // Best effort: what cannot go back now is found by the next sweep.
      if givingBack { try? claim.giveBack() }
      watchdog.release(claim)
      queue.release()
    }
  }

  private static func line(_ receipt: Receipt, lane: String) -> String {
    "\(receipt.outcome.rawValue) stage=\(S.name) item=\(receipt.item.prefix(8)) lane=\(lane) "
      + "tries=\(receipt.tries) documents=\(receipt.documents.count) "
      + "outputs=\(receipt.outputs.count) ms=\(receipt.milliseconds)"
      + (receipt.reason.map { " reason=\($0)" } ?? "")
  }

  private func settle(_ claim: Claim) async throws -> Settled {
    let started = WallClock.now()
    let content: ItemContent
    let inputs: [S.Input]
    do {
      (content, inputs) = try read(claim)
    } catch let error as SpoolError where !error.isMachineFault {
      return settlement.unreadable(claim, error: error, started: started)
    }
    if let reason = claim.name.reason, ["crashed", "timeout"].contains(reason),
      claim.name.tries >= settings.policy.limit(for: reason)
    {
      return settlement.exhausted(claim, content: content, inputs: inputs, started: started)
    }
    if claim.name.reason == "crashed", inputs.count > 1 {
      return try settlement.split(claim, content: content, started: started)
    }
    do {
      let outcomes = try await stage.process(inputs, of: content.envelope)
      return try settlement.settle(
        claim, content: content, inputs: inputs, outcomes: outcomes, started: started)
    } catch let fault as StageFault {
      throw fault
    } catch let error as SpoolError where error.isMachineFault {
      throw error
    } catch {
      return try settlement.settle(
        claim, content: content, inputs: inputs,
        outcomes: inputs.map { _ in .retry(reason: "error", message: "\(error)") },
        started: started)
    }
  }

  private func read(_ claim: Claim) throws -> (ItemContent, [S.Input]) {
    let content = try claim.content()
    guard S.inputSchemas.contains(content.envelope.schema) else {
      throw SpoolError.unknownSchema(item: claim.name.id, schema: content.envelope.schema)
    }
    do {
      return (content, try JSONLines.decode(S.Input.self, lines: content.records))
    } catch let bad as JSONLines.BadLine {
      throw SpoolError.damaged(
        item: claim.name.id, what: "record \(bad.number + 1) does not decode")
    }
  }
}
