// Runs: what was asked for, what became of each document, and when all of it is done. Rows follow from receipts alone, so
// any order and any repeat of receipts gives the same rows (SPOOL.md section 7).

package import Corpus
import FoundationEssentials
import GRDB

/// A source as asked for on the command line or by an owner.
package struct SourceRequest: Sendable {
  package let source: Source
  package let visibility: Visibility
  /// How far a crawl may go, as the source's row keeps it; nil leaves the row as it is.
  package let crawl: String?

  package init(source: Source, visibility: Visibility, crawl: String? = nil) {
    self.source = source
    self.visibility = visibility
    self.crawl = crawl
  }
}

extension AppDatabase {
  /// Commits sources, documents and the run's first items, before any of these is published.
  ///
  /// - Parameter items: id and uncompressed content of each first item of `spool/fetch`.
  /// - Parameter replacing: whether documents of the chatbot that the run does not name leave its generation.
  /// - Parameter removing: documents that leave its generation in any case.
  /// - Parameter keepingRows: whether sources' rows are there already and stay as their owner has set them.
  package func beginRun(
    _ run: RunID, of chatbot: ChatbotID, sources: [SourceRequest],
    items: [(id: String, content: [UInt8])], replacing: Bool = false,
    removing: [DocumentID] = [], mayShrink: Bool = false, keepingRows: Bool = false, now: Int
  ) async throws {
    try await pool.write { database in
      for request in sources where !keepingRows {
        let source = request.source
        let (type, url, path): (String, String?, String?) =
          switch source.location {
          case .file(let path): ("file", nil, path)
          case .web(let url): ("url", url, nil)
          case .video(let url, let captions, _): ("video", url, captions)
          }
        try database.execute(
          sql: """
            INSERT INTO knowledge_sources
              (id, chatbot_id, source_type, source_url, file_path, name, is_citable, created_at, updated_at,
              crawl_json)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (id) DO UPDATE SET is_citable = excluded.is_citable, updated_at = excluded.updated_at,
              crawl_json = coalesce($11, knowledge_sources.crawl_json)
            """,
          arguments: [
            source.source.text, chatbot.text, type, url, path, source.name,
            request.visibility == .citable ? 1 : 0, now, now, request.crawl ?? "{}", request.crawl,
          ])
      }
      try database.execute(
        sql: """
          INSERT INTO runs (id, chatbot_id, state, started_at, may_shrink, "trigger", removed_json)
          VALUES ($1, $2, 'running', $3, $4, $5, $6)
          """,
        arguments: [
          run.text, chatbot.text, now, mayShrink ? 1 : 0, sources.isEmpty ? "removal" : "train",
          String(decoding: try JSONEncoder().encode(removing.map(\.text)), as: UTF8.self),
        ])
      for request in sources {
        try database.execute(
          sql: """
            INSERT INTO documents (id, source_id, chatbot_id, run_id, uri, stage, state, tries, pages,
              chunks, tokens, created_at, changed_at)
            VALUES ($1, $2, $3, $4, $5, 'fetch', 'queued', 0, 0, 0, 0, $6, $7)
            ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id, stage = 'fetch', state = 'queued',
              reason = NULL, message = NULL, tries = 0, due_at = NULL, changed_at = excluded.changed_at
            """,
          arguments: [
            request.source.document.text, request.source.source.text, chatbot.text, run.text,
            request.source.url ?? request.source.name, now, now,
          ])
      }
      if replacing { try Self.replace(run, of: chatbot, in: database) }
      for item in items {
        try Self.name(item.id, stage: "fetch", of: run.text, now: now, in: database)
      }
      try Self.insertItems(items.map(\.content), stage: "fetch", of: run, in: database)
    }
  }

