// The wish to stop, as a flag that loops look at. A signal's handler only sets an atomic: from the moment it is installed
// no signal is lost, and before that a signal ends a process that has claimed nothing.

import Glibc
import Synchronization

/// Asks running workers to finish the item in hand and stop.
package final class StopFlag: Sendable {
  private static let signalled = Atomic(false)
  private let heedsSignals: Bool
  private let flag = Mutex<ContinuousClock.Instant?>(nil)

  /// - Parameter heedingSignals: whether SIGINT and SIGTERM set it, in place of ending the process.
  package init(heedingSignals: Bool = false) {
    heedsSignals = heedingSignals
    guard heedingSignals else { return }
    // Made before the handler may use it: a lazy initialiser is not safe inside one.
    _ = Self.signalled.load(ordering: .relaxed)
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in StopFlag.signalled.store(true, ordering: .relaxed) }
    }
  }

  package var isSet: Bool { instant != nil }

  /// When it was first set, or first seen to be.
  var instant: ContinuousClock.Instant? {
    if heedsSignals, Self.signalled.load(ordering: .relaxed) { set() }
    return flag.withLock { $0 }
  }

  package func set() { flag.withLock { $0 = $0 ?? .now } }
}
