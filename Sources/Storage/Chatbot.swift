// Chatbots, their settings, and the visibility of their sources.

package import Corpus
import GRDB

/// One chatbot.
package struct Chatbot: Hashable, Sendable {
  package let id: ChatbotID
  /// Whose it is; nil for one made on the command line: the operator's.
  package let owner: String?
  package let slug: String
  package let createdAt: Int
  package let updatedAt: Int
  package var settings: ChatbotSettings
  /// Why its CRM gets no messages at present; nil when it does.
  package let crmDisabledReason: String?

  /// Whether its CRM may tell it of people.
  package let takesContacts: Bool

  package var name: String { settings.name }

  init(row: Row) {
    id = ChatbotID(unchecked: row["id"])
    owner = row["user_id"]
    slug = row["public_url_slug"]
    createdAt = row["created_at"]
    updatedAt = row["updated_at"]
    settings = ChatbotSettings(row: row)
    takesContacts = row["crm_in_version"] > 0
    crmDisabledReason = row["crm_disabled_at"] == nil ? nil : row["crm_disabled_why"] ?? ""
  }
}

/// What an owner sets of a chatbot.
package struct ChatbotSettings: Hashable, Sendable {
  package var name: String
  package var description: String
  package var slug: String
  package var isPublic: Bool
  package var welcomeText: String
  package var noAnswerText: String
  package var busyText: String
  /// JSON: an array of origins.
  package var allowedDomains: String
  /// JSON: the form's object.
  package var leadForm: String
  /// blended or strict.
  package var privacyMode: String
  package var crmWebhookURL: String?
  package var dailyMessageCap: Int?
  package var monthlyTokenCap: Int?
  package var retentionDays: Int?
  /// JSON: the least figures of a generation that goes live by itself; `{}` demands nothing.
  package var qualityGate: String
  /// JSON: an array of questions that visitors are offered.
  package var suggestedQuestions: String
  /// Whether an edit names the webhook's address, be it the one that is set already.
  package var setsWebhook = false

  init(row: Row) {
    name = row["name"]
    description = row["description"]
    slug = row["public_url_slug"]
    isPublic = row["is_public"] == 1
    welcomeText = row["welcome_text"]
    noAnswerText = row["no_answer_text"]
    busyText = row["busy_text"]
    allowedDomains = row["allowed_domains_json"]
    leadForm = row["lead_form_json"]
    privacyMode = row["privacy_mode"]
    crmWebhookURL = row["crm_webhook_url"]
    dailyMessageCap = row["daily_message_cap"]
    monthlyTokenCap = row["monthly_token_cap"]
    retentionDays = row["retention_days"]
    qualityGate = row["quality_gate_json"]
    suggestedQuestions = row["suggested_questions_json"]
  }
}

/// A chatbot with what a list shows of it.
package struct ChatbotSummary: Sendable {
  package let chatbot: Chatbot
  package let sources: Int
  /// Chunks of its live documents.
  package let chunks: Int
  /// running, held, done or failed of its latest run; nil before the first.
  package let runState: String?
  /// When its latest generation went live; nil before the first.
  package let trainedAt: Int?
  package let generation: Int?
  /// How many chatbots of its owner are older.
  package let older: Int
  /// The raw value of its owner's plan tier; nil for the operator's own.
  package let planTier: String?
}

/// Why a chatbot was not made or changed.
package enum ChatbotRefusal: Error, Sendable {
  /// The owner's plan allows no more.
  case limit(used: Int)
  case slugTaken
  case none
}

extension AppDatabase {
  /// The chatbot with this id or slug; nil when there is none.
  package func chatbot(_ idOrSlug: String) async throws -> Chatbot? {
    try await reads.read { database in
      try database.first(
        "SELECT * FROM chatbots WHERE (id = $1 OR public_url_slug = $2) AND deleted_at IS NULL",
        [idOrSlug, idOrSlug]
      ).map(Chatbot.init(row:))
    }
  }

  /// The chatbot with this id or slug, as strangers see it: nil for one that is not public, or whose owner is suspended.
  package func publicChatbot(_ idOrSlug: String) async throws -> Chatbot? {
    try await reads.read { database in
      try database.first(
        """
        SELECT c.* FROM chatbots c LEFT JOIN users u ON u.id = c.user_id
        WHERE (c.id = $1 OR c.public_url_slug = $2) AND c.deleted_at IS NULL AND c.is_public = 1
          AND coalesce(u.disabled, 0) = 0
        """, [idOrSlug, idOrSlug]
      ).map(Chatbot.init(row:))
    }
  }

