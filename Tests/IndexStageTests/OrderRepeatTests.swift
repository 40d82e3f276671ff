// Orders that come again: after a crash at any step the same answer and the same shard, and parts kept for late chunks.

import Corpus
import Foundation
import Spool
import TestSupport
import Testing
import VectorShard

@testable import IndexStage

@Suite struct OrderRepeatTests {
  static let week = 7 * 24 * 3_600_000

  @Test func `every order that comes again is answered the same and changes nothing`() async throws
  {
    let bench = try IndexBench(generationsKept: 9)
    func twice(
      _ run: String, _ action: IndexOrder.Action = .build, generation: Int? = nil,
      live: [String] = [], removed: [String] = []
    ) async throws {
      let first = try await bench.order(
        run, action, generation: generation, live: live, removed: removed
      ).done()
      let before = try bench.generationBytes()
      let second = try await bench.order(
        run, action, generation: generation, live: live, removed: removed
      ).done()
      #expect(first.documents == second.documents, "\(action) of \(run)")
      #expect(first.generation == second.generation && first.generation != nil)
      #expect(try bench.generationBytes() == before)
    }
    for document in ["d1", "d2", "d3", "d4"] {
      try await bench.add(try bench.chunks(document, [document]), run: "r1")
    }
    try await twice("r1", live: ["d1", "d2", "d3", "d4"])
    // Nothing new in it: no generation, but its documents are live all the same.
    try await bench.add(try bench.chunks("d1", ["d1"]), run: "r2")
    try await twice("r2", live: ["d1"])
    #expect(try bench.parts("r2").isEmpty)
    // One that stays out, though an old version of it stands.
    try await bench.add(
      try bench.chunks("d2", ["half"], count: 2) + bench.chunks("d5", ["five"]), run: "r3")
    try await twice("r3", live: ["d2", "d5"])
    try await twice("r4", removed: ["d1", "d2", "d3"])
    try await twice("r5", .publish, generation: 3)
    try await twice("r6", .rollback, generation: 1)
    try await twice("r7", .publish, generation: 2)
  }

  @Test func `a late chunk completes its document by an order of the same run`() async throws {
    let bench = try IndexBench()
    let whole = ["first half", "second half"]
    let records = try bench.chunks("d1", whole)
    try await bench.add([records[0]], run: "r1")
    try await bench.add(try bench.chunks("d2", ["two"]), run: "r1")
    let first = try await bench.order("r1", live: ["d1", "d2"]).done()
    #expect(first.documents.map(\.reason) == ["incomplete", nil])
    #expect(try bench.parts("r1").count == 1)
    #expect(try bench.texts() == ["two"])
    // An operator retries the failed item; the very same order may come again too.
    try await bench.add([records[1]], run: "r1")
    let second = try await bench.order("r1", live: ["d1", "d2"]).done()
    #expect(second.documents.map(\.outcome) == [.done, .done])
    #expect(second.generation == .live(2))
    #expect(try bench.texts() == ["first half", "second half", "two"])
    #expect(!DurableFile.exists(bench.shard + "/pending/r1"))
  }

  @Test func `a part that a document left out shares stays as a whole`() async throws {
    let bench = try IndexBench()
    let missing = try bench.chunks("d1", ["first", "second"])
    try await bench.add([missing[0]] + bench.chunks("d2", ["two"]), run: "r1")
    _ = try await bench.order("r1", live: ["d1", "d2"])
    #expect(try bench.parts("r1").count == 1)
    try await bench.add([missing[1]], run: "r1")
    let answer = try await bench.order("r1", live: ["d1"]).done()
    #expect(answer.documents.map(\.outcome) == [.done])
    // d2 of the shared part is not this order's: it stays as it is.
    #expect(try bench.texts() == ["first", "second", "two"])
  }

  @Test func `parts of other runs are given up after a week without a touch`() async throws {
    let bench = try IndexBench()
    try await bench.add(try bench.chunks("d1", ["one"]), run: "old")
    let now = WallClock.now()
    try await IndexBench(bench, now: now + Self.week - 60_000).train("r1", ["d2": ["two"]])
    #expect(try bench.parts("old").count == 1)
    try await IndexBench(bench, now: now + Self.week + 60_000).train("r2", ["d3": ["three"]])
    #expect(!DurableFile.exists(bench.shard + "/pending/old"))
    #expect(try bench.texts() == ["three", "two"])
  }

  @Test func `two readings of a page in one run do not hinder each other`() async throws {
    let bench = try IndexBench()
    let long = try bench.chunks("d1", ["a", "b", "c"])
    let short = try bench.chunks("d1", ["a", "b2"])
    try await bench.add([long[0], long[2]], run: "r1")
    try await bench.add(short, run: "r1")
    _ = try await bench.order("r1", live: ["d1"]).done()
    #expect(try bench.texts() == ["a", "b2"])
  }

