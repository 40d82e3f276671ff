// What a chatbot's CRM is to be told, as rows: made in the transaction of what they tell, claimed by a sender for a time, settled by
// what came of a try. At least once: a sender that dies leaves its claim to run out, and the next sends under the same id.

package import Corpus
import GRDB

/// One message to a chatbot owner's CRM.
package struct Delivery: Sendable {
  /// Its `webhook-id`, the same at each try.
  package let id: String
  package let chatbot: ChatbotID
  /// Nil for a test.
  package let lead: String?
  /// The body, JSON.
  package let payload: String
  /// waiting, sent, dead, or disabled: its endpoint gets nothing until its owner says so.
  package let state: String
  /// Tries that ended.
  package let tries: Int
  /// When it is tried next, while it waits; ms since 1970 UTC.
  package let nextAt: Int
  /// Status of the last answer; nil when none came.
  package let lastStatus: Int?
  /// What was wrong with the last try, as a sentence; nil when nothing was.
  package let lastError: String?
  /// How long the last try took.
  package let milliseconds: Int?
  package let sentAt: Int?
  package let createdAt: Int

  init(row: Row) {
    id = row["id"]
    chatbot = ChatbotID(unchecked: row["chatbot_id"])
    lead = row["lead_id"]
    payload = row["payload"]
    state = row["state"]
    tries = row["tries"]
    nextAt = row["next_at"]
    lastStatus = row["last_status"]
    lastError = row["last_error"]
    milliseconds = row["milliseconds"]
    sentAt = row["sent_at"]
    createdAt = row["created_at"]
  }
}

/// A message as it is to be made.
package struct NewDelivery: Sendable {
  package let id: String
  package let payload: String

  package init(id: String, payload: String) {
    self.id = id
    self.payload = payload
  }
}

/// Where a chatbot's messages go, and the age of their secret.
package struct CRMEndpoint: Hashable, Sendable {
  package let chatbot: ChatbotID
  package let url: String
  /// Which secret signs; the one before signs too for a day after `rotatedAt`.
  package let secretVersion: Int
  package let rotatedAt: Int?

  init(row: Row) {
    chatbot = ChatbotID(unchecked: row["id"])
    url = row["crm_webhook_url"]
    secretVersion = row["crm_secret_version"]
    rotatedAt = row["crm_rotated_at"]
  }
}

/// What came of a try.
package enum DeliveryOutcome: Hashable, Sendable {
  case sent
  /// To be tried again at this time; ms since 1970 UTC.
  case later(Int)
  /// Not to be tried again by itself.
  case dead
  /// The endpoint wants no message any more, this one included.
  case gone
}

/// A try, as the log has it.
package struct DeliveryTry: Sendable {
  package let outcome: DeliveryOutcome
  package let status: Int?
  package let error: String?
  package let milliseconds: Int

  package init(outcome: DeliveryOutcome, status: Int?, error: String?, milliseconds: Int) {
    self.outcome = outcome
    self.status = status
    self.error = error
    self.milliseconds = milliseconds
  }
}

extension AppDatabase {
  // MARK: Making

  /// Notes a message in the transaction of what it tells, if the chatbot has somewhere to send it.
  static func add(
    _ new: NewDelivery, lead: String?, of chatbot: ChatbotID, now: Int, in database: Database
  ) throws {
    try database.change(
      """
      INSERT INTO webhook_deliveries (id, chatbot_id, lead_id, payload, state, tries, next_at,
        created_at)
      SELECT $1, id, $2, $3, CASE WHEN crm_disabled_at IS NULL THEN 'waiting' ELSE 'disabled' END,
        0, $4, $5
      FROM chatbots WHERE id = $6 AND crm_webhook_url IS NOT NULL
      """, [new.id, lead, new.payload, now, now, chatbot.text])
  }

  /// Notes a message again that was lost sight of: the lead's own if it has one, else this new one.
  ///
  /// - Returns: false when the chatbot has no such lead, or nowhere to send it.
  package func resend(
    _ new: NewDelivery, lead: String, of chatbot: ChatbotID, now: Int
  ) async throws -> Bool {
    try await changes.write { database in
      let known = try database.number(
        """
        SELECT count(*) FROM leads l JOIN chatbots c ON c.id = l.chatbot_id
        WHERE l.id = $1 AND c.id = $2 AND c.crm_webhook_url IS NOT NULL
        """, [lead, chatbot.text])
      guard known == 1 else { return false }
      try Self.enable(chatbot, now: now, in: database)
      let again = try database.change(
        """
        UPDATE webhook_deliveries SET state = 'waiting', tries = 0, next_at = $1
        WHERE lead_id = $2 AND chatbot_id = $3
        """, [now, lead, chatbot.text])
      if again == 0 { try Self.add(new, lead: lead, of: chatbot, now: now, in: database) }
      return true
    }
  }

