// Receipts → rows: many in one transaction, in any order, any number of times, with the same result.

import GRDB

extension AppDatabase {
  /// Applies receipts in one transaction.
  package func apply(_ receipts: [AppliedReceipt]) async throws {
    try await pool.write { database in
      for receipt in receipts { try Self.apply(receipt, in: database) }
    }
  }

  private static func apply(_ receipt: AppliedReceipt, in database: Database) throws {
    guard let run = try run(of: receipt, in: database) else { return }
    for output in receipt.outputs {
      try name(output.item, stage: output.stage, of: run, in: database)
    }
    let rank = ["retry": 0, "failed": 1, "dropped": 2, "done": 3][receipt.outcome] ?? 0
    let done = receipt.documents.filter { $0.outcome == "done" }
    // Most tries win, then done > dropped > failed > retry.
    try database.execute(
      sql: """
        INSERT INTO run_items
          (run_id, stage, item, closed, outcome, tries, due_at, reason, documents, chunks, tokens)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (run_id, stage, item) DO UPDATE SET closed = excluded.closed,
          outcome = excluded.outcome, tries = excluded.tries, due_at = excluded.due_at,
          reason = excluded.reason, documents = excluded.documents, chunks = excluded.chunks,
          tokens = excluded.tokens
        WHERE run_items.outcome IS NULL OR excluded.tries > run_items.tries
          OR (excluded.tries = run_items.tries AND \(rank) >=
            CASE run_items.outcome WHEN 'done' THEN 3 WHEN 'dropped' THEN 2 WHEN 'failed' THEN 1 ELSE 0 END)
        """,
      arguments: [
        run, receipt.stage, receipt.item, receipt.outcome == "retry" ? 0 : 1, receipt.outcome,
        receipt.tries, receipt.due, receipt.reason, done.count, done.reduce(0) { $0 + $1.chunks },
        done.reduce(0) { $0 + $1.tokens },
      ])
    for document in receipt.documents {
      try apply(document, of: receipt, run: run, in: database)
    }
    if let generation = receipt.generation {
      try database.execute(
        sql: "UPDATE runs SET generation = $1 WHERE id = $2", arguments: [generation, run])
    }
  }

  /// A damaged item's receipt does not know its run; the item was named by whoever made it.
  private static func run(of receipt: AppliedReceipt, in database: Database) throws -> String? {
    let known = try String.fetchOne(
      database, sql: "SELECT id FROM runs WHERE id = $1", arguments: [receipt.run])
    if let known { return known }
    return try String.fetchOne(
      database, sql: "SELECT run_id FROM run_items WHERE stage = $1 AND item = $2",
      arguments: [receipt.stage, receipt.item])
  }

  /// Progress only moves forward within a run, and an end stays an end: of a document in several items, one failed item
  /// is enough to keep it out.
  private static func apply(
    _ document: AppliedReceipt.Document, of receipt: AppliedReceipt, run: String,
    in database: Database
  ) throws {
    let order = ["fetch", "extract", "chunk", "embed", "index"]
    let states = ["fetched", "extracted", "chunked", "embedded", "embedded"]
    guard let step = order.firstIndex(of: receipt.stage) else { return }
    let state: String
    switch document.outcome {
    case "done": state = receipt.generation != nil ? "live" : states[step]
    case "retry": state = "waiting"
    default: state = "ended"
    }
    let rank = receipt.generation != nil ? 6 : step + 1
    try database.execute(
      sql: """
        UPDATE documents SET stage = $1, state = $2, reason = $3, message = $4, tries = $5, due_at = $6
        WHERE id = $7 AND run_id = $8 AND state <> 'ended' AND state <> 'live' AND \(rank) >=
          CASE stage WHEN 'fetch' THEN 1 WHEN 'extract' THEN 2 WHEN 'chunk' THEN 3
            WHEN 'embed' THEN 4 ELSE 5 END
          AND NOT ($9 = 'waiting' AND stage = $10 AND tries > $11)
        """,
      arguments: [
        receipt.stage, state, document.reason, document.message, receipt.tries, receipt.due,
        document.id, run, state, receipt.stage, receipt.tries,
      ])
    try database.execute(
      sql: """
        UPDATE documents SET title = coalesce($1, title),
          pages = CASE WHEN $2 = 'extract' THEN $3 ELSE pages END,
          chunks = CASE WHEN $4 = 'chunk' THEN $5 ELSE chunks END,
          tokens = CASE WHEN $6 = 'chunk' THEN $7 ELSE tokens END
        WHERE id = $8 AND run_id = $9
        """,
      arguments: [
        document.title, receipt.stage, document.pages, receipt.stage, document.chunks,
        receipt.stage, document.tokens, document.id, run,
      ])
  }
}
