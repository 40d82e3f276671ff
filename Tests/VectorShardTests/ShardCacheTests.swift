// Many shards behind one cache: opened when asked for, refreshed, let go, and never without the old one.

import Glibc
import Testing

@testable import VectorShard

struct ShardCacheTests {
  private func publish(
    _ name: String, rows: Int, seed: UInt64, generation: Int, _ root: TemporaryDirectory
  ) throws {
    try Sample.publish(
      [Sample.rows(rows, dimension: 8, seed: seed)], dimension: 8, in: root.folder(name),
      generation: generation)
  }

  @Test func `a shard is opened once and noticed when it changes`() throws {
    let root = try TemporaryDirectory()
    let cache = ShardCache(root: root.path, byteLimit: 1 << 30)
    #expect(try cache.shard("one") == nil)
    try publish("one", rows: 5, seed: 1, generation: 1, root)
    let first = try #require(try cache.shard("one"))
    let again = try #require(try cache.shard("one"))
    #expect(first.segments[0] === again.segments[0])
    try publish("one", rows: 7, seed: 2, generation: 2, root)
    #expect(try cache.shard("one")?.manifest.generation == 2)
    #expect(first.manifest.generation == 1 && first.segments[0].rowCount == 5)
    #expect(cache.usage.shards == 1)
  }

  @Test func `a new generation shares the segments it keeps`() throws {
    let root = try TemporaryDirectory()
    let cache = ShardCache(root: root.path, byteLimit: 1 << 30)
    let folder = root.folder("one")
    let rows = Sample.rows(5, dimension: 8, seed: 1)
    try Sample.publish([rows], dimension: 8, in: folder, generation: 1)
    let first = try #require(try cache.shard("one"))
    try Sample.publish(
      [rows, Sample.rows(2, dimension: 8, seed: 2, prefix: "e")], dimension: 8, in: folder,
      generation: 2)
    let second = try #require(try cache.shard("one"))
    #expect(second.segments.count == 2)
    #expect(second.segments[0] === first.segments[0])
  }

  @Test func `a damaged new generation leaves the old one answering`() throws {
    let root = try TemporaryDirectory()
    let cache = ShardCache(root: root.path, byteLimit: 1 << 30)
    try publish("one", rows: 5, seed: 1, generation: 1, root)
    #expect(try cache.shard("one")?.manifest.generation == 1)
    let path = root.path + "/one"
    try DurableFile.write(Array("not a pointer\n".utf8), named: "CURRENT", in: path)
    #expect(try cache.shard("one")?.manifest.generation == 1)
    #expect(cache.failure(of: "one") != nil)
    #expect(try cache.shard("one")?.manifest.generation == 1)
    try publish("one", rows: 6, seed: 2, generation: 2, root)
    #expect(try cache.shard("one")?.manifest.generation == 2)
    #expect(cache.failure(of: "one") == nil)
    // Without an old one there is nothing to answer with.
    let fresh = ShardCache(root: root.path, byteLimit: 1 << 30)
    try DurableFile.write(Array("not a pointer\n".utf8), named: "CURRENT", in: path)
    #expect(throws: ShardError.self) { try fresh.shard("one") }
  }

  @Test func `the least recently used are let go, and open again`() throws {
    let root = try TemporaryDirectory()
    for name in ["a", "b", "c", "d"] {
      try publish(name, rows: 5, seed: 1, generation: 1, root)
    }
    let size = try #require(try ShardCache(root: root.path, byteLimit: 1).shard("a")).byteCount
    let cache = ShardCache(root: root.path, byteLimit: size * 7 / 2)
    for name in ["a", "b", "c", "a"] { _ = try cache.shard(name) }
    #expect(cache.usage.shards == 3)
    let kept = try #require(try cache.shard("a"))
    _ = try cache.shard("d")
    #expect(cache.usage == (3, size * 3))
    #expect(try #require(try cache.shard("a")).segments[0] === kept.segments[0])
    #expect(try cache.shard("b") != nil)
    #expect(cache.usage.shards == 3)
    // One shard larger than the limit is served all the same.
    let narrow = ShardCache(root: root.path, byteLimit: 1)
    #expect(try narrow.shard("a") != nil)
    #expect(narrow.usage.shards == 1)
  }

  @Test func `a removed shard is gone, and no name is a path`() throws {
    let root = try TemporaryDirectory()
    let cache = ShardCache(root: root.path, byteLimit: 1 << 30)
    try publish("one", rows: 5, seed: 1, generation: 1, root)
    #expect(try cache.shard("one") != nil)
    unlink(root.path + "/one/CURRENT")
    #expect(try cache.shard("one") == nil)
    #expect(cache.usage == (0, 0))
    for name in ["", ".", "..", "../one", "one/", "One", String(repeating: "a", count: 65)] {
      #expect(throws: ShardError.self) { try cache.shard(name) }
    }
  }

  @Test func `many threads searching while generations change see whole generations`() async throws
  {
    let root = try TemporaryDirectory()
    try publish("one", rows: 10, seed: 1, generation: 1, root)
    let cache = ShardCache(root: root.path, byteLimit: 1 << 30)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var last = 0
          for _ in 0..<300 {
            guard let set = try cache.shard("one") else {
              throw ShardError.invalid("a moment without a shard")
            }
            let generation = set.manifest.generation
            guard generation >= last else { throw ShardError.invalid("an older generation") }
            last = generation
            let hits = try set.nearest(
              to: [1, 0, 0, 0, 0, 0, 0, 0], identity: Sample.identity, count: 100)
            guard hits.count == 9 + generation else { throw ShardError.invalid("a mixed set") }
          }
          return last
        }
      }
      for generation in 2...30 {
        try publish(
          "one", rows: 9 + generation, seed: UInt64(generation), generation: generation, root)
        try ShardManifest.sweep(in: root.path + "/one", keepingGenerations: 1)
      }
      for try await last in group { #expect(last >= 1) }
    }
    #expect(try cache.shard("one")?.manifest.generation == 30)
  }
}
