import Testing

@testable import Spool

@Suite struct ItemSelectorTests {
  let spool: TemporarySpool
  let stages = ["s", "after"]

  init() throws { spool = try TemporarySpool() }

  private func ids(_ change: (inout ItemSelector) throws -> Void) throws -> Set<String> {
    var selector = ItemSelector()
    try change(&selector)
    return Set(
      try selector.items(in: spool.path, stages: stages, now: WallClock.now()).map(\.name.id))
  }

  @Test func `each filter narrows, and together they narrow further`() throws {
    let one = try spool.place("a", .failed, lane: "red", tries: 5, reason: "error").name.id
    let two = try spool.place("b", .deferred, lane: "red", tries: 1, reason: "http_503").name.id
    let three = try spool.place("c", in: "after", .failed, lane: "blue", reason: "error").name.id
    #expect(try ids { _ in } == [one, two, three])
    #expect(try ids { $0.lane = "red" } == [one, two])
    #expect(try ids { $0.reason = "error" } == [one, three])
    #expect(try ids { $0.stage = "after" } == [three])
    #expect(try ids { $0.states = [.deferred] } == [two])
    #expect(try ids { ($0.lane, $0.reason) = ("red", "error") } == [one])
    #expect(try ids { $0.olderThan = 3_600_000 } == [])
    #expect(try ids { $0.olderThan = 0 } == [one, two, three])
  }

  @Test func `six digits, a file's name and a path all name the item`() throws {
    let item = try spool.place("a", .failed, tries: 5, reason: "error")
    try spool.place("b", .failed, tries: 5, reason: "error")
    for text in [String(item.name.id.prefix(6)), item.name.id, item.file.fileName, item.file.path] {
      #expect(try ids { try $0.name(text) } == [item.name.id], "\(text)")
    }
  }

  @Test(arguments: [
    "", "12345", "12345g", "ABCDEF", "../../etc", "0123456789abcdef0123456789abcdef0",
  ])
  func `what is no item's name is refused`(text: String) {
    var selector = ItemSelector()
    #expect(throws: SelectorError.self) { try selector.name(text) }
  }

  @Test func `a prefix of two items lists both, and no item is said to be none`() throws {
    let item = try spool.place("a", .failed)
    let other = item.name.id.prefix(6) + String(repeating: "0", count: 26)
    let twin = ItemName(due: 1, lane: "lane1", id: String(other))
    try DurableFile.write([1], to: spool.directory("s").file(.hold, twin.fileName))
    var selector = ItemSelector()
    try selector.name(String(item.name.id.prefix(6)))
    let error = #expect(throws: SelectorError.self) {
      try selector.item(in: spool.path, stages: stages, now: WallClock.now())
    }
    #expect(error?.description.contains(item.name.id) == true)
    #expect(error?.description.contains(String(other)) == true)
    try selector.name("ffffffffff")
    let none = #expect(throws: SelectorError.self) {
      try selector.item(in: spool.path, stages: stages, now: WallClock.now())
    }
    #expect(none?.description.contains("no item ffffffffff") == true)
  }

  @Test func `of equal bytes in two states the one that can be moved is meant`() throws {
    let failed = try spool.place("a", .failed, tries: 5, reason: "error")
    let held = try spool.place("a", .hold)
    #expect(failed.name.id == held.name.id)
    var selector = ItemSelector()
    try selector.name(held.name.id)
    let chosen = try selector.item(
      in: spool.path, stages: stages, preferring: OperatorVerb.release.sources,
      now: WallClock.now())
    #expect(chosen.state == .hold)
    #expect(throws: SelectorError.self) {
      try selector.item(
        in: spool.path, stages: stages, preferring: OperatorVerb.drop.sources, now: WallClock.now())
    }
  }
}
