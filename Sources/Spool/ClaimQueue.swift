// Hands the workers of one process their next claim. A pass lists `incoming` once; passes go on until one claims nothing.

import Synchronization

/// The shared position of a process's workers in the current pass.
final class ClaimQueue: Sendable {
  private struct Pass {
    var waiting: [ItemName] = []
    var lastSweep = 0
  }

  private let directory: SpoolDirectory
  private let worker: Worker
  private let pass = Mutex(Pass())

  init(directory: SpoolDirectory, worker: Worker) {
    self.directory = directory
    self.worker = worker
  }

  /// The next item that can be claimed, or nil when a whole pass claimed nothing.
  func next() throws(SpoolError) -> Claim? {
    var listed = false
    while true {
      let name = try pass.withLock { (pass) throws(SpoolError) -> ItemName? in
        if let name = pass.waiting.popLast() { return name }
        if listed { return nil }
        listed = true
        let now = WallClock.now()
        if now - pass.lastSweep > 1_000 {
          // Cheap: three directory listings. Often, because a drained worker is only told by it that an item fell due.
          _ = try Sweep.run(directory, now: now)
          pass.lastSweep = now
        }
        let names = try directory.items(.incoming)
        pass.waiting = Lanes.order(names, now: now, startingAt: Int.random(in: 0..<Int.max))
          .reversed()
        return pass.waiting.popLast()
      }
      guard let name else { return nil }
      if let claim = try Claim.take(name, in: directory, by: worker) { return claim }
    }
  }
}
