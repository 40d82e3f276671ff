// Runs: what was asked for, what became of each document, and when all of it is done. Rows follow from receipts alone, so
// any order and any repeat of receipts gives the same rows (SPOOL.md section 7).

package import Corpus
import GRDB

/// A source as asked for on the command line or by an owner.
package struct SourceRequest: Sendable {
  package let source: Source
  package let visibility: Visibility

  package init(source: Source, visibility: Visibility) {
    self.source = source
    self.visibility = visibility
  }
}

/// One document's row as people see it.
package struct DocumentRow: Codable, Sendable {
  package let id: String
  package let uri: String
  package let title: String?
  package let stage: String
  /// queued, fetched, extracted, chunked, embedded, live, waiting or ended.
  package let state: String
  package let reason: String?
  package let message: String?
  package let tries: Int
  package let dueAt: Int?
  package let pages: Int
  package let chunks: Int
  package let tokens: Int
}

/// A run that is not over.
package struct OpenRun: Sendable {
  package let id: RunID
  package let chatbot: ChatbotID
  /// Milliseconds since 1970 UTC.
  package let startedAt: Int
}

/// How far a run is.
package struct RunProgress: Sendable {
  /// Items that are neither done nor failed.
  package let openItems: Int
  /// Of these, items that wait for a retry.
  package let waitingItems: Int
  /// Documents by state.
  package let documents: [String: Int]
  package let generation: Int?
  /// What passed each stage so far, by its name.
  package let passed: [String: Passed]

  /// What passed one stage: documents (once an item), chunks, and for embed the tokens that the cache did not have.
  package struct Passed: Sendable {
    package let documents: Int
    package let chunks: Int
    package let tokens: Int
  }

  /// Nothing is open any more.
  package var isOver: Bool { openItems == 0 }
  /// Only retries are open.
  package var onlyWaits: Bool { openItems > 0 && openItems == waitingItems }
}

extension AppDatabase {
  /// Commits sources, documents and the run's first items, before any of these is published.
  ///
  /// - Parameter items: id and uncompressed content of each first item of `spool/fetch`.
  package func beginRun(
    _ run: RunID, of chatbot: ChatbotID, sources: [SourceRequest],
    items: [(id: String, content: [UInt8])], now: Int
  ) async throws {
    try await pool.write { database in
      for request in sources {
        let source = request.source
        let (type, url, path): (String, String?, String?) =
          switch source.location {
          case .file(let path): ("file", nil, path)
          case .web(let url): ("url", url, nil)
          }
        try database.execute(
          sql: """
            INSERT INTO knowledge_sources
              (id, chatbot_id, source_type, source_url, file_path, name, is_citable, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (id) DO UPDATE SET is_citable = excluded.is_citable, updated_at = excluded.updated_at
            """,
          arguments: [
            source.source.text, chatbot.text, type, url, path, source.name,
            request.visibility == .citable ? 1 : 0, now, now,
          ])
      }
      try database.execute(
        sql: "INSERT INTO runs (id, chatbot_id, state, started_at) VALUES ($1, $2, 'running', $3)",
        arguments: [run.text, chatbot.text, now])
      for request in sources {
        try database.execute(
          sql: """
            INSERT INTO documents (id, source_id, chatbot_id, run_id, uri, stage, state, tries, pages,
              chunks, tokens, created_at)
            VALUES ($1, $2, $3, $4, $5, 'fetch', 'queued', 0, 0, 0, 0, $6)
            ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id, stage = 'fetch', state = 'queued',
              reason = NULL, message = NULL, tries = 0, due_at = NULL
            """,
          arguments: [
            request.source.document.text, request.source.source.text, chatbot.text, run.text,
            request.source.name, now,
          ])
      }
      for item in items { try Self.name(item.id, stage: "fetch", of: run.text, in: database) }
      try Self.insertItems(items.map(\.content), stage: "fetch", of: run, in: database)
    }
  }

