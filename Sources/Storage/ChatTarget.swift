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

/// A question that has not been counted yet, with what it finds: all read at one moment.
package struct ChatProspect: Sendable {
  package let target: ChatTarget
  package let admission: ChatAdmission
  /// Whether limits and quota would admit it.
  package let isAdmissible: Bool
  /// The last turns of its conversation, oldest first.
  package let past: [PastTurn]
}

extension AppDatabase {
  /// The owner of a chatbot; nil for the operator's own.
  package func owner(of chatbot: ChatbotID) async throws -> User? {
    try await reads.read { database in
      try database.first(
        "SELECT u.* FROM users u JOIN chatbots c ON c.user_id = u.id WHERE c.id = $1",
        [chatbot.text]
      ).map(User.init)
    }
  }

  /// A chatbot with its owner and its sources' flags; nil when there is none.
  package func chatTarget(_ id: String) async throws -> ChatTarget? {
    try await reads.read { try Self.chatTarget(id, in: $0) }
  }

  /// A chatbot as a question to it finds it; nil when there is none.
  ///
  /// For work that is done before it is counted: `admit` decides, and may say otherwise a moment later.
  ///
  /// - Parameters:
  ///   - turns: earlier ones at most.
  ///   - ask: makes the question's admission, or refuses it by throwing.
  package func prospect(
    _ id: String, turns: Int, _ ask: @escaping @Sendable (ChatTarget) throws -> ChatAdmission
  ) async throws -> ChatProspect? {
    try await reads.read { database in
      guard let target = try Self.chatTarget(id, in: database) else { return nil }
      let admission = try ask(target)
      return ChatProspect(
        target: target, admission: admission,
        isAdmissible: try Self.isAdmissible(admission, in: database),
        past: try Self.past(of: admission, limit: turns, in: database))
    }
  }

  private static func chatTarget(_ id: String, in database: Database) throws -> ChatTarget? {
    guard
      let chatbot = try database.first(
        "SELECT * FROM chatbots WHERE id = $1 AND deleted_at IS NULL", [id]
      ).map(Chatbot.init(row:))
    else { return nil }
    let owner = try chatbot.owner.flatMap { owner in
      try database.first("SELECT * FROM users WHERE id = $1", [owner]).map(User.init)
    }
    return ChatTarget(
      chatbot: chatbot, owner: owner, older: try older(than: chatbot, in: database),
      visibilities: try visibilities(of: chatbot.id, in: database),
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
