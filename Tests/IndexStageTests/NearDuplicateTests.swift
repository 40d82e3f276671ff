// Pages that are nearly the same, through builds of generations.

import Corpus
import Foundation
import Spool
import Testing
import VectorShard

@testable import IndexStage

@Suite struct NearDuplicateTests {
  let bench: IndexBench

  init() throws { bench = try IndexBench(shrinkPercent: 100) }

  /// The text of a page: the same but for its stamp.
  static func text(_ date: Int, _ words: String = "The ferry to Orrin takes forty minutes.")
    -> [String]
  {
    [
      "Timetable of the ferry. \(words) It leaves from the old pier at the full hour, every day.",
      "Bicycles travel free. Dogs are welcome on the open deck.\nLast updated: \(date) May 2026",
    ]
  }

  /// The address of a page; those that begin with q have a query.
  static func uri(_ id: String, _ source: String = "src") -> String {
    "https://\(source).example/" + (id.hasPrefix("q") ? "?\(id)" : id)
  }

  private func add(_ run: String, _ pages: [String: [String]], source: String = "src") async throws
  {
    for (id, texts) in pages.sorted(by: { $0.key < $1.key }) {
      try await bench.add(
        try bench.chunks(id, texts, uri: Self.uri(id, source), source: source), run: run)
    }
  }

  @discardableResult
  private func train(
    _ run: String, _ pages: [String: [String]], removed: [String] = []
  ) async throws -> [String] {
    try await add(run, pages)
    let answer = try await bench.order(run, live: pages.keys.sorted(), removed: removed).done()
    return answer.documents.map {
      "\($0.document) \($0.reason ?? $0.outcome.rawValue) \($0.kept?.document ?? "-")"
    }
  }

  /// The documents that answer, with those they stand for: `a: b c`.
  private func standing() throws -> [String] {
    guard let set = try ShardSet.open(directory: bench.shard) else { return [] }
    return try GenerationMoves.descriptions(in: set).values.sorted { $0.document < $1.document }
      .map { description in
        ([description.document.text + ":"] + (description.aliases ?? []).map(\.document.text))
          .joined(separator: " ")
      }
  }

