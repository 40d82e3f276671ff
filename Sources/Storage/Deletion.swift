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
      return receipt
    }
  }

  /// Takes all chatbots of an account out of everything that can be asked.
  package func markChatbotsDeleted(of owner: String, now: Int) async throws {
    try await changes.write { database in
      _ = try database.change(
        """
        UPDATE chatbots SET deleted_at = $1, updated_at = $2
        WHERE user_id = $3 AND deleted_at IS NULL
        """, [now, now, owner])
    }
  }

  /// Chatbots that are marked and still have rows.
  package func deletedChatbots() async throws -> [ChatbotID] {
    try await pool.read { database in
      try database.all("SELECT id FROM chatbots WHERE deleted_at IS NOT NULL ORDER BY id")
        .map { ChatbotID(unchecked: $0["id"]) }
    }
  }

  /// Removes a chatbot's rows; its bytes are gone already.
  package func forgetChatbot(_ chatbot: ChatbotID) async throws {
    try await changes.write { database in
      try database.change("DELETE FROM documents WHERE chatbot_id = $1", [chatbot.text])
      _ = try database.change("DELETE FROM chatbots WHERE id = $1", [chatbot.text])
    }
  }
}
