// What the janitor asks of rows: which items they hold open, which runs they know, and how to close what is lost.

package import Corpus
import GRDB

/// An item that rows hold open.
package struct OpenItem: Hashable, Sendable {
  package let run: String
  package let stage: String
  package let item: String
  /// The latest outcome; nil before the first receipt.
  package let outcome: String?
  package let due: Int?
  /// When a receipt last spoke of it, or it was named; milliseconds since 1970 UTC.
  package let changedAt: Int
}

extension AppDatabase {
  /// All items that rows hold open.
  package func openItems() async throws -> [OpenItem] {
    try await reads.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT run_id, stage, item, outcome, due_at, changed_at FROM run_items WHERE closed = 0
          ORDER BY changed_at, run_id, stage, item
          """
      ).map { row in
        OpenItem(
          run: row["run_id"], stage: row["stage"], item: row["item"], outcome: row["outcome"],
          due: row["due_at"], changedAt: row["changed_at"])
      }
    }
  }

  /// Whether rows know an item of a stage, open or closed.
  package func knows(item: String, stage: String) async throws -> Bool {
    try await reads.read { database in
      try Int.fetchOne(
        database, sql: "SELECT count(*) FROM run_items WHERE stage = $1 AND item = $2",
        arguments: [stage, item]) != 0
    }
  }

  /// Names an item that stands in the spool and that no receipt has named.
  ///
  /// - Returns: false when its run is not known.
  package func adopt(item: String, stage: String, of run: String, now: Int) async throws -> Bool {
    try await pool.write { database in
      let known = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM runs WHERE id = $1", arguments: [run])
      guard known == 1 else { return false }
      try Self.name(item, stage: stage, of: run, now: now, in: database)
      try database.execute(
        sql: """
          UPDATE runs SET state = 'running', finished_at = NULL
          WHERE id = $1 AND state IN ('done', 'failed')
          """, arguments: [run])
      return true
    }
  }

  /// Closes an item whose file is gone without a receipt: a person removed it, or the disk lost it.
  package func closeLost(_ item: OpenItem, now: Int) async throws {
    try await pool.write { database in
      try database.execute(
        sql: """
          UPDATE run_items SET closed = 1, outcome = 'dropped', outcome_rank = 2, reason = 'lost',
            changed_at = $1
          WHERE run_id = $2 AND stage = $3 AND item = $4 AND closed = 0
          """, arguments: [now, item.run, item.stage, item.item])
    }
  }

  /// Ends documents whose run is over and that are in no final state: none should be.
  ///
  /// - Returns: how many there were.
  package func endStrandedDocuments(now: Int) async throws -> Int {
    try await pool.write { database in
      try database.execute(
        sql: """
          UPDATE documents SET state = 'ended', reason = 'item_failed', changed_at = $1,
            message = 'Its run ended without it, see spool/*/failed; ingest it again.'
          WHERE state NOT IN ('live', 'ended')
            AND run_id IN (SELECT id FROM runs WHERE state IN ('done', 'failed'))
          """, arguments: [now])
      return database.changesCount
    }
  }
}