  /// The chatbot with this id if it is this owner's; nil for one that is another's, as for one that is not there.
  package func chatbot(_ id: String, of owner: String) async throws -> Chatbot? {
    try await reads.read { database in
      try database.first(
        "SELECT * FROM chatbots WHERE id = $1 AND user_id = $2 AND deleted_at IS NULL", [id, owner]
      ).map(Chatbot.init(row:))
    }
  }

  /// All chatbots by slug.
  package func chatbots() async throws -> [Chatbot] {
    try await reads.read { database in
      try database.all("SELECT * FROM chatbots WHERE deleted_at IS NULL ORDER BY public_url_slug")
        .map(Chatbot.init(row:))
    }
  }

  /// An owner's chatbots, or all of them, newest first.
  ///
  /// - Parameter search: part of a name or slug, among all of them; empty for all.
  package func chatbots(
    of owner: String?, search: String = "", _ page: PageRequest
  ) async throws -> [ChatbotSummary] {
    try await reads.read { database in
      let rows: [Row]
      if let owner {
        rows = try database.all(
          """
          SELECT * FROM chatbots WHERE user_id = $1 AND deleted_at IS NULL
            AND (created_at, id) < ($2, $3)
          ORDER BY created_at DESC, id DESC LIMIT $4
          """, [owner, page.createdAt, page.id, page.limit])
      } else {
        rows = try database.all(
          """
          SELECT * FROM chatbots WHERE deleted_at IS NULL AND (created_at, id) < ($1, $2)
            AND ($3 = '' OR instr(folded(name), $4) > 0 OR instr(public_url_slug, $5) > 0)
          ORDER BY created_at DESC, id DESC LIMIT $6
          """, [page.createdAt, page.id, search, Folding.folded(search), search, page.limit])
      }
      return try rows.map { try Self.summary(Chatbot(row: $0), in: database) }
    }
  }

  /// A chatbot with its counts.
  package func summary(of chatbot: Chatbot) async throws -> ChatbotSummary {
    try await reads.read { try Self.summary(chatbot, in: $0) }
  }

  static func summary(_ chatbot: Chatbot, in database: Database) throws -> ChatbotSummary {
    let id = chatbot.id.text
    let latest = try database.first(
      "SELECT state FROM runs WHERE chatbot_id = $1 ORDER BY started_at DESC, id DESC LIMIT 1", [id]
    )
    let live = try database.first(
      """
      SELECT generation, finished_at FROM runs WHERE chatbot_id = $1 AND generation IS NOT NULL
      ORDER BY started_at DESC, id DESC LIMIT 1
      """, [id])
    return ChatbotSummary(
      chatbot: chatbot,
      sources: try database.number(
        "SELECT count(*) FROM knowledge_sources WHERE chatbot_id = $1 AND deleted_at IS NULL", [id]),
      chunks: try database.number(
        """
        SELECT cast(coalesce(sum(chunks), 0) AS bigint) FROM documents
        WHERE chatbot_id = $1 AND generation IS NOT NULL
        """, [id]),
      runState: latest?["state"], trainedAt: live?["finished_at"], generation: live?["generation"],
      older: try older(than: chatbot, in: database),
      planTier: try database.first(
        "SELECT plan_tier FROM users WHERE id = $1", [chatbot.owner])?["plan_tier"])
  }

  /// How many chatbots of its owner were made before this one.
  static func older(than chatbot: Chatbot, in database: Database) throws -> Int {
    guard let owner = chatbot.owner else { return 0 }
    return try database.number(
      """
      SELECT count(*) FROM chatbots
      WHERE user_id = $1 AND deleted_at IS NULL AND (created_at, id) < ($2, $3)
      """, [owner, chatbot.createdAt, chatbot.id.text])
  }

  /// Makes sure a chatbot of this slug exists; one that has to be made is the operator's.
  ///
  /// - Parameter id: used when it has to be made.
  package func ensureChatbot(slug: String, id: ChatbotID, now: Int) async throws -> Chatbot {
    guard Self.isSlug(slug) else { throw StorageError.badSlug(slug) }
    return try await changes.write { database in
      try database.change(
        """
        INSERT INTO chatbots (id, name, public_url_slug, is_public, created_at, updated_at)
        VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT (public_url_slug) DO NOTHING
        """, [id.text, slug, slug, now, now])
      let row = try database.first(
        "SELECT * FROM chatbots WHERE public_url_slug = $1 AND deleted_at IS NULL", [slug])
      guard let row else { throw StorageError.noChatbot(slug) }
      return Chatbot(row: row)
    }
  }

