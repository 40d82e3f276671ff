// A visitor's proof of an address: a code that a letter brings. What a CRM has told of that address may stand in this visitor's
// answers, and in nobody else's.

package import Corpus
import FoundationEssentials
import GRDB

/// What became of a code.
package enum ProofOutcome: Sendable {
  case proved(email: String)
  /// Wrong, too old, used up, or never asked for.
  case refused
}

extension AppDatabase {
  /// Codes that may be tried before another has to be asked for.
  static let proofTries = 5

  /// Notes a code for a session; one that was asked for before is void, and so is what it had proved.
  ///
  /// - Parameter hash: SHA-256 of the code.
  /// - Returns: whether the chatbot's CRM has told of anybody with this address: else no letter is worth sending.
  package func beginProof(
    of email: String, session: String, chatbot: ChatbotID, hash: [UInt8], expiresAt: Int, now: Int
  ) async throws -> Bool {
    try await changes.write { database in
      try database.change(
        """
        INSERT INTO visitor_addresses (chatbot_id, session_id, email, code_hash, tries, expires_at,
          created_at) VALUES ($1, $2, $3, $4, 0, $5, $6)
        ON CONFLICT (chatbot_id, session_id) DO UPDATE SET email = excluded.email,
          code_hash = excluded.code_hash, tries = 0, expires_at = excluded.expires_at,
          proved_at = NULL
        """, [chatbot.text, session, email, Data(hash), expiresAt, now])
      return try database.number(
        "SELECT count(*) FROM contacts WHERE chatbot_id = $1 AND email = $2", [chatbot.text, email])
        > 0
    }
  }

  /// Tries a code.
  package func prove(
    hash: [UInt8], session: String, chatbot: ChatbotID, now: Int
  ) async throws -> ProofOutcome {
    try await changes.write { database in
      // Counted before it is looked at: tries at once are as many.
      let counted = try database.change(
        """
        UPDATE visitor_addresses SET tries = tries + 1 WHERE chatbot_id = $1 AND session_id = $2
          AND code_hash IS NOT NULL AND tries < $3 AND expires_at > $4
        """, [chatbot.text, session, Self.proofTries, now])
      guard counted == 1 else { return .refused }
      let proved = try database.change(
        """
        UPDATE visitor_addresses SET proved_at = $1, code_hash = NULL
        WHERE chatbot_id = $2 AND session_id = $3 AND code_hash = $4
        """, [now, chatbot.text, session, Data(hash)])
      guard proved == 1,
        let row = try database.first(
          "SELECT email FROM visitor_addresses WHERE chatbot_id = $1 AND session_id = $2",
          [chatbot.text, session])
      else { return .refused }
      return .proved(email: row["email"])
    }
  }

  /// What a CRM has told of the person who has proved an address in this session; nil for everybody else.
  package func provenContact(of chatbot: ChatbotID, session: String) async throws -> Contact? {
    try await reads.read { database in
      try database.first(
        """
        SELECT c.* FROM contacts c JOIN visitor_addresses v
          ON v.chatbot_id = c.chatbot_id AND v.email = c.email
        WHERE v.chatbot_id = $1 AND v.session_id = $2 AND v.proved_at IS NOT NULL
        ORDER BY c.updated_at DESC, c.id DESC LIMIT 1
        """, [chatbot.text, session]
      ).map(Contact.init)
    }
  }
}
