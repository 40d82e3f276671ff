import Synchronization
import Testing

@testable import Spool

@Suite struct ClaimQueueTests {
  let spool: TemporarySpool
  let clock = ManualClock()

  init() throws { spool = try TemporarySpool() }

  func queue(bounds: QueueBounds = QueueBounds()) -> ClaimQueue {
    let clock = clock
    return ClaimQueue(
      directory: spool.directory("double"), next: spool.directory("after"),
      ledger: spool.directory("ledger"), bounds: bounds, worker: Worker(), now: { clock.value })
  }

  /// Claims and keeps, as workers in the midst of work would.
  func claim(_ queue: ClaimQueue) throws -> Claim? {
    if case .claim(let claim) = try queue.turn() { return claim }
    return nil
  }

  func mark(_ name: ItemName, reason: String, tries: Int) throws {
    var other = name
    (other.reason, other.tries) = (reason, tries)
    let directory = spool.directory("double")
    _ = try DurableFile.rename(
      directory.file(.incoming, name.fileName), to: directory.file(.incoming, other.fileName))
  }

  /// Each item takes a minute; the small lane comes while the large one is under way.
  @Test func `a lane that comes late does not wait behind a long queue`() throws {
    for number in 0..<30 { try spool.publish(["large\(number)"], to: "double", lane: "large") }
    let queue = queue()
    var held = [try #require(try claim(queue))]
    #expect(held.map(\.name.lane) == ["large"])
    for number in 0..<5 { try spool.publish(["small\(number)"], to: "double", lane: "small") }
    clock.advance(by: 60_000)
    // From here on, strictly in turn within the pass that the late lane is part of.
    for _ in 0..<10 { held.append(try #require(try claim(queue))) }
    #expect(held.dropFirst().filter { $0.name.lane == "small" }.count == 5)
  }

  @Test func `while fresh items wait at most every second claim is a retry`() throws {
    func item(_ number: Int, tries: Int) -> ItemName {
      let digits = String(number)
      return ItemName(
        due: 1, lane: "a", id: String(repeating: "0", count: 32 - digits.count) + digits,
        tries: tries, reason: tries > 0 ? "later" : nil)
    }
    let names = (0..<10).map { item($0, tries: 0) } + (10..<40).map { item($0, tries: 1) }
    let order = Lanes.order(names, now: 2, startingAt: 0).map(\.tries)
    #expect(order.prefix(20).enumerated().allSatisfy { $0.element == $0.offset % 2 })
    #expect(order.dropFirst(20) == ArraySlice(repeating: 1, count: 20))
  }

  @Test func `fifty thousand items do not delay five of another lane`() {
    func item(_ lane: String, _ number: Int) -> ItemName {
      let digits = String(number)
      return ItemName(
        due: 1, lane: lane, id: String(repeating: "0", count: 32 - digits.count) + digits)
    }
    let names = (0..<50_000).map { item("large", $0) } + (0..<5).map { item("small", $0) }
    for start in 0..<2 {
      let order = Lanes.order(names, now: 2, startingAt: start)
      #expect(order.count == names.count)
      #expect((order.lastIndex { $0.lane == "small" } ?? 0) < 10)
    }
  }

  @Test func `a full next stage pauses only lanes above their share`() throws {
    for number in 0..<8 { try spool.publish(["l\(number)"], to: "after", lane: "large") }
    for number in 0..<4 { try spool.publish(["l\(number)"], to: "double", lane: "large") }
    try spool.publish(["s"], to: "double", lane: "small")
    let queue = queue(bounds: QueueBounds(next: 8))
    #expect(try claim(queue)?.name.lane == "small")
    #expect(try claim(queue) == nil)
    #expect(
      Lanes.full(waiting: ["a": 6, "b": 2], sharing: ["b", "c"], bound: 8) == ["a", "b"])
    #expect(Lanes.full(waiting: ["a": 6, "b": 1], sharing: [], bound: 8).isEmpty)
  }

  @Test func `nothing is claimed while the ledger is full`() throws {
    try spool.publish(["a"], to: "double")
    try spool.publish(["r"], to: "ledger")
    #expect(try claim(queue(bounds: QueueBounds(ledger: 1))) == nil)
    #expect(try claim(queue(bounds: QueueBounds(ledger: 2))) != nil)
  }

  @Test(arguments: ["crashed", "split"])
  func `what may kill its worker is worked on alone`(reason: String) throws {
    let suspect = try spool.publish(["suspect"], to: "double")
    for text in ["a", "b"] { try spool.publish([text], to: "double") }
    try mark(suspect, reason: reason, tries: 1)
    let queue = queue()
    // Fresh items come first in each pair; the suspect is second, and waits until the first is settled.
    let first = try #require(try claim(queue))
    guard case .wait = try queue.turn() else {
      Issue.record("the suspect was not kept waiting")
      return
    }
    try first.complete()
    queue.release()
    let alone = try #require(try claim(queue))
    #expect(alone.name.reason == reason)
    guard case .wait = try queue.turn() else {
      Issue.record("a neighbour was claimed beside the suspect")
      return
    }
    queue.release()
    #expect(try claim(queue)?.name.tries == 0)
  }

  @Test func `an item that does not end goes back with one try more, its neighbour untried`() throws
  {
    let spool = spool
    for text in ["hangs", "fine"] { try spool.publish([text], to: "double") }
    let queue = queue()
    let hanging = try #require(try claim(queue))
    let fine = try #require(try claim(queue))
    let lines = Mutex<[String]>([])
    let watchdog = Watchdog(
      limit: .seconds(900), grace: .seconds(25), stop: StopFlag(),
      log: { line in lines.withLock { $0.append(line) } })
    let start = ContinuousClock.now
    watchdog.watch(hanging)
    #expect(watchdog.look(at: start + .seconds(899)) == nil)
    watchdog.release(fine)
    // Seen 901 s later, the first is over its time; the second has only just been claimed.
    #expect(watchdog.look(at: start + .seconds(902)) == 75)
    let returned = try spool.directory("double").items(.incoming)
    #expect(returned.map(\.reason) == ["timeout"] && returned.map(\.tries) == [1])
    #expect(lines.withLock { $0.count } == 1)
    withExtendedLifetime(fine) {}
  }

  @Test func `a stop that takes too long gives claims back untried`() throws {
    let name = try spool.publish(["slow"], to: "double")
    let claim = try #require(try claim(queue()))
    let stop = StopFlag()
    let watchdog = Watchdog(limit: .seconds(900), grace: .seconds(25), stop: stop, log: { _ in })
    watchdog.watch(claim)
    stop.set()
    #expect(watchdog.look(at: .now) == nil)
    #expect(watchdog.look(at: .now + .seconds(26)) == 75)
    #expect(try spool.directory("double").items(.incoming) == [name])
  }
}

/// A clock that is moved by hand.
final class ManualClock: Sendable {
  private let time = Mutex(1_800_000_000_000)

  var value: Int { time.withLock { $0 } }

  func advance(by milliseconds: Int) { time.withLock { $0 += milliseconds } }
}
