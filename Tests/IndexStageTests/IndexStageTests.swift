import BlobStore
import Corpus
import Foundation
import Spool
import TestSupport
import Testing
import VectorShard

@testable import IndexStage

@Suite struct IndexStageTests {
  let folder: TemporaryFolder
  let stage: IndexStage
  let blobs: DirectoryBlobs

  init() throws {
    folder = try TemporaryFolder()
    blobs = DirectoryBlobs(data: folder.path)
    stage = IndexStage(
      data: folder.path, blobs: blobs, shrinkPercent: 100)
  }

  var shard: String { folder.path + "/shards/bot1" }

  func envelope(_ schema: String, run: String) -> Envelope {
    Envelope(
      schema: schema, lane: "bot1", run: run, scope: "s", born: 0, madeBy: "", from: [],
      recordCount: 0)
  }

  /// The embedded chunks of a document, `texts` one a chunk.
  func chunks(
    _ document: String, _ texts: [String], count: Int? = nil, model: String = "m/4"
  ) throws -> [IndexRecord] {
    let vectors = texts.map { text -> [Float] in
      let angle = Float(text.utf8.reduce(0) { ($0 * 31 + Int($1)) % 1000 }) / 159
      return [Float(cos(Double(angle))), Float(sin(Double(angle))), 0, 0]
    }
    let blob = try blobs.put(VectorBlob.encode(vectors), shape: [texts.count, 4])
    return texts.enumerated().map { row, text in
      let description = DocumentDescription(
        document: DocumentID(unchecked: document), source: SourceID(unchecked: "src"),
        uri: document, title: document, language: "en", mediaType: "text/plain", rawDigest: "",
        textDigest: "")
      return .chunk(
        EmbeddedChunk(
          chunk: Chunk(
            id: ChunkID(unchecked: "\(document)\(row)"), description: description, ordinal: row,
            count: count ?? texts.count, offset: 0, place: Place(), tokens: 1, text: text),
          model: model, vectors: blob, row: row))
    }
  }

  @discardableResult
  func order(
    _ run: String, live: [String], removed: [String] = []
  ) async throws -> Outcome<IndexStage.Nothing> {
    let order = IndexOrder(
      live: live.map { DocumentID(unchecked: $0) },
      removed: removed.map { DocumentID(unchecked: $0) })
    let outcomes = try await stage.process(
      [.order(order)], of: envelope(RecordSchema.order, run: run))
    return try #require(outcomes.first)
  }

  func add(_ records: [IndexRecord], run: String) async throws {
    _ = try await stage.process(records, of: envelope(RecordSchema.embeddedChunk, run: run))
  }

  func texts() throws -> [String] {
    guard let set = try ShardSet.open(directory: shard) else { return [] }
    let hits = try set.nearest(to: [1, 0, 0, 0], identity: "m/4", count: 1_000) { _ in true }
    return try hits.map { hit in
      try JSONLines.decode(Chunk.self, from: try set.payload(of: hit.row)).text
    }.sorted()
  }

  @Test func `nothing is seen before the order and all of it after`() async throws {
    try await add(try chunks("d1", ["one", "two"]), run: "r1")
    #expect(try texts().isEmpty)
    try await order("r1", live: ["d1"])
    #expect(try texts() == ["one", "two"])
    #expect(!DurableFile.exists(shard + "/pending/r1"))
  }

  @Test func `the bytes do not depend on how the chunks were delivered`() async throws {
    let records = try chunks("d1", ["one", "two", "three"]) + chunks("d2", ["four"])
    try await add(records, run: "r1")
    try await order("r1", live: ["d1", "d2"])
    let together = try ShardManifest.current(in: shard)?.segments.map(\.digest)
    try FileManager.default.removeItem(atPath: shard)
    for record in records.reversed() { try await add([record], run: "r1") }
    // Delivered twice, as after a crash.
    try await add([records[1]], run: "r1")
    try await order("r1", live: ["d2", "d1"])
    #expect(try ShardManifest.current(in: shard)?.segments.map(\.digest) == together)
  }

