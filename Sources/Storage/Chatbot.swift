// Chatbots and the visibility of their sources.

package import Corpus
import GRDB

/// One chatbot.
package struct Chatbot: Hashable, Sendable {
  package let id: ChatbotID
  package let name: String
  package let slug: String
}

extension AppDatabase {
  /// The chatbot with this id or slug; nil when there is none.
  package func chatbot(_ idOrSlug: String) async throws -> Chatbot? {
    try await pool.read { database in
      try Row.fetchOne(
        database,
        sql: "SELECT id, name, public_url_slug FROM chatbots WHERE id = $1 OR public_url_slug = $2",
        arguments: [idOrSlug, idOrSlug]
      ).map(Chatbot.init(row:))
    }
  }

  /// All chatbots by slug.
  package func chatbots() async throws -> [Chatbot] {
    try await pool.read { database in
      try Row.fetchAll(
        database, sql: "SELECT id, name, public_url_slug FROM chatbots ORDER BY public_url_slug"
      ).map(Chatbot.init(row:))
    }
  }

  /// Makes sure a chatbot of this slug exists.
  ///
  /// - Parameter id: used when it has to be made.
  package func ensureChatbot(slug: String, id: ChatbotID, now: Int) async throws -> Chatbot {
    guard Self.isSlug(slug) else { throw StorageError.badSlug(slug) }
    return try await pool.write { database in
      try database.execute(
        sql: """
          INSERT INTO chatbots (id, name, public_url_slug, is_public, created_at, updated_at)
          VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT (public_url_slug) DO NOTHING
          """, arguments: [id.text, slug, slug, now, now])
      let row = try Row.fetchOne(
        database, sql: "SELECT id, name, public_url_slug FROM chatbots WHERE public_url_slug = $1",
        arguments: [slug])
      guard let row else { throw StorageError.noChatbot(slug) }
      return Chatbot(row: row)
    }
  }

  /// What a visitor may see of each source, read anew for each answer.
  ///
  /// A source without a row has no visibility.
  package func visibilities(of chatbot: ChatbotID) async throws -> [SourceID: Visibility] {
    try await pool.read { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT id, is_citable FROM knowledge_sources WHERE chatbot_id = $1",
        arguments: [chatbot.text])
      return Dictionary(
        rows.map { row in
          (SourceID(unchecked: row["id"]), row["is_citable"] == 1 ? Visibility.citable : .learnOnly)
        }, uniquingKeysWith: { first, _ in first })
    }
  }

  private static func isSlug(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (97...122).contains($0) || (48...57).contains($0) || $0 == 45
      }
  }
}

extension Chatbot {
  init(row: Row) {
    self.init(
      id: ChatbotID(unchecked: row["id"]), name: row["name"], slug: row["public_url_slug"])
  }
}
