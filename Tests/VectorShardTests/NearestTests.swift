// Search by vector against a full sort of exact f32 cosines, with filters and deletions, on every rung.

import Testing

@testable import VectorShard

struct NearestTests {
  @Test(arguments: ScanKernelTests.supported)
  func `the nearest rows are those of a full sort`(kernel: ScanKernel) throws {
    let directory = try TemporaryDirectory()
    let parts = [
      Sample.rows(300, dimension: 48, seed: 1),
      Sample.rows(1500, dimension: 48, seed: 2, prefix: "e"),
    ]
    try Sample.publish(parts, dimension: 48, in: directory.path)
    let set = try openShard(directory.path)
    var chance = FixedChance(3)
    for _ in 0..<4 {
      let query = chance.unitVector(48)
      let hits = try set.nearest(
        to: query, identity: Sample.identity, count: 1800, kernel: kernel, where: { _ in true })
      #expect(hits.count == 1800)
      // Every row once, in falling order, ties by row, each score that of the row.
      #expect(Set(hits.map(\.row)).count == 1800)
      #expect(zip(hits, hits.dropFirst()).allSatisfy { ($1.score, $0.row) < ($0.score, $1.row) })
      for hit in hits {
        let exact = cosine(query, parts[hit.row.segment][hit.row.row].vector)
        #expect(abs(hit.score - exact) < 0.02)
      }
      let ten = try set.nearest(
        to: query, identity: Sample.identity, count: 10, kernel: kernel, where: { _ in true })
      #expect(ten == Array(hits.prefix(10)))
      let rows = hits.prefix(5).map(\.row)
      #expect(
        try set.similarities(of: rows, to: query, identity: Sample.identity)
          == hits.prefix(5).map(\.score))
    }
  }

  @Test func `ten of ten are found among clustered vectors`() throws {
    let directory = try TemporaryDirectory()
    var chance = FixedChance(9)
    let centers = (0..<60).map { _ in chance.unitVector(96) }
    let rows = (0..<2000).map {
      SampleRow(
        document: "d\($0)", group: "g", words: "",
        vector: chance.unitVector(96, near: centers[$0 % 60]))
    }
    try Sample.publish([rows], dimension: 96, in: directory.path)
    let set = try openShard(directory.path)
    var found = 0
    for number in 0..<20 {
      let query = chance.unitVector(96, near: centers[number])
      let cosines = rows.map { cosine(query, $0.vector) }
      let exact = rows.indices.sorted { cosines[$0] > cosines[$1] }
      let hits = try set.nearest(to: query, identity: Sample.identity, count: 10)
      found += Set(exact.prefix(10)).intersection(hits.map(\.row.row)).count
    }
    #expect(found >= 196)
  }

  @Test func `a row without a direction is never before one with`() throws {
    let directory = try TemporaryDirectory()
    let zero = SampleRow(
      document: "z", group: "g", words: "zero", vector: [Float](repeating: 0, count: 16))
    try Sample.publish(
      [[zero] + Sample.rows(5, dimension: 16, seed: 1)], dimension: 16, in: directory.path)
    let hits = try openShard(directory.path).nearest(
      to: [Float](repeating: 1, count: 16), identity: Sample.identity, count: 6)
    #expect(hits.first { $0.row.row == 0 }?.score == 0)
  }

  @Test func `filters and deletions leave rows out and change no score`() throws {
    let directory = try TemporaryDirectory()
    let rows = Sample.rows(400, dimension: 32, seed: 4)
    let deleted: Set<Int> = [0, 5, 6, 7, 40]
    try Sample.publish([rows], dimension: 32, in: directory.path, deleting: [deleted])
    let set = try openShard(directory.path)
    var chance = FixedChance(5)
    let query = chance.unitVector(32)
    let hits = try set.nearest(to: query, identity: Sample.identity, count: 400) { $0 != "g1" }
    let left = rows.indices.filter {
      rows[$0].group != "g1" && !deleted.contains(Int(rows[$0].document.dropFirst()) ?? -1)
    }
    #expect(Set(hits.map(\.row.row)) == Set(left))
    #expect(try set.nearest(to: query, identity: Sample.identity, count: 9) { _ in false } == [])
    // The same rows with the same scores as without a filter.
    let plain = try TemporaryDirectory()
    try Sample.publish([rows], dimension: 32, in: plain.path)
    let all = try openShard(plain.path).nearest(to: query, identity: Sample.identity, count: 400)
    #expect(all.filter { left.contains($0.row.row) } == hits)
  }

  @Test func `a question that cannot be asked is refused by name`() throws {
    let directory = try TemporaryDirectory()
    try Sample.publish(
      [Sample.rows(3, dimension: 16, seed: 1)], dimension: 16, in: directory.path)
    let set = try openShard(directory.path)
    let one = [Float](repeating: 1, count: 16)
    #expect(throws: ShardError.identityMismatch(asked: "other", found: Sample.identity)) {
      try set.nearest(to: one, identity: "other", count: 1)
    }
    for query in [
      [], Array(one.dropLast()), one.map { _ in 0 }, one.map { _ in Float.nan },
      one.map { _ in Float.infinity }, one.map { _ in Float.leastNonzeroMagnitude },
    ] {
      #expect(throws: ShardError.self) {
        try set.nearest(to: query, identity: Sample.identity, count: 1)
      }
    }
    #expect(try set.nearest(to: one, identity: Sample.identity, count: 0) == [])
    #expect(try set.nearest(to: one, identity: Sample.identity, count: -1) == [])
    // The length of a question does not matter, as long as it has one.
    let long = try set.nearest(to: one.map { $0 * 1e15 }, identity: Sample.identity, count: 3)
    let short = try set.nearest(to: one.map { $0 * 1e-15 }, identity: Sample.identity, count: 3)
    #expect(long.map(\.row) == short.map(\.row))
    #expect(zip(long, short).allSatisfy { abs($0.score - $1.score) < 1e-6 && $0.score < 1.01 })
  }

  private func cosine(_ left: [Float], _ right: [Float]) -> Float {
    Float(zip(left, right).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
  }
}