  /// Sets a message going again at its owner's word, and its endpoint with it.
  ///
  /// - Returns: false when the chatbot has no such message, or nowhere to send it.
  package func replay(_ delivery: String, of chatbot: ChatbotID, now: Int) async throws -> Bool {
    try await changes.write { database in
      let again = try database.change(
        """
        UPDATE webhook_deliveries SET state = 'waiting', tries = 0, next_at = $1
        WHERE id = $2 AND chatbot_id = $3 AND EXISTS (SELECT 1 FROM chatbots c
          WHERE c.id = webhook_deliveries.chatbot_id AND c.crm_webhook_url IS NOT NULL)
        """, [now, delivery, chatbot.text])
      guard again == 1 else { return false }
      try Self.enable(chatbot, now: now, in: database)
      return true
    }
  }

  /// Lets messages go to a chatbot's endpoint again; those that waited for it are due now.
  static func enable(_ chatbot: ChatbotID, now: Int, in database: Database) throws {
    try database.change(
      "UPDATE chatbots SET crm_disabled_at = NULL, crm_disabled_why = NULL WHERE id = $1",
      [chatbot.text])
    try database.change(
      """
      UPDATE webhook_deliveries SET state = 'waiting', tries = 0, next_at = $1
      WHERE chatbot_id = $2 AND state = 'disabled'
      """, [now, chatbot.text])
  }

  /// Makes a new secret the one that signs.
  ///
  /// - Parameter inbound: whether it signs what the CRM sends to us, instead of what we send.
  /// - Returns: its version.
  package func rotateCRMSecret(
    of chatbot: ChatbotID, inbound: Bool, now: Int
  ) async throws -> Int {
    let (version, rotatedAt) =
      inbound ? ("crm_in_version", "crm_in_rotated_at") : ("crm_secret_version", "crm_rotated_at")
    return try await changes.write { database in
      try database.change(
        "UPDATE chatbots SET \(version) = \(version) + 1, \(rotatedAt) = $1 WHERE id = $2",
        [now, chatbot.text])
      return try database.number("SELECT \(version) FROM chatbots WHERE id = $1", [chatbot.text])
    }
  }

  /// A chatbot's endpoint; nil when it has none.
  package func crmEndpoint(of chatbot: ChatbotID) async throws -> CRMEndpoint? {
    try await reads.read { try Self.endpoint(of: chatbot, in: $0) }
  }

  private static func endpoint(
    of chatbot: ChatbotID, in database: Database
  ) throws -> CRMEndpoint? {
    try database.first(
      """
      SELECT id, crm_webhook_url, crm_secret_version, crm_rotated_at FROM chatbots
      WHERE id = $1 AND crm_webhook_url IS NOT NULL AND deleted_at IS NULL
      """, [chatbot.text]
    ).map(CRMEndpoint.init)
  }

  // MARK: Sending

  /// Chatbots with messages that are due; those of a suspended owner wait.
  package func chatbotsWithDueDeliveries(now: Int) async throws -> [ChatbotID] {
    try await reads.read { database in
      try database.all(
        """
        SELECT DISTINCT d.chatbot_id AS id FROM webhook_deliveries d
          JOIN chatbots c ON c.id = d.chatbot_id LEFT JOIN users u ON u.id = c.user_id
        WHERE d.state = 'waiting' AND d.next_at <= $1 AND c.deleted_at IS NULL
          AND c.crm_webhook_url IS NOT NULL AND coalesce(u.disabled, 0) = 0
        """, [now]
      ).map { ChatbotID(unchecked: $0["id"]) }
    }
  }

  /// Takes due messages of one chatbot, the oldest first, so that no other sender takes them before `until`.
  ///
  /// - Returns: nothing when the chatbot has no endpoint any more.
  package func claimDeliveries(
    of chatbot: ChatbotID, limit: Int, now: Int, until: Int
  ) async throws -> (endpoint: CRMEndpoint, deliveries: [Delivery])? {
    try await changes.write { database in
      guard let endpoint = try Self.endpoint(of: chatbot, in: database) else { return nil }
      let rows = try database.all(
        """
        SELECT * FROM webhook_deliveries
        WHERE chatbot_id = $1 AND state = 'waiting' AND next_at <= $2
        ORDER BY next_at, id LIMIT $3
        """, [chatbot.text, now, limit])
      for row in rows {
        try database.change(
          "UPDATE webhook_deliveries SET next_at = $1 WHERE id = $2", [until, row["id"] as String])
      }
      return (endpoint, rows.map(Delivery.init))
    }
  }

  /// Gives back a message that was claimed and not tried.
  package func release(_ delivery: String, now: Int) async throws {
    try await changes.write { database in
      _ = try database.change(
        "UPDATE webhook_deliveries SET next_at = $1 WHERE id = $2 AND state = 'waiting'",
        [now, delivery])
    }
  }

