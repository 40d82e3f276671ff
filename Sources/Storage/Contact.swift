// What a CRM has told of the people who write to a chatbot. Kept apart from everything that answers are made of: known by address,
// for the visitor who has proved it and for the chatbot's owner, and for nobody else.

package import Corpus
import FoundationEssentials
import GRDB

/// A person as a CRM knows them.
package struct Contact: Hashable, Sendable {
  package let id: String
  package let chatbot: ChatbotID
  /// The CRM's own name of the person.
  package let externalID: String
  package let email: String?
  package let name: String?
  package let phone: String?
  /// What else it told, by names of its own.
  package let fields: [String: String]
  package let createdAt: Int
  package let updatedAt: Int

  init(row: Row) throws {
    id = row["id"]
    chatbot = ChatbotID(unchecked: row["chatbot_id"])
    externalID = row["external_id"]
    email = row["email"]
    name = row["name"]
    phone = row["phone"]
    fields = try JSONDecoder().decode(
      [String: String].self, from: Data((row["fields_json"] as String).utf8))
    createdAt = row["created_at"]
    updatedAt = row["updated_at"]
  }
}

/// What a message of a CRM says.
package enum ContactChange: Hashable, Sendable {
  /// The person is as this says, and no more is known of them.
  case upserted(
    externalID: String, email: String?, name: String?, phone: String?, fields: [String: String])
  case deleted(externalID: String)
}

/// What became of a message of a CRM.
package enum ContactOutcome: Sendable {
  case taken
  /// A message of this id was taken before.
  case repeated
  /// The chatbot has as many contacts as it may.
  case full
}

/// Which secrets a chatbot's CRM signs with.
package struct InboundSecret: Sendable {
  /// 0 before there is one.
  package let version: Int
  package let rotatedAt: Int?
}

extension AppDatabase {
  /// The age of a chatbot's secret for messages to us; nil for a chatbot that is not there.
  package func inboundSecret(of chatbot: String) async throws -> InboundSecret? {
    try await reads.read { database in
      try database.first(
        """
        SELECT crm_in_version, crm_in_rotated_at FROM chatbots WHERE id = $1 AND deleted_at IS NULL
        """, [chatbot]
      ).map { InboundSecret(version: $0["crm_in_version"], rotatedAt: $0["crm_in_rotated_at"]) }
    }
  }

  /// Takes a message of a CRM, once.
  ///
  /// - Parameter event: the message's id.
  /// - Parameter id: for a contact that is new.
  /// - Parameter limit: contacts of a chatbot.
  package func take(
    _ change: ContactChange, event: String, of chatbot: ChatbotID, id: String, limit: Int, now: Int
  ) async throws -> ContactOutcome {
    try await changes.write { database in
      let isNew = try database.change(
        """
        INSERT INTO webhook_receipts (chatbot_id, event_id, created_at) VALUES ($1, $2, $3)
        ON CONFLICT (chatbot_id, event_id) DO NOTHING
        """, [chatbot.text, event, now])
      guard isNew == 1 else { return .repeated }
      switch change {
      case .deleted(let externalID):
        try database.change(
          "DELETE FROM contacts WHERE chatbot_id = $1 AND external_id = $2",
          [chatbot.text, externalID])
      case .upserted(let externalID, let email, let name, let phone, let fields):
        let known = try database.number(
          "SELECT count(*) FROM contacts WHERE chatbot_id = $1 AND external_id = $2",
          [chatbot.text, externalID])
        if known == 0 {
          let count = try database.number(
            "SELECT count(*) FROM contacts WHERE chatbot_id = $1", [chatbot.text])
          guard count < limit else {
            // Not taken: the CRM may send it again once there is room.
            try database.change(
              "DELETE FROM webhook_receipts WHERE chatbot_id = $1 AND event_id = $2",
              [chatbot.text, event])
            return .full
          }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = String(decoding: try encoder.encode(fields), as: UTF8.self)
        try database.change(
          """
          INSERT INTO contacts (id, chatbot_id, external_id, email, name, phone, fields_json,
            created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
          ON CONFLICT (chatbot_id, external_id) DO UPDATE SET email = excluded.email,
            name = excluded.name, phone = excluded.phone, fields_json = excluded.fields_json,
            updated_at = excluded.updated_at
          """, [id, chatbot.text, externalID, email, name, phone, json, now, now])
      }
      return .taken
    }
  }

  /// A chatbot's contacts, newest first.
  package func contacts(of chatbot: ChatbotID, _ page: PageRequest) async throws -> [Contact] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM contacts WHERE (created_at, id) < ($1, $2) AND chatbot_id = $3
        ORDER BY created_at DESC, id DESC LIMIT $4
        """, [page.createdAt, page.id, chatbot.text, page.limit]
      ).map(Contact.init)
    }
  }

  /// Removes a contact.
  ///
  /// - Returns: false when the chatbot has no such one.
  package func removeContact(_ id: String, of chatbot: ChatbotID) async throws -> Bool {
    try await changes.write { database in
      try database.change(
        "DELETE FROM contacts WHERE id = $1 AND chatbot_id = $2", [id, chatbot.text]) == 1
    }
  }

  /// Forgets what visitors have proved long ago: no session lasts that long.
  package func sweepVisitorAddresses(before time: Int) async throws {
    try await changes.write { database in
      _ = try database.change("DELETE FROM visitor_addresses WHERE created_at < $1", [time])
    }
  }

  /// Forgets the ids of messages that no CRM sends again.
  package func sweepWebhookReceipts(before time: Int) async throws {
    try await changes.write { database in
      _ = try database.change("DELETE FROM webhook_receipts WHERE created_at < $1", [time])
    }
  }
}
