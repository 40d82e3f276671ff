// Guidance: private know-how that its owner has put into other words and approved line by line. Only approved lines of sources
// that are still there enter a prompt; a changed line or a changed source has to be approved again.

package import Corpus
import GRDB

/// A line of guidance.
package struct GuidanceLine: Sendable {
  package let id: String
  /// Nil for a line that stands beside no source.
  package let source: SourceID?
  package let text: String
  /// draft, approved or review.
  package let state: String
  package let approvedBy: String?
  /// Milliseconds since 1970 UTC.
  package let approvedAt: Int?
  package let createdAt: Int

  init(row: Row) {
    id = row["id"]
    source = (row["source_id"] as String?).map { SourceID(unchecked: $0) }
    text = row["text"]
    state = row["state"]
    approvedBy = row["approved_by"]
    approvedAt = row["approved_at"]
    createdAt = row["created_at"]
  }
}

/// An approved line with what its source said then.
package struct ApprovedLine: Sendable {
  package let id: String
  package let chatbot: ChatbotID
  package let source: SourceID
  package let sourceDigest: String?
}

extension AppDatabase {
  /// A chatbot's lines, newest first.
  package func guidance(of chatbot: ChatbotID, _ page: PageRequest) async throws -> [GuidanceLine] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM guidance_lines WHERE chatbot_id = $1 AND (created_at, id) < ($2, $3)
        ORDER BY created_at DESC, id DESC LIMIT $4
        """, [chatbot.text, page.createdAt, page.id, page.limit]
      ).map(GuidanceLine.init)
    }
  }

  /// A line of a chatbot; nil when it has no such one.
  package func guidanceLine(_ id: String, of chatbot: ChatbotID) async throws -> GuidanceLine? {
    try await reads.read { database in
      try database.first(
        "SELECT * FROM guidance_lines WHERE id = $1 AND chatbot_id = $2", [id, chatbot.text]
      ).map(GuidanceLine.init)
    }
  }

  /// Adds a draft.
  ///
  /// - Returns: false when the chatbot has `limit` lines already.
  package func addGuidance(
    _ id: String, of chatbot: ChatbotID, source: SourceID?, text: String, hash: [UInt8], limit: Int,
    now: Int
  ) async throws -> Bool {
    try await changes.write { database in
      let count = try database.number(
        "SELECT count(*) FROM guidance_lines WHERE chatbot_id = $1", [chatbot.text])
      guard count < limit else { return false }
      try database.change(
        """
        INSERT INTO guidance_lines (id, chatbot_id, source_id, text, text_hash, state, created_at,
          updated_at)
        VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7)
        """, [id, chatbot.text, source?.text, text, DatabaseBytes(hash).value, now, now])
      return true
    }
  }

  /// Changes a line's text, which makes it a draft again.
  package func changeGuidance(
    _ id: String, of chatbot: ChatbotID, text: String, hash: [UInt8], now: Int
  ) async throws {
    try await changes.write { database in
      _ = try database.change(
        """
        UPDATE guidance_lines SET text = $1, text_hash = $2, state = 'draft', approved_by = NULL,
          approved_at = NULL, source_digest = NULL, updated_at = $3
        WHERE id = $4 AND chatbot_id = $5
        """, [text, DatabaseBytes(hash).value, now, id, chatbot.text])
    }
  }

  /// Approves a line, if it still says what was approved; or takes approval back.
  ///
  /// - Parameter hash: of the text that is approved.
  /// - Returns: false when the text is another by now.
  package func approveGuidance(
    _ id: String, of chatbot: ChatbotID, hash: [UInt8], by user: String?, sourceDigest: String?,
    now: Int
  ) async throws -> Bool {
    try await changes.write { database in
      try database.change(
        """
        UPDATE guidance_lines SET state = $1, approved_by = $2, approved_at = $3, source_digest = $4,
          updated_at = $5
        WHERE id = $6 AND chatbot_id = $7 AND text_hash = $8
        """,
        [
          user == nil ? "draft" : "approved", user, user == nil ? nil : now, sourceDigest, now, id,
          chatbot.text, DatabaseBytes(hash).value,
        ]) == 1
    }
  }

  /// Removes a line.
  ///
  /// - Returns: false when the chatbot has no such one.
  package func removeGuidance(_ id: String, of chatbot: ChatbotID) async throws -> Bool {
    try await changes.write { database in
      try database.change(
        "DELETE FROM guidance_lines WHERE id = $1 AND chatbot_id = $2", [id, chatbot.text]) == 1
    }
  }

  /// All approved lines that stand beside a source.
  package func approvedLines() async throws -> [ApprovedLine] {
    try await reads.read { database in
      try database.all(
        """
        SELECT id, chatbot_id, source_id, source_digest FROM guidance_lines
        WHERE state = 'approved' AND source_id IS NOT NULL ORDER BY chatbot_id, id
        """
      ).map {
        ApprovedLine(
          id: $0["id"], chatbot: ChatbotID(unchecked: $0["chatbot_id"]),
          source: SourceID(unchecked: $0["source_id"]), sourceDigest: $0["source_digest"])
      }
    }
  }

  /// Sends lines back to their owner: their source says something else now.
  package func reviewGuidance(_ ids: [String], now: Int) async throws {
    try await changes.write { database in
      for id in ids {
        try database.change(
          """
          UPDATE guidance_lines SET state = 'review', updated_at = $1
          WHERE id = $2 AND state = 'approved'
          """, [now, id])
      }
    }
  }
}