  // MARK: Crashes

  /// What is left of a shard and its ledger after an order.
  struct Left: Equatable {
    let texts: [String]
    let current: Int?
    let generations: [Int]
    let files: [String]
    let generation: Int?
    let held: Int?
    let documents: [String]
  }

  /// Carries an order out with bobbin-index, killed at the `step`th fail point and started again.
  func left(
    _ order: IndexOrder, prepare: (IndexBench) async throws -> Void, step: Int?
  ) async throws -> (left: Left, wasKilled: Bool) {
    let bench = try IndexBench()
    try await prepare(bench)
    let spool = bench.folder.path + "/spool"
    let content = try ItemContent.encode(
      bench.envelope(RecordSchema.order, run: "last"), records: [try JSONLines.encode(order)])
    let index = SpoolDirectory(spool: spool, stage: "index")
    try index.prepare()
    // Where an order comes from, a ledger has been drained.
    _ = try Ledger(spool: spool).waiting()
    _ = try index.publish(content, lane: "bot1", due: 0)
    var wasKilled = false
    let data = ["BOBBIN_DATA": bench.folder.path]
    if let step {
      let killed = try await Tool(
        "bobbin-index", data.merging(["CRASH_AT": "any:\(step)"]) { _, new in new }
      ).run(["--spool", spool])
      wasKilled = killed.exitCode == 9
      #expect(wasKilled || killed.exitCode == 0, "\(killed.errors)")
    }
    let result = try await Tool("bobbin-index", data).run(["--spool", spool])
    try #require(result.exitCode == 0, "\(result.errors)")
    #expect(try index.items(.incoming).isEmpty && index.items(.deferred).isEmpty)
    #expect(try index.items(.failed).isEmpty && index.items(.active).isEmpty)
    let receipt = try #require(try Ledger(spool: spool).waiting().map(\.receipt).last)
    let names = try DurableFile.names(in: bench.shard).sorted()
    return (
      Left(
        texts: try bench.texts(), current: try ShardManifest.currentGeneration(in: bench.shard),
        generations: try ShardManifest.generations(in: bench.shard),
        files: names.filter { !$0.hasPrefix(".tmp-") }, generation: receipt.generation,
        held: receipt.heldGeneration,
        documents: receipt.documents.map {
          "\($0.document) \($0.outcome.rawValue) \($0.reason ?? "")"
        }),
      wasKilled
    )
  }

  struct Case: Sendable {
    let name: String
    let order: IndexOrder
    let prepare: @Sendable (IndexBench) async throws -> Void
  }

  static let cases: [Case] = [
    Case(
      name: "build",
      order: IndexOrder(
        live: ["d1", "d2", "d5"].map { DocumentID(unchecked: $0) },
        removed: [DocumentID(unchecked: "d3")])
    ) { bench in
      try await bench.train("r1", ["d1": ["one"], "d2": ["two"], "d3": ["3"], "d4": ["four"]])
      try await bench.add(try bench.chunks("d1", ["new", "newer"]), run: "last")
      try await bench.add(try bench.chunks("d2", ["half"], count: 2), run: "last")
      try await bench.add(try bench.chunks("d5", ["five"]), run: "last")
    },
    Case(
      name: "held",
      order: IndexOrder(live: [], removed: ["d1", "d2"].map { DocumentID(unchecked: $0) })
    ) { bench in
      try await bench.train("r1", ["d1": ["one"], "d2": ["two"], "d3": ["three"]])
    },
    Case(
      name: "publish", order: IndexOrder(action: .publish, generation: 2, live: [], removed: [])
    ) { bench in
      try await bench.train("r1", ["d1": ["one"], "d2": ["two"], "d3": ["three"]])
      _ = try await bench.order("r2", removed: ["d1", "d2"]).done()
    },
    Case(
      name: "rollback", order: IndexOrder(action: .rollback, generation: 1, live: [], removed: [])
    ) { bench in
      try await bench.train("r1", ["d1": ["one"], "d2": ["two"], "d3": ["three"]])
      try await bench.train("r2", ["d1": ["new"], "d4": ["four"]])
    },
  ]

  @Test(arguments: cases.indices)
  func `an order killed at any step ends as if it had not been`(number: Int) async throws {
    let testCase = Self.cases[number]
    let undisturbed = try await left(testCase.order, prepare: testCase.prepare, step: nil).left
    var kills = 0
    for step in 1...80 {
      let (found, wasKilled) = try await left(
        testCase.order, prepare: testCase.prepare, step: step)
      #expect(found == undisturbed, "\(testCase.name) at step \(step)")
      guard wasKilled else { break }
      kills += 1
    }
    #expect(kills >= 10 && kills < 80, "\(testCase.name): \(kills)")
  }
}