  @Test func `nearly the same page is indexed once and names its other addresses`() async throws {
    let told = try await train(
      "r1", ["a": Self.text(3), "bb": Self.text(4), "c": Self.text(3, "It does not go today.")])
    #expect(told == ["a done -", "bb near_duplicate a", "c done -"])
    #expect(try standing() == ["a: bb", "c:"])
    #expect(try bench.parts("r1").isEmpty)
    let set = try #require(try ShardSet.open(directory: bench.shard))
    let kept = try #require(
      try GenerationMoves.descriptions(in: set)[DocumentID(unchecked: "a")])
    #expect(kept.aliases?.first?.uri == Self.uri("bb"))
    #expect(kept.aliases?.first?.textDigest != kept.textDigest)
    // Chunks carry neither: they would repeat it hundreds of times.
    let row = try #require(try set.rows(ofDocument: "a").first)
    let chunk = try JSONLines.decode(Chunk.self, from: try set.payload(of: row))
    #expect(chunk.description.aliases == nil && chunk.description.likeness == nil)
  }

  @Test func `pages of two sources and files are never compared`() async throws {
    try await add("r1", ["a": Self.text(3)], source: "one")
    try await add("r1", ["b": Self.text(3)], source: "two")
    for id in ["f", "g"] {
      try await bench.add(try bench.chunks(id, Self.text(3), uri: "\(id).pdf"), run: "r1")
    }
    _ = try await bench.order("r1", live: ["a", "b", "f", "g"]).done()
    #expect(try standing() == ["a:", "b:", "f:", "g:"])
  }

  @Test func `the plainest address is kept, and the page that says most before it`() async throws {
    try await train("r1", ["q": Self.text(3), "longername": Self.text(4)])
    #expect(try standing() == ["longername: q"])
    let other = try NearDuplicateTests()
    // A line more is little of a page that has some.
    let rest = [ComparedTextTests.body]
    var long = Self.text(5) + rest
    long[1] += "\nAsk the harbour."
    try await other.train("r1", ["a": Self.text(3) + rest, "muchlonger": long])
    #expect(try other.standing() == ["muchlonger: a"])
  }

  @Test func `who is kept stays, and a repeat or an unchanged page changes nothing`() async throws {
    try await train("r1", ["longname": Self.text(3)])
    #expect(try await train("r2", ["a": Self.text(4)]) == ["a near_duplicate longname"])
    #expect(try standing() == ["longname: a"])
    let before = try bench.generationBytes()
    // The order comes again after a crash, and once more with its chunks.
    #expect(try await bench.order("r2", live: ["a"]).done().generation == .live(2))
    #expect(try await train("r2", ["a": Self.text(4)]) == ["a near_duplicate longname"])
    #expect(try bench.generationBytes() == before)
    // Read again with another stamp, both: the same one is kept.
    let told = try await train("r3", ["a": Self.text(9), "longname": Self.text(8)])
    #expect(told == ["a near_duplicate longname", "longname done -"])
    #expect(try standing() == ["longname: a"])
    // A run that meets neither leaves them alone.
    try await train("r4", ["x": ["Something else altogether."]])
    #expect(try standing() == ["longname: a", "x:"])
  }

  @Test func `an alias that says something else stands by itself again`() async throws {
    try await train("r1", ["a": Self.text(3), "bb": Self.text(4)])
    let told = try await train("r2", ["bb": Self.text(4, "The ferry takes fifty minutes.")])
    #expect(told == ["bb done -"])
    #expect(try standing() == ["a:", "bb:"])
    // And one that is gone is named no more.
    try await train("r3", ["cc": Self.text(9)])
    #expect(try standing() == ["a: cc", "bb:"])
    try await train("r4", [:], removed: ["cc"])
    #expect(try standing() == ["a:", "bb:"])
  }

  @Test func `when the kept page leaves, an alias takes its place at once`() async throws {
    try await train("r1", ["a": Self.text(3), "bb": Self.text(4), "ccc": Self.text(5)])
    #expect(try standing() == ["a: bb ccc"])
    let told = try await train("r2", [:], removed: ["a"])
    #expect(told == ["bb done -", "ccc near_duplicate bb"])
    #expect(try standing() == ["bb: ccc"])
    // Its text is the one that stood, under the new address, and its digests say so: it will be read in full.
    let set = try #require(try ShardSet.open(directory: bench.shard))
    let row = try #require(try set.rows(ofDocument: "bb").first)
    let chunk = try JSONLines.decode(Chunk.self, from: try set.payload(of: row))
    #expect(chunk.description.uri == Self.uri("bb"))
    #expect(
      chunk.description.textDigest
        == SHA256Digest(of: Self.text(3).joined(separator: "\n")).hexDigits)
    #expect(
      try set.words.search(set.words.question("bicycles", language: "en"), count: 5).count == 1)
    // Then an alias that was read anew in the very run keeps its own text.
    let next = try await train("r3", ["ccc": Self.text(6)], removed: ["bb"])
    #expect(next == ["ccc done -"])
    #expect(try standing() == ["ccc:"])
  }

  @Test func `when the kept page says something else, its aliases keep what they said`()
    async throws
  {
    try await train("r1", ["a": Self.text(3), "bb": Self.text(4)])
    let told = try await train("r2", ["a": Self.text(3, "There is no ferry in winter.")])
    #expect(told == ["a done -", "bb done -"])
    #expect(try standing() == ["a:", "bb:"])
    #expect(try bench.texts().contains { $0.contains("forty") })
  }

  @Test func `what must leave the disk does not go on under another name`() async throws {
    try await train("r1", ["a": Self.text(3), "bb": Self.text(4), "x": ["Something else."]])
    let order = IndexOrder(
      live: [], removed: ["a", "bb"].map(DocumentID.init(unchecked:)), mayShrink: true, purge: true)
    _ = try await bench.stage.process(
      [.order(order)], of: bench.envelope(RecordSchema.order, run: "r2"))
    #expect(try standing() == ["x:"])
  }

  @Test func `pages that become aliases are no loss that holds a generation back`() async throws {
    let bench = try IndexBench(shrinkPercent: 10)
    for (run, texts) in [
      ("r1", ["One page.", "Another page."]), ("r2", ["Now alike.", "Now alike."]),
    ] {
      for (id, text) in zip(["a", "b"], texts) {
        try await bench.add(try bench.chunks(id, [text], uri: Self.uri(id)), run: run)
      }
      let answer = try await bench.order(run, live: ["a", "b"]).done()
      #expect(answer.generation == .live(run == "r1" ? 1 : 2))
    }
    #expect(try bench.texts() == ["Now alike."])
  }

  @Test func `publishing and going back tell who stands for whom`() async throws {
    try await train(
      "r1", ["a": Self.text(3), "bb": ["A page of its own."], "c": ["A third page."]])
    try await add("r2", ["bb": Self.text(4)])
    let held = try await bench.order("r2", live: ["bb"], hold: true).done()
    guard case .held(2, _, _) = held.generation else {
      Issue.record("\(String(describing: held.generation))")
      return
    }
    let published = try await bench.order("r2", .publish, generation: 2).done()
    #expect(published.documents.map(\.kept?.document) == ["a"])
    #expect(try standing() == ["a: bb", "c:"])
    let back = try await bench.order("r3", .rollback, generation: 1).done()
    #expect(back.documents.map { "\($0.document) \($0.outcome)" } == ["bb done"])
    let again = try await bench.order("r4", .publish, generation: 2).done()
    #expect(again.documents.map { "\($0.document) \($0.reason ?? "-")" } == ["bb near_duplicate"])
  }

  @Test func `any split, any order and any repetition give the same bytes`() async throws {
    let pages = Dictionary(
      uniqueKeysWithValues: (0..<12).map { number in
        (
          "p\(number)",
          Self.text(number + 1, "It takes \(["ten", "twenty", "thirty"][number % 3]) minutes.")
        )
      })
    var first: [String: [UInt8]]?
    for seed in 1...8 as ClosedRange<UInt64> {
      let bench = try IndexBench(shrinkPercent: 100)
      var chance = DeterminismTests.Chance(state: seed)
      for run in ["r1", "r2"] {
        var records: [IndexRecord] = []
        for (id, texts) in pages where run == "r1" || id.hasSuffix("1") {
          records += try bench.chunks(
            id, run == "r1" ? texts : texts + ["More for \(id)."], uri: Self.uri(id))
        }
        records.shuffle(using: &chance)
        while !records.isEmpty {
          let count = Int.random(in: 1...records.count, using: &chance)
          try await bench.add(Array(records.prefix(count)), run: run)
          records.removeFirst(count)
        }
        let live = pages.keys.filter { run == "r1" || $0.hasSuffix("1") }
        _ = try await bench.order(
          run, live: live.shuffled(using: &chance), removed: run == "r2" ? ["p0"] : []
        ).done()
      }
      let bytes = try bench.generationBytes()
      #expect(try ShardManifest.current(in: bench.shard)?.documentCount == 5)
      if let first { #expect(bytes == first, "seed \(seed)") } else { first = bytes }
    }
  }
}
