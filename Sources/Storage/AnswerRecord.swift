// What is kept of an answer: its text, how it came about, what it cost, its citations; and what of it may be shown to a model
// again.

package import Corpus
import FoundationEssentials
import GRDB

/// An answer to be noted.
package struct NewAnswer: Sendable {
  /// A citation as it was shown.
  package struct Cited: Sendable {
    package let n: Int
    package let source: SourceID
    package let json: String
    package let reference: String

    package init(n: Int, source: SourceID, json: String, reference: String) {
      self.n = n
      self.source = source
      self.json = json
      self.reference = reference
    }
  }

  package var id: String
  package var conversation: String
  package var chatbot: ChatbotID
  /// Nil for the operator's own chatbot.
  package var owner: String?
  package var content: String
  package var answered: Bool
  /// quoted, model, blended or fixed.
  package var mode: String
  package var milliseconds: Int
  package var citations: [Cited]
  package var now: Int
  /// The period whose tokens it counts among.
  package var periodStart = 0
  package var generation: Int?
  package var model: String?
  package var tokensIn = 0
  package var tokensOut = 0
  package var gated = 0
  /// Citable sources whose text it rests on.
  package var promptSources: [SourceID] = []
  /// Of the guidance that was in the prompt; nil without any.
  package var guidanceDigest: String?
  /// What was looked at, for its owner.
  package var trace = "{}"
  /// What is kept of the request that it answers; nil for one without a name.
  package var end: RequestEnd?

  package init(
    id: String, conversation: String, chatbot: ChatbotID, content: String, answered: Bool,
    mode: String, milliseconds: Int, citations: [Cited], now: Int
  ) {
    self.id = id
    self.conversation = conversation
    self.chatbot = chatbot
    self.content = content
    self.answered = answered
    self.mode = mode
    self.milliseconds = milliseconds
    self.citations = citations
    self.now = now
  }
}

/// A question of a conversation with its answer.
package struct PastTurn: Hashable, Sendable {
  package let question: String
  package let answer: String?
  /// How the answer came about: quoted, model, blended or fixed.
  package let mode: String
  package let promptSources: [SourceID]
  package let guidanceDigest: String?
}

/// How an answer came about, for its chatbot's owner.
package struct AnswerTrace: Sendable {
  package let message: String
  package let content: String
  package let mode: String
  package let generation: Int?
  package let model: String?
  package let tokensIn, tokensOut, milliseconds, createdAt: Int
  package let trace: String
  /// Citations that may still be shown: number and chunk.
  package let citations: [(n: Int, reference: String)]
}

extension AppDatabase {
  /// Notes an answer with its citations and what it has cost.
  ///
  /// A citation of a source that is not citable at this moment is refused by the table itself and left out. The request it
  /// answers ends in the same commit: whoever repeats it finds the answer, or asks anew.
  package func add(_ answer: NewAnswer) async throws {
    try await changes.write { try Self.add(answer, in: $0) }
  }

  static func add(_ answer: NewAnswer, in database: Database) throws {
    // The visitor may have erased the conversation meanwhile; what was spent was spent.
    let stands = try database.number(
      "SELECT count(*) FROM conversations WHERE id = $1", [answer.conversation])
    // One that broke off before its first word has nothing to keep but its price.
    let isKept = stands == 1 && !answer.content.isEmpty
    if isKept { try insert(answer, in: database) }
    if let end = answer.end {
      if isKept {
        try endRequest(end, in: database)
      } else {
        try forgetAnswer(end.name, in: database)
      }
    }
    if answer.answered || answer.tokensIn + answer.tokensOut > 0 {
      try database.change(
        """
        UPDATE usage_days SET answered = answered + $1, tokens = tokens + $2,
          tokens_out = tokens_out + $3
        WHERE chatbot_id = $4 AND day = $5
        """,
        [
          answer.answered && stands == 1 ? 1 : 0, answer.tokensIn + answer.tokensOut,
          answer.tokensOut, answer.chatbot.text, answer.now / millisecondsOfDay,
        ])
    }
    if let owner = answer.owner, answer.tokensIn + answer.tokensOut > 0 {
      try database.change(
        """
        UPDATE usage_periods SET tokens_in = tokens_in + $1, tokens_out = tokens_out + $2
        WHERE user_id = $3 AND period_start = $4
        """, [answer.tokensIn, answer.tokensOut, owner, answer.periodStart])
    }
  }

