// What owners have removed, until nothing of it is left: items, shards, cached vectors, blobs, rows, in this order, so that a
// crash in between leaves a row that says what is still to be done. Answers stopped when it was marked; this takes the bytes.

import BlobStore
import Corpus
import FoundationEssentials
import Glibc
import Logging
import Spool
package import Storage
import Synchronization
import VectorShard

/// Takes away what was removed.
package struct Removals: Sendable {
  /// Milliseconds after which a removal that failed is tried again.
  private static let pause = 600_000
  /// Seconds for which a blob that nothing names is kept: a hand-over takes less.
  private static let blobAge = 3_600
  private static let stages = ["fetch", "extract", "chunk", "embed", "index"]

  /// Whether blobs may have become free, and when they were last looked through.
  private final class State: Sendable {
    let isDirty = Mutex(true)
    let sweptAt = Mutex(0)
  }

  private let data: String
  private let spool: String
  private let database: AppDatabase
  private let training: Training
  private let state = State()

  package init(data: String, spool: String, database: AppDatabase) {
    self.data = data
    self.spool = spool
    self.database = database
    training = Training(spool: spool, database: database)
  }

  /// Goes one step on; quick when nothing is to be done.
  package func advance() async throws {
    let now = WallClock.now()
    for pending in try await database.pendingRemovals() { try await advance(pending, now: now) }
    for chatbot in try await database.deletedChatbots() {
      if try removeBytes(of: chatbot, now: now) {
        try await database.forgetChatbot(chatbot)
        try await database.checkpoint()
        state.isDirty.withLock { $0 = true }
      }
    }
    try await database.removeLeftAccounts()
    let sweptAt = state.sweptAt.withLock { $0 }
    let isDirty = state.isDirty.withLock { $0 }
    // An hour after something was removed, its blobs are old enough; once a day in any case.
    if now - sweptAt > (isDirty ? Self.blobAge * 1000 : 86_400_000) {
      state.sweptAt.withLock { $0 = now }
      try await sweepBlobs(olderThan: Self.blobAge)
    }
  }

  private func advance(_ pending: PendingRemoval, now: Int) async throws {
    if pending.isBusy { return }
    if !pending.hasGeneration || pending.isPurged {
      try await database.forgetSources(
        of: pending.chatbot, removedBefore: pending.isPurged ? pending.lastTriedAt ?? 0 : now)
      state.isDirty.withLock { $0 = true }
    } else if now - (pending.lastTriedAt ?? 0) > Self.pause || pending.lastTriedAt == nil {
      _ = try await training.begin([], of: pending.chatbot, removing: pending.documents)
    }
  }

  /// Removes what lies on disk of a chatbot.
  ///
  /// - Returns: false while some item of it is being worked on: it would write again.
  private func removeBytes(of chatbot: ChatbotID, now: Int) throws -> Bool {
    var selector = ItemSelector()
    selector.lane = chatbot.text
    let items = try selector.items(in: spool, stages: Self.stages, now: now)
    let movable = items.filter { OperatorVerb.drop.sources.contains($0.state) }
    _ = try OperatorMove(spool: spool, documents: ItemDocuments.ids(of:))
      .apply(.drop, to: movable, now: now)
    guard try selector.items(in: spool, stages: Self.stages, now: now).isEmpty else {
      return false
    }
    for folder in ["shards", "cache/embeddings"] {
      let path = "\(data)/\(folder)/\(chatbot)"
      // A reader that has a file mapped keeps it until it lets go.
      if DurableFile.exists(path) { try FileManager.default.removeItem(atPath: path) }
    }
    return true
  }

  /// Removes blobs that neither a source, nor an item, nor a kept generation names.
  ///
  /// - Parameter age: seconds since they were stored.
  /// - Returns: what went.
  @discardableResult
  package func sweepBlobs(olderThan age: Int) async throws -> (
    count: Int, bytes: Int
  ) {
    let blobs = DirectoryBlobs(data: data)
    guard DurableFile.exists(blobs.root) else { return (0, 0) }
    state.isDirty.withLock { $0 = false }
    var kept = Set(
      try await database.sourcePaths().compactMap { $0.split(separator: "/").last }
        .map(String.init))
    for stage in Self.stages {
      let directory = SpoolDirectory(spool: spool, stage: stage)
      for itemState in SpoolState.allCases where itemState != .tmp {
        for name in try directory.items(itemState) {
          let path = directory.file(itemState, name.fileName)
          // It moved on meanwhile: its output, or itself elsewhere, is younger than any blob that is removed.
          guard let frame = try? DurableFile.read(path, limit: JSONLines.itemLimit) else {
            continue
          }
          // What cannot be read may name anything: then nothing is removed.
          let content = try ItemContent(frame: frame, name: name)
          kept.formUnion(NamedBlob.references(in: content.records).compactMap(\.hexDigits))
        }
      }
    }
    for chatbot in try DurableFile.names(in: "\(data)/shards") where ItemName.isLane(chatbot) {
      let directory = "\(data)/shards/\(chatbot)"
      kept.formUnion(try Self.blobsOfParts(in: directory))
      for generation in try ShardManifest.generations(in: directory) {
        let manifest = try ShardManifest.manifest(generation: generation, in: directory)
        let set = try ShardSet(manifest, in: directory)
        for document in try set.liveDocuments {
          let description = try JSONLines.decode(
            DocumentDescription.self, from: try set.payload(of: document))
          kept.insert(String(description.rawDigest.drop { $0 != ":" }.dropFirst()))
        }
      }
    }
    let report = try blobs.sweep(keeping: kept, olderThan: age)
    return (report.removed, report.bytes)
  }

  /// Digests of blobs that embedded chunks name which wait for their generation (`pending/<run>/<id>.part`).
  private static func blobsOfParts(in shard: String) throws -> Set<String> {
    var found: Set<String> = []
    for run in try DurableFile.names(in: "\(shard)/pending") {
      let directory = "\(shard)/pending/\(run)"
      for file in try DurableFile.names(in: directory) where file.hasSuffix(".part") {
        // Gone meanwhile: its generation is built.
        guard
          let frame = try? DurableFile.read("\(directory)/\(file)", limit: JSONLines.itemLimit)
        else { continue }
        let content = try Zstd.decompress(frame, limit: JSONLines.itemLimit, name: file)
        let records = Array(JSONLines.lines(of: content).dropFirst())
        found.formUnion(NamedBlob.references(in: records).compactMap(\.hexDigits))
      }
    }
    return found
  }
}