  /// Notes the documents that the run does not name: its generation must not hold them any more.
  private static func replace(_ run: RunID, of chatbot: ChatbotID, in database: Database) throws {
    let others = try String.fetchAll(
      database, sql: "SELECT id FROM documents WHERE chatbot_id = $1 AND run_id <> $2 ORDER BY id",
      arguments: [chatbot.text, run.text])
    let json = String(decoding: try JSONEncoder().encode(others), as: UTF8.self)
    try database.execute(
      sql: "UPDATE runs SET removed_json = $1 WHERE id = $2", arguments: [json, run.text])
  }

  /// Commits a run that is nothing but an order to go back to an earlier generation.
  package func beginRollback(_ run: RunID, of chatbot: ChatbotID, now: Int) async throws {
    try await pool.write { database in
      try database.execute(
        sql: """
          INSERT INTO runs (id, chatbot_id, state, started_at, "trigger")
          VALUES ($1, $2, 'running', $3, 'rollback')
          """, arguments: [run.text, chatbot.text, now])
    }
  }

  /// Commits an order's content and names its item, before it is published.
  ///
  /// - Parameter removed: all documents that leave by it.
  /// - Parameter verdict: commits with it that the run's generation was judged; the order stands only if it still waits for that.
  /// - Returns: false when this very order has ended already, or the verdict comes too late.
  package func addOrder(
    _ run: RunID, item: String, content: [UInt8], removed: [DocumentID]? = nil,
    verdict: Verdict? = nil, now: Int
  ) async throws -> Bool {
    try await pool.write { database in
      let closed = try Int.fetchOne(
        database,
        sql: "SELECT closed FROM run_items WHERE run_id = $1 AND stage = 'index' AND item = $2",
        arguments: [run.text, item])
      if closed == 1 { return false }
      if let verdict, try !Self.note(verdict, of: run, in: database) { return false }
      try Self.name(item, stage: "index", of: run.text, now: now, in: database)
      try database.execute(
        sql:
          "UPDATE run_items SET is_order = 1 WHERE run_id = $1 AND stage = 'index' AND item = $2",
        arguments: [run.text, item])
      try Self.insertItems([content], stage: "index", of: run, in: database)
      try database.execute(
        sql: "UPDATE runs SET state = 'running', finished_at = NULL WHERE id = $1",
        arguments: [run.text])
      if let removed {
        let json = String(decoding: try JSONEncoder().encode(removed.map(\.text)), as: UTF8.self)
        try database.change("UPDATE runs SET removed_json = $1 WHERE id = $2", [json, run.text])
      }
      return true
    }
  }

