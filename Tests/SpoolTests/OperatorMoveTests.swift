import Foundation
import Glibc
import Testing

@testable import Spool

@Suite struct OperatorMoveTests {
  let spool: TemporarySpool
  let now = 1_800_000_000_000

  init() throws { spool = try TemporarySpool() }

  private var move: OperatorMove {
    OperatorMove(spool: spool.path) { content in
      content.records.compactMap {
        (try? JSONLines.decode([String: String].self, from: $0))?["text"]
      }
    }
  }

  private func apply(_ verb: OperatorVerb, _ item: SpoolItem) throws -> OperatorMove.Result {
    try #require(try move.apply(verb, to: [item], now: now).first).result
  }

  private func isRefused(_ result: OperatorMove.Result, _ words: String) -> Bool {
    if case .refused(let why) = result { why.contains(words) } else { false }
  }

  private static let states = SpoolState.allCases.filter { $0 != .tmp }
  private static let expected: [OperatorVerb: [SpoolState: SpoolState?]] = [
    .retry: [.failed: .incoming, .deferred: .incoming],
    .hold: [.incoming: .hold, .deferred: .hold],
    .release: [.hold: .incoming],
    .drop: [.incoming: nil, .deferred: nil, .hold: nil, .failed: nil],
  ]

  @Test(arguments: OperatorVerb.allCases, states)
  func `each verb moves from its states and refuses the others without a receipt`(
    verb: OperatorVerb, state: SpoolState
  ) throws {
    let item = try spool.place("doc", state, tries: 3, reason: "http_503")
    let result = try apply(verb, item)
    let receipts = try spool.receipts()
    guard let target = Self.expected[verb]?[state] else {
      #expect(isRefused(result, state == .active ? "claimed by pid 77" : state.rawValue))
      #expect(try spool.states(of: "s") == [item.name.id: state])
      #expect(receipts.isEmpty)
      return
    }
    #expect(try spool.states(of: "s") == (target.map { [item.name.id: $0] } ?? [:]))
    let receipt = try #require(receipts.first)
    #expect(receipts.count == 1)
    #expect(receipt.stage == "s")
    #expect(receipt.item == item.name.id)
    #expect(receipt.worker == "operator")
    #expect(receipt.documents.map(\.document) == ["doc"])
    #expect(receipt.documents.map(\.outcome) == [receipt.outcome])
    #expect(receipt.outcome == verb.outcome)
    #expect(receipt.tries == (verb == .retry ? 4 : 3))
    #expect(receipt.due == (target == .incoming ? now : nil))
    guard let target else { return }
    let name = try spool.item("s", target, item.name.id).name
    #expect(result == .moved(target, name))
    #expect(name.due == (target == .incoming ? now : item.name.due))
    #expect(name.tries == receipt.tries)
    #expect(name.reason == (verb == .retry ? nil : "http_503"))
  }

  @Test func `the receipt's item has the run of the item and names it as its origin`() throws {
    let item = try spool.place("doc", .failed, tries: 5, reason: "error")
    _ = try apply(.retry, item)
    let ledger = spool.directory(Ledger.stage)
    let name = try #require(try ledger.items(.incoming).first)
    #expect(name.lane == "lane1")
    #expect(name.due == now)
    let frame = try DurableFile.read(ledger.file(.incoming, name.fileName), limit: 1 << 20)
    let envelope = try ItemContent(frame: frame, name: name).envelope
    #expect(envelope.schema == Receipt.schema)
    #expect(envelope.run == "run1")
    #expect(envelope.madeBy == "operator/1")
    #expect(envelope.from == [item.name.id])
  }

  @Test func `an item in a living worker's hands stays there`() throws {
    let name = try spool.publish(["a"], to: "s")
    let listed = try spool.item("s", .incoming, name.id)
    let claim = try #require(try Claim.take(name, in: spool.directory("s"), by: Worker()))
    let claimed = try spool.item("s", .active, name.id)
    let result = try apply(.drop, claimed)
    #expect(isRefused(result, "claimed by pid \(getpid()); wait for it"))
    // Listed before it was claimed: the mover lost the race and says so.
    #expect(isRefused(try apply(.drop, listed), "moved it first"))
    #expect(claim.stands)
    #expect(try spool.receipts().isEmpty)
    // Asking for the lock has not taken it.
    #expect(try Sweep.run(spool.directory("s"), now: now).deadClaims == 0)
  }

  @Test func `the claim of a dead worker is called dead, and looking leaves it to the sweep`()
    throws
  {
    let item = try spool.place("a", .active)
    #expect(ClaimOwner.life(of: item.file.path) == .dead)
    #expect(ClaimOwner.life(of: item.file.path + "x") == .gone)
    #expect(isRefused(try apply(.drop, item), "which is gone"))
    #expect(try Sweep.run(spool.directory("s"), now: now).deadClaims == 1)
  }

  @Test func `a worker that has opened and locked an item keeps it`() throws {
    let item = try spool.place("a", .incoming)
    // What a worker holds between its lock and its rename.
    let descriptor = open(item.file.path, O_RDWR | O_CLOEXEC)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    #expect(isRefused(try apply(.hold, item), "locked"))
    #expect(try spool.receipts().isEmpty)
    #expect(try spool.states(of: "s") == [item.name.id: .incoming])
  }