  private static func insert(_ answer: NewAnswer, in database: Database) throws {
    let sources = String(
      decoding: try JSONEncoder().encode(answer.promptSources.map(\.text)), as: UTF8.self)
    try database.change(
      """
      INSERT INTO messages (id, conversation_id, role, content, answered, mode, milliseconds,
        generation, model, tokens_in, tokens_out, gated, prompt_sources_json, guidance_digest, trace_json,
        created_at)
      VALUES ($1, $2, 'assistant', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
      """,
      [
        answer.id, answer.conversation, answer.content, answer.answered ? 1 : 0, answer.mode,
        answer.milliseconds, answer.generation, answer.model, answer.tokensIn, answer.tokensOut,
        answer.gated, sources, answer.guidanceDigest, answer.trace, answer.now,
      ])
    for citation in answer.citations {
      try database.change(
        """
        INSERT INTO sources_used (message_id, n, source_id, is_citable, citation_json, reference)
        SELECT $1, $2, id, is_citable, $3, $4 FROM knowledge_sources
        WHERE id = $5 AND is_citable = 1 AND deleted_at IS NULL
        """,
        [answer.id, citation.n, citation.json, citation.reference, citation.source.text])
    }
  }

  /// The last turns of a question's conversation, oldest first.
  static func past(
    of ask: ChatAdmission, limit: Int, in database: Database
  ) throws -> [PastTurn] {
    let rows = try database.all(
      """
      SELECT m.role, m.content, m.mode, m.prompt_sources_json, m.guidance_digest
      FROM messages m JOIN conversations c ON c.id = m.conversation_id
      WHERE c.chatbot_id = $1 AND c.session_id = $2 AND m.id < $3 ORDER BY m.id DESC LIMIT $4
      """, [ask.chatbot.text, ask.session, ask.messageID, limit * 2])
    var turns: [PastTurn] = []
    var answer: Row?
    for row in rows where turns.count < limit {
      if row["role"] == "assistant" {
        answer = row
        continue
      }
      let sources = try answer.map {
        try JSONDecoder().decode(
          [String].self, from: Data(($0["prompt_sources_json"] as String).utf8))
      }
      turns.append(
        PastTurn(
          question: row["content"], answer: answer?["content"], mode: answer?["mode"] ?? "",
          promptSources: (sources ?? []).map { SourceID(unchecked: $0) },
          guidanceDigest: answer?["guidance_digest"]))
      answer = nil
    }
    return turns.reversed()
  }

  /// Counts tokens that no answer has used.
  package func note(
    _ tokens: TokenCounts, of chatbot: ChatbotID, owner: String?, period: Range<Int>, now: Int
  ) async throws {
    try await changes.write { database in
      try Self.note(
        tokens, of: chatbot.text, owner: owner.map { ($0, period) }, now: now, in: database)
    }
  }

