// Ends a process whose work on an item does not end, so that no item is "processing" for ever.
//
// A thread of execution that hangs cannot be stopped from outside it; a process can. The item counts one more try with
// the reason `timeout`, the process's other claims go back untried, and whoever started the worker starts it again.

import Dispatch
import Glibc
import Synchronization

/// Watches the claims of one process.
final class Watchdog: Sendable {
  private struct Entry {
    let claim: Claim
    let since: ContinuousClock.Instant
  }

  private let entries = Mutex<[ObjectIdentifier: Entry]>([:])
  /// Longest time between claim and settlement.
  private let limit: Duration
  /// Longest time between the wish to stop and the end.
  private let grace: Duration
  private let stop: StopFlag
  private let log: @Sendable (String) -> Void

  init(limit: Duration, grace: Duration, stop: StopFlag, log: @escaping @Sendable (String) -> Void)
  {
    self.limit = limit
    self.grace = grace
    self.stop = stop
    self.log = log
  }

  func watch(_ claim: Claim) {
    entries.withLock { $0[ObjectIdentifier(claim)] = Entry(claim: claim, since: .now) }
  }

  func release(_ claim: Claim) {
    entries.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(claim)) }
  }

  /// Looks once a second, on a dispatch queue: the cooperative pool may be what hangs.
  ///
  /// - Returns: what keeps the watch going; cancel it when the run is over.
  func start() -> any DispatchSourceTimer {
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + 1, repeating: 1)
    timer.setEventHandler { [self] in
      if let code = look(at: .now) { _exit(code) }
    }
    timer.resume()
    return timer
  }

  /// Gives back all claims when one is over its time, or when stopping takes too long.
  ///
  /// - Returns: the exit code the process must end with now; nil when all is well.
  func look(at now: ContinuousClock.Instant) -> Int32? {
    let held = entries.withLock { Array($0.values) }
    let overdue = held.filter { now - $0.since > limit }
    let stopsLate = stop.instant.map { now - $0 > grace } ?? false
    guard !overdue.isEmpty || (stopsLate && !held.isEmpty) else { return nil }
    for entry in held {
      var name = entry.claim.name
      if now - entry.since > limit {
        name.tries += 1
        name.reason = "timeout"
      }
      log(
        "\(name.reason == "timeout" ? "hung" : "stopped") stage=\(entry.claim.directory.stage) "
          + "item=\(name.id.prefix(8)) lane=\(name.lane) tries=\(name.tries)")
      // Best effort: what cannot be moved is found by the next sweep, as after any death.
      try? entry.claim.giveBack(as: name)
    }
    return 75
  }
}
