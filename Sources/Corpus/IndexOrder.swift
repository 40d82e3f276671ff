// What App asks of the index stage: the one record of an order item in spool/index. Orders keep bobbin-index the only
// writer of shards.

/// An order to build, from a run's parts, the next generation of a chatbot's shard.
package struct IndexOrder: Codable, Hashable, Sendable {
  /// Documents of the run that must stand in the new generation, replacing earlier versions of themselves.
  package let live: [DocumentID]
  /// Documents that must not stand in it any more.
  package let removed: [DocumentID]

  package init(live: [DocumentID], removed: [DocumentID]) {
    self.live = live
    self.removed = removed
  }
}
