import Foundation
import Testing

@testable import Spool

@Suite struct StageRunnerTests {
  let spool: TemporarySpool

  init() throws { spool = try TemporarySpool() }

  func run(_ settings: RunnerSettings = RunnerSettings()) async throws {
    try await StageRunner(
      stage: DoublingStage(), spool: spool.path, settings: settings, stop: StopFlag(), log: { _ in }
    ).run()
  }

  func isEmpty(_ stage: String) throws -> Bool {
    try SpoolState.allCases.allSatisfy { try spool.directory(stage).items($0).isEmpty }
  }

  @Test func `done records reach the next stage and leave a receipt`() async throws {
    let item = try spool.publish(["a", "b"], to: "double")
    try await run()
    #expect(try spool.texts("after", .incoming) == ["aa", "bb"])
    #expect(try isEmpty("double"))
    let receipts = try spool.receipts()
    #expect(receipts.map(\.outcome) == [.done])
    #expect(receipts.first?.item == item.id)
    #expect(receipts.first?.outputs.count == 1)
    #expect(receipts.first?.documents.map(\.document) == ["a", "b"])
  }

  @Test func `the same work gives the same item name`() async throws {
    try spool.publish(["a"], to: "double")
    try await run()
    let first = try spool.directory("after").items(.incoming)
    try spool.publish(["a"], to: "double")
    try await run()
    #expect(try spool.directory("after").items(.incoming) == first)
  }

  @Test func `a record that is gone takes no neighbour along`() async throws {
    try spool.publish(["a", "gone", "b"], to: "double")
    try await run()
    #expect(try spool.texts("after", .incoming) == ["aa", "bb"])
    let documents = try spool.receipts().flatMap(\.documents)
    #expect(documents.map(\.outcome) == [.done, .gone, .done])
    #expect(documents.map(\.reason) == [nil, "no_text", nil])
  }

  @Test func `a record to be retried waits alone in deferred`() async throws {
    try spool.publish(["a", "retry"], to: "double")
    try await run()
    #expect(try spool.texts("after", .incoming) == ["aa"])
    let waiting = try spool.directory("double").items(.deferred)
    #expect(waiting.map(\.tries) == [1])
    #expect(waiting.map(\.reason) == ["later"])
    #expect(try spool.texts("double", .deferred) == ["retry"])
    let receipts = try spool.receipts()
    #expect(receipts.flatMap(\.outputs).map(\.stage).sorted() == ["after", "double"])
    // What waits has a receipt of its own, so that it is seen before its next try.
    #expect(receipts.map(\.outcome) == [.done, .retry])
    #expect(receipts.last?.item == waiting.first?.id && receipts.last?.due == waiting.first?.due)
    #expect(receipts.map { $0.documents.map(\.document) } == [["a"], ["retry"]])
  }

  @Test func `an item that is never done fails after its tries with its reason`() async throws {
    try spool.publish(["retry"], to: "double")
    // Delays of nothing: each sweep finds the item due.
    let policy = RetryPolicy(tries: 3, harmfulTries: 2, firstDelay: 0, longestDelay: 0)
    var rounds = 0
    while try spool.directory("double").items(.failed).isEmpty, rounds < 10 {
      rounds += 1
      try await run(RunnerSettings(policy: policy))
      let now = WallClock.now() + 1_000
      _ = try Sweep.run(spool.directory("double"), now: now)
    }
    let failed = try spool.directory("double").items(.failed)
    #expect(failed.map(\.tries) == [3])
    #expect(failed.map(\.reason) == ["later"])
    #expect(try spool.receipts().map(\.outcome).filter { $0 == .failed }.count == 1)
  }

  @Test func `a fault of the machine gives the item back untried`() async throws {
    let item = try spool.publish(["fault"], to: "double")
    await #expect(throws: StageFault.self) { try await run() }
    #expect(try spool.directory("double").items(.incoming) == [item])
    #expect(try spool.receipts().isEmpty)
  }

  @Test func `an unexpected error counts as a try of the whole item`() async throws {
    try spool.publish(["a", "boom"], to: "double")
    try await run()
    #expect(try spool.directory("double").items(.deferred).map(\.reason) == ["error"])
    #expect(try isEmpty("after"))
  }

  @Test func `a damaged item fails at once and is not looped on`() async throws {
    let item = try spool.publish(["a"], to: "double")
    let path = spool.directory("double").file(.incoming, item.fileName)
    var bytes = try DurableFile.read(path, limit: 1 << 20)
    bytes[bytes.count / 2] ^= 0xFF
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    try await run()
    let failed = try spool.directory("double").items(.failed)
    #expect(failed.map(\.reason) == ["damaged"])
    #expect(try spool.receipts().map(\.outcome) == [.failed])
  }

  @Test func `an item of an unknown schema fails at once`() async throws {
    try spool.publish(["a"], to: "double", schema: "test/99")
    try await run()
    #expect(try spool.directory("double").items(.failed).count == 1)
  }

