// What goes into a shard and comes out again: documents and vectors. What a payload means is the caller's matter.

/// A document as the shard knows it: a name, a group for filters, and bytes.
package struct ShardDocument: Sendable, Hashable {
  /// Unique within a segment; 1 to 1,024 bytes of UTF-8.
  package let id: String
  /// What a search may be limited by (Bobbin: the source); up to 1,024 bytes.
  package let group: String
  /// Up to 16 MiB.
  package let payload: [UInt8]

  package init(id: String, group: String, payload: [UInt8]) {
    self.id = id
    self.group = group
    self.payload = payload
  }
}

/// A document's place in its segment, without its payload.
package struct DocumentEntry: Sendable, Hashable {
  package let id: String
  package let group: String
  /// The document's rows, in the order they were added.
  package let rows: Range<Int>
}