  /// Chatbots with an order that is not carried out yet, with the run of each.
  ///
  /// Another order waits for it: carried out the other way round, the older would put older text back.
  package func openOrders() async throws -> [ChatbotID: RunID] {
    try await reads.read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT r.chatbot_id AS chatbot, r.id AS run FROM run_items i JOIN runs r ON r.id = i.run_id
          WHERE i.is_order = 1 AND i.closed = 0 ORDER BY r.started_at DESC, r.id DESC
          """)
      return Dictionary(
        rows.map { (ChatbotID(unchecked: $0["chatbot"]), RunID(unchecked: $0["run"])) },
        uniquingKeysWith: { _, older in older })
    }
  }

  /// Ends the documents of a run that are in none of some states, with a reason.
  package func endDocuments(
    of run: RunID, reason: String, message: String, unless states: [String]
  ) async throws {
    try await pool.write { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT id, state FROM documents WHERE run_id = $1", arguments: [run.text])
      for row in rows where !states.contains(row["state"]) {
        try database.execute(
          sql: "UPDATE documents SET state = 'ended', reason = $1, message = $2 WHERE id = $3",
          arguments: [reason, message, row["id"] as String])
      }
    }
  }

  /// Ends one document of a run, with a reason.
  package func endDocument(
    _ id: String, of run: RunID, reason: String, message: String
  ) async throws {
    try await pool.write { database in
      _ = try database.change(
        """
        UPDATE documents SET state = 'ended', reason = $1, message = $2
        WHERE id = $3 AND run_id = $4
        """, [reason, message, id, run.text])
    }
  }

  private static func insertItems(
    _ contents: [[UInt8]], stage: String, of run: RunID, in database: Database
  ) throws {
    let first =
      try Int.fetchOne(
        database,
        sql: "SELECT count(*) FROM run_first_items WHERE run_id = $1 AND stage = $2",
        arguments: [run.text, stage]) ?? 0
    for (index, content) in contents.enumerated() {
      try database.execute(
        sql:
          "INSERT INTO run_first_items (run_id, stage, ordinal, content) VALUES ($1, $2, $3, $4)",
        arguments: [run.text, stage, first + index, DatabaseBytes(content).value])
    }
  }

  static func name(
    _ item: String, stage: String, of run: String, now: Int, in database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO run_items (run_id, stage, item, closed, tries, created_at, changed_at)
        VALUES ($1, $2, $3, 0, 0, $4, $5) ON CONFLICT (run_id, stage, item) DO NOTHING
        """, arguments: [run, stage, item, now, now])
  }

  /// Items that a crash kept from being published: published again they are the same bytes under the same name.
  package func unpublishedItems() async throws -> [(run: RunID, stage: String, content: [UInt8])] {
    try await reads.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT run_id, stage, content FROM run_first_items WHERE published_at IS NULL
          ORDER BY run_id, stage DESC, ordinal
          """
      ).map { row in
        (RunID(unchecked: row["run_id"]), row["stage"], DatabaseBytes.bytes(row["content"]))
      }
    }
  }

  /// Marks all items of a run as published; their content is no longer needed.
  package func markPublished(_ run: RunID, now: Int) async throws {
    try await pool.write { database in
      try database.execute(
        sql: """
          UPDATE run_first_items SET published_at = $1, content = $2
          WHERE run_id = $3 AND published_at IS NULL
          """, arguments: [now, DatabaseBytes([]).value, run.text])
    }
  }

  /// Runs that were begun and not finished.
  package func openRuns() async throws -> [OpenRun] {
    try await reads.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT id, chatbot_id, started_at, removed_json, may_shrink, "trigger", gate_json,
            held_generation
          FROM runs WHERE state = 'running' ORDER BY started_at, id
          """
      ).map(OpenRun.init(row:))
    }
  }

  /// The run that holds a generation back; nil when none does.
  package func heldRun(of chatbot: ChatbotID, generation: Int) async throws -> OpenRun? {
    try await reads.read { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT id, chatbot_id, started_at, removed_json, may_shrink, "trigger", gate_json,
            held_generation
          FROM runs WHERE chatbot_id = $1 AND state = 'held' AND held_generation = $2
          """, arguments: [chatbot.text, generation]
      ).map(OpenRun.init(row:))
    }
  }

  /// Whether a run has ended: nothing of it is under way, or it waits for its owner's word.
  package func isFinished(_ run: RunID) async throws -> Bool {
    try await reads.read { database in
      try Int.fetchOne(
        database,
        sql: "SELECT count(*) FROM runs WHERE id = $1 AND state <> 'running'",
        arguments: [run.text]) == 1
    }
  }

  /// A run of a chatbot; nil when it has no such one.
  package func runRow(_ id: String, of chatbot: ChatbotID) async throws -> RunRow? {
    try await reads.read { database in
      try database.first(
        "SELECT * FROM runs WHERE id = $1 AND chatbot_id = $2", [id, chatbot.text]
      ).map(RunRow.init)
    }
  }

  /// Ends a run at its owner's word: what it has read does not go live.
  ///
  /// - Returns: false when it is over already.
  package func cancelRun(_ run: RunID, now: Int) async throws -> Bool {
    try await changes.write { database in
      try Self.cancel(run, why: "Its training was stopped", now: now, in: database)
    }
  }

  /// Ends a run; what it has read does not go live.
  ///
  /// - Parameter why: half a sentence for the owner of its documents.
  /// - Returns: false when it is over already.
  static func cancel(
    _ run: RunID, why: String, now: Int, in database: Database
  ) throws -> Bool {
    let cancelled = try database.change(
      """
      UPDATE runs SET state = 'cancelled', finished_at = $1, held_generation = NULL
      WHERE id = $2 AND state IN ('running', 'held')
      """, [now, run.text])
    guard cancelled == 1 else { return false }
    try database.change(
      """
      UPDATE documents SET state = 'ended', reason = 'cancelled', changed_at = $1, message = $2
      WHERE run_id = $3 AND state NOT IN ('live', 'ended')
      """, [now, "\(why); train again to read it.", run.text])
    return true
  }

  /// Cancelled runs of which some item is still open.
  package func openCancelledRuns() async throws -> [(run: RunID, chatbot: ChatbotID)] {
    try await reads.read { database in
      try database.all(
        """
        SELECT id, chatbot_id FROM runs WHERE state = 'cancelled'
          AND EXISTS (SELECT 1 FROM run_items WHERE run_id = runs.id AND closed = 0)
        """
      ).map { (RunID(unchecked: $0["id"]), ChatbotID(unchecked: $0["chatbot_id"])) }
    }
  }

  /// Runs of a chatbot, or of all, newest first.
  ///
  /// - Parameters:
  ///   - state: nil for all.
  ///   - search: an id of a run or a chatbot, or part of a chatbot's name or link; empty for all.
  package func runRows(
    of chatbot: ChatbotID?, state: String? = nil, search: String = "", _ page: PageRequest
  ) async throws -> [RunRow] {
    var values: StatementArguments = [page.createdAt, page.id]
    var count = 2
    /// A value's number in the statement.
    func number(_ value: some DatabaseValueConvertible) -> String {
      values += [value]
      count += 1
      return "$\(count)"
    }
    var conditions = ["(started_at, id) < ($1, $2)"]
    if let chatbot { conditions.append("chatbot_id = \(number(chatbot.text))") }
    if let state { conditions.append("state = \(number(state))") }
    if !search.isEmpty {
      let folded = Folding.folded(search)
      conditions.append(
        """
        (id = \(number(search)) OR chatbot_id = \(number(search)) OR chatbot_id IN (
          SELECT c.id FROM chatbots c WHERE instr(folded(c.name), \(number(folded))) > 0
            OR instr(c.public_url_slug, \(number(folded))) > 0))
        """)
    }
    let sql = """
      SELECT * FROM runs WHERE \(conditions.joined(separator: " AND "))
      ORDER BY started_at DESC, id DESC LIMIT \(number(page.limit))
      """
    let arguments = values
    return try await reads.read { try $0.all(sql, arguments).map(RunRow.init) }
  }

  /// Ends a run.
  package func finishRun(_ run: RunID, state: String, now: Int) async throws {
    try await pool.write { database in
      try database.execute(
        sql: "UPDATE runs SET state = $1, finished_at = $2 WHERE id = $3 AND state = 'running'",
        arguments: [state, now, run.text])
      guard state == "done" else { return }
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT removed_json, \"trigger\" FROM runs WHERE id = $1",
          arguments: [run.text])
      else { return }
      // What the run took out is in no generation any more; after a removal it is nowhere.
      let removed = try JSONDecoder().decode(
        [String].self, from: Data((row["removed_json"] as String).utf8))
      let reason = row["trigger"] == "removal" ? "purged" : "removed"
      for document in removed {
        // One that left because of what this run met keeps its reason.
        let left = try database.change(
          """
          UPDATE documents SET generation = NULL, alias_of = NULL, alias_uri = NULL, changed_at = $1
          WHERE id = $2 AND run_id = $3 AND state = 'ended'
            AND (generation IS NOT NULL OR alias_of IS NOT NULL)
          """, [now, document, run.text])
        if left == 1 { continue }
        try database.change(
          """
          UPDATE documents SET generation = NULL, alias_of = NULL, alias_uri = NULL,
            state = 'ended', reason = $1,
            message = 'It was taken out of the chatbot.', changed_at = $2
          WHERE id = $3 AND (run_id <> $4 OR state <> 'ended')
          """, [reason, now, document, run.text])
      }
    }
  }
}
