// The documents of a generation, without those that its manifest says are deleted.

extension ShardSet {
  /// A document of a set; valid for this set only.
  package struct LiveDocument: Sendable, Hashable {
    /// Index in `segments`.
    package let segment: Int
    /// Index among that segment's documents.
    package let index: Int
    package let entry: DocumentEntry
  }

  /// All documents that are not deleted, by segment and then in the segment's order.
  ///
  /// - Throws: `corrupt` for a damaged table.
  /// - Complexity: O(documents).
  package var liveDocuments: [LiveDocument] {
    get throws(ShardError) {
      var found: [LiveDocument] = []
      for (number, reader) in segments.enumerated() {
        let deleted = Set(manifest.segments[number].deletedDocuments)
        for index in 0..<reader.documentCount where !deleted.contains(index) {
          found.append(
            LiveDocument(segment: number, index: index, entry: try reader.entry(index)))
        }
      }
      return found
    }
  }

  /// The bytes that were stored with a document.
  ///
  /// - Throws: `invalid` for a document of another set, `corrupt` for a damaged payload.
  package func payload(of document: LiveDocument) throws(ShardError) -> [UInt8] {
    guard segments.indices.contains(document.segment) else {
      throw .invalid("document \(document.entry.id) of a segment that this set does not have")
    }
    return try segments[document.segment].payload(ofDocument: document.index)
  }
}