  /// Commits an order's content and names its item, before it is published.
  ///
  /// - Returns: false when this very order has ended already.
  package func addOrder(_ run: RunID, item: String, content: [UInt8]) async throws -> Bool {
    try await pool.write { database in
      let closed = try Int.fetchOne(
        database,
        sql: "SELECT closed FROM run_items WHERE run_id = $1 AND stage = 'index' AND item = $2",
        arguments: [run.text, item])
      if closed == 1 { return false }
      try Self.name(item, stage: "index", of: run.text, in: database)
      try Self.insertItems([content], stage: "index", of: run, in: database)
      return true
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
    _ item: String, stage: String, of run: String, in database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO run_items (run_id, stage, item, closed, tries) VALUES ($1, $2, $3, 0, 0)
        ON CONFLICT (run_id, stage, item) DO NOTHING
        """, arguments: [run, stage, item])
  }

  /// Items that a crash kept from being published: published again they are the same bytes under the same name.
  package func unpublishedItems() async throws -> [(run: RunID, stage: String, content: [UInt8])] {
    try await pool.read { database in
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

  /// How far a run is.
  package func progress(of run: RunID) async throws -> RunProgress {
    try await pool.read { database in
      let open =
        try Int.fetchOne(
          database, sql: "SELECT count(*) FROM run_items WHERE run_id = $1 AND closed = 0",
          arguments: [run.text]) ?? 0
      let waiting =
        try Int.fetchOne(
          database,
          sql: """
            SELECT count(*) FROM run_items WHERE run_id = $1 AND closed = 0 AND outcome = 'retry'
            """, arguments: [run.text]) ?? 0
      let states = try Row.fetchAll(
        database,
        sql: "SELECT state, count(*) AS n FROM documents WHERE run_id = $1 GROUP BY state",
        arguments: [run.text])
      let generation = try Int.fetchOne(
        database, sql: "SELECT generation FROM runs WHERE id = $1", arguments: [run.text])
      let passed = try Row.fetchAll(
        database,
        sql: """
          SELECT stage, sum(documents) AS documents, sum(chunks) AS chunks, sum(tokens) AS tokens
          FROM run_items WHERE run_id = $1 AND outcome = 'done' GROUP BY stage
          """, arguments: [run.text])
      return RunProgress(
        openItems: open, waitingItems: waiting,
        documents: Dictionary(
          states.map { ($0["state"] as String, $0["n"] as Int) }, uniquingKeysWith: +),
        generation: generation,
        passed: Dictionary(
          passed.map { row in
            (
              row["stage"] as String,
              RunProgress.Passed(
                documents: row["documents"], chunks: row["chunks"], tokens: row["tokens"])
            )
          }, uniquingKeysWith: { first, _ in first }))
    }
  }

  /// The documents of a run, in the order they were named.
  package func documents(of run: RunID) async throws -> [DocumentRow] {
    try await pool.read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM documents WHERE run_id = $1 ORDER BY uri, id",
        arguments: [run.text]
      ).map { row in
        DocumentRow(
          id: row["id"], uri: row["uri"], title: row["title"], stage: row["stage"],
          state: row["state"], reason: row["reason"], message: row["message"], tries: row["tries"],
          dueAt: row["due_at"], pages: row["pages"], chunks: row["chunks"], tokens: row["tokens"])
      }
    }
  }

  /// Documents by state, for each chatbot's slug.
  package func documentStates() async throws -> [String: [String: Int]] {
    try await pool.read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT c.public_url_slug AS slug, d.state AS state, count(d.id) AS n
          FROM chatbots c LEFT JOIN documents d ON d.chatbot_id = c.id
          GROUP BY c.public_url_slug, d.state
          """)
      var states: [String: [String: Int]] = [:]
      for row in rows {
        let slug: String = row["slug"]
        states[slug, default: [:]][row["state"] ?? "no"] = row["n"]
      }
      return states
    }
  }

  /// Runs that were begun and not finished.
  package func openRuns() async throws -> [OpenRun] {
    try await pool.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT id, chatbot_id, started_at FROM runs WHERE state = 'running' ORDER BY started_at, id
          """
      ).map { row in
        OpenRun(
          id: RunID(unchecked: row["id"]), chatbot: ChatbotID(unchecked: row["chatbot_id"]),
          startedAt: row["started_at"])
      }
    }
  }

  /// Whether a run has ended.
  package func isFinished(_ run: RunID) async throws -> Bool {
    try await pool.read { database in
      try Int.fetchOne(
        database, sql: "SELECT count(*) FROM runs WHERE id = $1 AND finished_at IS NOT NULL",
        arguments: [run.text]) == 1
    }
  }

  /// Ends a run.
  package func finishRun(_ run: RunID, state: String, now: Int) async throws {
    try await pool.write { database in
      try database.execute(
        sql: "UPDATE runs SET state = $1, finished_at = $2 WHERE id = $3",
        arguments: [state, now, run.text])
    }
  }
}
