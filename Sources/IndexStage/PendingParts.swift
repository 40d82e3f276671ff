// What a run has embedded so far: each item of spool/index becomes at once a part file of its run, so that no item waits in
// the spool for its run to end. `shards/<chatbot>/pending/<run>/<id>.part` is the item's content, compressed.
//
// A part goes when all its documents are in a live generation; one that still has a chunk of a document that stayed out
// waits for the missing chunks, which an operator's retry may bring.

import Corpus
import Glibc
import Spool

/// The parts of one run of one chatbot.
struct PendingParts {
  /// Parts of other runs that nobody touched for this long, in milliseconds, are given up: 7 days.
  static let patience = 7 * 24 * 3_600_000

  let directory: String

  init(shard: String, run: String) { directory = "\(shard)/pending/\(run)" }

  /// Stores chunks durably; the same chunks give the same file.
  func add(_ chunks: [EmbeddedChunk], envelope: Envelope) throws {
    let content = try ItemContent.encode(
      envelope, records: try chunks.map { try JSONLines.encode($0) })
    let path = "\(directory)/\(SpoolDirectory.id(of: content)).part"
    if DurableFile.exists(path) { return }
    try DurableFile.makeDirectory(directory)
    let temporary = "\(path).\(Worker.randomDigits()).tmp"
    try DurableFile.write(try Zstd.compress(content), to: temporary)
    _ = try DurableFile.rename(temporary, to: path)
    try DurableFile.syncDirectory(directory)
  }

  /// Everything the parts hold now.
  func read() throws -> PendingChunks {
    var pending = PendingChunks()
    for file in try DurableFile.names(in: directory).sorted() where file.hasSuffix(".part") {
      let frame = try DurableFile.read("\(directory)/\(file)", limit: JSONLines.itemLimit)
      let content = try Zstd.decompress(frame, limit: JSONLines.itemLimit, name: file)
      for line in JSONLines.lines(of: content).dropFirst() {
        pending.insert(try JSONLines.decode(EmbeddedChunk.self, from: line), file: file)
      }
    }
    return pending
  }

  /// Removes those of the parts read whose documents are all among `finished`.
  func remove(_ pending: PendingChunks, finished: Set<DocumentID>) throws {
    for (file, documents) in pending.files where documents.isSubset(of: finished) {
      try DurableFile.remove("\(directory)/\(file)")
    }
    // Best effort: a directory that still holds something stays, an empty one does no harm.
    try? DurableFile.removeDirectory(directory)
  }

  /// Removes the parts of a chatbot's other runs that were not touched for `patience` before `now`, milliseconds since 1970.
  static func sweep(shard: String, except run: String, now: Int) throws {
    let pending = "\(shard)/pending"
    for other in try DurableFile.names(in: pending) where other != run {
      let directory = "\(pending)/\(other)"
      let paths = try DurableFile.names(in: directory).map { "\(directory)/\($0)" }
      guard (paths + [directory]).allSatisfy({ isOld($0, now: now) }) else { continue }
      for path in paths { try DurableFile.remove(path) }
      // Best effort, as above.
      try? DurableFile.removeDirectory(directory)
    }
  }

  /// Removes the parts that hold chunks of some documents, whatever run they are of: their text must go.
  static func removeParts(of documents: Set<DocumentID>, shard: String) throws {
    for run in try DurableFile.names(in: "\(shard)/pending") {
      let parts = PendingParts(shard: shard, run: run)
      for (file, held) in try parts.read().files where !held.isDisjoint(with: documents) {
        try DurableFile.remove("\(parts.directory)/\(file)")
      }
      // Best effort, as above.
      try? DurableFile.removeDirectory(parts.directory)
    }
  }

  /// Whether a file was last written more than `patience` before `now`; false for one that is gone.
  static func isOld(_ path: String, now: Int) -> Bool {
    var status = stat()
    // man 2 stat
    guard stat(path, &status) == 0 else { return false }
    return status.st_mtim.tv_sec * 1000 < now - patience
  }
}

/// The chunks that wait in a run's parts.
struct PendingChunks {
  /// One reading of a document; a page that was fetched twice in a run may have two.
  private struct Version: Hashable {
    let description: DocumentDescription
    let count: Int
    let model: String

    /// Decides between two complete versions; the same whatever the order of arrival.
    var rank: [String] { [description.textDigest, description.rawDigest, model, "\(count)"] }
  }

  private var documents: [DocumentID: [Version: [Int: EmbeddedChunk]]] = [:]
  /// Which documents each part has chunks of.
  private(set) var files: [String: Set<DocumentID>] = [:]

  mutating func insert(_ chunk: EmbeddedChunk, file: String) {
    let description = chunk.chunk.description
    let version = Version(description: description, count: chunk.chunk.count, model: chunk.model)
    documents[description.document, default: [:]][version, default: [:]][chunk.chunk.ordinal] =
      chunk
    files[file, default: []].insert(description.document)
  }

  /// All documents that have a chunk here.
  var ids: [DocumentID] { documents.keys.sorted() }

  /// The chunks of a document in order; nil unless all of them are here.
  func complete(_ id: DocumentID) -> [EmbeddedChunk]? {
    let whole = documents[id, default: [:]].filter { $0.key.count == $0.value.count }
    let chosen = whole.max { $0.key.rank.lexicographicallyPrecedes($1.key.rank) }
    return chosen?.value.sorted { $0.key < $1.key }.map(\.value)
  }
}
