// Removal in two steps: a mark, which takes a thing out of every look-up at once, and the rows' own end once its bytes are gone.

package import Corpus
import GRDB

extension AppDatabase {
  /// Takes a chatbot out of everything that can be asked.
  ///
  /// - Returns: what goes; nil when the owner has no such chatbot.
  package func markDeleted(
    _ chatbot: ChatbotID, of owner: String, now: Int
  ) async throws -> RemovalReceipt? {
    try await changes.write { database in
      let marked = try database.change(
        """
        UPDATE chatbots SET deleted_at = $1, updated_at = $2
        WHERE id = $3 AND user_id = $4 AND deleted_at IS NULL
        """, [now, now, chatbot.text, owner])
      guard marked == 1 else { return nil }
      func count(_ sql: String) throws -> Int { try database.number(sql, [chatbot.text]) }
      var receipt = RemovalReceipt()
      receipt.sources = try count(
        "SELECT count(*) FROM knowledge_sources WHERE chatbot_id = $1 AND deleted_at IS NULL")
      receipt.documents = try count("SELECT count(*) FROM documents WHERE chatbot_id = $1")
      receipt.chunks = try count(
        """
        SELECT cast(coalesce(sum(chunks), 0) AS bigint) FROM documents
        WHERE chatbot_id = $1 AND generation IS NOT NULL
        """)
      receipt.blobs = try count(
        """
        SELECT count(*) FROM knowledge_sources
        WHERE chatbot_id = $1 AND deleted_at IS NULL AND file_path IS NOT NULL
        """)
      receipt.conversations = try count("SELECT count(*) FROM conversations WHERE chatbot_id = $1")
      receipt.leads = try count("SELECT count(*) FROM leads WHERE chatbot_id = $1")
      return receipt
    }
  }

  /// Chatbots whose mark has come due and that still have rows.
  ///
  /// - Parameter now: ms since 1970 UTC. An import that is under way is marked for a time still to come.
  package func deletedChatbots(now: Int) async throws -> [ChatbotID] {
    try await reads.read { database in
      try database.all("SELECT id FROM chatbots WHERE deleted_at <= $1 ORDER BY id", [now])
        .map { ChatbotID(unchecked: $0["id"]) }
    }
  }

  private func forgetConversations(_ chatbot: ChatbotID, _ limit: Int) async throws -> Bool {
    try await changes.write { database in
      try database.change(
        """
        DELETE FROM conversations WHERE id IN (
          SELECT id FROM conversations WHERE chatbot_id = $1 LIMIT $2)
        """, [chatbot.text, limit]) == limit
    }
  }

  /// Removes a chatbot's rows; its bytes are gone already.
  package func forgetChatbot(_ chatbot: ChatbotID) async throws {
    // A few hundred at a time: what one commit deletes is kept in memory until its end.
    while try await forgetConversations(chatbot, 300) {}
    try await changes.write { database in
      try database.change("DELETE FROM documents WHERE chatbot_id = $1", [chatbot.text])
      _ = try database.change("DELETE FROM chatbots WHERE id = $1", [chatbot.text])
    }
  }
}

/// A chatbot that has removed sources whose rows, and perhaps text, are still there.
package struct PendingRemoval: Sendable {
  package let chatbot: ChatbotID
  /// Documents of the removed sources whose text may still be there.
  package let documents: [DocumentID]
  /// Whether a generation was ever built, which may hold their text.
  package let hasGeneration: Bool
  /// When a removal last failed, or ended without them; ms since 1970 UTC.
  package let lastTriedAt: Int?
  /// How long the run that it waits for has been open; ms since 1970 UTC of its beginning.
  package let busySince: Int?
}

extension AppDatabase {
  /// Sources that are removed and whose rows are still there, with when that was; ms since 1970 UTC.
  package func removedSources() async throws -> [(source: SourceID, removedAt: Int)] {
    try await reads.read { database in
      try database.all(
        "SELECT id, deleted_at FROM knowledge_sources WHERE deleted_at IS NOT NULL ORDER BY id"
      ).map { (SourceID(unchecked: $0["id"]), $0["deleted_at"]) }
    }
  }

