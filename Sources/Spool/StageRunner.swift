// The one loop of every stage: sweep, claim, process, publish, receipt, settle (SPOOL.md sections 3 to 5).

import Synchronization

/// Asks running workers to finish the item in hand and stop.
package final class StopFlag: Sendable {
  private let flag = Mutex(false)

  package init() {}

  package var isSet: Bool { flag.withLock { $0 } }

  package func set() { flag.withLock { $0 = true } }
}

/// Settings of one stage's runner; data of `pipelines/ingest.mk`.
package struct RunnerSettings: Sendable {
  /// Items worked on at the same time by this process.
  package var workers: Int
  package var batch: BatchLimits
  package var policy: RetryPolicy
  /// When the next stage has this many waiting, nothing more is claimed.
  package var nextBound: Int
  /// Go on waiting for items when there are none.
  package var watch: Bool
  /// Whether this stage takes in from outside and so must leave the disk reserve alone.
  package var guardsDiskReserve: Bool

  package init(
    workers: Int = 1, batch: BatchLimits = BatchLimits(), policy: RetryPolicy = RetryPolicy(),
    nextBound: Int = 10_000, watch: Bool = false, guardsDiskReserve: Bool = false
  ) {
    self.workers = workers
    self.batch = batch
    self.policy = policy
    self.nextBound = nextBound
    self.watch = watch
    self.guardsDiskReserve = guardsDiskReserve
  }
}

/// Runs one stage over its spool directory until drained, or until stopped.
package struct StageRunner<S: Stage>: Sendable {
  private let stage: S
  private let spool: String
  private let directory: SpoolDirectory
  private let settings: RunnerSettings
  private let settlement: Settlement<S>
  private let queue: ClaimQueue
  private let stop: StopFlag

  /// - Parameter log: receives one line an outcome, key first.
  package init(
    stage: S, spool: String, settings: RunnerSettings, stop: StopFlag,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.stage = stage
    self.spool = spool
    self.settings = settings
    self.stop = stop
    directory = SpoolDirectory(spool: spool, stage: S.name)
    let worker = Worker()
    queue = ClaimQueue(directory: directory, worker: worker)
    settlement = Settlement(
      stage: stage, spool: spool, settings: settings, worker: worker.name, log: log)
  }

  /// Works until the spool is drained; with `watch`, until stopped.
  ///
  /// - Throws: `StageFault` or a `SpoolError` that is the machine's fault, after giving back what was claimed.
  package func run() async throws {
    try directory.prepare()
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

  private func work() async throws {
    var idle = 10
    while !stop.isSet {
      if let claim = try claimUnlessFull() {
        idle = 10
        try await work(on: claim)
      } else if settings.watch {
        // No thread is blocked: a sleeping task costs nothing, and a listing every quarter second next to nothing.
        try? await Task.sleep(for: .milliseconds(idle))
        idle = min(idle * 2, 250)
      } else {
        return
      }
    }
  }

  private func claimUnlessFull() throws -> Claim? {
    if settings.guardsDiskReserve { try DiskReserve.check(directory.path) }
    if let next = S.next {
      let waiting = try SpoolDirectory(spool: spool, stage: next.stage).items(.incoming).count
      if waiting >= settings.nextBound { return nil }
    }
    return try queue.next()
  }

  private func work(on claim: Claim) async throws {
    let started = WallClock.now()
    do {
      let content: ItemContent
      let inputs: [S.Input]
      do {
        (content, inputs) = try read(claim)
      } catch let error as SpoolError where !error.isMachineFault {
        try settlement.failUnreadable(claim, error: error, started: started)
        return
      }
      if claim.name.reason == "crashed",
        claim.name.tries >= settings.policy.limit(for: "crashed")
      {
        try settlement.failCrashed(claim, content: content, inputs: inputs, started: started)
        return
      }
      if claim.name.reason == "crashed", inputs.count > 1 {
        try settlement.split(claim, content: content, started: started)
        return
      }
      let outcomes: [Outcome<S.Output>]
      do {
        outcomes = try await stage.process(inputs, of: content.envelope)
      } catch let fault as StageFault {
        throw fault
      } catch let error as SpoolError where error.isMachineFault {
        throw error
      } catch {
        outcomes = inputs.map { _ in .retry(reason: "error", message: "\(error)") }
      }
      try settlement.settle(
        claim, content: content, inputs: inputs, outcomes: outcomes, started: started)
    } catch {
      // The machine's fault: the item goes back as it came. Where even that fails, the sweep will find it.
      try? claim.giveBack()
      throw error
    }
  }

  private func read(_ claim: Claim) throws -> (ItemContent, [S.Input]) {
    let content = try claim.content()
    guard S.inputSchemas.contains(content.envelope.schema) else {
      throw SpoolError.unknownSchema(item: claim.name.id, schema: content.envelope.schema)
    }
    let inputs = try content.records.enumerated().map { index, line in
      do {
        return try JSONLines.decode(S.Input.self, from: line)
      } catch {
        throw SpoolError.damaged(item: claim.name.id, what: "record \(index + 1) does not decode")
      }
    }
    return (content, inputs)
  }
}
