// Receipts → rows: many in one transaction, in any order, any number of times, with the same result.
//
// Of an item's receipts one counts, for its row and for the rows of its documents: done before all others, because the
// outputs of such an item are durable whatever became of the item; then most tries, then the higher rank, then the later. What
// a document's state is follows from its rows alone (DocumentState), never from what came last.
//
// A receipt may be void: it was published, then a sync behind it failed or the worker died, and the item went back as it had
// come. So "retry, 1 try" can stand beside "done, 0 tries" of the same item, and must not hold its run open for ever.

import Corpus
import GRDB

extension AppDatabase {
  /// The period of an account, milliseconds since 1970 UTC, that holds an instant.
  package typealias Period = @Sendable (User, _ instant: Int) -> Range<Int>

  /// Applies receipts in one transaction.
  ///
  /// - Parameter period: where the tokens that were embedded are counted.
  package func apply(_ receipts: [AppliedReceipt], period: @escaping Period) async throws {
    try await pool.write { database in
      for receipt in receipts { try Self.apply(receipt, period, in: database) }
    }
  }

  private static func apply(
    _ receipt: AppliedReceipt, _ period: Period, in database: Database
  ) throws {
    guard let run = try run(of: receipt, in: database) else { return }
    let embedded = try embeddedTokens(receipt, run: run, in: database)
    for output in receipt.outputs {
      try name(output.item, stage: output.stage, of: run, now: receipt.at, in: database)
    }
    let done = receipt.documents.filter { $0.outcome == "done" }
    try database.execute(
      sql: """
        INSERT INTO run_items (run_id, stage, item, closed, outcome, outcome_rank, tries, due_at, reason,
          documents, chunks, tokens, created_at, changed_at, counts_json)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT (run_id, stage, item) DO UPDATE SET closed = excluded.closed,
          outcome = excluded.outcome, outcome_rank = excluded.outcome_rank, tries = excluded.tries,
          due_at = excluded.due_at, reason = excluded.reason, documents = excluded.documents,
          chunks = excluded.chunks, tokens = excluded.tokens, changed_at = excluded.changed_at,
          counts_json = excluded.counts_json
        WHERE run_items.outcome IS NULL OR
          (excluded.outcome_rank = 3, excluded.tries, excluded.outcome_rank, excluded.changed_at)
            >= (run_items.outcome_rank = 3, run_items.tries, run_items.outcome_rank,
              run_items.changed_at)
        """,
      arguments: [
        run, receipt.stage, receipt.item, receipt.isClosed ? 1 : 0, receipt.outcome, receipt.rank,
        receipt.tries, receipt.due, receipt.reason, done.count, done.reduce(0) { $0 + $1.chunks },
        done.reduce(0) { $0 + $1.tokens }, receipt.at, receipt.at, receipt.counts,
      ])
    if database.changesCount > 0 {
      if receipt.stage == embedStage {
        // A second try finds the vectors of the first in the cache; what those cost is not taken back.
        let more = try embeddedTokens(receipt, run: run, in: database) - embedded
        if more > 0 { try count(more, run: run, at: receipt.at, period, in: database) }
      }
      try forget(of: receipt, run: run, in: database)
      for document in receipt.documents {
        try apply(document, of: receipt, run: run, in: database)
      }
    }
    try applyToRun(receipt, run: run, in: database)
  }

  /// Whose receipts' tokens are those of texts that were given a vector.
  private static let embedStage = "embed"

  /// Tokens that an item's receipts have counted so far.
  private static func embeddedTokens(
    _ receipt: AppliedReceipt, run: String, in database: Database
  ) throws -> Int {
    guard receipt.stage == embedStage else { return 0 }
    return try database.number(
      "SELECT tokens FROM run_items WHERE run_id = $1 AND stage = $2 AND item = $3",
      [run, receipt.stage, receipt.item])
  }

