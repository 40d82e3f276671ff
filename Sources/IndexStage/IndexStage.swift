// Builds shards, and is the only one who does. Chunks become parts of their run at once; an order makes the run's parts the
// next generation, by one rename that readers see as a whole.

package import BlobStore
import Corpus
package import Spool
import VectorShard

/// EmbeddedChunk → a generation of a shard.
package struct IndexStage: Stage {
  /// The last stage: nothing goes on.
  package struct Nothing: Codable, Sendable {}

  package static let name = "index"
  package static let version = 1
  package static let inputSchemas = [RecordSchema.embeddedChunk, RecordSchema.order]
  package static let next: NextStage? = nil

  private let carrier: OrderCarrier
  private let shards: String
  private let patience: Duration

  /// - Parameters:
  ///   - data: the data directory; shards lie in its `shards` folder.
  ///   - shrinkPercent: a generation that would lose more than this share of its documents is held; 100 lets all pass.
  ///   - patience: how long an order waits for another build of the same shard before it is tried again later.
  ///   - now: milliseconds since 1970; decides which left-overs of other runs are old.
  package init(
    data: String, blobs: DirectoryBlobs, generationsKept: Int = 3, shrinkPercent: Int = 30,
    patience: Duration = .seconds(10), now: @escaping @Sendable () -> Int = WallClock.now
  ) {
    self.patience = patience
    shards = "\(data)/shards"
    carrier = OrderCarrier(
      builder: ShardBuilder(blobs: blobs), generationsKept: generationsKept,
      shrinkPercent: shrinkPercent, now: now)
  }

  package func document(of input: IndexRecord) -> String {
    switch input {
    case .chunk(let chunk): chunk.chunk.description.document.text
    case .order: ""
    }
  }

  package func process(
    _ records: [IndexRecord], of envelope: Envelope
  ) async throws -> [Outcome<Nothing>] {
    guard ItemName.isLane(envelope.lane), ItemName.isLane(envelope.run) else {
      return records.map { _ in
        .gone(reason: "bad_name", message: "The item's lane or run is no name; drop it.")
      }
    }
    let shard = "\(shards)/\(envelope.lane)"
    let parts = PendingParts(shard: shard, run: envelope.run)
    let chunks = records.compactMap { record in
      if case .chunk(let chunk) = record { chunk } else { nil }
    }
    if !chunks.isEmpty { try parts.add(chunks, envelope: envelope) }
    var outcomes: [Outcome<Nothing>] = []
    for record in records {
      switch record {
      case .chunk(let chunk):
        outcomes.append(
          .done([], [.init(document: chunk.chunk.description.document.text, chunks: 1)]))
      case .order(let order):
        outcomes.append(
          try await carryOut(order, parts: parts, shard: shard, run: envelope.run))
      }
    }
    return outcomes
  }

  /// A filter has no order to wait for: everything that came in is built as one run.
  package func finishFilter(lane: String, run: String) throws -> Int {
    let shard = "\(shards)/\(lane)"
    try DurableFile.makeDirectory(shard)
    guard let lock = try ShardLock(shard: shard) else {
      throw StageFault("\(shard) is being built by another process; try again", exitCode: 75)
    }
    defer { withExtendedLifetime(lock) {} }
    do {
      return try carrier.buildAll(PendingParts(shard: shard, run: run), shard: shard, run: run)
    } catch let refusal as Refusal {
      throw StageFault(refusal.message, exitCode: 65)
    }
  }

  private func carryOut(
    _ order: IndexOrder, parts: PendingParts, shard: String, run: String
  ) async throws -> Outcome<Nothing> {
    try DurableFile.makeDirectory(shard)
    guard let lock = try await ShardLock.take(shard: shard, patience: patience) else {
      return .retry(reason: "busy", message: "Another build of this chatbot is under way.")
    }
    defer { withExtendedLifetime(lock) {} }
    do {
      let answer = try carrier.carryOut(order, parts: parts, shard: shard, run: run)
      return .done(
        [], answer.documents,
        generation: answer.held.map {
          .held(answer.generation, message: $0, reason: answer.heldReason)
        }
          ?? .live(answer.generation))
    } catch let error as ShardError {
      guard let refusal = Refusal(error) else {
        return .retry(reason: "shard", message: "\(error)")
      }
      return outcome(of: refusal, order)
    } catch let refusal as Refusal {
      return outcome(of: refusal, order)
    }
  }

  /// A build's refusal is told of each of its documents; one of another order is the order's own.
  private func outcome(of refusal: Refusal, _ order: IndexOrder) -> Outcome<Nothing> {
    guard order.action == .build, !order.live.isEmpty else {
      return .gone(reason: refusal.reason, message: refusal.message)
    }
    return .done(
      [],
      order.live.map { id in
        Receipt.Document(
          document: id.text, outcome: .failed, reason: refusal.reason, message: refusal.message)
      })
  }
}
