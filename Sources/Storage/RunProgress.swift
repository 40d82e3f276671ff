// How far a run is, and what became of its documents: everything an owner is shown while training.

package import Corpus
import GRDB

/// One document's row as people see it.
package struct DocumentRow: Codable, Sendable {
  package let id: String
  package let source: String
  /// The latest run that has asked for it.
  package let run: String
  package let uri: String
  package let title: String?
  package let stage: String
  /// queued, fetched, extracted, chunked, embedded, live, waiting, held or ended.
  package let state: String
  package let reason: String?
  package let message: String?
  package let tries: Int
  package let dueAt: Int?
  package let pages: Int
  package let chunks: Int
  package let tokens: Int
  /// When it got into its state, milliseconds since 1970 UTC.
  package let changedAt: Int
  /// The generation in which a version of it last became live; nil when none answers.
  package let generation: Int?
  /// Milliseconds since 1970 UTC.
  package let createdAt: Int
  /// When its web page was last asked for, milliseconds since 1970 UTC; nil for files.
  package let readAt: Int?
  /// Where its address leads, when that is elsewhere.
  package let leadsTo: String?
  /// Addresses of pages that are nearly this one and for which it stands; empty where nobody asks.
  package var addresses: [String] = []

  /// Whether it stays out on purpose, and nobody need act.
  package var isLeftOut: Bool { state == "ended" && LeftOut.reasons.contains(reason ?? "") }

  init(row: Row) {
    id = row["id"]
    source = row["source_id"]
    run = row["run_id"]
    uri = row["uri"]
    title = row["title"]
    stage = row["stage"]
    state = row["state"]
    reason = row["reason"]
    message = row["message"]
    tries = row["tries"]
    dueAt = row["due_at"]
    pages = row["pages"]
    chunks = row["chunks"]
    tokens = row["tokens"]
    changedAt = row["changed_at"]
    generation = row["generation"]
    createdAt = row["created_at"]
    readAt = row["read_at"]
    leadsTo = reason == Alias.reason ? row["alias_uri"] ?? row["leads_to"] : row["leads_to"]
  }
}

extension DocumentRow {
  /// A row with the addresses that it stands for, at most 100 of them.
  fileprivate init(row: Row, addressesIn database: Database) throws {
    self.init(row: row)
    addresses = try database.all(
      "SELECT uri FROM documents WHERE alias_of = $1 ORDER BY uri, id LIMIT 100", [id]
    ).map { $0["uri"] }
  }
}

/// How far a run is.
package struct RunProgress: Sendable {
  /// running, held, done or failed.
  package let state: String
  /// When it began, milliseconds since 1970 UTC.
  package let startedAt: Int
  /// Items that are neither done nor failed.
  package let openItems: Int
  /// Of these, items that wait for a retry or are held by a person.
  package let waitingItems: Int
  /// When the last of these began to wait, milliseconds since 1970 UTC; nil without one.
  package let waitingSince: Int?
  /// Documents by state.
  package let documents: [String: Int]
  package let generation: Int?
  /// The generation that the shrink guard holds back, and why.
  package let heldGeneration: Int?
  package let heldReason: String?
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
  /// Only retries and held items are open.
  package var onlyWaits: Bool { openItems > 0 && openItems == waitingItems }

  /// The share of the work that is done, 0 to 1: each document counts the steps it has behind it.
  package var fraction: Double {
    let steps = ["queued": 0.0, "fetched": 1, "extracted": 2, "chunked": 3, "embedded": 5]
    let total = documents.values.reduce(0, +)
    guard total > 0 else { return isOver ? 1 : 0 }
    // What waits or is held is somewhere on its way; it counts as not begun.
    let done = documents.reduce(0.0) { sum, entry in
      let isEnd = entry.key == "live" || entry.key == "ended"
      return sum + Double(entry.value) * (isEnd ? 6 : steps[entry.key, default: 0])
    }
    return done / (6 * Double(total))
  }

  /// An estimate of the seconds left: the pace so far, carried on; nil before it says anything.
  package func secondsLeft(now: Int) -> Int? {
    let elapsed = Double(now - startedAt) / 1000
    guard state == "running", !onlyWaits, fraction > 0.02, fraction < 1, elapsed >= 2 else {
      return nil
    }
    return Int((elapsed * (1 - fraction) / fraction).rounded(.up))
  }
}

