// Carries out one order on a shard that is locked: what is needed is prepared, the answer is noted, then one rename makes
// it true. A crash at any step leaves the old generation or the new, and an order that comes again gets the same answer.

import Corpus
import Spool
import VectorShard

/// Carries out orders.
struct OrderCarrier: Sendable {
  let builder: ShardBuilder
  let generationsKept: Int
  /// A generation that would lose more than this share of its documents is held.
  let shrinkPercent: Int
  /// Milliseconds since 1970.
  let now: @Sendable () -> Int

  /// Does what the order says, or finds that it was done already.
  ///
  /// - Throws: `Refusal`, or `ShardError` for trouble with the shard's files.
  func carryOut(
    _ order: IndexOrder, parts: PendingParts, shard: String, run: String
  ) throws -> OrderJournal.Answer {
    let journal = OrderJournal(shard: shard)
    try journal.settle()
    let id = try OrderJournal.id(of: order, run: run)
    let known = try journal.answer(to: id)
    let answer: OrderJournal.Answer
    switch order.action {
    case .build:
      let pending = try parts.read()
      // The answer stands unless a chunk that was missing has come since.
      if let known, known.out.allSatisfy({ pending.complete($0) == nil }) {
        answer = known
      } else {
        answer = try build(
          order, id: id, pending: pending, earlier: known?.live ?? [], shard: shard, run: run)
      }
      if answer.held == nil {
        try parts.remove(pending, finished: answer.settled.union(order.removed))
      }
    case .publish, .rollback:
      if let known {
        answer = known
      } else {
        let moves = GenerationMoves(shard: shard)
        answer = try order.action == .publish ? moves.publishing(order) : moves.rollingBack(order)
        try journal.plan(answer, to: id)
        try ShardManifest.makeCurrent(answer.generation, in: shard)
      }
      // What was held for its evaluation leaves no parts behind once it answers.
      if order.action == .publish {
        try parts.remove(try parts.read(), finished: answer.settled.union(order.removed))
      }
    }
    // After a crash too, whatever it had left.
    if order.purge == true {
      // Not best effort: it is told that nothing is left.
      try ShardManifest.sweep(in: shard, keepingGenerations: 1)
      try PendingParts.removeParts(of: Set(order.removed), shard: shard)
    } else {
      sweep(shard, keeping: order.keep.map { max(1, $0) } ?? generationsKept)
    }
    try PendingParts.sweep(shard: shard, except: run, now: now())
    try journal.sweep(now: now())
    return answer
  }

  /// Builds and publishes everything that waits in the parts, without a journal.
  ///
  /// - Returns: the generation that answers then.
  func buildAll(_ parts: PendingParts, shard: String, run: String) throws -> Int {
    let pending = try parts.read()
    let prepared = try builder.prepare(
      IndexOrder(live: pending.ids, removed: []), pending: pending, shard: shard, run: run)
    if let manifest = prepared.manifest {
      try ShardManifest.publish(manifest, in: shard)
      sweep(shard, keeping: generationsKept)
    }
    try parts.remove(pending, finished: prepared.live.union(prepared.keptBy.keys))
    return prepared.manifest?.generation ?? prepared.current?.generation ?? 0
  }

  private func build(
    _ order: IndexOrder, id: String, pending: PendingChunks, earlier: Set<DocumentID>,
    shard: String, run: String
  ) throws -> OrderJournal.Answer {
    let prepared = try builder.prepare(
      order, pending: pending, earlier: earlier, shard: shard, run: run)
    let objection = order.mayShrink ? nil : objection(to: prepared)
    let held = objection ?? (order.hold == true ? prepared.manifest.map(Self.waiting) : nil)
    let answer = OrderJournal.Answer(
      generation: prepared.manifest?.generation ?? prepared.current?.generation ?? 0, held: held,
      heldReason: held != nil && objection == nil ? IndexOrder.evaluationReason : nil,
      isBuilt: prepared.manifest != nil,
      documents: Self.documents(of: order, prepared))
    try OrderJournal(shard: shard).plan(answer, to: id)
    if let manifest = prepared.manifest {
      if held == nil {
        try ShardManifest.publish(manifest, in: shard)
      } else {
        try ShardManifest.write(manifest, in: shard)
      }
    }
    return answer
  }

  /// What is said of the order's documents, and of those that it did not name: of an alias that has another keeper now, or takes
  /// the place of one.
  private static func documents(
    of order: IndexOrder, _ prepared: ShardBuilder.Prepared
  ) -> [Receipt.Document] {
    let others = prepared.live.union(prepared.keptBy.keys).subtracting(order.live).sorted()
    return (order.live + others).map { id in
      if prepared.live.contains(id) { return Receipt.Document(document: id.text) }
      if let kept = prepared.keptBy[id] { return Receipt.Document(alias: id, of: kept) }
      return Receipt.Document(
        document: id.text, outcome: .failed, reason: "incomplete",
        message: "Some of its chunks did not come through; train it again.")
    }
  }

  /// What is said of a generation that is to be evaluated before it answers.
  private static func waiting(_ manifest: ShardManifest) -> String {
    "Generation \(manifest.generation) is built and waits for its evaluation."
  }

  /// The shrink guard: why a generation must wait for the owner's word; nil when it may go live.
  private func objection(to prepared: ShardBuilder.Prepared) -> String? {
    guard let manifest = prepared.manifest, let current = prepared.current,
      (manifest.documentCount + prepared.joinedCount) * 100
        < (100 - shrinkPercent) * current.documentCount
    else { return nil }
    return "\(prepared.leavingCount) of \(current.documentCount) documents would go; generation "
      + "\(manifest.generation) is built and waits. Generation \(current.generation) goes on "
      + "answering until you publish the new one or train again."
  }

  /// Best effort: the order is carried out; what cannot be removed now, or is damaged, is met by the next sweep or by
  /// `bobbin shard verify`.
  private func sweep(_ shard: String, keeping count: Int) {
    _ = try? ShardManifest.sweep(in: shard, keepingGenerations: count)
  }
}

extension Receipt.Document {
  /// A page that is not indexed itself.
  init(alias id: DocumentID, of kept: Receipt.Kept) {
    self.init(
      document: id.text, outcome: .gone, reason: Alias.reason, message: Alias.message, kept: kept)
  }
}
