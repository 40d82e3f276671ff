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
  /// Milliseconds for which another run may keep a removal waiting: half of the day that is promised.
  private static let patience = 12 * 3_600_000
  /// Seconds for which a blob that nothing names is kept: a hand-over takes less.
  private static let blobAge = 3_600

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
  ///
  /// What fails for one chatbot is told at the end and holds no other back: on a full disk removing is what helps.
  ///
  /// - Returns: false when another process is at it, and nothing was done.
  @discardableResult
  package func advance() async throws -> Bool {
    let directory = data
    guard let lock = try await BlockingWork.run({ try RemovalLock(data: directory) }) else {
      return false
    }
    defer { withExtendedLifetime(lock) {} }
    let now = WallClock.now()
    var failure: (any Error)?
    func attempt(_ step: () async throws -> Void) async {
      do { try await step() } catch { failure = failure ?? error }
    }
    await attempt { try await stopCrawls(now: now) }
    for chatbot in try await database.deletedChatbots(now: now) {
      await attempt {
        guard try await BlockingWork.run({ try removeBytes(of: chatbot, now: now) }) else { return }
        try await database.forgetChatbot(chatbot)
        try await database.checkpoint()
        state.isDirty.withLock { $0 = true }
      }
    }
    for pending in try await database.pendingRemovals() {
      await attempt { try await advance(pending, now: now) }
    }
    await attempt { try await database.removeLeftAccounts() }
    let sweptAt = state.sweptAt.withLock { $0 }
    let isDirty = state.isDirty.withLock { $0 }
    // An hour after something was removed, its blobs are old enough; once a day in any case.
    if now - sweptAt > (isDirty ? Self.blobAge * 1000 : 86_400_000) {
      state.sweptAt.withLock { $0 = now }
      await attempt { try await sweepBlobs(olderThan: Self.blobAge) }
    }
    if let failure { throw failure }
    return true
  }

  /// Tells crawls of what is removed or cancelled to stop: between two slices none of their items may be met.
  private func stopCrawls(now: Int) async throws {
    let sources = try await database.removedSources()
    let chatbots = try await database.deletedChatbots(now: now)
    let runs = try await database.openCancelledRuns()
    if sources.isEmpty, chatbots.isEmpty, runs.isEmpty { return }
    let stops = CrawlStops(data: data)
    try await BlockingWork.run {
      for (source, removedAt) in sources { try stops.stop(source.text, before: removedAt) }
      for chatbot in chatbots { try stops.stop(chatbot.text) }
      for (run, _) in runs { try stops.stop(run.text) }
    }
  }

  private func advance(_ pending: PendingRemoval, now: Int) async throws {
    if let since = pending.busySince {
      // A run that waits for a word, or for a retry, must not keep text that was promised to go.
      guard now - since > Self.patience else { return }
      for run in try await database.runRows(of: pending.chatbot, PageRequest(limit: 100))
      where run.state == "running" || run.state == "held" {
        _ = try await training.cancel(run.id, of: pending.chatbot)
      }
    }
    if !pending.hasGeneration {
      // A first training that came to nothing leaves its parts; no order will ever take them.
      let parts = "\(data)/shards/\(pending.chatbot)/pending"
      try await BlockingWork.run {
        if DurableFile.exists(parts) { try FileManager.default.removeItem(atPath: parts) }
      }
    }
    if try await database.forgetSources(
      of: pending.chatbot, hasGeneration: pending.hasGeneration) > 0
    {
      try await database.checkpoint()
      state.isDirty.withLock { $0 = true }
    }
    guard pending.hasGeneration, !pending.documents.isEmpty else { return }
    if let last = pending.lastTriedAt, now - last < Self.pause { return }
    _ = try await training.begin([], of: pending.chatbot, removing: pending.documents)
  }

  /// Removes archives that a crash left half unpacked: what is written to keeps its time young.
  ///
  /// - Parameter seconds: for how long nothing of one has come.
  package func removeImports(olderThan seconds: Int) async throws {
    let data = data
    try await BlockingWork.run {
      let files = FileManager.default
      let root = "\(data)/\(ArchiveReader.root)"
      for name in (try? files.contentsOfDirectory(atPath: root)) ?? [] {
        let parts = ["", "/shard", "/blobs"].flatMap { part in
          let folder = "\(root)/\(name)\(part)"
          return [folder]
            + ((try? files.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" }
        }
        let newest = parts.compactMap {
          try? files.attributesOfItem(atPath: $0)[.modificationDate] as? Date
        }.max()
        guard let newest, Int(newest.timeIntervalSinceNow) < -seconds else { continue }
        try files.removeItem(atPath: "\(root)/\(name)")
      }
    }
  }

  /// Removes copies that leak tests have left behind: no test takes a day.
  ///
  /// - Parameter seconds: how old they must be.
  func removeLeakTests(olderThan seconds: Int) async throws {
    let data = data
    try await BlockingWork.run {
      let files = FileManager.default
      let root = "\(data)/leak-tests"
      for chatbot in (try? files.contentsOfDirectory(atPath: root)) ?? [] {
        for test in (try? files.contentsOfDirectory(atPath: "\(root)/\(chatbot)")) ?? [] {
          let path = "\(root)/\(chatbot)/\(test)"
          let date = try files.attributesOfItem(atPath: path)[.modificationDate] as? Date
          guard let date, Int(date.timeIntervalSinceNow) < -seconds else { continue }
          try files.removeItem(atPath: path)
        }
      }
    }
  }

  /// Removes what lies on disk of a chatbot.
  ///
  /// - Returns: false while some item of it is being worked on: it would write again.
  private func removeBytes(of chatbot: ChatbotID, now: Int) throws -> Bool {
    var selector = ItemSelector()
    selector.lane = chatbot.text
    let items = try selector.items(in: spool, stages: PipelineStage.names, now: now)
    let movable = items.filter { OperatorVerb.drop.sources.contains($0.state) }
    _ = try OperatorMove(spool: spool, documents: ItemDocuments.ids(of:))
      .apply(.drop, to: movable, now: now)
    guard try selector.items(in: spool, stages: PipelineStage.names, now: now).isEmpty else {
      return false
    }
    for folder in ["shards", "cache/embeddings", "leak-tests"] {
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
    var kept = Set(
      try await database.sourcePaths().compactMap { $0.split(separator: "/").last }
        .map(String.init))
    // Twice: an item that moves between two listings is met by the second.
    for _ in 0..<2 { kept.formUnion(try await BlockingWork.run { try blobsOfItems() }) }
    kept.formUnion(try await BlockingWork.run { try blobsOfShards() })
    let found = kept
    let report = try await BlockingWork.run { try blobs.sweep(keeping: found, olderThan: age) }
    state.isDirty.withLock { $0 = false }
    return (report.removed, report.bytes)
  }

  /// Digests of blobs that items name.
  private func blobsOfItems() throws -> Set<String> {
    var kept: Set<String> = []
    for stage in PipelineStage.names {
      let directory = SpoolDirectory(spool: spool, stage: stage)
      for itemState in SpoolState.allCases where itemState != .tmp {
        for name in try directory.items(itemState) {
          let path = directory.file(itemState, name.fileName)
          // It moved on meanwhile.
          guard let frame = try? DurableFile.read(path, limit: JSONLines.itemLimit) else {
            continue
          }
          // What cannot be read may name anything: then nothing is removed.
          let content = try ItemContent(frame: frame, name: name)
          kept.formUnion(NamedBlob.references(in: content.records).compactMap(\.hexDigits))
        }
      }
    }
    return kept
  }

  /// Digests of what the documents of all kept generations were read from, and of vectors that wait for theirs.
  private func blobsOfShards() throws -> Set<String> {
    var kept: Set<String> = []
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
    return kept
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
