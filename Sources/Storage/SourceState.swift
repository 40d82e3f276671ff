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
  /// Documents by state; `left_out` are those that ended because their site, or a crawl's order, wants it so.
  package let documents: [String: Int]
  /// The oldest change of an unfinished document, milliseconds since 1970 UTC; nil when none is unfinished.
  package let oldestChangeAt: Int?
  /// When one of its web pages that answer now was last read or found unchanged, milliseconds since 1970 UTC; nil for files.
  package let readAt: Int?
  /// Tokens of its texts that were given a vector, in all its readings; what came from the cache is not among them.
  package let tokensEmbedded: Int

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
    return try await reads.read { database in
      var tokens: [String: Int] = [:]
      for row in try database.all(
        """
        SELECT d.source_id AS source, cast(sum(r.tokens) AS bigint) AS tokens
        FROM documents d JOIN document_receipts r ON r.document_id = d.id
        WHERE d.chatbot_id = $1 AND r.stage = 'embed' GROUP BY d.source_id
        """, [chatbot.text])
      {
        tokens[row["source"]] = row["tokens"]
      }
      return try Row.fetchAll(
        database,
        sql:
          """
          SELECT id, name, is_citable, source_url FROM knowledge_sources
          WHERE chatbot_id = $1 AND deleted_at IS NULL ORDER BY name, id
          """,
        arguments: [chatbot.text]
      ).map { row in
        let id: String = row["id"]
        let own = bySource[id] ?? []
        let ended =
          own.last { $0.state == "ended" && !$0.isLeftOut }
          ?? own.last { $0.state == "waiting" }
          // A source of which nothing else was met says that, at least.
          ?? (own.contains { $0.state == "live" } ? nil : own.last { $0.state == "ended" })
        return SourceState(
          id: id, name: row["name"], isCitable: row["is_citable"] == 1,
          status: SourceState.status(of: own), reason: ended?.reason, message: ended?.message,
          documents: Dictionary(
            own.map { ($0.isLeftOut ? "left_out" : $0.state, 1) }, uniquingKeysWith: +),
          oldestChangeAt: own.filter { $0.state != "live" && $0.state != "ended" }
            .map(\.changedAt).min(),
          readAt: (row["source_url"] as String?) == nil
            ? nil : own.filter { $0.state == "live" }.map { $0.readAt ?? $0.changedAt }.max(),
          tokensEmbedded: tokens[id, default: 0])
      }
    }
  }
}
