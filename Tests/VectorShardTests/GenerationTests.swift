// Publishing, reading and sweeping generations: order of steps, crashes at each, readers that hold the old.

import Glibc
import Synchronization
import Testing

@testable import VectorShard

struct GenerationTests {
  @Test func `nothing published is nil, not an error`() throws {
    let directory = try TemporaryDirectory()
    #expect(try ShardSet.open(directory: directory.path) == nil)
    #expect(try ShardManifest.current(in: directory.path) == nil)
    #expect(try ShardSet.open(directory: directory.path + "/nowhere") == nil)
    #expect(try ShardManifest.sweep(in: directory.path, keepingGenerations: 1) == [])
  }

  @Test func `segment, manifest and CURRENT are each synced before their names appear`() throws {
    let directory = try TemporaryDirectory()
    let steps = Mutex<[DurableFile.Step]>([])
    let manifest = try DurableFile.$observer.withValue({ step in
      steps.withLock { $0.append(step) }
      return nil
    }) {
      try Sample.publish(
        [Sample.rows(4, dimension: 8, seed: 1)], dimension: 8, in: directory.path)
    }
    let names = [segmentFileName(manifest.segments[0].digest), "1.manifest", "CURRENT"]
    #expect(
      steps.withLock { $0 }
        == names.flatMap { [.write($0), .sync($0), .rename($0), .syncDirectory] })
  }

  @Test func `a crash at any step of publishing leaves the old generation or the new`() throws {
    var crashes = 0
    for step in 0..<40 {
      let directory = try TemporaryDirectory()
      let old = Sample.rows(5, dimension: 8, seed: 1)
      let new = Sample.rows(6, dimension: 8, seed: 2)
      try Sample.publish([old], dimension: 8, in: directory.path, generation: 1)
      let left = Mutex(step)
      do {
        try DurableFile.$observer.withValue({ _ in
          let isDead = left.withLock { left in
            left -= 1
            return left < 0
          }
          return isDead ? .system(call: "crash", path: "", code: EIO) : nil
        }) {
          try Sample.publish([new], dimension: 8, in: directory.path, generation: 2)
        }
      } catch ShardError.system("crash", _, _) {
        crashes += 1
      }
      let set = try openShard(directory.path)
      let expected = set.manifest.generation == 1 ? old : new
      #expect(try set.payload(of: .init(segment: 0, row: 4)) == Array(expected[4].words.utf8))
      // Started again, it ends as if nothing had happened.
      try Sample.publish([new], dimension: 8, in: directory.path, generation: 2)
      #expect(try openShard(directory.path).manifest.generation == 2)
      try ShardManifest.sweep(in: directory.path, keepingGenerations: 1)
      #expect(
        try DurableFile.names(in: directory.path).count == 3, "CURRENT, a manifest, a segment")
    }
    #expect(crashes == 12)
  }

  @Test func `a snapshot goes on answering after a swap and a sweep`() throws {
    let directory = try TemporaryDirectory()
    let old = Sample.rows(50, dimension: 8, seed: 1)
    try Sample.publish([old], dimension: 8, in: directory.path, generation: 1)
    let snapshot = try openShard(directory.path)
    let query = old[17].vector
    let before = try snapshot.nearest(to: query, identity: Sample.identity, count: 5)
    try Sample.publish(
      [Sample.rows(9, dimension: 8, seed: 2)], dimension: 8, in: directory.path, generation: 2)
    let removed = try ShardManifest.sweep(in: directory.path, keepingGenerations: 1)
    #expect(removed.count == 2)
    #expect(try snapshot.nearest(to: query, identity: Sample.identity, count: 5) == before)
    #expect(try snapshot.payload(of: before[0].row) == Array(old[before[0].row.row].words.utf8))
    #expect(try openShard(directory.path).manifest.generation == 2)
  }

  @Test func `sweeping keeps what kept generations name, and the current one always`() throws {
    let directory = try TemporaryDirectory()
    for generation in 1...4 {
      try Sample.publish(
        [Sample.rows(3, dimension: 8, seed: UInt64(generation))], dimension: 8, in: directory.path,
        generation: generation)
    }
    // Back to the second.
    try ShardManifest.publish(
      ShardManifest.manifest(generation: 2, in: directory.path), in: directory.path)
    try ShardManifest.sweep(in: directory.path, keepingGenerations: 1)
    #expect(try ShardManifest.generations(in: directory.path) == [2, 4])
    #expect(try openShard(directory.path).manifest.generation == 2)
    try openShard(directory.path).segments[0].verify()
    let newest = try ShardManifest.manifest(generation: 4, in: directory.path)
    #expect(try ShardSet(newest, in: directory.path).segments.count == 1)
    #expect(
      try DurableFile.names(in: directory.path).filter { $0.hasSuffix(".segment") }.count == 2)
  }

  @Test func `publishing refuses a segment that is missing, damaged or another`() throws {
    let directory = try TemporaryDirectory()
    let rows = Sample.rows(5, dimension: 8, seed: 1)
    let summary = try Sample.writer(rows, dimension: 8).write(into: directory.path)
    func manifest(
      _ segment: ShardManifest.Segment, rows: Int, documents: Int, identity: String = "test-model"
    ) -> ShardManifest {
      ShardManifest(
        identity: identity, dimension: 8, generation: 1, segments: [segment], run: "r",
        rowCount: rows, documentCount: documents)
    }
    let documents = summary.documentCount
    let missing = String(repeating: "0", count: 64)
    for wrong in [
      manifest(.init(digest: missing, rows: 5, bytes: 9), rows: 5, documents: documents),
      manifest(.init(summary), rows: 4, documents: documents),
      manifest(.init(summary), rows: 5, documents: documents + 1),
      manifest(.init(summary), rows: 5, documents: documents, identity: "other"),
      manifest(
        .init(digest: summary.digest, rows: 5, bytes: summary.byteCount, deletedDocuments: [99]),
        rows: 5, documents: documents),
      manifest(
        .init(digest: summary.digest, rows: 5, bytes: summary.byteCount, deletedDocuments: [0, 0]),
        rows: 5, documents: documents),
      manifest(
        .init(digest: summary.digest, rows: 5, bytes: summary.byteCount, deletedDocuments: [-1]),
        rows: 5, documents: documents),
    ] {
      #expect(throws: ShardError.self) { try ShardManifest.publish(wrong, in: directory.path) }
    }
    #expect(try ShardManifest.current(in: directory.path) == nil)
    let right = manifest(.init(summary), rows: 5, documents: documents)
    try ShardManifest.publish(right, in: directory.path)
    try ShardManifest.publish(right, in: directory.path)
    let taken = ShardManifest(
      identity: "test-model", dimension: 8, generation: 1, segments: [], run: "r", rowCount: 0,
      documentCount: 0)
    #expect(throws: ShardError.self) { try ShardManifest.publish(taken, in: directory.path) }
  }

  @Test func `a shard whose documents are all gone answers with nothing`() throws {
    let directory = try TemporaryDirectory()
    let manifest = ShardManifest(
      identity: "m", dimension: 4, generation: 1, segments: [], run: "r", rowCount: 0,
      documentCount: 0)
    try ShardManifest.publish(manifest, in: directory.path)
    let set = try openShard(directory.path)
    #expect(try set.nearest(to: [1, 0, 0, 0], identity: "m", count: 3) == [])
    #expect(try set.words.search("anything", language: nil, count: 3) == [])
    #expect(try set.rows(ofDocument: "d") == [])
  }

  @Test func `a replaced document is found in its newest segment`() throws {
    let directory = try TemporaryDirectory()
    let old = Sample.rows(8, dimension: 8, seed: 1)
    let new = Array(Sample.rows(8, dimension: 8, seed: 2).prefix { $0.document == "d0" })
    try Sample.publish([old, new], dimension: 8, in: directory.path, deleting: [[0]])
    let set = try openShard(directory.path)
    #expect(
      try set.rows(ofDocument: "d0") == new.indices.map { .init(segment: 1, row: $0) })
    let other = old.indices.filter { old[$0].document == "d1" }
    #expect(try set.rows(ofDocument: "d1") == other.map { .init(segment: 0, row: $0) })
    #expect(try set.entry(of: .init(segment: 1, row: 0)).id == "d0")
    #expect(throws: ShardError.self) { try set.payload(of: .init(segment: 2, row: 0)) }
    #expect(throws: ShardError.self) { try set.document(of: .init(segment: 0, row: 8)) }
  }
}
