// Time limits of a reply by a clock that the test moves, the circuit breaker in front of an endpoint, and visitors who leave.

import Foundation
import Synchronization
import TestSupport
import Testing
import WebClient

@testable import Answering

@Suite struct ModelTimeTests {
  private let clock = ManualClock()

  /// Tells a test what has happened, and when.
  private struct Departure: Sendable {
    let gone: AsyncStream<ContinuousClock.Instant>
    let tell: AsyncStream<ContinuousClock.Instant>.Continuation

    init() { (gone, tell) = AsyncStream.makeStream(of: ContinuousClock.Instant.self) }

    /// For scripts: waits until the client has gone.
    func watch(_ connection: LoopbackServer.Connection) {
      connection.hang()
      tell.yield(.now)
      tell.finish()
    }

    func wait() async -> ContinuousClock.Instant? {
      for await instant in gone { return instant }
      return nil
    }
  }

  @Test(arguments: [false, true])
  func `without a first token in time the reply ends, and the connection`(hasHead: Bool)
    async throws
  {
    let begun = Departure()
    let departure = Departure()
    let endpoint = try ScriptedEndpoint { connection in
      if hasHead {
        connection.begin()
        connection.event(#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#)
        connection.piece(": still here\n\n")
      }
      begun.tell.finish()
      connection.hang()
      departure.tell.finish()
    }
    let stream = endpoint.model(waiting: clock.waiting).reply(try prompt())
    _ = await begun.wait()
    clock.advance(by: .seconds(59))
    clock.advance(by: .seconds(1))
    let received = try await Received(stream)
    #expect(
      received.error == .tooSlow(endpoint: endpoint.server.hostAndPort, limit: .seconds(60)))
    #expect(endpoint.server.requests.count == 1)
    _ = await departure.wait()
  }

