// A race between a slow call that cannot be cancelled, a time limit and the caller's cancellation.

import Synchronization

/// A value that several tasks race to give to one that waits; the first wins.
final class FirstAnswer<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var waiter: CheckedContinuation<Value, Never>?
  }
  private let state = Mutex(State())

  func give(_ value: Value) {
    let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
      guard state.value == nil else { return nil }
      state.value = value
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: value)
  }

  /// To be called once.
  func value() async -> Value {
    await withCheckedContinuation { continuation in
      let ready = state.withLock { state -> Value? in
        if state.value == nil { state.waiter = continuation }
        return state.value
      }
      if let ready { continuation.resume(returning: ready) }
    }
  }
}
