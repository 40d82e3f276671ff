// Where a document comes from and how far it got, as rows know it: read-only, for people who follow a chain.

package import Corpus
import GRDB

/// A document's row with its source and run.
package struct DocumentProvenance: Codable, Sendable {
  package let id: String
  package let chatbot: String
  package let uri: String
  package let title: String?
  package let stage: String
  package let state: String
  package let reason: String?
  package let message: String?
  package let tries: Int
  package let dueAt: Int?
  package let pages: Int
  package let chunks: Int
  package let tokens: Int
  /// When its web page was last asked for, milliseconds since 1970 UTC; nil for files.
  package let readAt: Int?
  /// Nil when the source's row is gone.
  package let source: SourceProvenance?
  /// Nil when the run's row is gone.
  package let run: RunProvenance?
}

/// What an owner asked for.
package struct SourceProvenance: Codable, Sendable {
  package let id: String
  /// `file` or `url`.
  package let type: String
  package let url: String?
  package let path: String?
  package let name: String
  package let isCitable: Bool
}

/// The document's latest run.
package struct RunProvenance: Codable, Sendable {
  /// Items of one stage that ended the same way.
  package struct Items: Codable, Sendable {
    package let stage: String
    /// Nil while no receipt has come.
    package let outcome: String?
    package let count: Int
  }

  package let id: String
  package let state: String
  package let generation: Int?
  /// Milliseconds since 1970 UTC.
  package let startedAt: Int
  package let finishedAt: Int?
  /// What receipts have told of the run's items.
  package let items: [Items]
}

extension AppDatabase {
  /// The rows of documents by id; those without a row are left out.
  package func provenance(of documents: [String]) async throws -> [DocumentProvenance] {
    try await reads.read { database in
      try documents.flatMap { id in
        try Row.fetchAll(
          database, sql: "SELECT * FROM documents WHERE id = $1", arguments: [id]
        ).map { try Self.provenance($0, in: database) }
      }
    }
  }

  /// The ids of documents that begin so, in order, at most `limit`.
  package func documents(
    beginning prefix: String, of chatbot: ChatbotID?, limit: Int = 20
  ) async throws -> [(id: String, chatbot: String)] {
    try await reads.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT id, chatbot_id FROM documents
          WHERE substr(id, 1, $1) = $2 AND ($3 = '' OR chatbot_id = $4) ORDER BY id LIMIT $5
          """,
        arguments: [prefix.count, prefix, chatbot?.text ?? "", chatbot?.text ?? "", limit]
      ).map { ($0["id"], $0["chatbot_id"]) }
    }
  }

  private static func provenance(
    _ row: Row, in database: Database
  ) throws -> DocumentProvenance {
    let source = try Row.fetchOne(
      database, sql: "SELECT * FROM knowledge_sources WHERE id = $1",
      arguments: [row["source_id"] as String]
    ).map { source in
      SourceProvenance(
        id: source["id"], type: source["source_type"], url: source["source_url"],
        path: source["file_path"], name: source["name"], isCitable: source["is_citable"] == 1)
    }
    return DocumentProvenance(
      id: row["id"], chatbot: row["chatbot_id"], uri: row["uri"], title: row["title"],
      stage: row["stage"], state: row["state"], reason: row["reason"], message: row["message"],
      tries: row["tries"], dueAt: row["due_at"], pages: row["pages"], chunks: row["chunks"],
      tokens: row["tokens"], readAt: row["read_at"], source: source,
      run: try run(row["run_id"], in: database))
  }

  private static func run(_ id: String, in database: Database) throws -> RunProvenance? {
    guard
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM runs WHERE id = $1", arguments: [id])
    else { return nil }
    let items = try Row.fetchAll(
      database,
      sql: """
        SELECT stage, outcome, count(*) AS n FROM run_items WHERE run_id = $1
        GROUP BY stage, outcome ORDER BY stage, outcome
        """, arguments: [id]
    ).map { RunProvenance.Items(stage: $0["stage"], outcome: $0["outcome"], count: $0["n"]) }
    return RunProvenance(
      id: id, state: row["state"], generation: row["generation"], startedAt: row["started_at"],
      finishedAt: row["finished_at"], items: items)
  }
}
