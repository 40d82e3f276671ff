// Ties a task's cancellation to a request that is made a moment later.
//
// Relies on Synchronization. Cancelled before or after the request is attached: it is told either
// way, once or twice.

import Synchronization

/// Remembers that the caller has gone until there is a request to tell.
final class Cancellation: Sendable {
  private struct State {
    var isCancelled = false
    var request: EmbedRequest?
  }

  private let state = Mutex(State())

  func attach(_ request: EmbedRequest) {
    let isCancelled = state.withLock { state in
      state.request = request
      return state.isCancelled
    }
    if isCancelled { request.cancel() }
  }

  func cancel() {
    let request = state.withLock { state in
      state.isCancelled = true
      return state.request
    }
    request?.cancel()
  }
}
