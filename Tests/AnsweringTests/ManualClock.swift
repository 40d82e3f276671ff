// A clock that a test moves by hand.

import Synchronization

@testable import Answering

/// Time that stands still until `advance(by:)`; who waits by it goes on when his time has come.
final class ManualClock: Sendable {
  private struct Sleeper {
    let until: ContinuousClock.Instant
    let resume: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var now = ContinuousClock.now
    var lastID = 0
    var sleepers: [Int: Sleeper] = [:]
  }

  private let state = Mutex(State())

  var now: ContinuousClock.Instant { state.withLock { $0.now } }

  /// Limits by this clock, and no time between two attempts.
  var waiting: RemoteLanguageModel.Waiting {
    RemoteLanguageModel.Waiting(
      now: { self.now }, pause: { _ in }, deadline: { try await self.sleep($0) })
  }

  func advance(by duration: Duration) {
    let due = state.withLock { state in
      state.now += duration
      let due = state.sleepers.filter { $0.value.until <= state.now }
      for id in due.keys { state.sleepers[id] = nil }
      return due
    }
    for sleeper in due.values { sleeper.resume.resume(returning: true) }
  }

  private func sleep(_ duration: Duration) async throws {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    let isOver = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver: Bool? = state.withLock { state in
          if Task.isCancelled { return false }
          if duration <= .zero { return true }
          state.sleepers[id] = Sleeper(until: state.now + duration, resume: continuation)
          return nil
        }
        if let isOver { continuation.resume(returning: isOver) }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: id) }?.resume.resume(returning: false)
    }
    guard isOver else { throw CancellationError() }
  }
}