extension AppDatabase {
  /// How far a run is.
  package func progress(of run: RunID) async throws -> RunProgress {
    try await reads.read { database in
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM runs WHERE id = $1", arguments: [run.text])
      guard let row else { throw StorageError.noRun(run.text) }
      let items = try Row.fetchOne(
        database,
        sql: """
          SELECT count(*) AS open,
            count(CASE WHEN outcome IN ('retry', 'held') THEN 1 END) AS waiting,
            max(CASE WHEN outcome IN ('retry', 'held') THEN changed_at END) AS since
          FROM run_items WHERE run_id = $1 AND closed = 0
          """, arguments: [run.text])
      let states = try Row.fetchAll(
        database,
        sql: "SELECT state, count(*) AS n FROM documents WHERE run_id = $1 GROUP BY state",
        arguments: [run.text])
      let passed = try Row.fetchAll(
        database,
        sql: """
          SELECT stage, cast(sum(documents) AS bigint) AS documents,
            cast(sum(chunks) AS bigint) AS chunks, cast(sum(tokens) AS bigint) AS tokens
          FROM run_items WHERE run_id = $1 AND outcome = 'done' GROUP BY stage
          """, arguments: [run.text])
      return RunProgress(
        state: row["state"], startedAt: row["started_at"], openItems: items?["open"] ?? 0,
        waitingItems: items?["waiting"] ?? 0, waitingSince: items?["since"],
        documents: Dictionary(
          states.map { ($0["state"] as String, $0["n"] as Int) }, uniquingKeysWith: +),
        generation: row["generation"], heldGeneration: row["held_generation"],
        heldReason: row["held_reason"],
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

  /// The documents of a run, in the order of their names.
  package func documents(of run: RunID) async throws -> [DocumentRow] {
    try await reads.read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM documents WHERE run_id = $1 ORDER BY uri, id",
        arguments: [run.text]
      ).map(DocumentRow.init(row:))
    }
  }

  /// The documents of a chatbot, in the order of their names.
  package func documents(of chatbot: ChatbotID) async throws -> [DocumentRow] {
    try await reads.read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM documents WHERE chatbot_id = $1 ORDER BY uri, id",
        arguments: [chatbot.text]
      ).map(DocumentRow.init(row:))
    }
  }

  /// Chunks that have a vector, of those into which a chatbot's documents were cut last, by document.
  package func embeddedChunks(of chatbot: ChatbotID) async throws -> [String: Int] {
    try await reads.read { database in
      Dictionary(
        // Runs' ids sort by time.
        try database.all(
          """
          SELECT r.document_id AS document_id, cast(sum(r.chunks) AS bigint) AS chunks
          FROM document_receipts r JOIN documents d ON d.id = r.document_id
          WHERE d.chatbot_id = $1 AND r.stage = 'embed' AND r.outcome = 'done'
            AND r.run_id = (SELECT max(k.run_id) FROM document_receipts k
              WHERE k.document_id = r.document_id AND k.stage = 'chunk' AND k.outcome = 'done')
          GROUP BY r.document_id
          """, [chatbot.text]
        ).map { ($0["document_id"], $0["chunks"]) }, uniquingKeysWith: max)
    }
  }

  /// A document of a chatbot; nil when it has no such one.
  package func document(_ id: String, of chatbot: ChatbotID) async throws -> DocumentRow? {
    try await reads.read { database in
      try database.first(
        "SELECT * FROM documents WHERE id = $1 AND chatbot_id = $2", [id, chatbot.text]
      ).map { try DocumentRow(row: $0, addressesIn: database) }
    }
  }

  /// Documents of a chatbot, newest first; an absent filter lets all pass.
  package func documents(
    of chatbot: ChatbotID, source: String?, state: String?, reason: String?, _ page: PageRequest
  ) async throws -> [DocumentRow] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM documents WHERE chatbot_id = $1 AND (created_at, id) < ($2, $3)
          AND ($4 = '' OR source_id = $5) AND ($6 = '' OR state = $7) AND ($8 = '' OR reason = $9)
        ORDER BY created_at DESC, id DESC LIMIT $10
        """,
        [
          chatbot.text, page.createdAt, page.id, source ?? "", source ?? "", state ?? "",
          state ?? "", reason ?? "", reason ?? "", page.limit,
        ]
      ).map { try DocumentRow(row: $0, addressesIn: database) }
    }
  }

  /// What each item's latest receipt says of a document in its present run, in the order of the stages.
  package func receipts(of document: DocumentID) async throws -> [DocumentReceipt] {
    try await reads.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT r.* FROM document_receipts r JOIN documents d
            ON d.id = r.document_id AND d.run_id = r.run_id
          WHERE d.id = $1 ORDER BY r.created_at, r.stage, r.item
          """, arguments: [document.text]
      ).map(DocumentReceipt.init(row:))
    }
  }

  /// The generation of a chatbot that answers, as far as receipts tell; nil before the first.
  package func generation(of chatbot: ChatbotID) async throws -> Int? {
    try await reads.read { database in
      try Int.fetchOne(
        database,
        sql: """
          SELECT generation FROM runs WHERE chatbot_id = $1 AND generation IS NOT NULL
          ORDER BY started_at DESC, id DESC LIMIT 1
          """, arguments: [chatbot.text])
    }
  }

  /// The runs of a chatbot, oldest first.
  package func runs(of chatbot: ChatbotID) async throws -> [RunID] {
    try await reads.read { database in
      try String.fetchAll(
        database, sql: "SELECT id FROM runs WHERE chatbot_id = $1 ORDER BY started_at, id",
        arguments: [chatbot.text]
      ).map { RunID(unchecked: $0) }
    }
  }

  /// The latest run of a chatbot; nil when it never had one.
  package func latestRun(of chatbot: ChatbotID) async throws -> RunID? {
    try await reads.read { database in
      try String.fetchOne(
        database,
        sql: "SELECT id FROM runs WHERE chatbot_id = $1 ORDER BY started_at DESC, id DESC LIMIT 1",
        arguments: [chatbot.text]
      ).map { RunID(unchecked: $0) }
    }
  }
}
