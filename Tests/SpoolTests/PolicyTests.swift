import Testing

@testable import Spool

@Suite struct PolicyTests {
  @Test(arguments: [(1, 30_000), (2, 120_000), (3, 480_000), (4, 1_920_000), (5, 3_600_000)])
  func `delays grow fourfold up to an hour`(tries: Int, delay: Int) {
    #expect(RetryPolicy().delay(after: tries, jitter: 1) == delay)
  }

  @Test func `a longer wish of the other side wins up to a day`() {
    #expect(RetryPolicy().delay(after: 1, jitter: 1, notBefore: 600_000) == 600_000)
    #expect(RetryPolicy().delay(after: 1, jitter: 1, notBefore: 1) == 30_000)
    #expect(RetryPolicy().delay(after: 1, jitter: 1, notBefore: Int.max) == 86_400_000)
  }

  @Test func `harmful reasons get fewer tries`() {
    #expect(RetryPolicy().limit(for: "http_503") == 5)
    for reason in ["crashed", "timeout", "memory"] {
      #expect(RetryPolicy().limit(for: reason) == 3)
    }
  }

  @Test func `a small lane is served within one turn of a large one`() {
    func item(_ lane: String, _ number: Int) -> ItemName {
      let digits = String(number)
      return ItemName(
        due: 1, lane: lane, id: String(repeating: "0", count: 32 - digits.count) + digits)
    }
    let large = (0..<1_000).map { item("large", $0) }
    let small = (0..<5).map { item("small", $0) }
    for start in 0..<2 {
      let order = Lanes.order(large + small, now: 2, startingAt: start)
      #expect(order.count == 1_005)
      let last = order.lastIndex { $0.lane == "small" } ?? 0
      #expect(last < 10)
    }
  }

  @Test func `items that are not due are left out`() {
    let later = ItemName(due: 10, lane: "a", id: String(repeating: "0", count: 32))
    #expect(Lanes.order([later], now: 9, startingAt: 0).isEmpty)
  }

  @Test func `batches respect records and bytes`() {
    let limits = BatchLimits(records: 3, bytes: 10)
    let records = (0..<7).map { _ in [UInt8](repeating: 1, count: 2) }
    #expect(limits.batches(of: records).map(\.count) == [3, 3, 1])
    let large = [[UInt8](repeating: 1, count: 50), [1], [1]]
    #expect(limits.batches(of: large).map(\.count) == [1, 2])
    #expect(limits.batches(of: []).isEmpty)
  }
}