  /// - Parameter owner: whose account it is, and the period of it that holds `now`.
  static func note(
    _ tokens: TokenCounts, of chatbot: String, owner: (id: String, period: Range<Int>)?, now: Int,
    in database: Database
  ) throws {
    try database.change(
      """
      INSERT INTO usage_days (chatbot_id, day, messages, answered, limited, tokens, tokens_out,
        tokens_embedded, created_at)
      VALUES ($1, $2, 0, 0, 0, $3, $4, $5, $6)
      ON CONFLICT (chatbot_id, day) DO UPDATE SET tokens = usage_days.tokens + excluded.tokens,
        tokens_out = usage_days.tokens_out + excluded.tokens_out,
        tokens_embedded = usage_days.tokens_embedded + excluded.tokens_embedded
      """,
      [
        chatbot, now / millisecondsOfDay, tokens.read + tokens.written, tokens.written,
        tokens.embedded, now,
      ])
    guard let owner else { return }
    try database.change(
      """
      INSERT INTO usage_periods (user_id, period_start, period_end, messages_used, limited,
        tokens_in, tokens_out, tokens_embedded, created_at)
      VALUES ($1, $2, $3, 0, 0, $4, $5, $6, $7)
      ON CONFLICT (user_id, period_start) DO UPDATE
        SET tokens_in = usage_periods.tokens_in + excluded.tokens_in,
          tokens_out = usage_periods.tokens_out + excluded.tokens_out,
          tokens_embedded = usage_periods.tokens_embedded + excluded.tokens_embedded
      """,
      [
        owner.id, owner.period.lowerBound, owner.period.upperBound, tokens.read, tokens.written,
        tokens.embedded, now,
      ])
  }

  /// Model tokens that a chatbot and its owner have used in a period.
  ///
  /// A chatbot's are counted by days: one on which periods meet counts in both, so that no hour is free of the cap.
  package func modelTokens(
    of chatbot: ChatbotID, owner: String?, periodStart: Int, periodEnd: Int
  ) async throws -> (chatbot: Int, owner: Int) {
    try await reads.read { database in
      let own = try database.number(
        """
        SELECT cast(coalesce(sum(tokens), 0) AS bigint) FROM usage_days
        WHERE chatbot_id = $1 AND day >= $2 AND day <= $3
        """, [chatbot.text, periodStart / millisecondsOfDay, (periodEnd - 1) / millisecondsOfDay])
      guard let owner else { return (own, 0) }
      return (
        own,
        try database.number(
          """
          SELECT tokens_in + tokens_out FROM usage_periods
          WHERE user_id = $1 AND period_start = $2
          """, [owner, periodStart])
      )
    }
  }

  /// How an answer of a conversation came about; nil when the conversation has no such answer.
  package func answerTrace(
    _ message: String, in conversation: String
  ) async throws -> AnswerTrace? {
    try await reads.read { database in
      guard
        let row = try database.first(
          "SELECT * FROM messages WHERE id = $1 AND conversation_id = $2 AND role = 'assistant'",
          [message, conversation])
      else { return nil }
      let citations = try database.all(
        """
        SELECT u.n AS n, u.reference AS reference FROM sources_used u
          JOIN knowledge_sources s ON s.id = u.source_id
        WHERE u.message_id = $1 AND s.is_citable = 1 AND s.deleted_at IS NULL ORDER BY u.n
        """, [message])
      return AnswerTrace(
        message: message, content: row["content"], mode: row["mode"] ?? "",
        generation: row["generation"], model: row["model"], tokensIn: row["tokens_in"],
        tokensOut: row["tokens_out"], milliseconds: row["milliseconds"],
        createdAt: row["created_at"], trace: row["trace_json"],
        citations: citations.map { ($0["n"], $0["reference"]) })
    }
  }
}

extension AppDatabase {
  /// Blended answers of a chatbot, and those among them that the output gate ended.
  ///
  /// - Parameter since: milliseconds since 1970 UTC.
  package func gatedAnswers(
    of chatbot: ChatbotID, since: Int
  ) async throws -> (answers: Int, stopped: Int) {
    try await reads.read { database in
      let row = try database.first(
        """
        SELECT count(*) AS answers,
          cast(coalesce(sum(CASE WHEN m.gated > 0 THEN 1 ELSE 0 END), 0) AS bigint) AS stopped
        FROM conversations c JOIN messages m ON m.conversation_id = c.id
        WHERE c.chatbot_id = $1 AND c.last_message_at >= $2 AND m.created_at >= $3
          AND m.mode = 'blended'
        """, [chatbot.text, since, since])
      return (row?["answers"] ?? 0, row?["stopped"] ?? 0)
    }
  }
}
