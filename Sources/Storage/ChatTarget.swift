// A chatbot as a question finds it: one read, so that flags, owner and settings are of one moment.

package import Corpus
import GRDB

/// What is needed to answer a question to a chatbot, read at one moment.
package struct ChatTarget: Sendable {
  package let chatbot: Chatbot
  /// Nil for the operator's own chatbot.
  package let owner: User?
  /// How many chatbots of its owner are older: those are the last ones that a smaller plan pauses.
  package let older: Int
  package let visibilities: [SourceID: Visibility]
  /// Approved lines, oldest first.
  package let guidance: [String]
}

extension AppDatabase {
  /// The owner of a chatbot; nil for the operator's own.
  package func owner(of chatbot: ChatbotID) async throws -> User? {
    try await pool.read { database in
      try database.first(
        "SELECT u.* FROM users u JOIN chatbots c ON c.user_id = u.id WHERE c.id = $1",
        [chatbot.text]
      ).map(User.init)
    }
  }

  /// A chatbot with its owner and its sources' flags; nil when there is none.
  package func chatTarget(_ id: String) async throws -> ChatTarget? {
    try await pool.read { database in
      guard
        let chatbot = try database.first(
          "SELECT * FROM chatbots WHERE id = $1 AND deleted_at IS NULL", [id]
        ).map(Chatbot.init(row:))
      else { return nil }
      let owner = try chatbot.owner.flatMap { owner in
        try database.first("SELECT * FROM users WHERE id = $1", [owner]).map(User.init)
      }
      return ChatTarget(
        chatbot: chatbot, owner: owner, older: try Self.older(than: chatbot, in: database),
        visibilities: try Self.visibilities(of: chatbot.id, in: database),
        guidance: try database.all(
          """
          SELECT g.text AS text FROM guidance_lines g LEFT JOIN knowledge_sources s ON s.id = g.source_id
          WHERE g.chatbot_id = $1 AND g.state = 'approved'
            AND (g.source_id IS NULL OR s.deleted_at IS NULL)
          ORDER BY g.created_at, g.id
          """, [chatbot.id.text]
        ).map { $0["text"] })
    }
  }
}
