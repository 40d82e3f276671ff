// The names of the records that flow, with their versions; the first word of every item's envelope.

/// Schemas of spool items.
///
/// The number rises when a record changes in a way that older readers cannot take.
package enum RecordSchema {
  /// `Source`, in spool/fetch.
  package static let source = "bobbin.fetch/1"
  /// `Page`, in spool/extract.
  package static let page = "bobbin.extract/1"
  /// `Document`, in spool/chunk.
  package static let document = "bobbin.chunk/1"
  /// `Chunk`, in spool/embed.
  package static let chunk = "bobbin.embed/1"
  /// `EmbeddedChunk`, in spool/index.
  package static let embeddedChunk = "bobbin.index/1"
  /// `IndexOrder`, in spool/index.
  package static let order = "bobbin.order/2"
}