  private static func count(
    _ tokens: Int, run: String, at instant: Int, _ period: Period, in database: Database
  ) throws {
    guard
      let row = try database.first(
        """
        SELECT c.id AS chatbot, c.user_id AS owner FROM runs r JOIN chatbots c ON c.id = r.chatbot_id
        WHERE r.id = $1
        """, [run])
    else { return }
    let owner = try (row["owner"] as String?).flatMap {
      try database.first("SELECT * FROM users WHERE id = $1", [$0]).map(User.init)
    }
    try note(
      TokenCounts(embedded: tokens), of: row["chatbot"],
      owner: owner.map { ($0.id, period($0, instant)) }, now: instant, in: database)
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

  /// Takes back what earlier receipts of the item said of documents that this one does not name: they went on in other
  /// items, or the item says nothing of them any more.
  private static func forget(
    of receipt: AppliedReceipt, run: String, in database: Database
  ) throws {
    let named = Set(receipt.documents.map(\.id))
    let known = try String.fetchAll(
      database,
      sql:
        "SELECT document_id FROM document_receipts WHERE run_id = $1 AND stage = $2 AND item = $3",
      arguments: [run, receipt.stage, receipt.item])
    for document in known where !named.contains(document) {
      try database.execute(
        sql: """
          DELETE FROM document_receipts
          WHERE run_id = $1 AND document_id = $2 AND stage = $3 AND item = $4
          """, arguments: [run, document, receipt.stage, receipt.item])
      try refresh(document, of: run, in: database)
    }
  }

  private static func apply(
    _ document: AppliedReceipt.Document, of receipt: AppliedReceipt, run: String,
    in database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO document_receipts (run_id, document_id, stage, item, outcome, outcome_rank, tries,
          due_at, reason, message, pages, chunks, tokens, generation, created_at, title, leads_to,
          http_status)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        ON CONFLICT (run_id, document_id, stage, item) DO UPDATE SET outcome = excluded.outcome,
          outcome_rank = excluded.outcome_rank, tries = excluded.tries, due_at = excluded.due_at,
          reason = excluded.reason, message = excluded.message, pages = excluded.pages,
          chunks = excluded.chunks, tokens = excluded.tokens, generation = excluded.generation,
          created_at = excluded.created_at, title = excluded.title, leads_to = excluded.leads_to,
          http_status = excluded.http_status
        """,
      arguments: [
        run, document.id, receipt.stage, receipt.item, document.outcome,
        AppliedReceipt.rank(document.outcome), document.found?.tries ?? receipt.tries,
        document.found?.due ?? receipt.due, document.reason, document.message, document.pages,
        document.chunks, document.tokens, receipt.generation, receipt.at, document.title,
        document.found?.leadsTo ?? document.kept?.uri, document.found?.status,
      ])
    if let found = document.found { try take(found, document, run: run, in: database) }
    if let generation = receipt.generation {
      // Going back makes the documents of other runs live, or not live, again: they belong to this run from here on. So does an
      // alias of an earlier run that takes its keeper's place, or gets another one.
      try database.execute(
        sql: """
          UPDATE documents SET run_id = $1 WHERE id = $2 AND (run_id < $3 OR (run_id <> $4
            AND EXISTS (SELECT 1 FROM runs WHERE id = $5 AND "trigger" = 'rollback')))
          """, arguments: [run, document.id, run, run, run])
      try database.change(
        """
        UPDATE documents SET generation = $1, alias_of = $2, alias_uri = $3
        WHERE id = $4 AND run_id = $5
        """,
        [
          document.outcome == "done" ? generation : nil, document.kept?.document,
          document.kept?.uri, document.id, run,
        ])
    }
    try refresh(document.id, of: run, in: database)
  }

  /// Makes the row of a document that a stage has found, or takes it into this run, which asked for it last.
  ///
  /// Does nothing where the source is gone, or another document has the address: a receipt must never be refused.
  private static func take(
    _ found: AppliedReceipt.Found, _ document: AppliedReceipt.Document, run: String,
    in database: Database
  ) throws {
    if let uri = found.uri {
      try database.change(
        """
        INSERT INTO documents (id, source_id, chatbot_id, run_id, uri, stage, state, tries, pages,
          chunks, tokens, created_at, changed_at)
        SELECT $1, s.id, s.chatbot_id, r.id, $2, 'fetch', 'queued', 0, 0, 0, 0, r.started_at,
          r.started_at
        FROM knowledge_sources s JOIN runs r ON r.chatbot_id = s.chatbot_id
        WHERE s.id = $3 AND r.id = $4 AND NOT EXISTS (SELECT 1 FROM documents o
          WHERE o.source_id = s.id AND o.uri = $5 AND o.id <> $6)
        ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id
        WHERE documents.run_id < excluded.run_id
        """, [document.id, uri, found.source, run, uri, document.id])
    }
    try database.change(
      """
      UPDATE documents SET leads_to = $1, http_status = $2, depth = coalesce($3, depth)
      WHERE id = $4 AND run_id = $5
      """, [found.leadsTo, found.status, found.depth, document.id, run])
    if let asked = found.asked,
      document.outcome == "done" || document.reason == DocumentState.unchanged
    {
      try database.change(
        """
        UPDATE documents SET read_at = $1 WHERE id = $2 AND run_id = $3 AND coalesce(read_at, 0) < $4
        """, [asked, document.id, run, asked])
    }
    // What the next request can be spared by belongs to the bytes that came with it.
    if let content = found.content {
      try database.change(
        """
        UPDATE documents SET etag = $1, last_modified = $2, raw_digest = $3
        WHERE id = $4 AND run_id = $5
        """, [found.etag, found.lastModified, content, document.id, run])
    }
  }

  /// Works a document's row out of its receipts, if the run is the document's latest.
  static func refresh(_ document: String, of run: String, in database: Database) throws {
    let receipts = try Row.fetchAll(
      database,
      sql: "SELECT * FROM document_receipts WHERE run_id = $1 AND document_id = $2",
      arguments: [run, document]
    ).map(DocumentReceipt.init(row:))
    let state = DocumentState(receipts)
    // A cancelled run says nothing more of its documents.
    let isCancelled = try database.number(
      "SELECT count(*) FROM runs WHERE id = $1 AND state = 'cancelled'", [run])
    if isCancelled == 1 { return }
    var (name, reason, message) = (state.name, state.reason, state.message)
    // The version that answers is the present one, its own or that of the page which stands for it.
    if state.name == "ended", state.reason == DocumentState.unchanged {
      let row = try database.first(
        "SELECT generation, alias_of FROM documents WHERE id = $1", [document])
      if row?["generation"] as Int? != nil {
        name = "live"
      } else if row?["alias_of"] as String? != nil {
        (reason, message) = (Alias.reason, Alias.message)
      }
    }
    try database.execute(
      sql: """
        UPDATE documents SET stage = $1, state = $2, reason = $3, message = $4, tries = $5, due_at = $6,
          pages = coalesce($7, pages), chunks = coalesce($8, chunks), tokens = coalesce($9, tokens),
          changed_at = $10, title = coalesce($11, title)
        WHERE id = $12 AND run_id = $13
        """,
      arguments: [
        state.stage, name, reason, message, state.tries, state.due, state.pages,
        state.chunks, state.tokens, state.changedAt, state.title, document, run,
      ])
  }

  private static func applyToRun(
    _ receipt: AppliedReceipt, run: String, in database: Database
  ) throws {
    if let generation = receipt.generation {
      try database.execute(
        sql:
          "UPDATE runs SET generation = $1, held_generation = NULL, held_reason = NULL WHERE id = $2",
        arguments: [generation, run])
      // What an earlier training built and nobody has let go live would now take the later one's text away again.
      let overtaken = try database.all(
        """
        SELECT id FROM runs WHERE state = 'held' AND held_generation < $1 AND id <> $2
          AND chatbot_id = (SELECT chatbot_id FROM runs WHERE id = $3)
        """, [generation, run, run])
      for row in overtaken {
        _ = try cancel(
          RunID(unchecked: row["id"]), why: "A later training went live first", now: receipt.at,
          in: database)
      }
    } else if let held = receipt.heldGeneration {
      // A later generation of a run may be held when an earlier one answers; one that has been judged is not judged again.
      if receipt.reason == Self.evaluationReason {
        try database.execute(
          sql: """
            UPDATE runs SET held_generation = $1, held_reason = $2
            WHERE id = $3 AND state = 'running' AND gate_json = $4
              AND coalesce(generation, 0) < $5 AND coalesce(held_generation, 0) < $6
            """, arguments: [held, receipt.message, run, Self.openGate, held, held])
      } else {
        try database.execute(
          sql: """
            UPDATE runs SET state = 'held', held_generation = $1, held_reason = $2,
              gate_json = CASE WHEN gate_json = $3 THEN $4 ELSE gate_json END
            WHERE id = $5 AND state <> 'cancelled' AND coalesce(generation, 0) < $6
            """,
          arguments: [held, receipt.message, Self.openGate, Self.skippedGate, run, held])
      }
    } else if receipt.stage == "index",
      let refusal = receipt.documents.first(where: { $0.id.isEmpty })
    {
      try database.execute(
        sql: "UPDATE runs SET held_reason = $1 WHERE id = $2", arguments: [refusal.message, run])
    }
    // An item that a person set going again opens its run again.
    try database.execute(
      sql: """
        UPDATE runs SET state = 'running', finished_at = NULL
        WHERE id = $1 AND state IN ('done', 'failed')
          AND EXISTS (SELECT 1 FROM run_items WHERE run_id = $2 AND closed = 0)
        """, arguments: [run, run])
  }
}
