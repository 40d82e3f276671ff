// What each order was answered, so that an order that is repeated after a crash does nothing twice and says the same again.
//
// `shards/<chatbot>/orders/<id>.planned` holds the answer before CURRENT is renamed; the next order, which has the shard to
// itself, sees by CURRENT whether that came to pass and makes it `<id>.done`, or forgets it. The id is a digest of the order
// and its run.

import Corpus
import Spool
import VectorShard

/// The answers to a shard's orders; to be used by the shard's only writer.
struct OrderJournal {
  /// What an order did, as the receipt says it.
  struct Answer: Codable, Hashable {
    let generation: Int
    /// Why the generation waits, when it was not made current.
    let held: String?
    /// What it waits for, when that is not its owner's word.
    var heldReason: String? = nil
    /// Whether the order built the generation, so that its manifest stands there for nothing if it was not carried out.
    let isBuilt: Bool
    let documents: [Receipt.Document]

    /// The documents that came through.
    var live: Set<DocumentID> {
      Set(documents.filter { $0.outcome == .done }.compactMap { DocumentID($0.document) })
    }

    /// The documents whose parts nobody waits for: they came through, or another one stands for them.
    var settled: Set<DocumentID> {
      Set(documents.filter { $0.outcome != .failed }.compactMap { DocumentID($0.document) })
    }

    /// The documents that did not come through.
    var out: [DocumentID] {
      documents.filter { $0.outcome == .failed }.compactMap { DocumentID($0.document) }
    }
  }

  private static let byteLimit = 64 << 20
  private let shard: String
  private let directory: String

  init(shard: String) {
    self.shard = shard
    directory = "\(shard)/orders"
  }

  /// The name of an order in the journal.
  static func id(of order: IndexOrder, run: String) throws -> String {
    SHA256Digest(of: Array("\(run)\n".utf8) + (try JSONLines.encode(order))).shortName
  }

  /// Decides for each answer that was planned whether it came to pass; before anything moves CURRENT again.
  func settle() throws {
    for file in try DurableFile.names(in: directory).sorted() where file.hasSuffix(".planned") {
      let id = String(file.dropLast(".planned".count))
      if let answer = try read(file), try wasCarriedOut(answer) {
        _ = try DurableFile.rename("\(directory)/\(file)", to: "\(directory)/\(id).done")
        try DurableFile.syncDirectory(directory)
      } else {
        try DurableFile.remove("\(directory)/\(file)")
      }
    }
  }

  /// The answer an order has had already; nil when it was never carried out.
  func answer(to id: String) throws -> Answer? { try read("\(id).done") }

  /// Notes the answer of an order that is about to be carried out.
  func plan(_ answer: Answer, to id: String) throws {
    try DurableFile.makeDirectory(directory)
    let path = "\(directory)/\(id).planned"
    let temporary = "\(path).\(Worker.randomDigits()).tmp"
    try DurableFile.write(try JSONLines.encode(answer), to: temporary)
    _ = try DurableFile.rename(temporary, to: path)
    try DurableFile.syncDirectory(directory)
  }

  /// Removes answers older than the parts' patience: no item is repeated that late.
  func sweep(now: Int) throws {
    for file in try DurableFile.names(in: directory) {
      let path = "\(directory)/\(file)"
      if PendingParts.isOld(path, now: now) { try DurableFile.remove(path) }
    }
  }

  private func wasCarriedOut(_ answer: Answer) throws -> Bool {
    do throws(ShardError) {
      let isThere = try ShardManifest.generations(in: shard).contains(answer.generation)
      if answer.held != nil { return isThere }
      if try ShardManifest.currentGeneration(in: shard) == answer.generation { return true }
      if answer.isBuilt, isThere { try ShardManifest.discard(answer.generation, in: shard) }
      return false
    } catch {
      guard error.isDamage else { throw error }
      // CURRENT is damaged: the order is carried out anew, and is refused or repairs it.
      return false
    }
  }

  private func read(_ file: String) throws -> Answer? {
    let path = "\(directory)/\(file)"
    guard DurableFile.exists(path) else { return nil }
    // One that does not decode is damaged: as if it were not there, the order is carried out anew.
    return try? JSONLines.decode(
      Answer.self, from: try DurableFile.read(path, limit: Self.byteLimit))
  }
}