  @Test func `silence between tokens cuts the reply, signs of life do not count`() async throws {
    let departure = Departure()
    let endpoint = try ScriptedEndpoint { connection in
      connection.begin()
      connection.text("One ")
      // At a pace: on a busy machine it would otherwise be more than a reply may have before the clock is moved.
      while connection.piece(": ping\n\n") { usleep(500) }
      departure.tell.finish()
    }
    let clock = clock
    let stream = endpoint.model(waiting: clock.waiting).reply(try prompt())
    let received = try await Received(stream) { _ in clock.advance(by: .seconds(30)) }
    #expect(received.text == "One ")
    #expect(
      received.error
        == .cut(
          endpoint: endpoint.server.hostAndPort, why: "gave no more for \(Duration.seconds(30))"))
    _ = await departure.wait()
  }

  @Test func `a slow model may go on as long as it speaks, until the whole is too long`()
    async throws
  {
    let gate = Gate()
    let endpoint = try ScriptedEndpoint { connection in
      connection.begin()
      repeat { gate.wait() } while connection.text("word ")
    }
    gate.open()
    let clock = clock
    let limits = ReplyLimits(whole: .seconds(100))
    let stream = endpoint.model(limits, waiting: clock.waiting).reply(try prompt())
    let received = try await Received(stream) { _ in
      // Below the 30 seconds of silence each time: 29, 58, 87, then 116.
      clock.advance(by: .seconds(29))
      gate.open()
    }
    #expect(received.error == nil && received.reason == .bound)
    #expect(received.text == "word word word word ")
    for _ in 0..<3 { gate.open() }
  }

  @Test func `a reply that gave its reason to end is whole, whatever follows`() async throws {
    let endpoint = try ScriptedEndpoint([
      { connection in
        connection.begin()
        connection.text("Twelve")
        connection.finish()
        connection.hang()
      },
      { connection in
        connection.begin()
        connection.text("Twelve")
        connection.finish()
        connection.cut()
      },
    ])
    // Nothing but the end may be waited for; so time may run.
    let limits = ReplyLimits(
      firstToken: .seconds(1 << 40), idle: .seconds(1 << 40), whole: .seconds(1 << 40))
    let clock = clock
    let time = Task {
      while !Task.isCancelled {
        clock.advance(by: .seconds(1))
        await Task.yield()
      }
    }
    defer { time.cancel() }
    for _ in 0..<2 {
      let stream = endpoint.model(limits, waiting: clock.waiting).reply(try prompt())
      let received = try await Received(stream)
      #expect(received.text == "Twelve" && received.reason == .stop && received.error == nil)
    }
  }

  @Test func `an endpoint that hangs is soon left alone, and taken up again`() async throws {
    let isWell = Mutex(false)
    let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
    let endpoint = try ScriptedEndpoint(
      [
        { connection in
          arrived.yield()
          if isWell.withLock({ $0 }) { connection.reply("Twelve") } else { connection.hang() }
        }
      ], policy: CircuitBreaker.Policy(failures: 2, coolDown: .seconds(30)))
    let model = endpoint.model(waiting: clock.waiting)
    let name = endpoint.server.hostAndPort
    var arrival = arrivals.makeAsyncIterator()
    for _ in 0..<2 {
      let stream = model.reply(try prompt())
      await arrival.next()
      clock.advance(by: .seconds(60))
      #expect(
        try await Received(stream).error == .tooSlow(endpoint: name, limit: .seconds(60)))
    }
    let asked = endpoint.server.requests.count
    #expect(
      try await Received(model.reply(try prompt())).error
        == .resting(endpoint: name, left: .seconds(30)))
    clock.advance(by: .seconds(29))
    #expect(
      try await Received(model.reply(try prompt())).error
        == .resting(endpoint: name, left: .seconds(1)))
    #expect(endpoint.server.requests.count == asked)
    clock.advance(by: .seconds(1))
    isWell.withLock { $0 = true }
    for _ in 0..<2 {
      #expect(try await Received(model.reply(try prompt())).text == "Twelve")
    }
  }

  @Test func `a breaker that opens between attempts leaves the error that opened it`() async throws
  {
    let endpoint = try ScriptedEndpoint(
      [{ $0.respond(500) }], policy: CircuitBreaker.Policy(failures: 2))
    let received = try await Received(
      endpoint.model(waiting: clock.waiting).reply(try prompt()))
    #expect(
      received.error
        == .unavailable(endpoint: endpoint.server.hostAndPort, why: "answered 500"))
    #expect(endpoint.server.requests.count == 2)
  }

  @Test func `a rest that is asked for is kept by everybody`() async throws {
    let endpoint = try ScriptedEndpoint([
      { $0.respond(429, ["Retry-After: 60"]) }, { $0.reply("Twelve") },
    ])
    let model = endpoint.model(waiting: clock.waiting)
    _ = try await Received(model.reply(try prompt()))
    clock.advance(by: .seconds(59))
    #expect(
      try await Received(model.reply(try prompt())).error
        == .resting(endpoint: endpoint.server.hostAndPort, left: .seconds(1)))
    clock.advance(by: .seconds(1))
    #expect(try await Received(model.reply(try prompt())).text == "Twelve")
  }

  @Test(arguments: ["no answer", "a head", "text"])
  func `a visitor who leaves ends the transfer at once`(after: String) async throws {
    let departure = Departure()
    let begun = Departure()
    let endpoint = try ScriptedEndpoint { connection in
      if after != "no answer" { connection.begin() }
      if after == "text" { connection.text("One ") }
      begun.tell.finish()
      departure.watch(connection)
    }
    let model = endpoint.model(waiting: clock.waiting)
    func visit() async throws -> ContinuousClock.Instant {
      let stream = model.reply(try prompt())
      if after == "text" {
        for try await _ in stream { break }
      } else {
        _ = await begun.wait()
      }
      return withExtendedLifetime(stream) { .now }
    }
    let left = try await visit()
    let closed = try #require(await departure.wait())
    // Milliseconds, whatever else runs: no task has to be resumed for it.
    #expect(closed - left < .seconds(1))
  }

  @Test func `a visitor who leaves between two attempts is not asked for again`() async throws {
    let endpoint = try ScriptedEndpoint { $0.respond(500) }
    let pausing = Departure()
    let ended = Departure()
    let base = clock.waiting
    let waiting = RemoteLanguageModel.Waiting(
      now: base.now,
      pause: { _ in
        pausing.tell.finish()
        defer { ended.tell.finish() }
        // Ends by cancellation alone: this clock stands.
        try await base.deadline(.seconds(1))
      }, deadline: base.deadline)
    let model = endpoint.model(waiting: waiting)
    let question = try prompt()
    let reader = Task { try await Received(model.reply(question)) }
    _ = await pausing.wait()
    reader.cancel()
    _ = try await reader.value
    _ = await ended.wait()
    #expect(endpoint.server.requests.count == 1)
  }
}