  @Test func `a new version of a document replaces the old one as a whole`() async throws {
    try await add(try chunks("d1", ["old a", "old b"]) + chunks("d2", ["stays"]), run: "r1")
    try await order("r1", live: ["d1", "d2"])
    try await add(try chunks("d1", ["new"]), run: "r2")
    try await order("r2", live: ["d1"])
    #expect(try texts() == ["new", "stays"])
    try await order("r3", live: [], removed: ["d2"])
    #expect(try texts() == ["new"])
  }

  @Test func `a document with a chunk missing stays out and its old version stays in`() async throws
  {
    try await add(try chunks("d1", ["old"]), run: "r1")
    try await order("r1", live: ["d1"])
    try await add(try chunks("d1", ["half"], count: 2) + chunks("d2", ["whole"]), run: "r2")
    let outcome = try await order("r2", live: ["d1", "d2"])
    #expect(try texts() == ["old", "whole"])
    guard case .done(_, let documents, let generation, _) = outcome else {
      Issue.record("expected done")
      return
    }
    #expect(generation == .live(2))
    #expect(documents.map(\.outcome) == [.failed, .done])
  }

  @Test func `an order that is repeated changes nothing`() async throws {
    try await add(try chunks("d1", ["one"]), run: "r1")
    try await order("r1", live: ["d1"])
    let before = try ShardManifest.current(in: shard)
    try await order("r1", live: ["d1"])
    #expect(try ShardManifest.current(in: shard) == before)
  }

  @Test func `the same documents again make no new generation`() async throws {
    try await add(try chunks("d1", ["one"]) + chunks("d2", ["two"]), run: "r1")
    try await order("r1", live: ["d1", "d2"])
    try await add(try chunks("d3", ["three"]), run: "r2")
    try await order("r2", live: ["d3"])
    let before = try ShardManifest.current(in: shard)
    try await add(try chunks("d1", ["one"]) + chunks("d2", ["two"]), run: "r3")
    guard
      case .done(_, let documents, let generation, _) = try await order("r3", live: ["d1", "d2"])
    else {
      Issue.record("expected done")
      return
    }
    #expect(generation == .live(2) && documents.map(\.outcome) == [.done, .done])
    #expect(try ShardManifest.current(in: shard) == before)
    #expect(!DurableFile.exists(shard + "/pending/r3"))
    #expect(try texts() == ["one", "three", "two"])
  }

  @Test func `many runs are merged into few segments without loss`() async throws {
    for number in 0..<12 {
      try await add(try chunks("d\(number)", ["text \(number)"]), run: "r\(number)")
      try await order("r\(number)", live: ["d\(number)"])
    }
    let manifest = try #require(try ShardManifest.current(in: shard))
    #expect(manifest.segments.count <= ShardBuilder.mostSegments)
    #expect(manifest.generation == 12)
    #expect(try texts().count == 12)
  }

  @Test func `a merge gives the bytes of writing everything at once`() async throws {
    var all: [IndexRecord] = []
    for number in 0..<9 {
      let records = try chunks("d\(number)", ["text \(number)", "more \(number)"])
      all += records
      try await add(records, run: "r\(number)")
      try await order("r\(number)", live: ["d\(number)"])
    }
    let merged = try ShardManifest.current(in: shard)?.segments.map(\.digest)
    #expect(merged?.count == 1)
    try FileManager.default.removeItem(atPath: shard)
    try await add(all, run: "once")
    try await order("once", live: (0..<9).map { "d\($0)" })
    #expect(try ShardManifest.current(in: shard)?.segments.map(\.digest) == merged)
  }

  @Test func `two embedding models are never mixed`() async throws {
    try await add(try chunks("d1", ["one"]) + chunks("d2", ["two"]), run: "r1")
    try await order("r1", live: ["d1", "d2"])
    try await add(try chunks("d1", ["one"], model: "other/4"), run: "r2")
    guard case .done(_, let documents, let generation, _) = try await order("r2", live: ["d1"])
    else {
      Issue.record("expected done")
      return
    }
    #expect(generation == nil)
    #expect(documents.map(\.reason) == ["model_changed"])
    #expect(try texts() == ["one", "two"])
  }

  @Test func `a shard that is being built by another is left alone`() async throws {
    try await add(try chunks("d1", ["one"]), run: "r1")
    let lock = try #require(try ShardLock(shard: shard))
    guard case .retry = try await order("r1", live: ["d1"]) else {
      Issue.record("expected a retry")
      return
    }
    withExtendedLifetime(lock) {}
  }
}
