// One at a time for each customer: of two events that ask Stripe for the same subscription, the second asks when the first has
// written down what it was told.

import Synchronization

/// Lets work on one name wait for its turn; work on different names goes side by side.
final class CustomerTurns: Sendable {
  /// Who waits for each name that is being worked on.
  private let waiting = Mutex<[String: [CheckedContinuation<Void, Never>]]>([:])

  /// Works on a name when its turn has come, first come, first served.
  func inTurn<Value: Sendable>(
    _ name: String, _ work: @Sendable () async throws -> Value
  ) async throws -> Value {
    await withCheckedContinuation { continuation in
      let isFree = waiting.withLock { waiting in
        guard waiting[name] != nil else {
          waiting[name] = []
          return true
        }
        waiting[name]?.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
    defer { leave(name) }
    return try await work()
  }

  private func leave(_ name: String) {
    let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
      guard var line = waiting[name], !line.isEmpty else {
        waiting[name] = nil
        return nil
      }
      let next = line.removeFirst()
      waiting[name] = line
      return next
    }
    next?.resume()
  }
}
