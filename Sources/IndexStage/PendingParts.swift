// What a run has embedded so far: each item of spool/index becomes at once a part file of its run, so that no item waits in
// the spool for its run to end. `shards/<chatbot>/pending/<run>/<id>.part` is the item's content, compressed.

import Corpus
import Spool

/// The parts of one run of one chatbot.
struct PendingParts {
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

  /// All chunks of the run by document, each document's in order and each chunk once.
  func chunks() throws -> [DocumentID: [EmbeddedChunk]] {
    var documents: [DocumentID: [Int: EmbeddedChunk]] = [:]
    for file in try DurableFile.names(in: directory).sorted() where file.hasSuffix(".part") {
      let frame = try DurableFile.read("\(directory)/\(file)", limit: JSONLines.itemLimit)
      let content = try Zstd.decompress(frame, limit: JSONLines.itemLimit, name: file)
      for line in JSONLines.lines(of: content).dropFirst() {
        let chunk = try JSONLines.decode(EmbeddedChunk.self, from: line)
        documents[chunk.chunk.description.document, default: [:]][chunk.chunk.ordinal] = chunk
      }
    }
    return documents.mapValues { chunks in chunks.keys.sorted().compactMap { chunks[$0] } }
  }

  /// Removes the parts: they stand in a published generation.
  func remove() throws {
    for file in try DurableFile.names(in: directory) {
      try DurableFile.remove("\(directory)/\(file)")
    }
    // Best effort: an empty directory that stays does no harm.
    try? DurableFile.removeDirectory(directory)
  }
}