  @Test func `no worker can claim an item between its receipt and its move`() throws {
    let item = try spool.place("a", .incoming)
    let spool = spool
    // The documents are asked for after the lock and before the receipt.
    let move = OperatorMove(spool: spool.path) { _ in
      let claim = try? Claim.take(item.name, in: spool.directory("s"), by: Worker())
      #expect(claim == nil)
      return []
    }
    _ = try move.apply(.hold, to: [item], now: now)
    #expect(try spool.states(of: "s") == [item.name.id: .hold])
    // And once it is moved it can be claimed again.
    let held = try spool.item("s", .hold, item.name.id)
    _ = try move.apply(.release, to: [held], now: now)
    let name = try spool.item("s", .incoming, item.name.id).name
    #expect(try Claim.take(name, in: spool.directory("s"), by: Worker()) != nil)
  }

  @Test(arguments: [OperatorVerb.retry, .hold, .drop])
  func `an item that a sweep carries on meanwhile is followed`(verb: OperatorVerb) throws {
    let item = try spool.place("a", .deferred, due: now - 1, tries: 1, reason: "connection")
    let spool = spool
    let now = now
    let move = OperatorMove(spool: spool.path) { _ in
      #expect((try? Sweep.run(spool.directory("s"), now: now))?.dueItems == 1)
      return []
    }
    let result = try #require(try move.apply(verb, to: [item], now: now).first).result
    guard case .moved(verb.target, _) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(try spool.states(of: "s") == (verb.target.map { [item.name.id: $0] } ?? [:]))
    #expect(try spool.receipts().count == 1)
  }

  @Test func `the receipt comes first: without one nothing moves`() throws {
    let item = try spool.place("a", .failed, tries: 5, reason: "error")
    // No ledger can be made where a file stands.
    try DurableFile.write([1], to: spool.path + "/ledger")
    #expect(throws: SpoolError.self) { try apply(.retry, item) }
    #expect(throws: SpoolError.self) { try apply(.drop, item) }
    #expect(try spool.states(of: "s") == [item.name.id: .failed])
  }

  @Test func `the receipt comes first: with one, a move that fails can be repeated`() throws {
    let item = try spool.place("a", .failed, tries: 5, reason: "error")
    let incoming = spool.directory("s").directory(.incoming)
    try DurableFile.removeDirectory(incoming)
    #expect(isRefused(try apply(.retry, item), "after its receipt"))
    #expect(try spool.receipts().map(\.outcome) == [.retry])
    #expect(try spool.states(of: "s") == [item.name.id: .failed])
    try DurableFile.makeDirectory(incoming)
    _ = try apply(.retry, item)
    #expect(try spool.states(of: "s") == [item.name.id: .incoming])
  }

  @Test func `a damaged item moves too, and its receipt names the item alone`() throws {
    let item = try spool.place("a", .failed, tries: 1, reason: "damaged")
    let descriptor = open(item.file.path, O_WRONLY | O_TRUNC)
    close(descriptor)
    #expect(try apply(.drop, item) == .moved(nil, item.name))
    let receipt = try #require(try spool.receipts().first)
    #expect(receipt.item == item.name.id)
    #expect(receipt.documents.isEmpty)
    #expect(try spool.states(of: "s").isEmpty)
  }

  @Test func `an item of the ledger moves without a receipt of its receipt`() throws {
    let item = try spool.place("a", in: Ledger.stage, .failed)
    #expect(try apply(.drop, item) == .moved(nil, item.name))
    #expect(try spool.states(of: Ledger.stage).isEmpty)
  }

  @Test func `many items are moved in groups, and each has its result in order`() throws {
    var items: [SpoolItem] = []
    for number in 0..<70 {
      items.append(try spool.place("r\(number)", .failed, tries: 5, reason: "error"))
    }
    items.insert(try spool.place("held", .hold), at: 65)
    let results = try move.apply(.retry, to: items, now: now)
    #expect(results.map(\.item.name.id) == items.map(\.name.id))
    #expect(results.filter { if case .moved = $0.result { true } else { false } }.count == 70)
    #expect(isRefused(results[65].result, "release it first"))
    #expect(try spool.directory("s").items(.incoming).count == 70)
    #expect(try spool.receipts().count == 70)
  }

  @Test func `a retried item gets a whole try from the runner`() async throws {
    let item = try spool.place("fine", in: "double", .failed, tries: 5, reason: "error")
    // Due by the runner's clock too.
    _ = try move.apply(.retry, to: [item], now: WallClock.now())
    let runner = StageRunner(
      stage: DoublingStage(), spool: spool.path, settings: RunnerSettings(), stop: StopFlag()
    ) { _ in }
    try await runner.run()
    #expect(try spool.states(of: "double").isEmpty)
    #expect(try spool.texts("after", .incoming) == ["finefine"])
    // The runner's receipt counts as many tries as the operator's, so that it wins by its rank.
    let receipts = try spool.receipts().sorted { $0.startedAt < $1.startedAt }
    #expect(Set(receipts.map(\.outcome)) == [.retry, .done])
    #expect(receipts.map(\.tries) == [6, 6])
  }
}
