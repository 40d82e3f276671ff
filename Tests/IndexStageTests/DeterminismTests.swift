// The same chunks give the same bytes, however they were cut into items, in whatever order they came.

import Corpus
import Foundation
import Spool
import Testing
import VectorShard

@testable import IndexStage

@Suite struct DeterminismTests {
  struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 11 ^ state << 21
    }
  }

  /// Three runs: documents, a change with a removal, and one that makes a merge due.
  static let runs: [(documents: [String: [String]], removed: [String])] = [
    (
      Dictionary(
        uniqueKeysWithValues: (0..<9).map { number in
          ("d\(number)", (0...number % 4).map { "text \(number) part \($0)" })
        }), []
    ),
    (["d2": ["two anew"], "d9": ["nine", "nine more"]], ["d3"]),
    (["d0": ["zero"], "d1": ["one", "more"], "d4": ["four"], "d5": ["five"]], ["d6"]),
  ]

  /// Delivers all runs, cut and mixed by `seed`.
  func generation(seed: UInt64) async throws -> [String: [UInt8]] {
    let bench = try IndexBench()
    var chance = Chance(state: seed)
    for (number, run) in Self.runs.enumerated() {
      // Each chunk in a blob of its own or together with its neighbours: vectors are read the same.
      var records: [IndexRecord] = []
      for (document, texts) in run.documents.sorted(by: { $0.key < $1.key }) {
        records += try bench.chunks(document, texts)
      }
      records.shuffle(using: &chance)
      while !records.isEmpty {
        let count = Int.random(in: 1...records.count, using: &chance)
        try await bench.add(Array(records.prefix(count)), run: "r\(number)")
        // Some items come twice, as after a crash.
        if Bool.random(using: &chance) {
          try await bench.add(Array(records.prefix(count)), run: "r\(number)")
        }
        records.removeFirst(count)
      }
      let answer = try await bench.order(
        "r\(number)", live: run.documents.keys.shuffled(using: &chance),
        removed: run.removed
      ).done()
      #expect(answer.documents.allSatisfy { $0.outcome == .done })
    }
    return try bench.generationBytes()
  }

  @Test func `any split, any order and any repetition give the same bytes`() async throws {
    let first = try await generation(seed: 1)
    #expect(first.count >= 2)
    for seed in 2...12 as ClosedRange<UInt64> {
      #expect(try await generation(seed: seed) == first, "seed \(seed)")
    }
  }

  @Test func `a manifest differs between runs in the run's name alone`() async throws {
    func manifest(_ run: String) async throws -> [String: [UInt8]] {
      let bench = try IndexBench()
      try await bench.train(run, ["d1": ["one"], "d2": ["two"]])
      return try bench.generationBytes()
    }
    let (left, right) = (try await manifest("r1"), try await manifest("run2"))
    #expect(left.keys.sorted() == right.keys.sorted())
    for (name, bytes) in left where name != "manifest" { #expect(right[name] == bytes) }
    let text = String(decoding: try #require(left["manifest"]), as: UTF8.self)
    let other = String(decoding: try #require(right["manifest"]), as: UTF8.self)
    let line = text.split(separator: "\n").first?.replacingOccurrences(
      of: #""run":"r1""#, with: #""run":"run2""#)
    #expect(line == other.split(separator: "\n").first.map(String.init))
    #expect(text != other)
  }

  @Test func `merged by many runs or written by one, the segment is the same`() async throws {
    let many = try IndexBench()
    for number in 0..<9 {
      try await many.train("r\(number)", ["d\(number)": ["text \(number)", "more \(number)"]])
    }
    let once = try IndexBench()
    try await once.train(
      "once",
      Dictionary(
        uniqueKeysWithValues: (0..<9).map { ("d\($0)", ["text \($0)", "more \($0)"]) }))
    let left = try many.generationBytes().filter { $0.key != "manifest" }
    #expect(left.count == 1)
    #expect(try once.generationBytes().filter { $0.key != "manifest" } == left)
  }
}
