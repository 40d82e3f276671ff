// What one process knows of one endpoint from its replies so far.

import Synchronization

/// The circuit breaker of an endpoint and the settings it takes, shared by its conversations.
package final class EndpointMemory: Sendable {
  private struct State {
    var breaker: CircuitBreaker
    var dialect = ChatCompletionRequest.Dialect.common
  }

  private let state: Mutex<State>

  package init(_ policy: CircuitBreaker.Policy = CircuitBreaker.Policy()) {
    state = Mutex(State(breaker: CircuitBreaker(policy)))
  }

  /// The dialect to begin with; once an endpoint has refused one it is not offered again.
  var dialect: ChatCompletionRequest.Dialect {
    get { state.withLock { $0.dialect } }
    set { state.withLock { $0.dialect = newValue } }
  }

  func admit(at now: CircuitBreaker.Instant) -> CircuitBreaker.Admission {
    state.withLock { $0.breaker.admit(at: now) }
  }

  func heard(_ pass: CircuitBreaker.Pass) -> CircuitBreaker.Pass {
    state.withLock { $0.breaker.heard(pass) }
  }

  func settle(
    _ pass: CircuitBreaker.Pass, _ outcome: CircuitBreaker.Outcome, at now: CircuitBreaker.Instant
  ) {
    state.withLock { $0.breaker.settle(pass, outcome, at: now) }
  }
}