  @Test func `after a crash an item is split so that a poison record stands alone`() async throws {
    let item = try spool.publish(["a", "b", "c"], to: "double")
    var crashed = item
    crashed.tries = 1
    crashed.reason = "crashed"
    let directory = spool.directory("double")
    _ = try DurableFile.rename(
      directory.file(.incoming, item.fileName), to: directory.file(.incoming, crashed.fileName))
    try await run()
    #expect(try spool.texts("after", .incoming) == ["aa", "bb", "cc"])
    #expect(try spool.directory("after").items(.incoming).count == 3)
  }

  @Test func `an item that kills its workers fails after three`() async throws {
    let item = try spool.publish(["a"], to: "double")
    var crashed = item
    crashed.tries = 3
    crashed.reason = "crashed"
    let directory = spool.directory("double")
    _ = try DurableFile.rename(
      directory.file(.incoming, item.fileName), to: directory.file(.incoming, crashed.fileName))
    try await run()
    #expect(try directory.items(.failed) == [crashed])
    #expect(try isEmpty("after"))
    let receipt = try #require(try spool.receipts().first)
    #expect(receipt.outcome == .failed && receipt.reason == "crashed")
    #expect(receipt.documents.map(\.outcome) == [.failed])
  }

  @Test func `a record out of tries fails and its neighbours are done`() async throws {
    try spool.publish(["a", "retry"], to: "double")
    try await run(RunnerSettings(policy: RetryPolicy(tries: 1)))
    #expect(try spool.texts("double", .failed) == ["retry"])
    #expect(try spool.texts("after", .incoming) == ["aa"])
    let receipts = try spool.receipts()
    #expect(receipts.map(\.outcome) == [.done, .failed])
    #expect(receipts.flatMap(\.documents).map(\.outcome) == [.done, .failed])
    // Work that is named as open is closed by its own receipt.
    #expect(receipts.first?.outputs.last?.item == receipts.last?.item)
  }

  @Test func `many workers of one process work each item once`() async throws {
    let texts = (0..<200).map { "t\($0)" }
    for text in texts { try spool.publish([text], to: "double") }
    try await run(RunnerSettings(workers: 8))
    #expect(try spool.texts("after", .incoming) == texts.map { $0 + $0 }.sorted())
    #expect(try spool.receipts().count == 200)
  }

  @Test func `a worker whose item was taken over publishes nothing and says nothing`() async throws
  {
    try spool.publish(["a"], to: "double")
    let directory = spool.directory("double")
    let name = try #require(try directory.items(.incoming).first)
    let claim = try #require(try Claim.take(name, in: directory, by: Worker()))
    // As a sweep would, had the lock been lost.
    for file in try DurableFile.names(in: directory.directory(.active)) {
      _ = try DurableFile.rename(
        directory.file(.active, file), to: directory.file(.incoming, name.fileName))
    }
    let content = try claim.content()
    let settled = try Settlement(
      stage: DoublingStage(), spool: spool.path, settings: RunnerSettings(), worker: "w"
    ).settle(
      claim, content: content, inputs: [DoublingStage.Record(text: "a")],
      outcomes: [.done([DoublingStage.Record(text: "aa")], [])], started: 0)
    let publication = Publication(madeBy: "double/1", ledger: spool.directory("ledger"))
    #expect(try publication.publish([settled]).isEmpty)
    #expect(try isEmpty("after"))
    #expect(try spool.receipts().isEmpty)
    #expect(try spool.directory("double").items(.incoming) == [name])
  }

  @Test func `a stage stops claiming when the next one is full`() async throws {
    for text in ["a", "b", "c", "d"] { try spool.publish([text], to: "double") }
    try await run(RunnerSettings(bounds: QueueBounds(next: 2)))
    #expect(try spool.directory("after").items(.incoming).count == 2)
    #expect(try spool.directory("double").items(.incoming).count == 2)
  }

  @Test func `quick items share their syncs and their receipts`() async throws {
    for number in 0..<40 { try spool.publish(["t\(number)"], to: "double") }
    try await run(RunnerSettings(groupLimit: 16))
    #expect(try spool.receipts().count == 40)
    let together = try spool.directory("ledger").items(.incoming).count
    #expect(together < 40)
    let alone = try TemporarySpool()
    for number in 0..<5 { try alone.publish(["t\(number)"], to: "double") }
    try await StageRunner(
      stage: DoublingStage(), spool: alone.path, settings: RunnerSettings(groupLimit: 1),
      stop: StopFlag(), log: { _ in }
    ).run()
    #expect(try alone.directory("ledger").items(.incoming).count == 5)
  }

  @Test func `an output that no reader would take ends as a try and stops nothing`() async throws {
    try spool.publish(["huge"], to: "double")
    try spool.publish(["a"], to: "double")
    try await run()
    #expect(try spool.directory("double").items(.deferred).map(\.reason) == ["error"])
    #expect(try spool.texts("after", .incoming) == ["aa"])
  }
}
