// What an owner sees of each source: pending, processing, ready or failed with the reason, out of its documents' states.

package import Corpus
import GRDB

/// A source with what became of it.
package struct SourceState: Codable, Sendable {
  package let id: String
  package let name: String
  package let isCitable: Bool
  /// pending, processing, ready or failed.
  package let status: String
  /// Why it failed, or why some of its documents did.
  package let reason: String?
  /// The sentence that goes with the reason.
  package let message: String?
  /// Documents by state.
  package let documents: [String: Int]
  /// The oldest change of an unfinished document, milliseconds since 1970 UTC; nil when none is unfinished.
  package let oldestChangeAt: Int?

  /// Works a source's status out of its documents.
  static func status(of documents: [DocumentRow]) -> String {
    let open = documents.filter { $0.state != "live" && $0.state != "ended" }
    if open.contains(where: { $0.state != "queued" }) { return "processing" }
    if !open.isEmpty { return open.count == documents.count ? "pending" : "processing" }
    // An earlier version that still answers keeps a source ready.
    if documents.contains(where: { $0.state == "live" || $0.generation != nil }) { return "ready" }
    return documents.isEmpty ? "pending" : "failed"
  }
}

extension AppDatabase {
  /// The sources of a chatbot with their states, by name.
  package func sourceStates(of chatbot: ChatbotID) async throws -> [SourceState] {
    let documents = try await documents(of: chatbot)
    let bySource = Dictionary(grouping: documents, by: \.source)
    return try await pool.read { database in
      try Row.fetchAll(
        database,
        sql:
          """
          SELECT id, name, is_citable FROM knowledge_sources
          WHERE chatbot_id = $1 AND deleted_at IS NULL ORDER BY name, id
          """,
        arguments: [chatbot.text]
      ).map { row in
        let id: String = row["id"]
        let own = bySource[id] ?? []
        let ended = own.last { $0.state == "ended" } ?? own.last { $0.state == "waiting" }
        return SourceState(
          id: id, name: row["name"], isCitable: row["is_citable"] == 1,
          status: SourceState.status(of: own), reason: ended?.reason, message: ended?.message,
          documents: Dictionary(own.map { ($0.state, 1) }, uniquingKeysWith: +),
          oldestChangeAt: own.filter { $0.state != "live" && $0.state != "ended" }
            .map(\.changedAt).min())
      }
    }
  }

  /// Web sources of all chatbots whose documents last changed before `instant` and that no open run is at work on.
  ///
  /// - Parameter instant: milliseconds since 1970 UTC.
  package func webSources(
    unchangedSince instant: Int, limit: Int
  ) async throws -> [(
    chatbot: ChatbotID, source: SourceID, document: DocumentID, url: String, name: String,
    visibility: Visibility
  )] {
    try await pool.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT s.chatbot_id AS chatbot, s.id AS source, d.id AS document, s.source_url AS url,
            s.name AS name, s.is_citable AS citable
          FROM knowledge_sources s JOIN documents d ON d.source_id = s.id
            JOIN runs r ON r.id = d.run_id JOIN chatbots c ON c.id = s.chatbot_id
            LEFT JOIN users u ON u.id = c.user_id
          WHERE c.deleted_at IS NULL AND coalesce(u.disabled, 0) = 0 AND s.source_url IS NOT NULL AND s.deleted_at IS NULL AND d.changed_at < $1 AND r.state NOT IN ('running', 'held')
            AND coalesce(d.reason, '') <> 'removed'
          ORDER BY d.changed_at, d.id LIMIT $2
          """, arguments: [instant, limit]
      ).map { row in
        (
          ChatbotID(unchecked: row["chatbot"]), SourceID(unchecked: row["source"]),
          DocumentID(unchecked: row["document"]), row["url"], row["name"],
          row["citable"] == 1 ? Visibility.citable : .learnOnly
        )
      }
    }
  }
}
