// The orders that move a shard to a generation that stands there already: one the shrink guard held, or an earlier one.

import Corpus
import Spool
import VectorShard

/// Checks such an order and works out its answer; nothing is changed here.
struct GenerationMoves {
  let shard: String

  /// Publishing a held generation.
  ///
  /// - Throws: `Refusal` with its reason, `ShardError`.
  func publishing(_ order: IndexOrder) throws -> OrderJournal.Answer {
    let generation = try wanted(order)
    let current = try ShardManifest.currentGeneration(in: shard)
    let held = try ShardManifest.manifest(generation: generation, in: shard)
    guard generation == current || held.base == current else {
      throw Refusal(
        reason: "base_moved",
        message: "Generation \(generation) was built from "
          + (held.base.map { "generation \($0)" } ?? "an empty chatbot")
          + ", but \(current.map { "generation \($0)" } ?? "none") answers now; train again.")
    }
    let standing = try Self.descriptions(in: try verified(generation))
    let changes = Self.aliases(from: try documents(of: current), to: standing)
    let named = Set(order.live)
    let documents =
      order.live.map { id in
        standing[id] != nil
          ? Receipt.Document(document: id.text)
          : Receipt.Document(
            document: id.text, outcome: .failed, reason: "incomplete",
            message: "It is not in generation \(generation); train it again.")
      }
      + (changes.heirs.filter { !named.contains($0) }.map { Receipt.Document(document: $0.text) })
      + changes.aliases.map { Receipt.Document(alias: $0.id, of: $0.kept) }
    return OrderJournal.Answer(
      generation: generation, held: nil, isBuilt: false, documents: documents)
  }

  /// Going back to an earlier generation, or on again to one that was built from the one that answers: what was undone is done again.
  ///
  /// Whether a later one may answer at all is the caller's to know: one that is held has to be published.
  ///
  /// The generation that is left may be damaged, then its documents count as unknown: all restored ones are named as done.
  ///
  /// - Throws: `Refusal` with its reason, `ShardError`.
  func rollingBack(_ order: IndexOrder) throws -> OrderJournal.Answer {
    let generation = try wanted(order)
    let left = try leftGeneration()
    if let left, generation > left,
      try ShardManifest.manifest(generation: generation, in: shard).base != left
    {
      throw Refusal(
        reason: "not_earlier",
        message:
          "Generation \(generation) was not built from generation \(left), which answers now; "
          + "go back to one before it, or train again.")
    }
    let restored = try Self.descriptions(in: try verified(generation))
    let before = try documents(of: left)
    let difference = GenerationDifference(from: before, to: restored)
    let changes = Self.aliases(from: before, to: restored)
    let back = (difference.added + difference.changed).map(\.document).sorted()
    let gone = Set(difference.removed.map(\.document)).union(changes.lost)
      .subtracting(changes.aliases.map(\.id)).sorted()
    return OrderJournal.Answer(
      generation: generation, held: nil, isBuilt: false,
      documents: back.map { Receipt.Document(document: $0.text) }
        + changes.aliases.map { Receipt.Document(alias: $0.id, of: $0.kept) }
        + gone.map {
          Receipt.Document(
            document: $0.text, outcome: .gone, reason: "rolled_back",
            message: "It is not part of generation \(generation), which was restored.")
        })
  }

  /// What two generations say differently of pages for which others stand.
  private struct AliasChanges {
    /// Those with another keeper, or with one at all, in the second.
    var aliases: [(id: DocumentID, kept: Receipt.Kept)] = []
    /// Those of the first that stand in the second by themselves.
    var heirs: [DocumentID] = []
    /// Those of the first that are nowhere in the second.
    var lost: [DocumentID] = []
  }

  private static func aliases(
    from first: [DocumentID: DocumentDescription], to second: [DocumentID: DocumentDescription]
  ) -> AliasChanges {
    func keepers(_ documents: [DocumentID: DocumentDescription]) -> [DocumentID: Receipt.Kept] {
      var keepers: [DocumentID: Receipt.Kept] = [:]
      for (id, description) in documents {
        for alias in description.aliases ?? [] {
          keepers[alias.document] = Receipt.Kept(document: id.text, uri: description.uri)
        }
      }
      return keepers
    }
    let (before, after) = (keepers(first), keepers(second))
    var changes = AliasChanges()
    changes.aliases = after.filter { before[$0.key] != $0.value }
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    for id in before.keys.sorted() where after[id] == nil {
      if second[id] != nil { changes.heirs.append(id) } else { changes.lost.append(id) }
    }
    return changes
  }

  /// The generation that answers now; nil when CURRENT is damaged, which going back repairs.
  private func leftGeneration() throws -> Int? {
    do throws(ShardError) {
      return try ShardManifest.currentGeneration(in: shard)
    } catch {
      guard error.isDamage else { throw error }
      return nil
    }
  }

  private func wanted(_ order: IndexOrder) throws -> Int {
    let kept = try ShardManifest.generations(in: shard)
    guard let generation = order.generation, kept.contains(generation) else {
      throw Refusal(
        reason: "no_such_generation",
        message: "Generation \(order.generation.map { "\($0)" } ?? "?") is not kept; "
          + (kept.isEmpty
            ? "there is none." : "kept are \(kept.map { "\($0)" }.joined(separator: ", "))."))
    }
    return generation
  }

  private func verified(_ generation: Int) throws -> ShardSet {
    do throws(ShardError) {
      let set = try ShardSet(
        try ShardManifest.manifest(generation: generation, in: shard), in: shard)
      for segment in set.segments { try segment.verify() }
      return set
    } catch {
      guard error.isDamage else { throw error }
      throw Refusal(
        reason: "shard_damaged",
        message: "Generation \(generation) is damaged; the one that answers stays. "
          + "`bobbin shard verify` says which are whole.")
    }
  }

  private func documents(of generation: Int?) throws -> [DocumentID: DocumentDescription] {
    guard let generation else { return [:] }
    do {
      let manifest = try ShardManifest.manifest(generation: generation, in: shard)
      return try Self.descriptions(in: try ShardSet(manifest, in: shard))
    } catch {
      guard (error as? ShardError)?.isDamage == true else { throw error }
      return [:]
    }
  }

  /// What a generation says of its documents.
  static func descriptions(in set: ShardSet) throws -> [DocumentID: DocumentDescription] {
    var found: [DocumentID: DocumentDescription] = [:]
    for document in try set.liveDocuments {
      let description = try JSONLines.decode(
        DocumentDescription.self, from: try set.payload(of: document))
      found[description.document] = description
    }
    return found
  }
}