  /// What is removed and not yet gone.
  package func pendingRemovals() async throws -> [PendingRemoval] {
    try await reads.read { database in
      try database.all(
        """
        SELECT DISTINCT s.chatbot_id AS chatbot FROM knowledge_sources s
          JOIN chatbots c ON c.id = s.chatbot_id
        WHERE s.deleted_at IS NOT NULL AND c.deleted_at IS NULL ORDER BY s.chatbot_id
        """
      ).map { row in
        let chatbot: String = row["chatbot"]
        let documents = try database.all(
          """
          SELECT d.id AS id FROM documents d JOIN knowledge_sources s ON s.id = d.source_id
          WHERE s.chatbot_id = $1 AND s.deleted_at IS NOT NULL AND coalesce(d.reason, '') <> 'purged'
          ORDER BY d.id
          """, [chatbot]
        ).map { DocumentID(unchecked: $0["id"]) }
        let removal = try database.first(
          """
          SELECT started_at FROM runs WHERE chatbot_id = $1 AND "trigger" = 'removal'
          ORDER BY started_at DESC, id DESC LIMIT 1
          """, [chatbot])
        let open = try database.first(
          """
          SELECT started_at FROM runs WHERE chatbot_id = $1 AND state IN ('running', 'held')
          ORDER BY started_at, id LIMIT 1
          """, [chatbot])
        return PendingRemoval(
          chatbot: ChatbotID(unchecked: chatbot), documents: documents,
          hasGeneration: try database.number(
            "SELECT count(*) FROM runs WHERE chatbot_id = $1 AND generation IS NOT NULL", [chatbot])
            > 0,
          lastTriedAt: removal?["started_at"], busySince: open?["started_at"])
      }
    }
  }

  /// Removes the rows of removed sources none of whose documents' text is anywhere: each was named by a removal that ended well,
  /// or there never was a generation.
  ///
  /// - Returns: how many went.
  package func forgetSources(of chatbot: ChatbotID, hasGeneration: Bool) async throws -> Int {
    try await changes.write { database in
      try database.change(
        """
        DELETE FROM knowledge_sources WHERE chatbot_id = $1 AND deleted_at IS NOT NULL
          AND ($2 = 0 OR NOT EXISTS (SELECT 1 FROM documents d
            WHERE d.source_id = knowledge_sources.id AND coalesce(d.reason, '') <> 'purged'))
        """, [chatbot.text, hasGeneration ? 1 : 0])
    }
  }

  /// Paths of blobs that sources name.
  package func sourcePaths() async throws -> [String] {
    try await reads.read { database in
      try database.all("SELECT file_path FROM knowledge_sources WHERE file_path IS NOT NULL")
        .map { $0["file_path"] }
    }
  }

  /// Accounts that have left and own nothing any more.
  package func removeLeftAccounts() async throws {
    try await changes.write { database in
      _ = try database.change(
        """
        DELETE FROM users WHERE left_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM chatbots WHERE user_id = users.id)
        """)
    }
  }

  /// Whether no other operator may sign in.
  package func isLastOperator(_ user: String) async throws -> Bool {
    try await reads.read { try Self.isLastOperator(user, in: $0) }
  }

  private static func isLastOperator(_ user: String, in database: Database) throws -> Bool {
    try database.number(
      """
      SELECT count(*) FROM users WHERE id = $1 AND is_admin = 1 AND disabled = 0 AND NOT EXISTS (
        SELECT 1 FROM users o WHERE o.is_admin = 1 AND o.disabled = 0 AND o.id <> users.id)
      """, [user]) > 0
  }

  /// Notes that an account's owner has deleted it: nobody signs in any more, its chatbots stop, all at once.
  ///
  /// - Returns: false for the last operator; nothing is changed then.
  package func leave(_ user: String, now: Int) async throws -> Bool {
    try await changes.write { database in
      if try Self.isLastOperator(user, in: database) { return false }
      try Self.endSessions(of: user, keeping: nil, now: now, in: database)
      try database.change(
        "UPDATE users SET left_at = $1, disabled = 1, updated_at = $2 WHERE id = $3",
        [now, now, user])
      try database.change(
        """
        UPDATE chatbots SET deleted_at = $1, updated_at = $2
        WHERE user_id = $3 AND deleted_at IS NULL
        """, [now, now, user])
      return true
    }
  }

  /// Removes conversations that are older than their chatbot, or its owner's plan, keeps them.
  ///
  /// A smaller plan deletes nothing: its bound holds for conversations that were had since it began.
  ///
  /// - Parameter days: the longest for each plan tier; a tier that is not there has no bound.
  package func sweepConversations(days: [String: Int], now: Int) async throws {
    try await changes.write { database in
      for row in try database.all(
        """
        SELECT c.id AS id, c.retention_days AS days, u.plan_tier AS tier,
          coalesce(u.downgraded_at, 0) AS since
        FROM chatbots c LEFT JOIN users u ON u.id = c.user_id
        """)
      {
        let id = row["id"] as String
        if let own = row["days"] as Int? {
          try database.change(
            "DELETE FROM conversations WHERE chatbot_id = $1 AND last_message_at < $2",
            [id, now - own * 86_400_000])
        }
        if let bound = (row["tier"] as String?).flatMap({ days[$0] }) {
          try database.change(
            """
            DELETE FROM conversations
            WHERE chatbot_id = $1 AND last_message_at < $2 AND last_message_at >= $3
            """, [id, now - bound * 86_400_000, row["since"] as Int])
        }
      }
    }
  }
}
