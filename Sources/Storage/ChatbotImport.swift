// A chatbot that comes from another server: its rows, first marked as removed at a time still to come, so that a crash before
// its files are in place leaves what is cleaned away by itself.

package import Corpus
import GRDB

/// What is known of it.
package struct ChatbotImport: Sendable {
  package let id: ChatbotID
  package let owner: String
  package let name: String
  package let slug: String
  package let sources: [KnowledgeSource]
  package var description = ""
  package var welcomeText = ""
  package var noAnswerText = ""
  package var busyText = ""
  package var privacyMode = "strict"
  package var isPublic = false
  /// JSON, as in `ChatbotSettings`.
  package var allowedDomains = "[]"
  package var dailyMessageCap, monthlyTokenCap, retentionDays: Int?
  /// JSON, as in `ChatbotSettings`; nil for what a new chatbot has.
  package var leadForm, suggestedQuestions, qualityGate: String?
  /// The generation that answers; nil for one that was never trained.
  package var generation: Int?
  /// An id for the run that stands for the import.
  package var run = ""
  package var documents: [Document] = []
  /// Lines of guidance, oldest first; they are drafts.
  package var guidance: [(id: String, source: SourceID?, text: String, hash: [UInt8])] = []

  package typealias Document = (
    id: String, source: String, uri: String, title: String, chunks: Int
  )

  package init(
    id: ChatbotID, owner: String, name: String, slug: String, sources: [KnowledgeSource]
  ) {
    self.id = id
    self.owner = owner
    self.name = name
    self.slug = slug
    self.sources = sources
  }
}

extension AppDatabase {
  /// How long an import may take before it counts as broken off, in ms: its bytes are on this disk already.
  private static let importTime = 3_600_000

  /// Stores the rows.
  ///
  /// - Throws: `ChatbotRefusal.limit`, `SourceRefusal`; nothing is changed then.
  package func beginImport(
    _ new: ChatbotImport, chatbotLimit: Int, sourceLimit: Int, byteLimit: Int, now: Int
  ) async throws {
    try await changes.write { database in
      let used = try database.number(
        "SELECT count(*) FROM chatbots WHERE user_id = $1 AND deleted_at IS NULL", [new.owner])
      guard used < chatbotLimit else { throw ChatbotRefusal.limit(used: used) }
      guard new.sources.count <= sourceLimit else {
        throw SourceRefusal.limit(used: new.sources.count)
      }
      let bytes = try Self.storedBytes(of: new.owner, in: database)
      guard bytes + new.sources.reduce(0, { $0 + $1.bytes }) <= byteLimit else {
        throw SourceRefusal.storage(used: bytes)
      }
      try database.change(
        """
        INSERT INTO chatbots (id, user_id, name, description, public_url_slug, is_public, welcome_text,
          no_answer_text, busy_text, privacy_mode, allowed_domains_json, daily_message_cap,
          monthly_token_cap, retention_days, deleted_at, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """,
        [
          new.id.text, new.owner, new.name, new.description, new.slug, new.isPublic ? 1 : 0,
          new.welcomeText, new.noAnswerText, new.busyText, new.privacyMode, new.allowedDomains,
          new.dailyMessageCap, new.monthlyTokenCap, new.retentionDays, now + Self.importTime, now,
          now,
        ])
      for (column, value) in [
        ("lead_form_json", new.leadForm), ("quality_gate_json", new.qualityGate),
        ("suggested_questions_json", new.suggestedQuestions),
      ] {
        guard let value else { continue }
        try database.change(
          "UPDATE chatbots SET \(column) = $1 WHERE id = $2", [value, new.id.text])
      }
      for source in new.sources {
        try database.change(
          """
          INSERT INTO knowledge_sources (id, chatbot_id, source_type, source_url, file_path, name,
            is_citable, bytes, crawl_json, created_at, updated_at)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
          """,
          [
            source.id.text, new.id.text, source.type, source.url, source.path, source.name,
            source.isCitable ? 1 : 0, source.bytes, source.crawl, now, now,
          ])
      }
      for line in new.guidance {
        try database.change(
          """
          INSERT INTO guidance_lines (id, chatbot_id, source_id, text, text_hash, state, created_at,
            updated_at)
          VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7)
          """,
          [
            line.id, new.id.text, line.source?.text, line.text, DatabaseBytes(line.hash).value, now,
            now,
          ])
      }
      guard let generation = new.generation else { return }
      try database.change(
        """
        INSERT INTO runs (id, chatbot_id, state, started_at, finished_at, generation, "trigger")
        VALUES ($1, $2, 'done', $3, $4, $5, 'import')
        """, [new.run, new.id.text, now, now, generation])
      for document in new.documents {
        try database.change(
          """
          INSERT INTO documents (id, source_id, chatbot_id, run_id, uri, title, stage, state, tries,
            pages, chunks, tokens, created_at, changed_at, generation)
          VALUES ($1, $2, $3, $4, $5, $6, 'index', 'live', 0, 0, $7, 0, $8, $9, $10)
          """,
          [
            document.id, document.source, new.id.text, new.run, document.uri, document.title,
            document.chunks, now, now, generation,
          ])
      }
    }
  }

  /// Its files are in place: it is a chatbot like any other.
  package func endImport(_ id: ChatbotID, now: Int) async throws -> Chatbot? {
    try await changes.write { database in
      try database.change(
        "UPDATE chatbots SET deleted_at = NULL, updated_at = $1 WHERE id = $2", [now, id.text])
      return try database.first("SELECT * FROM chatbots WHERE id = $1", [id.text])
        .map(Chatbot.init(row:))
    }
  }
}
