// Hands the workers of one process their next claim.
//
// A pass lists `incoming` once and orders it; it is used up or dropped soon, so that a lane that has just got its first
// item does not wait behind a long listing. Decides nothing about outcomes.

import Synchronization

/// The shared position of a process's workers in the current pass.
final class ClaimQueue: Sendable {
  /// What a worker does next.
  enum Turn: Sendable {
    case claim(Claim)
    /// An item that may kill its worker is, or must be, worked on alone: ask again in a moment.
    case wait
    /// A whole pass claimed nothing.
    case none
  }

  private struct Pass {
    /// Next last.
    var waiting: [ItemName] = []
    var endsAt = 0
    var lastSweep = 0
    /// Claims that are not settled.
    var activeCount = 0
    /// Whether one of them is a suspect's.
    var isExclusive = false
    /// A suspect whose turn it is as soon as nothing else is active.
    var suspect: ItemName?
  }

  private let directory: SpoolDirectory
  private let next: SpoolDirectory?
  private let ledger: SpoolDirectory
  private let bounds: QueueBounds
  private let worker: Worker
  /// Milliseconds since 1970 UTC.
  private let now: @Sendable () -> Int
  private let pass = Mutex(Pass())

  /// - Parameter next: the stage that receives the outputs; nil when there is none.
  init(
    directory: SpoolDirectory, next: SpoolDirectory?, ledger: SpoolDirectory, bounds: QueueBounds,
    worker: Worker, now: @escaping @Sendable () -> Int = WallClock.now
  ) {
    self.now = now
    self.directory = directory
    self.next = next
    self.ledger = ledger
    self.bounds = bounds
    self.worker = worker
  }

  /// The next item that can be claimed.
  func turn() throws(SpoolError) -> Turn {
    try pass.withLock { (pass) throws(SpoolError) -> Turn in
      var listed = false
      while true {
        if pass.isExclusive { return .wait }
        if let suspect = pass.suspect {
          guard pass.activeCount == 0 else { return .wait }
          pass.suspect = nil
          if let claim = try Claim.take(suspect, in: directory, by: worker) {
            (pass.activeCount, pass.isExclusive) = (1, true)
            return .claim(claim)
          }
        }
        if now() >= pass.endsAt { pass.waiting = [] }
        if pass.waiting.isEmpty {
          if listed { return .none }
          listed = true
          try begin(&pass)
        }
        guard let name = pass.waiting.popLast() else { return .none }
        if name.isSuspect {
          pass.suspect = name
        } else if let claim = try Claim.take(name, in: directory, by: worker) {
          pass.activeCount += 1
          return .claim(claim)
        }
      }
    }
  }

  /// A claim is settled or given back.
  func release() {
    pass.withLock { pass in
      pass.activeCount -= 1
      pass.isExclusive = false
    }
  }

  private func begin(_ pass: inout Pass) throws(SpoolError) {
    let startedAt = now()
    if startedAt - pass.lastSweep > 1_000 {
      // Cheap: three directory listings. Often, because a drained worker is only told by it that an item fell due.
      _ = try Sweep.run(directory, now: startedAt)
      pass.lastSweep = startedAt
    }
    pass.waiting = []
    // Nobody drains the ledger: what is not told is not done.
    if try DurableFile.count(in: ledger.directory(.incoming)) < bounds.ledger {
      let names = try directory.items(.incoming)
      let (full, room) = try room(for: names, besides: pass.activeCount)
      pass.waiting = Lanes.order(
        names, now: startedAt, startingAt: Int.random(in: 0..<Int.max), full: full
      ).prefix(room).reversed()
    }
    // A tenth of the time at most goes into listing, and a new lane waits a quarter second at least.
    let listedAt = now()
    pass.endsAt = listedAt + max(250, 10 * (listedAt - startedAt))
  }

  /// What the next stage can take: lanes that must wait, and how many items of the others.
  private func room(
    for names: [ItemName], besides unsettled: Int
  ) throws(SpoolError) -> (full: Set<String>, room: Int) {
    guard let next, !names.isEmpty else { return ([], names.count) }
    let count = try DurableFile.count(in: next.directory(.incoming))
    // What is claimed and not settled will stand there too.
    if count < bounds.next { return ([], max(0, bounds.next - count - unsettled)) }
    var waiting: [String: Int] = [:]
    for name in try next.items(.incoming) { waiting[name.lane, default: 0] += 1 }
    let sharing = Set(names.map(\.lane))
    let full = Lanes.full(waiting: waiting, sharing: sharing, bound: bounds.next)
    // A lane below its share never waits: one item of each, then look again.
    return (full, sharing.subtracting(full).count)
  }
}

/// Items that may wait before their producers pause.
package struct QueueBounds: Sendable {
  /// In the next stage's `incoming`.
  package var next: Int
  /// In the ledger's.
  package var ledger: Int

  package init(next: Int = 10_000, ledger: Int = 100_000) {
    self.next = next
    self.ledger = ledger
  }
}
