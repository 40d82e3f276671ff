// What an owner has used of its plan.

import GRDB

/// Tokens, by what they cost.
package struct TokenCounts: Hashable, Sendable {
  /// Of texts for which an embedding model has made vectors.
  package var embedded: Int
  /// Of prompts that a language model has read, and of replies that it has written.
  package var read, written: Int

  package init(embedded: Int = 0, read: Int = 0, written: Int = 0) {
    self.embedded = embedded
    self.read = read
    self.written = written
  }
}

/// What an owner has used in a period.
package struct Usage: Hashable, Sendable {
  /// What one of its chatbots has used.
  package struct Share: Hashable, Sendable {
    package let chatbot: String
    package let messages: Int
    package let tokens: TokenCounts
  }

  package let messagesUsed: Int
  package let limited: Int
  package let chatbots: Int
  package let sources: Int
  package let chunks: Int
  package let bytes: Int
  /// Those of removed chatbots, too.
  package let tokens: TokenCounts
  /// By chatbot, in the order of their ids.
  package let shares: [Share]
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

  /// An owner's use of a period; by chatbot with the whole of its first and last day.
  package func usage(of owner: String, periodStart: Int, periodEnd: Int) async throws -> Usage {
    try await reads.read { database in
      let days = try database.all(
        """
        SELECT u.chatbot_id AS chatbot, cast(sum(u.messages) AS bigint) AS messages,
          cast(sum(u.limited) AS bigint) AS limited, cast(sum(u.tokens) AS bigint) AS tokens,
          cast(sum(u.tokens_out) AS bigint) AS written,
          cast(sum(u.tokens_embedded) AS bigint) AS embedded
        FROM usage_days u JOIN chatbots c ON c.id = u.chatbot_id
        WHERE c.user_id = $1 AND u.day >= $2 AND u.day <= $3
        GROUP BY u.chatbot_id ORDER BY u.chatbot_id
        """, [owner, periodStart / millisecondsOfDay, (periodEnd - 1) / millisecondsOfDay])
      let period = try database.first(
        """
        SELECT messages_used, tokens_in, tokens_out, tokens_embedded FROM usage_periods
        WHERE user_id = $1 AND period_start = $2
        """, [owner, periodStart])
      func count(_ sql: String) throws -> Int { try database.number(sql, [owner]) }
      return Usage(
        messagesUsed: period?["messages_used"] ?? 0,
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
        tokens: TokenCounts(
          embedded: period?["tokens_embedded"] ?? 0, read: period?["tokens_in"] ?? 0,
          written: period?["tokens_out"] ?? 0),
        shares: days.map { row in
          let (tokens, written): (Int, Int) = (row["tokens"], row["written"])
          return Usage.Share(
            chatbot: row["chatbot"], messages: row["messages"],
            tokens: TokenCounts(
              embedded: row["embedded"], read: tokens - written, written: written))
        })
    }
  }
}
