// What an owner has used of its plan.

import GRDB

/// What an owner has used in a period.
package struct Usage: Hashable, Sendable {
  package let messagesUsed: Int
  package let limited: Int
  package let chatbots: Int
  package let sources: Int
  package let chunks: Int
  package let bytes: Int
  /// Tokens that a language model has read and written.
  package let tokensIn, tokensOut: Int
  /// Messages of the period by chatbot.
  package let messagesByChatbot: [String: Int]
}

extension AppDatabase {
  /// Messages of an owner's period.
  package func messagesUsed(of owner: String, periodStart: Int) async throws -> Int {
    try await reads.read { database in
      try database.number(
        "SELECT messages_used FROM usage_periods WHERE user_id = $1 AND period_start = $2",
        [owner, periodStart])
    }
  }

  /// An owner's use of a period.
  package func usage(of owner: String, periodStart: Int, periodEnd: Int) async throws -> Usage {
    try await reads.read { database in
      let days = try database.all(
        """
        SELECT u.chatbot_id AS chatbot, cast(sum(u.messages) AS bigint) AS messages,
          cast(sum(u.limited) AS bigint) AS limited
        FROM usage_days u JOIN chatbots c ON c.id = u.chatbot_id
        WHERE c.user_id = $1 AND u.day >= $2 AND u.day < $3 GROUP BY u.chatbot_id
        """, [owner, periodStart / 86_400_000, periodEnd / 86_400_000])
      func count(_ sql: String) throws -> Int { try database.number(sql, [owner]) }
      return Usage(
        messagesUsed: try database.number(
          "SELECT messages_used FROM usage_periods WHERE user_id = $1 AND period_start = $2",
          [owner, periodStart]),
        limited: days.reduce(0) { $0 + ($1["limited"] as Int) },
        chatbots: try count(
          "SELECT count(*) FROM chatbots WHERE user_id = $1 AND deleted_at IS NULL"),
        sources: try count(
          """
          SELECT count(*) FROM knowledge_sources s JOIN chatbots c ON c.id = s.chatbot_id
          WHERE c.user_id = $1 AND s.deleted_at IS NULL
          """),
        chunks: try count(
          """
          SELECT cast(coalesce(sum(d.chunks), 0) AS bigint) FROM documents d
            JOIN chatbots c ON c.id = d.chatbot_id
          WHERE c.user_id = $1 AND d.generation IS NOT NULL
          """),
        bytes: try Self.storedBytes(of: owner, in: database),
        tokensIn: try database.number(
          "SELECT tokens_in FROM usage_periods WHERE user_id = $1 AND period_start = $2",
          [owner, periodStart]),
        tokensOut: try database.number(
          "SELECT tokens_out FROM usage_periods WHERE user_id = $1 AND period_start = $2",
          [owner, periodStart]),
        messagesByChatbot: Dictionary(
          days.map { ($0["chatbot"] as String, $0["messages"] as Int) }, uniquingKeysWith: +))
    }
  }
}
