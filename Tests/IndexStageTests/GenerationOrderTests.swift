// Orders on generations: the shrink guard, publishing what it held, going back, and orders that come again.

import BlobStore
import Corpus
import Foundation
import Spool
import TestSupport
import Testing
import VectorShard

@testable import IndexStage

@Suite struct GenerationOrderTests {
  let bench: IndexBench

  init() throws { bench = try IndexBench() }

  /// Four documents as generation 1.
  func start() async throws {
    try await bench.train("r1", ["d1": ["one"], "d2": ["two"], "d3": ["three"], "d4": ["four"]])
  }

  // MARK: The guard

  @Test func `a build that would lose too much is held and the old generation answers`()
    async throws
  {
    try await start()
    let answer = try await bench.order("r2", removed: ["d1", "d2"]).done()
    #expect(
      answer.generation
        == .held(
          2,
          message: "2 of 4 documents would go; generation 2 is built and waits. Generation 1 goes "
            + "on answering until you publish the new one or train again."))
    #expect(try bench.texts() == ["four", "one", "three", "two"])
    #expect(try ShardManifest.held(in: bench.shard) == [2])
    let published = try await bench.order("r3", .publish, generation: 2).done()
    #expect(published.generation == .live(2) && published.documents.isEmpty)
    #expect(try bench.texts() == ["four", "three"])
  }

  @Test(arguments: [(["d1"], 30, 1), (["d1"], 20, 2), (["d1", "d2", "d3", "d4"], 100, 1)])
  func `what may go is the setting's share`(
    removed: [String], percent: Int, _ expected: Int
  ) async throws {
    let bench = try IndexBench(shrinkPercent: percent)
    try await bench.train("r1", ["d1": ["one"], "d2": ["two"], "d3": ["three"], "d4": ["four"]])
    let answer = try await bench.order("r2", removed: removed).done()
    let isHeld = if case .held = answer.generation { true } else { false }
    #expect(isHeld == (expected == 2), "\(removed) at \(percent) %")
  }

  @Test func `the owner's word lets a shard shrink, and a first generation is never held`()
    async throws
  {
    try await start()
    let answer = try await bench.order("r2", removed: ["d1", "d2", "d3"], mayShrink: true).done()
    #expect(answer.generation == .live(2))
    #expect(try bench.texts() == ["four"])
  }

  @Test func `documents that a held generation would bring are done, and its parts stay`()
    async throws
  {
    try await start()
    try await bench.add(try bench.chunks("d5", ["five"]), run: "r2")
    let held = try await bench.order("r2", live: ["d5"], removed: ["d1", "d2", "d3"]).done()
    #expect(held.documents.map(\.outcome) == [.done])
    #expect(!(try bench.parts("r2").isEmpty))
    // The same run with the owner's word needs the parts again.
    let live = try await bench.order(
      "r2", live: ["d5"], removed: ["d1", "d2", "d3"], mayShrink: true
    ).done()
    #expect(live.generation == .live(3) && live.documents.map(\.outcome) == [.done])
    #expect(try bench.texts() == ["five", "four"])
    #expect(try bench.parts("r2").isEmpty)
  }

  @Test func `a build that is to be evaluated waits, and says the same when it is repeated`()
    async throws
  {
    try await start()
    try await bench.add(try bench.chunks("d5", ["five"]), run: "r2")
    for _ in 0..<2 {
      let held = try await bench.order("r2", live: ["d5"], hold: true).done()
      #expect(
        held.generation
          == .held(
            2, message: "Generation 2 is built and waits for its evaluation.",
            reason: IndexOrder.evaluationReason))
      #expect(held.documents.map(\.outcome) == [.done])
    }
    #expect(try bench.texts() == ["four", "one", "three", "two"])
    let live = try await bench.order("r2", .publish, generation: 2, live: ["d5"]).done()
    #expect(live.generation == .live(2))
    #expect(try bench.texts() == ["five", "four", "one", "three", "two"])
    #expect(try bench.parts("r2").isEmpty)
    // Nothing new: there is nothing to wait for.
    let again = try await bench.order("r3", live: [], hold: true).done()
    #expect(again.generation == .live(2))
  }

  @Test func `the shrink guard speaks before an evaluation, and a first generation waits too`()
    async throws
  {
    try await bench.add(try bench.chunks("d1", ["one"]), run: "r0")
    let first = try await bench.order("r0", live: ["d1"], hold: true).done()
    guard case .held(1, _, IndexOrder.evaluationReason) = first.generation else {
      Issue.record("\(String(describing: first.generation))")
      return
    }
    #expect(try bench.texts().isEmpty)
    #expect(
      try await bench.order("r0", .publish, generation: 1, live: ["d1"]).done().generation
        == .live(1))
    let shrunk = try await bench.order("r1", removed: ["d1"], hold: true).done()
    guard case .held(2, _, nil) = shrunk.generation else {
      Issue.record("\(String(describing: shrunk.generation))")
      return
    }
  }

  @Test func `a held generation is refused once another was published`() async throws {
    try await start()
    _ = try await bench.order("r2", removed: ["d1", "d2"])
    try await bench.train("r3", ["d5": ["five"]])
    #expect(try ShardManifest.current(in: bench.shard)?.generation == 3)
    let refusal = try await bench.order("r4", .publish, generation: 2).gone()
    #expect(refusal.reason == "base_moved")
    #expect(refusal.message.contains("generation 3 answers now"))
    #expect(try bench.texts() == ["five", "four", "one", "three", "two"])
  }

  @Test func `publishing names the documents that came in with it`() async throws {
    try await start()
    try await bench.add(try bench.chunks("d5", ["five"]), run: "r2")
    _ = try await bench.order("r2", live: ["d5"], removed: ["d1", "d2", "d3"])
    let answer = try await bench.order("r3", .publish, generation: 2, live: ["d5", "d9"]).done()
    #expect(answer.documents.map(\.outcome) == [.done, .failed])
    #expect(try bench.texts() == ["five", "four"])
  }

  // MARK: Going back

  @Test func `going back restores the texts and names what came and went`() async throws {
    try await start()
    try await bench.train(
      "r2", ["d1": ["one anew"], "d5": ["five"]], removed: ["d2"])
    let answer = try await bench.order("r3", .rollback, generation: 1).done()
    #expect(answer.generation == .live(1))
    #expect(
      answer.documents.map { [$0.document, $0.outcome.rawValue, $0.reason ?? ""] } == [
        ["d1", "done", ""], ["d2", "done", ""], ["d5", "gone", "rolled_back"],
      ])
    #expect(answer.documents.last?.message?.contains("generation 1") == true)
    #expect(try bench.texts() == ["four", "one", "three", "two"])
    // What comes next gets a number that no generation has had.
    try await bench.train("r4", ["d6": ["six"]])
    let next = try #require(try ShardManifest.current(in: bench.shard))
    #expect(next.generation == 3 && next.base == 1)
    #expect(try bench.texts() == ["four", "one", "six", "three", "two"])
  }

  @Test func `what was rolled back can be published again while its base is current`() async throws
  {
    try await start()
    try await bench.train("r2", ["d5": ["five"]])
    _ = try await bench.order("r3", .rollback, generation: 1)
    #expect(try ShardManifest.held(in: bench.shard) == [2])
    let answer = try await bench.order("r4", .publish, generation: 2).done()
    #expect(answer.generation == .live(2))
    #expect(try bench.texts() == ["five", "four", "one", "three", "two"])
  }

  @Test(arguments: [IndexOrder.Action.publish, .rollback])
  func `a generation that is not kept is refused by number`(action: IndexOrder.Action)
    async throws
  {
    try await start()
    for generation in [nil, 0, 7, -1] as [Int?] {
      let refusal = try await bench.order("r2", action, generation: generation).gone()
      #expect(refusal.reason == "no_such_generation")
      #expect(refusal.message.contains("kept are 1."))
    }
  }

  @Test func `back goes to any earlier generation, and on again to the one that was built from it`()
    async throws
  {
    try await start()
    try await bench.train("r2", ["d5": ["five"]])
    try await bench.train("r3", ["d6": ["six"]])
    #expect(try ShardManifest.currentGeneration(in: bench.shard) == 3)
    _ = try await bench.order("r4", .rollback, generation: 1).done()
    let refusal = try await bench.order("r5", .rollback, generation: 3).gone()
    #expect(
      refusal.reason == "not_earlier" && refusal.message.contains("not built from generation 1"))
    #expect(try ShardManifest.currentGeneration(in: bench.shard) == 1)
    _ = try await bench.order("r6", .rollback, generation: 2).done()
    #expect(try ShardManifest.currentGeneration(in: bench.shard) == 2)
    #expect(try bench.texts() == ["five", "four", "one", "three", "two"])
  }

  // MARK: Damage

  @Test func `a damaged generation is not gone back to, and a damaged one can be left`()
    async throws
  {
    try await start()
    try await bench.train("r2", ["d1": ["one anew"]])
    let first = try ShardManifest.manifest(generation: 1, in: bench.shard).segments[0].digest
    let second = try ShardManifest.manifest(generation: 2, in: bench.shard).segments
      .map(\.digest).first { $0 != first }
    try bench.flip("\(first).segment")
    let refusal = try await bench.order("r3", .rollback, generation: 1).gone()
    #expect(refusal.reason == "shard_damaged")
    #expect(try ShardManifest.currentGeneration(in: bench.shard) == 2)
    try bench.flip("\(first).segment")
    try bench.flip("\(try #require(second)).segment")
    let build = try await bench.order("r4", live: [], removed: ["d2"]).gone()
    #expect(build.reason == "shard_damaged")
    let answer = try await bench.order("r5", .rollback, generation: 1).done()
    #expect(answer.generation == .live(1))
    #expect(try bench.texts() == ["four", "one", "three", "two"])
  }

  @Test func `going back repairs a damaged CURRENT`() async throws {
    try await start()
    try await bench.train("r2", ["d5": ["five"]])
    try bench.flip("CURRENT")
    #expect(throws: ShardError.self) { try bench.texts() }
    let answer = try await bench.order("r3", .rollback, generation: 2).done()
    #expect(answer.generation == .live(2))
    #expect(try bench.texts() == ["five", "four", "one", "three", "two"])
  }

  @Test func `a refused build tells each of its documents`() async throws {
    try await start()
    let digest = try #require(try ShardManifest.current(in: bench.shard)?.segments.first?.digest)
    try bench.flip("\(digest).segment")
    try await bench.add(try bench.chunks("d5", ["five"]), run: "r2")
    let answer = try await bench.order("r2", live: ["d5"]).done()
    #expect(answer.generation == nil)
    #expect(answer.documents.map(\.reason) == ["shard_damaged"])
    #expect(answer.documents.first?.message?.contains("/") == false)
  }
}
