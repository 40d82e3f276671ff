// The clocks of one transfer, with instants as values.

import Testing

@testable import WebClient

struct DeadlinesTests {
  private let start = ContinuousClock.now

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  @Test func `a hundred bytes a second are enough and fewer are not`() {
    var steady = Deadlines(RequestLimits(), started: start)
    var slow = steady
    for second in 1...9 {
      steady.arrived(112, at: at(Double(second)))
      slow.arrived(110, at: at(Double(second)))
    }
    #expect(steady.next == at(10))
    #expect(steady.expired(at: at(9.9)) == nil)
    #expect(slow.expired(at: at(9.9)) == nil)
    #expect(steady.expired(at: at(10)) == nil)
    #expect(steady.next == at(20))
    #expect(steady.expired(at: at(20)) == .data)
    #expect(slow.expired(at: at(10)) == .data)
  }

  @Test func `the first byte and the silence after it have limits of their own`() {
    let limits = RequestLimits(
      firstByte: .seconds(90), idle: .seconds(60), minimumBytesPerSecond: 0)
    var clocks = Deadlines(limits, started: start)
    #expect(clocks.next == at(90))
    #expect(clocks.expired(at: at(89)) == nil)
    #expect(clocks.expired(at: at(90)) == .firstByte)
    clocks.arrived(1, at: at(80))
    #expect(clocks.next == at(140))
    #expect(clocks.expired(at: at(139)) == nil)
    #expect(clocks.expired(at: at(140)) == .data)
  }

  @Test func `our own slowness is not the peer's`() {
    var clocks = Deadlines(RequestLimits(idle: .seconds(1)), started: start)
    clocks.arrived(1, at: at(0))
    clocks.pause()
    #expect(clocks.next == nil)
    #expect(clocks.expired(at: at(1_000)) == nil)
    clocks.resume(at: at(1_000))
    #expect(clocks.expired(at: at(1_000.9)) == nil)
    #expect(clocks.expired(at: at(1_001)) == .data)
  }
}
