// What App asks of the index stage: the one record of an order item in spool/index. Orders keep bobbin-index the only
// writer of shards.

/// An order that moves a chatbot's shard to another generation.
package struct IndexOrder: Codable, Hashable, Sendable {
  /// What is to be done.
  package enum Action: String, Codable, Sendable {
    /// Build the next generation from a run's parts.
    case build
    /// Make a generation current that was built and held back, by the shrink guard or for its evaluation.
    case publish
    /// Make an earlier generation current again.
    case rollback
  }

  package let action: Action
  /// The generation to publish or to go back to; nil for a build.
  package let generation: Int?
  /// Documents of the run that must stand in the new generation, replacing earlier versions of themselves.
  package let live: [DocumentID]
  /// Documents that must not stand in it any more.
  package let removed: [DocumentID]
  /// The owner's word that the shard may shrink by more than the guard allows.
  package let mayShrink: Bool
  /// Whether what is removed must leave the disk too: nothing of it stays in a segment, and no earlier generation is kept.
  package let purge: Bool?
  /// Generations that the owner's plan keeps for going back; nil leaves it to the stage.
  package let keep: Int?
  /// Whether a build must wait, not current, for its evaluation; nil lets it answer at once.
  package let hold: Bool?

  /// The reason that a receipt gives for a generation that waits for its evaluation.
  package static let evaluationReason = "evaluation"

  package init(
    action: Action = .build, generation: Int? = nil, live: [DocumentID], removed: [DocumentID],
    mayShrink: Bool = false, purge: Bool? = nil, keep: Int? = nil, hold: Bool? = nil
  ) {
    self.action = action
    self.generation = generation
    self.live = live
    self.removed = removed
    self.mayShrink = mayShrink
    self.purge = purge
    self.keep = keep
    self.hold = hold
  }
}
