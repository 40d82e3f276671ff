// What changed between two generations of a shard, by document. Compares what the shards say of their documents; knows
// nothing of files.

/// Documents that one generation has and another has not, or has with another text.
package struct GenerationDifference: Sendable, Hashable {
  /// In the second only.
  package let added: [DocumentDescription]
  /// In the first only.
  package let removed: [DocumentDescription]
  /// In both, with another text; as the second has them.
  package let changed: [DocumentDescription]
  /// In both with the same text.
  package let unchangedCount: Int

  /// Compares the documents of two generations; lists are ordered by title, then by id.
  package init(
    from first: [DocumentID: DocumentDescription], to second: [DocumentID: DocumentDescription]
  ) {
    var added: [DocumentDescription] = []
    var changed: [DocumentDescription] = []
    var unchangedCount = 0
    for (id, description) in second {
      if let earlier = first[id] {
        if earlier.textDigest == description.textDigest {
          unchangedCount += 1
        } else {
          changed.append(description)
        }
      } else {
        added.append(description)
      }
    }
    self.added = Self.ordered(added)
    self.changed = Self.ordered(changed)
    self.removed = Self.ordered(first.filter { second[$0.key] == nil }.map(\.value))
    self.unchangedCount = unchangedCount
  }

  /// Whether both generations hold the same documents with the same texts.
  package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

  private static func ordered(_ documents: [DocumentDescription]) -> [DocumentDescription] {
    documents.sorted { ($0.title, $0.document.text) < ($1.title, $1.document.text) }
  }
}
