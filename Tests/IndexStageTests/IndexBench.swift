// An index stage over a folder of its own, with chunks made of texts.

import BlobStore
import Corpus
import Foundation
import Spool
import TestSupport
import Testing
import VectorShard

@testable import IndexStage

struct IndexBench {
  let folder: TemporaryFolder
  let stage: IndexStage
  let blobs: DirectoryBlobs

  // The stage keeps its usual patience with a lock: a child of a test beside this one holds ours until its exec.
  init(shrinkPercent: Int = 30, generationsKept: Int = 3, now: Int = 0) throws {
    folder = try TemporaryFolder()
    blobs = DirectoryBlobs(data: folder.path)
    stage = IndexStage(
      data: folder.path, blobs: blobs, generationsKept: generationsKept,
      shrinkPercent: shrinkPercent, now: { now })
  }

  /// The same folder with another instant.
  init(_ other: IndexBench, now: Int) {
    folder = other.folder
    blobs = other.blobs
    stage = IndexStage(
      data: other.folder.path, blobs: other.blobs, now: { now })
  }

  var shard: String { folder.path + "/shards/bot1" }

  func envelope(_ schema: String, run: String) -> Envelope {
    Envelope(
      schema: schema, lane: "bot1", run: run, scope: "s", born: 0, madeBy: "", from: [],
      recordCount: 0)
  }

  /// The embedded chunks of a document, `texts` one a chunk; the digest is that of the texts.
  func chunks(
    _ document: String, _ texts: [String], count: Int? = nil, model: String = "m/4",
    whole: [String]? = nil, uri: String? = nil, source: String = "src"
  ) throws -> [IndexRecord] {
    let vectors = texts.map { text -> [Float] in
      let angle = Float(text.utf8.reduce(0) { ($0 * 31 + Int($1)) % 1000 }) / 159
      return [Float(cos(Double(angle))), Float(sin(Double(angle))), 0, 0]
    }
    let blob = try blobs.put(VectorBlob.encode(vectors), shape: [texts.count, 4])
    let digest = SHA256Digest(of: (whole ?? texts).joined(separator: "\n")).hexDigits
    return texts.enumerated().map { row, text in
      let description = DocumentDescription(
        document: DocumentID(unchecked: document), source: SourceID(unchecked: source),
        uri: uri ?? document, title: uri == nil ? document : "Ferry", language: "en",
        mediaType: "text/plain", rawDigest: "",
        textDigest: digest)
      return .chunk(
        EmbeddedChunk(
          chunk: Chunk(
            id: ChunkID(unchecked: "\(document)\(row)"), description: description, ordinal: row,
            count: count ?? texts.count,
            offset: texts.prefix(row).reduce(0) { $0 + $1.unicodeScalars.count + 1 },
            place: Place(), tokens: 1, text: text),
          model: model, vectors: blob, row: row))
    }
  }

  func add(_ records: [IndexRecord], run: String) async throws {
    _ = try await stage.process(records, of: envelope(RecordSchema.embeddedChunk, run: run))
  }

  /// Gives an order to the stage.
  @discardableResult
  func order(
    _ run: String, _ action: IndexOrder.Action = .build, generation: Int? = nil,
    live: [String] = [], removed: [String] = [], mayShrink: Bool = false, hold: Bool? = nil
  ) async throws -> Answered {
    let order = IndexOrder(
      action: action, generation: generation, live: live.map { DocumentID(unchecked: $0) },
      removed: removed.map { DocumentID(unchecked: $0) }, mayShrink: mayShrink, hold: hold)
    let outcomes = try await stage.process(
      [.order(order)], of: envelope(RecordSchema.order, run: run))
    return Answered(outcome: try #require(outcomes.first))
  }

  /// A whole run.
  @discardableResult
  func train(
    _ run: String, _ documents: [String: [String]], removed: [String] = []
  ) async throws -> Answered {
    for (document, texts) in documents.sorted(by: { $0.key < $1.key }) {
      try await add(try chunks(document, texts), run: run)
    }
    return try await order(run, live: documents.keys.sorted(), removed: removed)
  }

  /// The texts that answer now.
  func texts() throws -> [String] {
    guard let set = try ShardSet.open(directory: shard) else { return [] }
    let hits = try set.nearest(to: [1, 0, 0, 0], identity: "m/4", count: 1_000)
    return try hits.map { hit in
      try JSONLines.decode(Chunk.self, from: try set.payload(of: hit.row)).text
    }.sorted()
  }

  /// The part files of a run.
  func parts(_ run: String) throws -> [String] {
    try DurableFile.names(in: "\(shard)/pending/\(run)").filter { $0.hasSuffix(".part") }
  }

  /// Flips a bit in the middle of a file; twice is not at all.
  func flip(_ name: String) throws {
    let url = URL(fileURLWithPath: "\(shard)/\(name)")
    var bytes = try Data(contentsOf: url)
    bytes[bytes.count / 2] ^= 0x08
    try bytes.write(to: url)
  }

  /// The bytes of the segments and the current manifest by name, but for the run's name.
  func generationBytes() throws -> [String: [UInt8]] {
    let manifest = try #require(try ShardManifest.current(in: shard))
    var files: [String: [UInt8]] = [:]
    for segment in manifest.segments {
      files[segment.digest] = try DurableFile.read(
        "\(shard)/\(segment.digest).segment", limit: 1 << 20)
    }
    files["manifest"] = try DurableFile.read(
      "\(shard)/\(manifest.generation).manifest", limit: 1 << 20)
    return files
  }
}

/// An order's outcome, looked at in tests.
struct Answered {
  let outcome: Outcome<IndexStage.Nothing>

  struct Unexpected: Error { let outcome: String }

  func done() throws -> (documents: [Receipt.Document], generation: Generation?) {
    guard case .done(_, let documents, let generation, _) = outcome else {
      throw Unexpected(outcome: "\(outcome)")
    }
    return (documents, generation)
  }

  func gone() throws -> (reason: String, message: String) {
    guard case .gone(let reason, let message) = outcome else {
      throw Unexpected(outcome: "\(outcome)")
    }
    return (reason, message)
  }
}
