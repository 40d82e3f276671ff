// Leaves an endpoint alone that has failed several times in a row, so that nobody waits for it in vain.
//
// Closed, open, or half open with one request on trial. Pure: instants come in as values. Each request asks for a pass and
// gives it back with what came of it; a pass from before the last change says nothing about the present.

/// Whether an endpoint may be asked.
package struct CircuitBreaker: Sendable {
  package typealias Instant = ContinuousClock.Instant

  /// When it opens, and for how long.
  package struct Policy: Hashable, Sendable {
    /// Failures in a row, without one success between them, that open it.
    package var failures: Int
    /// How long a failure counts.
    package var window: Duration
    /// How long the endpoint is left alone before one request tries it.
    package var coolDown: Duration

    package init(
      failures: Int = 5, window: Duration = .seconds(600), coolDown: Duration = .seconds(30)
    ) {
      self.failures = max(1, failures)
      self.window = window
      self.coolDown = coolDown
    }
  }

  /// Permission for one request.
  package struct Pass: Hashable, Sendable {
    fileprivate let epoch: Int
    /// Whether the endpoint's future depends on this request alone.
    package let isProbe: Bool
  }

  /// The answer to who asks for a pass.
  package enum Admission: Hashable, Sendable {
    case pass(Pass)
    /// Not now; `left` is the rest of the cool-down, nil while another request tries the endpoint.
    case refused(left: Duration?)
  }

  /// What came of a request.
  package enum Outcome: Hashable, Sendable {
    case worked
    /// `rest` is how long the endpoint asked to be left alone, when that is longer than we wait.
    case failed(rest: Duration?)
    /// Whoever asked has left: nothing is known.
    case unknown
  }

  private enum Phase {
    case closed(failures: [Instant])
    case open(until: Instant)
    case halfOpen
  }

  /// The longest rest that an endpoint may ask for.
  package static let longestRest = Duration.seconds(300)

  private let policy: Policy
  private var phase = Phase.closed(failures: [])
  private var epoch = 0

  package init(_ policy: Policy = Policy()) { self.policy = policy }

  /// Whether requests pass freely.
  package var isClosed: Bool {
    if case .closed = phase { true } else { false }
  }

  /// Lets a request through, or not.
  package mutating func admit(at now: Instant) -> Admission {
    switch phase {
    case .closed:
      return .pass(Pass(epoch: epoch, isProbe: false))
    case .open(let until) where now < until:
      return .refused(left: until - now)
    case .open:
      change(to: .halfOpen)
      return .pass(Pass(epoch: epoch, isProbe: true))
    case .halfOpen:
      return .refused(left: nil)
    }
  }

  /// The endpoint has begun to answer: who tried it need not keep the others out until the end.
  ///
  /// Returns the pass to go on with.
  package mutating func heard(_ pass: Pass) -> Pass {
    guard pass.isProbe, pass.epoch == epoch else { return pass }
    change(to: .closed(failures: []))
    return Pass(epoch: epoch, isProbe: false)
  }

  /// Takes a pass back.
  package mutating func settle(_ pass: Pass, _ outcome: Outcome, at now: Instant) {
    guard pass.epoch == epoch else { return }
    switch (phase, outcome) {
    case (.closed, .worked):
      phase = .closed(failures: [])
    case (.closed(var failures), .failed(let rest)):
      failures.removeAll { now - $0 >= policy.window }
      failures.append(now)
      phase = .closed(failures: failures)
      if rest != nil || failures.count >= policy.failures { open(for: rest, at: now) }
    case (.halfOpen, .worked):
      change(to: .closed(failures: []))
    case (.halfOpen, .failed(let rest)):
      open(for: rest, at: now)
    case (.halfOpen, .unknown):
      // The next one tries at once.
      change(to: .open(until: now))
    case (.closed, .unknown), (.open, _):
      break
    }
  }

  private mutating func open(for rest: Duration?, at now: Instant) {
    let asked = min(rest ?? .zero, Self.longestRest)
    change(to: .open(until: now + max(policy.coolDown, asked)))
  }

  private mutating func change(to phase: Phase) {
    self.phase = phase
    epoch &+= 1
  }
}