  /// Notes what came of a try.
  ///
  /// - Returns: whether the endpoint gets no more from now on, so that its owner is told.
  package func settle(
    _ delivery: Delivery, _ result: DeliveryTry, now: Int
  ) async throws -> Bool {
    try await changes.write { database in
      let (state, nextAt, sentAt): (String, Int, Int?) =
        switch result.outcome {
        case .sent: ("sent", now, now)
        case .later(let time): ("waiting", time, nil)
        case .dead, .gone: ("dead", now, nil)
        }
      // A message that its owner set going again meanwhile is judged by this try too: it is the same message.
      try database.change(
        """
        UPDATE webhook_deliveries SET state = $1, tries = tries + 1, next_at = $2,
          last_status = $3, last_error = $4, milliseconds = $5, sent_at = coalesce($6, sent_at)
        WHERE id = $7
        """,
        [
          state, nextAt, result.status, result.error, result.milliseconds, sentAt, delivery.id,
        ])
      // Another message of the endpoint may have had the last word while this one was on its way.
      try database.change(
        """
        UPDATE webhook_deliveries SET state = 'disabled' WHERE id = $1 AND state = 'waiting'
          AND EXISTS (SELECT 1 FROM chatbots c
            WHERE c.id = webhook_deliveries.chatbot_id AND c.crm_disabled_at IS NOT NULL)
        """, [delivery.id])
      guard result.outcome == .dead || result.outcome == .gone else { return false }
      // An endpoint that took another message since this one was made lives: this one is what it does not take.
      if result.outcome == .dead {
        let taken = try database.number(
          """
          SELECT count(*) FROM webhook_deliveries WHERE chatbot_id = $1 AND sent_at > $2
          """, [delivery.chatbot.text, delivery.createdAt])
        guard taken == 0 else { return false }
      }
      let disabled = try database.change(
        """
        UPDATE chatbots SET crm_disabled_at = $1, crm_disabled_why = $2
        WHERE id = $3 AND crm_disabled_at IS NULL
        """, [now, result.error, delivery.chatbot.text])
      try database.change(
        "UPDATE webhook_deliveries SET state = 'disabled' WHERE chatbot_id = $1 AND state = 'waiting'",
        [delivery.chatbot.text])
      return disabled == 1
    }
  }

  /// Notes a test that was sent while its owner waited.
  package func addTest(
    _ new: NewDelivery, of chatbot: ChatbotID, _ result: DeliveryTry, now: Int
  ) async throws {
    try await changes.write { database in
      let isSent = result.outcome == .sent
      try database.change(
        """
        INSERT INTO webhook_deliveries (id, chatbot_id, payload, state, tries, next_at,
          last_status, last_error, milliseconds, sent_at, created_at)
        SELECT $1, id, $2, $3, 1, $4, $5, $6, $7, $8, $9 FROM chatbots WHERE id = $10
        """,
        // A chatbot may have gone while its test was on its way.
        [
          new.id, new.payload, isSent ? "sent" : "dead", now, result.status, result.error,
          result.milliseconds, isSent ? now : nil, now, chatbot.text,
        ])
      // What takes a test takes what waits.
      if isSent { try Self.enable(chatbot, now: now, in: database) }
    }
  }

  // MARK: Looking

  /// Messages of a chatbot, or of all, newest first.
  ///
  /// - Parameter search: among all: the id of a chatbot, a state, or part of what the last try came to; empty for all.
  package func deliveries(
    of chatbot: ChatbotID?, search: String = "", _ page: PageRequest
  ) async throws -> [Delivery] {
    try await reads.read { database in
      let rows: [Row]
      if let chatbot {
        rows = try database.all(
          """
          SELECT * FROM webhook_deliveries WHERE (created_at, id) < ($1, $2) AND chatbot_id = $3
          ORDER BY created_at DESC, id DESC LIMIT $4
          """, [page.createdAt, page.id, chatbot.text, page.limit])
      } else {
        rows = try database.all(
          """
          SELECT * FROM webhook_deliveries WHERE (created_at, id) < ($1, $2)
            AND ($3 = '' OR chatbot_id = $4 OR state = $5
              OR instr(folded(coalesce(last_error, '')), $6) > 0)
          ORDER BY created_at DESC, id DESC LIMIT $7
          """,
          [
            page.createdAt, page.id, search, search, search, Folding.folded(search), page.limit,
          ])
      }
      return rows.map(Delivery.init)
    }
  }

  /// How many messages are due, and since when the oldest is; ms since 1970 UTC.
  package func outbox(now: Int) async throws -> (due: Int, oldest: Int?) {
    try await reads.read { database in
      let row = try database.first(
        """
        SELECT count(*) AS due, min(next_at) AS oldest FROM webhook_deliveries
        WHERE state = 'waiting' AND next_at <= $1
        """, [now])
      return (row?["due"] ?? 0, row?["oldest"])
    }
  }

  /// Forgets messages that are over and whose time has passed; a lead's live as long as the lead.
  package func sweepDeliveries(before time: Int) async throws {
    try await changes.write { database in
      _ = try database.change(
        """
        DELETE FROM webhook_deliveries
        WHERE lead_id IS NULL AND state IN ('sent', 'dead') AND created_at < $1
        """, [time])
    }
  }
}