  /// Makes a chatbot for an owner.
  ///
  /// - Throws: `ChatbotRefusal.limit` when the owner has `limit` already, `.slugTaken`.
  package func addChatbot(
    id: ChatbotID, owner: String, name: String, description: String, slug: String, limit: Int,
    now: Int
  ) async throws -> Chatbot {
    try await changes.write { database in
      let used = try database.number(
        "SELECT count(*) FROM chatbots WHERE user_id = $1 AND deleted_at IS NULL", [owner])
      guard used < limit else { throw ChatbotRefusal.limit(used: used) }
      let isNew = try database.change(
        """
        INSERT INTO chatbots (id, user_id, name, description, public_url_slug, is_public, created_at,
          updated_at)
        VALUES ($1, $2, $3, $4, $5, 1, $6, $7) ON CONFLICT (public_url_slug) DO NOTHING
        """, [id.text, owner, name, description, slug, now, now])
      guard isNew == 1,
        let row = try database.first("SELECT * FROM chatbots WHERE id = $1", [id.text])
      else { throw ChatbotRefusal.slugTaken }
      return Chatbot(row: row)
    }
  }

  /// Changes an owner's chatbot.
  ///
  /// - Throws: `ChatbotRefusal.none` and `.slugTaken`.
  package func change(
    _ chatbot: ChatbotID, of owner: String, now: Int,
    _ edit: @escaping @Sendable (inout ChatbotSettings) -> Void
  ) async throws -> Chatbot {
    try await changes.write { database in
      guard
        let row = try database.first(
          "SELECT * FROM chatbots WHERE id = $1 AND user_id = $2 AND deleted_at IS NULL",
          [chatbot.text, owner])
      else { throw ChatbotRefusal.none }
      var new = ChatbotSettings(row: row)
      edit(&new)
      let taken = try database.number(
        "SELECT count(*) FROM chatbots WHERE public_url_slug = $1 AND id <> $2",
        [new.slug, chatbot.text])
      guard taken == 0 else { throw ChatbotRefusal.slugTaken }
      try database.change(
        """
        UPDATE chatbots SET name = $1, description = $2, public_url_slug = $3, is_public = $4,
          welcome_text = $5, no_answer_text = $6, busy_text = $7, allowed_domains_json = $8,
          lead_form_json = $9, privacy_mode = $10, crm_webhook_url = $11, daily_message_cap = $12,
          monthly_token_cap = $13, retention_days = $14, quality_gate_json = $15,
          suggested_questions_json = $16, updated_at = $17
        WHERE id = $18
        """,
        [
          new.name, new.description, new.slug, new.isPublic ? 1 : 0, new.welcomeText,
          new.noAnswerText, new.busyText, new.allowedDomains, new.leadForm, new.privacyMode,
          new.crmWebhookURL, new.dailyMessageCap, new.monthlyTokenCap, new.retentionDays,
          new.qualityGate, new.suggestedQuestions, now, chatbot.text,
        ])
      // Whoever sets the address, even to the same, says that it is right now.
      if new.crmWebhookURL != nil, new.setsWebhook || new.crmWebhookURL != row["crm_webhook_url"] {
        try Self.enable(chatbot, now: now, in: database)
      }
      guard let row = try database.first("SELECT * FROM chatbots WHERE id = $1", [chatbot.text])
      else { throw ChatbotRefusal.none }
      return Chatbot(row: row)
    }
  }

  /// Gives a chatbot to another account.
  package func give(_ chatbot: ChatbotID, to owner: String, now: Int) async throws {
    try await changes.write { database in
      _ = try database.change(
        "UPDATE chatbots SET user_id = $1, updated_at = $2 WHERE id = $3",
        [owner, now, chatbot.text])
    }
  }

  /// What a visitor may see of each source, read anew for each answer.
  ///
  /// A source without a row, or that its owner has removed, has no visibility.
  package func visibilities(of chatbot: ChatbotID) async throws -> [SourceID: Visibility] {
    try await reads.read { try Self.visibilities(of: chatbot, in: $0) }
  }

  static func visibilities(
    of chatbot: ChatbotID, in database: Database
  ) throws -> [SourceID: Visibility] {
    let rows = try database.all(
      "SELECT id, is_citable FROM knowledge_sources WHERE chatbot_id = $1 AND deleted_at IS NULL",
      [chatbot.text])
    return Dictionary(
      rows.map { row in
        (SourceID(unchecked: row["id"]), row["is_citable"] == 1 ? Visibility.citable : .learnOnly)
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether text can stand in a link: 1 to 64 of `a-z 0-9 -`.
  package static func isSlug(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (97...122).contains($0) || (48...57).contains($0) || $0 == 45
      }
  }
}
