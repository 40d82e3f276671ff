// What a visitor left to be called back: an address, said once, with consent.

package import Corpus
import GRDB

/// A visitor's address and what came with it.
package struct Lead: Sendable {
  package let id: String
  package let chatbot: ChatbotID
  /// Nil when the conversation is gone, or none was held.
  package let conversation: String?
  package let session: String
  package let email: String
  package let name: String?
  package let phone: String?
  package let note: String?
  /// What the visitor agreed to; nil for the sentence that a form has without its owner's words.
  package let consentText: String?
  /// When the visitor agreed, ms since 1970 UTC.
  package let consentAt: Int
  package let createdAt: Int

  package init(
    id: String, chatbot: ChatbotID, session: String, email: String, name: String?, phone: String?,
    note: String?, consentText: String?, now: Int
  ) {
    self.id = id
    self.chatbot = chatbot
    conversation = nil
    self.session = session
    self.email = email
    self.name = name
    self.phone = phone
    self.note = note
    self.consentText = consentText
    consentAt = now
    createdAt = now
  }

  init(row: Row) {
    id = row["id"]
    chatbot = ChatbotID(unchecked: row["chatbot_id"])
    conversation = row["conversation_id"]
    session = row["session_id"]
    email = row["email"]
    name = row["name"]
    phone = row["phone"]
    note = row["note"]
    consentText = row["consent_text"]
    consentAt = row["consent_at"]
    createdAt = row["created_at"]
  }
}

/// What became of a lead that was offered.
package enum LeadOutcome: Sendable {
  case stored(id: String)
  /// The session has left as many as it may.
  case tooMany
}

extension AppDatabase {
  /// Stores a lead with the message that tells its chatbot's CRM of it; the same address again from the same session is the first
  /// one, with what is new of it.
  ///
  /// - Parameter limit: addresses that one session may leave.
  package func add(_ lead: Lead, limit: Int, telling message: NewDelivery) async throws
    -> LeadOutcome
  {
    try await changes.write { database in
      let earlier = try database.all(
        "SELECT * FROM leads WHERE chatbot_id = $1 AND session_id = $2",
        [lead.chatbot.text, lead.session]
      ).map(Lead.init)
      if let known = earlier.first(where: { $0.email == lead.email }) {
        try database.change(
          """
          UPDATE leads SET name = coalesce($1, name), phone = coalesce($2, phone),
            note = coalesce($3, note), consent_at = $4, consent_text = $5 WHERE id = $6
          """,
          [lead.name, lead.phone, lead.note, lead.consentAt, lead.consentText, known.id])
        return .stored(id: known.id)
      }
      guard earlier.count < limit else { return .tooMany }
      let conversation = try database.first(
        "SELECT id FROM conversations WHERE chatbot_id = $1 AND session_id = $2",
        [lead.chatbot.text, lead.session])
      try database.change(
        """
        INSERT INTO leads (id, chatbot_id, conversation_id, session_id, email, name, phone, note,
          consent_at, created_at, consent_text)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        [
          lead.id, lead.chatbot.text, conversation?["id"] as String?, lead.session, lead.email,
          lead.name, lead.phone, lead.note, lead.consentAt, lead.createdAt,
          lead.consentText,
        ])
      try Self.add(
        message, lead: lead.id, of: lead.chatbot, now: lead.createdAt, in: database)
      return .stored(id: lead.id)
    }
  }

  /// A chatbot's leads, newest first.
  package func leads(of chatbot: ChatbotID, _ page: PageRequest) async throws -> [Lead] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM leads WHERE (created_at, id) < ($1, $2) AND chatbot_id = $3
        ORDER BY created_at DESC, id DESC LIMIT $4
        """, [page.createdAt, page.id, chatbot.text, page.limit]
      ).map(Lead.init)
    }
  }

  /// A lead of a chatbot; nil when it has no such one.
  package func lead(_ id: String, of chatbot: ChatbotID) async throws -> Lead? {
    try await reads.read { database in
      try database.first(
        "SELECT * FROM leads WHERE id = $1 AND chatbot_id = $2", [id, chatbot.text]
      ).map(Lead.init)
    }
  }

  /// Removes what a session left.
  ///
  /// - Returns: how many leads went.
  static func removeLeads(session: String, of chatbot: ChatbotID, in database: Database) throws
    -> Int
  {
    try database.change(
      "DELETE FROM leads WHERE session_id = $1 AND chatbot_id = $2", [session, chatbot.text])
  }

  /// Removes all that a person with this address left, and what their sessions said.
  ///
  /// - Returns: how many rows went.
  package func erasePerson(
    email: String, of chatbot: ChatbotID
  ) async throws -> ErasureReceipt {
    try await changes.write { database in
      let sessions = try database.all(
        """
        SELECT session_id FROM leads WHERE email = $1 AND chatbot_id = $2
        UNION SELECT session_id FROM visitor_addresses
          WHERE email = $3 AND chatbot_id = $4 AND proved_at IS NOT NULL
        """, [email, chatbot.text, email, chatbot.text]
      ).map { $0["session_id"] as String }
      var receipt = try sessions.reduce(into: ErasureReceipt()) { all, session in
        all += try Self.eraseSession(session, of: chatbot, in: database)
      }
      // A code that somebody asked for proves nothing of its session, and names the address all the same.
      try database.change(
        "DELETE FROM visitor_addresses WHERE email = $1 AND chatbot_id = $2", [email, chatbot.text])
      receipt.contacts = try database.change(
        "DELETE FROM contacts WHERE email = $1 AND chatbot_id = $2", [email, chatbot.text])
      return receipt
    }
  }

  /// Removes a lead.
  ///
  /// - Returns: false when the chatbot has no such lead.
  package func removeLead(_ id: String, of chatbot: ChatbotID) async throws -> Bool {
    try await changes.write { database in
      try database.change(
        "DELETE FROM leads WHERE id = $1 AND chatbot_id = $2", [id, chatbot.text]) == 1
    }
  }
}
