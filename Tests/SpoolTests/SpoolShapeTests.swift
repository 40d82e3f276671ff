import Foundation
import Testing

@testable import Spool

@Suite struct SpoolShapeTests {
  let spool: TemporarySpool

  init() throws { spool = try TemporarySpool() }

  private func shape(
    _ selector: ItemSelector = ItemSelector(), now: Int
  ) throws -> [SpoolShape.Queue] {
    try SpoolShape(spool: spool.path, stages: ["s", "after"], selecting: selector, now: now).queues
  }

  /// Milliseconds and the column they fall into.
  private static let ages: [(Int, Int)] = [
    (0, 0), (300_000, 0), (300_001, 1), (600_000, 1), (660_000, 2), (76_800_000, 8),
    (76_800_001, 9), (Int.max, 9),
  ]

  @Test(arguments: ages)
  func `an age falls into the column whose minutes it does not exceed`(age: Int, column: Int) {
    #expect(SpoolShape.bucket(ofAge: age) == column)
  }

  @Test func `items are counted by stage, state and lane, the fullest lane first`() throws {
    for record in ["a", "b", "c"] { try spool.place(record, .incoming, lane: "large") }
    try spool.place("d", .incoming, lane: "small")
    try spool.place("e", in: "after", .failed, reason: "error")
    let queues = try shape(now: WallClock.now())
    #expect(queues.map(\.stage) == ["s", "after"])
    #expect(queues.map(\.state) == [.incoming, .failed])
    #expect(queues.map(\.all.total) == [4, 1])
    #expect(queues.first?.lanes.map(\.lane) == ["large", "small"])
    #expect(queues.first?.lanes.map(\.counts.total) == [3, 1])
  }

  @Test func `the age is since the file came into its state, not since it was written`() throws {
    let item = try spool.place("a", .incoming)
    // Back-up tools and claims set the modification time; it says nothing of the state.
    var times = [timeval(tv_sec: 1_000, tv_usec: 0), timeval(tv_sec: 1_000, tv_usec: 0)]
    #expect(utimes(item.file.path, &times) == 0)
    let since = try spool.item("s", .incoming, item.name.id).file.since
    #expect(since >= item.file.since)
    let queue = try #require(try shape(now: since + 15 * 60_000).first)
    #expect(queue.all.buckets == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    #expect(queue.oldest == 15 * 60_000)
  }

  @Test func `what is due is counted beside the ages, and the next due time is told`() throws {
    try spool.place("a", .deferred, due: 1_000, tries: 1, reason: "connection")
    try spool.place("b", .deferred, due: 9_000, tries: 1, reason: "connection")
    try spool.place("c", .deferred, due: 8_000, tries: 1, reason: "connection")
    let queue = try #require(try shape(now: 2_000).first)
    #expect(queue.all.total == 3)
    #expect(queue.all.due == 1)
    #expect(queue.nextDue == 8_000)
  }

  @Test func `strays are counted apart, and not where a lane is asked for`() throws {
    try spool.place("a", .incoming)
    try DurableFile.write([1], to: spool.directory("s").file(.incoming, "notes.txt"))
    // A claim's name belongs into active alone.
    let claimed = try spool.place("b", .active)
    _ = try DurableFile.rename(
      claimed.file.path, to: spool.directory("s").file(.incoming, claimed.file.fileName))
    let queue = try #require(try shape(now: WallClock.now()).first)
    #expect(queue.all.total == 1)
    #expect(queue.strays == 2)
    var lane = ItemSelector()
    lane.lane = "lane1"
    #expect(try shape(lane, now: WallClock.now()).first?.strays == 0)
  }

  @Test func `a file that is being written is unfinished and no stray`() throws {
    let directory = spool.directory("s")
    try directory.prepare()
    let name = "\(SpoolDirectory.id(of: [1])).\(Worker.randomDigits())"
    try DurableFile.write([1], to: directory.file(.tmp, name))
    try DurableFile.write([1], to: directory.file(.tmp, "left"))
    let listing = try SpoolListing(directory, .tmp)
    #expect(listing.unfinished.map(\.fileName) == [name])
    #expect(listing.strays.map(\.fileName) == ["left"])
  }

  @Test func `the stages come in the order given, others after them, files not at all`() throws {
    try spool.place("a", in: "zeta", .incoming)
    try spool.place("a", in: "alpha", .incoming)
    try DurableFile.write([1], to: spool.path + "/README.md")
    #expect(
      try SpoolListing.stages(of: spool.path, order: ["gone", "zeta"]) == ["zeta", "alpha"])
    try DurableFile.write([1], to: spool.path + "/zeta/notes")
    #expect(try SpoolListing.strays(beside: spool.directory("zeta")).map(\.fileName) == ["notes"])
  }
}
