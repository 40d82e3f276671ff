// The first line of every item: what the records are and where they come from.

/// What an item says of itself, before its records.
///
/// Nothing in it depends on the writer's clock, host or chance, so that the same work gives the same bytes.
package struct Envelope: Codable, Hashable, Sendable {
  /// Names the records and their version, such as `bobbin.extract/1`.
  package var schema: String
  /// Whose work it is; also in the item's name.
  package let lane: String
  /// The training run; an item never mixes two.
  package let run: String
  /// Opaque to the spool and passed on: the border within which results may be shared.
  package let scope: String
  /// The run's start, milliseconds since 1970 UTC.
  package let born: Int
  /// The stage that wrote it and the version of its code, such as `fetch/1`.
  package var madeBy: String
  /// Ids of the items it was made from; empty for a run's first.
  package var from: [String]
  /// Lines that follow.
  package var recordCount: Int

  package init(
    schema: String, lane: String, run: String, scope: String, born: Int, madeBy: String,
    from: [String], recordCount: Int
  ) {
    self.schema = schema
    self.lane = lane
    self.run = run
    self.scope = scope
    self.born = born
    self.madeBy = madeBy
    self.from = from
    self.recordCount = recordCount
  }
}
