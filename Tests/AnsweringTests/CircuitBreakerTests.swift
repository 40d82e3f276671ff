import Testing

@testable import Answering

@Suite struct CircuitBreakerTests {
  private typealias Outcome = CircuitBreaker.Outcome

  private let start = ContinuousClock.now
  private let policy = CircuitBreaker.Policy(
    failures: 3, window: .seconds(60), coolDown: .seconds(10))

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  /// A pass, or a failed test.
  private func pass(
    _ breaker: inout CircuitBreaker, _ seconds: Double
  ) throws -> CircuitBreaker.Pass {
    guard case .pass(let pass) = breaker.admit(at: at(seconds)) else {
      throw Refused()
    }
    return pass
  }
  private struct Refused: Error {}

  /// Requests one after the other.
  private func ask(
    _ breaker: inout CircuitBreaker, _ outcomes: [(Double, Outcome)]
  ) throws {
    for (seconds, outcome) in outcomes {
      breaker.settle(try pass(&breaker, seconds), outcome, at: at(seconds))
    }
  }

  private let failed = Outcome.failed(rest: nil)

  @Test func `failures in a row open it, for the cool-down`() throws {
    var breaker = CircuitBreaker(policy)
    try ask(&breaker, [(0, failed), (1, failed)])
    #expect(breaker.isClosed)
    try ask(&breaker, [(2, failed)])
    #expect(!breaker.isClosed)
    #expect(breaker.admit(at: at(2)) == .refused(left: .seconds(10)))
    #expect(breaker.admit(at: at(11)) == .refused(left: .seconds(1)))
    #expect(try pass(&breaker, 12).isProbe)
  }

  @Test func `a success between failures, or their age, keeps it closed`() throws {
    var breaker = CircuitBreaker(policy)
    try ask(&breaker, [(0, failed), (1, failed), (2, .worked), (3, failed), (4, failed)])
    #expect(breaker.isClosed)
    try ask(&breaker, [(63, failed)])
    #expect(breaker.isClosed)
    // Only what is known counts: a visitor who left says nothing.
    try ask(&breaker, [(64, .unknown), (64, .unknown), (64, failed)])
    #expect(breaker.isClosed)
    try ask(&breaker, [(65, failed)])
    #expect(!breaker.isClosed)
  }

  @Test func `one request tries the endpoint, and decides`() throws {
    var breaker = CircuitBreaker(policy)
    try ask(&breaker, [(0, failed), (0, failed), (0, failed)])
    let probe = try pass(&breaker, 10)
    #expect(breaker.admit(at: at(10)) == .refused(left: nil))
    #expect(breaker.admit(at: at(1_000)) == .refused(left: nil))
    breaker.settle(probe, failed, at: at(12))
    #expect(breaker.admit(at: at(21)) == .refused(left: .seconds(1)))
    breaker.settle(try pass(&breaker, 22), .worked, at: at(23))
    #expect(breaker.isClosed)
    // It counts from nothing again.
    try ask(&breaker, [(24, failed), (24, failed)])
    #expect(breaker.isClosed)
  }

  @Test func `a probe whose visitor leaves makes room for the next`() throws {
    var breaker = CircuitBreaker(policy)
    try ask(&breaker, [(0, failed), (0, failed), (0, failed)])
    breaker.settle(try pass(&breaker, 10), .unknown, at: at(11))
    #expect(try pass(&breaker, 11).isProbe)
  }

  @Test func `the first word of a probe closes it, and a break after that is one failure`() throws {
    var breaker = CircuitBreaker(policy)
    try ask(&breaker, [(0, failed), (0, failed), (0, failed)])
    let probe = try pass(&breaker, 10)
    let heard = breaker.heard(probe)
    #expect(breaker.isClosed && !heard.isProbe)
    #expect(breaker.heard(heard) == heard)
    breaker.settle(heard, failed, at: at(11))
    #expect(breaker.isClosed)
    try ask(&breaker, [(12, failed), (13, failed)])
    #expect(!breaker.isClosed)
  }

  @Test func `what began before a change says nothing after it`() throws {
    var breaker = CircuitBreaker(policy)
    let old = try (0..<4).map { _ in try pass(&breaker, 0) }
    for pass in old.prefix(3) { breaker.settle(pass, failed, at: at(1)) }
    #expect(!breaker.isClosed)
    breaker.settle(old[3], .worked, at: at(2))
    #expect(!breaker.isClosed)
    let probe = try pass(&breaker, 11)
    breaker.settle(old[3], failed, at: at(11))
    breaker.settle(probe, .worked, at: at(12))
    #expect(breaker.isClosed)
    breaker.settle(probe, failed, at: at(12))
    #expect(breaker.isClosed)
  }

  @Test(arguments: [(3, 10), (40, 40), (86_400, 300)])
  func `a rest that the endpoint asks for is granted at once, within bounds`(
    asked: Int, granted: Int
  ) throws {
    var breaker = CircuitBreaker(policy)
    try ask(&breaker, [(0, .failed(rest: .seconds(asked)))])
    #expect(breaker.admit(at: at(0)) == .refused(left: .seconds(granted)))
  }

  @Test func `which errors speak against the endpoint`() {
    let unknown: [LanguageModelError] = [.cancelled, .resting(endpoint: "e", left: nil)]
    let fine: [LanguageModelError] = [
      .refused(endpoint: "e", status: 401), .rejected(endpoint: "e", status: 400, code: nil),
      .empty(endpoint: "e"),
    ]
    let bad: [LanguageModelError] = [
      .unavailable(endpoint: "e", why: "x"), .rateLimited(endpoint: "e", retryAfter: nil),
      .rateLimited(endpoint: "e", retryAfter: .seconds(5)), .malformed(endpoint: "e", why: "x"),
      .tooSlow(endpoint: "e", limit: .seconds(1)), .cut(endpoint: "e", why: "x"),
    ]
    #expect(unknown.allSatisfy { $0.outcome == .unknown })
    #expect(fine.allSatisfy { $0.outcome == .worked })
    #expect(bad.allSatisfy { $0.outcome == failed })
    #expect(
      LanguageModelError.rateLimited(endpoint: "e", retryAfter: .seconds(6)).outcome
        == .failed(rest: .seconds(6)))
  }
}
