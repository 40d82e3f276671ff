// Conversations of visitors and their messages. A message keeps the citations it was shown with; they are read through the
// flag of now, so one whose source has become learn-only is gone from history too.

package import Corpus
import GRDB

/// A visitor's session with a chatbot.
package struct Conversation: Hashable, Sendable {
  package let id: String
  package let chatbot: ChatbotID
  package let session: String
  /// embed, share, api or preview.
  package let channel: String
  package let messages: Int
  /// What was asked first, cut to 200 characters; nil when nothing is left of it.
  package let question: String?
  /// Answers that said nothing was found.
  package let unanswered: Int
  /// 1 or -1, the worst of its answers' feedback; nil without any.
  package let feedback: Int?
  package let lastMessageAt: Int
  package let createdAt: Int

  /// What a conversation is read with, of `conversations c`.
  static let columns = """
    c.*,
    (SELECT substr(m.content, 1, 200) FROM messages m
      WHERE m.conversation_id = c.id AND m.role = 'user' ORDER BY m.id LIMIT 1) AS question,
    (SELECT count(*) FROM messages m
      WHERE m.conversation_id = c.id AND m.answered = 0) AS unanswered,
    (SELECT min(f.value) FROM messages m JOIN feedback f ON f.message_id = m.id
      WHERE m.conversation_id = c.id AND f.value <> 0) AS feedback
    """

  init(row: Row) {
    id = row["id"]
    chatbot = ChatbotID(unchecked: row["chatbot_id"])
    session = row["session_id"]
    channel = row["channel"]
    messages = row["messages"]
    question = row["question"]
    unanswered = row["unanswered"]
    feedback = row["feedback"]
    lastMessageAt = row["last_message_at"]
    createdAt = row["created_at"]
  }
}

/// One message of a conversation.
package struct Message: Sendable {
  package let id: String
  package let conversation: String
  /// user or assistant.
  package let role: String
  package let content: String
  /// Nil for a visitor's message.
  package let answered: Bool?
  /// 1, 0 or -1; nil without feedback.
  package let feedback: Int?
  /// What was written with it.
  package let comment: String?
  package let createdAt: Int
  /// JSON of each citation that may still be shown, by number.
  package let citations: [String]
}

/// A question that asks to be answered.
package struct ChatAdmission: Sendable {
  package var chatbot: ChatbotID
  /// Whose quota it counts against; nil for the operator's own chatbot, which has none.
  package var owner: String?
  package var session: String
  package var channel: String
  package var origin: String?
  package var question: String
  /// Ids to be used for what has to be made.
  package var conversationID: String
  package var messageID: String
  /// Messages a period.
  package var quota: Int
  package var periodStart: Int
  package var periodEnd: Int
  /// Messages a day to this chatbot; nil without a cap.
  package var dailyCap: Int?
  package var limits: [RateLimit]
  /// Milliseconds since 1970 UTC.
  package var now: Int

  package init(
    chatbot: ChatbotID, owner: String?, session: String, channel: String, origin: String?,
    question: String, conversationID: String, messageID: String, quota: Int, periodStart: Int,
    periodEnd: Int, dailyCap: Int?, limits: [RateLimit], now: Int
  ) {
    self.chatbot = chatbot
    self.owner = owner
    self.session = session
    self.channel = channel
    self.origin = origin
    self.question = question
    self.conversationID = conversationID
    self.messageID = messageID
    self.quota = quota
    self.periodStart = periodStart
    self.periodEnd = periodEnd
    self.dailyCap = dailyCap
    self.limits = limits
    self.now = now
  }
}

let millisecondsOfDay = 86_400_000

extension AppDatabase {
  /// Checks limits and quota, counts the question and notes it: all in one transaction, so that no two count the same
  /// last message.
  ///
  /// - Parameter answer: for a question that is answered already: the answer, given its conversation, noted in the same commit.
  package func admit(
    _ ask: ChatAdmission,
    answered answer: (@Sendable (_ conversation: String) -> NewAnswer)? = nil
  ) async throws -> ChatVerdict {
    try await changes.write { try Self.admit(ask, answered: answer, in: $0) }
  }

  static func admit(
    _ ask: ChatAdmission, answered answer: (@Sendable (_ conversation: String) -> NewAnswer)?,
    in database: Database
  ) throws -> ChatVerdict {
    let verdict = try admit(ask, in: database)
    if case .admitted(let conversation) = verdict, let answer {
      try add(answer(conversation), in: database)
    }
    return verdict
  }

  private static func admit(_ ask: ChatAdmission, in database: Database) throws -> ChatVerdict {
    if let wait = try pass(ask.limits, now: ask.now, in: database) { return .refused(wait: wait) }
    let day = ask.now / millisecondsOfDay
    if let limit = try count(ask, day: day, in: database) {
      // Counted, not kept: what nobody answers must not fill the disk.
      return .limited(limit, isFirst: try countLimited(ask, limit, day: day, in: database))
    }
    let conversation = try conversation(for: ask, in: database)
    try database.change(
      """
      INSERT INTO messages (id, conversation_id, role, content, created_at)
      VALUES ($1, $2, 'user', $3, $4)
      """, [ask.messageID, conversation, ask.question, ask.now])
    return .admitted(conversation: conversation)
  }

  /// Whether limits and quota would admit a question at this moment.
  static func isAdmissible(_ ask: ChatAdmission, in database: Database) throws -> Bool {
    guard try wait(ask.limits, now: ask.now, in: database) == nil else { return false }
    if let cap = ask.dailyCap, try today(ask, in: database) >= cap { return false }
    guard let owner = ask.owner else { return true }
    let used = try database.number(
      "SELECT messages_used FROM usage_periods WHERE user_id = $1 AND period_start = $2",
      [owner, ask.periodStart])
    return used < ask.quota
  }

  /// Messages of the day so far.
  private static func today(_ ask: ChatAdmission, in database: Database) throws -> Int {
    try database.number(
      "SELECT messages FROM usage_days WHERE chatbot_id = $1 AND day = $2",
      [ask.chatbot.text, ask.now / millisecondsOfDay])
  }

  /// Counts one message against quota and cap, or neither.
  ///
  /// - Returns: what is used up; nil for a message that was counted.
  private static func count(
    _ ask: ChatAdmission, day: Int, in database: Database
  ) throws -> MessageLimit? {
    if let cap = ask.dailyCap, try today(ask, in: database) >= cap { return .dailyCap }
    if let owner = ask.owner {
      guard ask.quota > 0 else { return .quota }
      let counted = try database.change(
        """
        INSERT INTO usage_periods (user_id, period_start, period_end, messages_used, limited,
          tokens_in, tokens_out, tokens_embedded, created_at)
        VALUES ($1, $2, $3, 1, 0, 0, 0, 0, $4)
        ON CONFLICT (user_id, period_start) DO UPDATE
          SET messages_used = usage_periods.messages_used + 1
          WHERE usage_periods.messages_used < $5
        """, [owner, ask.periodStart, ask.periodEnd, ask.now, ask.quota])
      guard counted == 1 else { return .quota }
    }
    try database.change(
      """
      INSERT INTO usage_days (chatbot_id, day, messages, answered, limited, tokens, created_at)
      VALUES ($1, $2, 1, 0, 0, 0, $3)
      ON CONFLICT (chatbot_id, day) DO UPDATE SET messages = usage_days.messages + 1
      """, [ask.chatbot.text, day, ask.now])
    return nil
  }

  /// Notes that a message was not answered.
  ///
  /// - Returns: whether it is the first of its period, of its day for the daily cap; false where there is no owner to tell.
  private static func countLimited(
    _ ask: ChatAdmission, _ limit: MessageLimit, day: Int, in database: Database
  ) throws -> Bool {
    try database.change(
      """
      INSERT INTO usage_days (chatbot_id, day, messages, answered, limited, tokens, created_at)
      VALUES ($1, $2, 0, 0, 1, 0, $3)
      ON CONFLICT (chatbot_id, day) DO UPDATE SET limited = usage_days.limited + 1
      """, [ask.chatbot.text, day, ask.now])
    guard let owner = ask.owner else { return false }
    return try database.change(
      """
      INSERT INTO notices (id, user_id, kind, subject, created_at)
      VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, kind, subject) DO NOTHING
      """,
      [
        ask.messageID, owner, limit.rawValue,
        "\(ask.chatbot.text) \(limit == .quota ? ask.periodStart : day)", ask.now,
      ]) == 1
  }

  private static func conversation(
    for ask: ChatAdmission, in database: Database
  ) throws -> String {
    let row = try database.first(
      """
      INSERT INTO conversations (id, chatbot_id, session_id, channel, origin, messages,
        last_message_at, created_at)
      VALUES ($1, $2, $3, $4, $5, 1, $6, $7)
      ON CONFLICT (chatbot_id, session_id) DO UPDATE
        SET messages = conversations.messages + 1, last_message_at = excluded.last_message_at
      RETURNING id
      """,
      [
        ask.conversationID, ask.chatbot.text, ask.session, ask.channel, ask.origin, ask.now,
        ask.now,
      ])
    return row?["id"] ?? ask.conversationID
  }

  /// Gives a counted message back: its answer failed before its first word.
  package func giveBack(_ ask: ChatAdmission) async throws {
    try await changes.write { database in
      if let owner = ask.owner {
        try database.change(
          """
          UPDATE usage_periods SET messages_used = messages_used - 1
          WHERE user_id = $1 AND period_start = $2 AND messages_used > 0
          """, [owner, ask.periodStart])
      }
      try database.change(
        """
        UPDATE usage_days SET messages = messages - 1
        WHERE chatbot_id = $1 AND day = $2 AND messages > 0
        """, [ask.chatbot.text, ask.now / millisecondsOfDay])
    }
  }

  /// A session's conversation with a chatbot; nil before its first message.
  package func conversation(
    session: String, of chatbot: ChatbotID
  ) async throws -> Conversation? {
    try await reads.read { database in
      try database.first(
        """
        SELECT \(Conversation.columns) FROM conversations c
        WHERE c.chatbot_id = $1 AND c.session_id = $2
        """, [chatbot.text, session]
      ).map(Conversation.init)
    }
  }

  /// A conversation of a chatbot; nil when it has no such one.
  package func conversation(_ id: String, of chatbot: ChatbotID) async throws -> Conversation? {
    try await reads.read { database in
      try database.first(
        "SELECT \(Conversation.columns) FROM conversations c WHERE c.id = $1 AND c.chatbot_id = $2",
        [id, chatbot.text]
      ).map(Conversation.init)
    }
  }

  /// A conversation's messages, oldest first, at most `limit`, after an id.
  package func messages(
    of conversation: String, after id: String = "", limit: Int
  ) async throws -> [Message] {
    try await reads.read { database in
      try database.all(
        """
        SELECT m.*, f.value AS feedback, f.comment AS comment FROM messages m LEFT JOIN feedback f ON f.message_id = m.id
        WHERE m.conversation_id = $1 AND m.id > $2 ORDER BY m.id LIMIT $3
        """, [conversation, id, limit]
      ).map { try Self.message($0, in: database) }
    }
  }

  /// An answer that a session was given by a chatbot; nil when it was given no such one, or has had it erased.
  package func answer(
    _ id: String, session: String, of chatbot: ChatbotID
  ) async throws -> Message? {
    try await reads.read { database in
      try database.first(
        """
        SELECT m.*, f.value AS feedback, f.comment AS comment FROM messages m
          JOIN conversations c ON c.id = m.conversation_id
          LEFT JOIN feedback f ON f.message_id = m.id
        WHERE m.id = $1 AND m.role = 'assistant' AND c.session_id = $2 AND c.chatbot_id = $3
        """, [id, session, chatbot.text]
      ).map { try Self.message($0, in: database) }
    }
  }

  /// A message with the citations that may be shown at this moment.
  private static func message(_ row: Row, in database: Database) throws -> Message {
    let message: String = row["id"]
    let answered = row["answered"] as Int?
    let citations = try database.all(
      """
      SELECT u.citation_json AS json FROM sources_used u
        JOIN knowledge_sources s ON s.id = u.source_id
      WHERE u.message_id = $1 AND s.is_citable = 1 AND s.deleted_at IS NULL ORDER BY u.n
      """, [message]
    ).map { $0["json"] as String }
    return Message(
      id: message, conversation: row["conversation_id"], role: row["role"],
      content: row["content"], answered: answered.map { $0 == 1 }, feedback: row["feedback"],
      comment: row["comment"], createdAt: row["created_at"], citations: citations)
  }

  /// Notes what a visitor thinks of an answer of its own session.
  ///
  /// - Returns: false when the session has no such answer.
  package func setFeedback(
    _ value: Int, comment: String?, on message: String, session: String, of chatbot: ChatbotID,
    now: Int
  ) async throws -> Bool {
    try await changes.write { database in
      try database.change(
        """
        INSERT INTO feedback (message_id, value, comment, created_at)
        SELECT m.id, $1, $2, $3 FROM messages m JOIN conversations c ON c.id = m.conversation_id
        WHERE m.id = $4 AND m.role = 'assistant' AND c.session_id = $5 AND c.chatbot_id = $6
        ON CONFLICT (message_id) DO UPDATE SET value = excluded.value, comment = excluded.comment
        """, [value, comment, now, message, session, chatbot.text]) == 1
    }
  }

  /// Removes a conversation with all that hangs on it.
  ///
  /// - Returns: false when the chatbot has no such one.
  package func removeConversation(_ id: String, of chatbot: ChatbotID) async throws -> Bool {
    try await changes.write { database in
      try database.change(
        "DELETE FROM conversations WHERE id = $1 AND chatbot_id = $2", [id, chatbot.text]) == 1
    }
  }

  /// Removes all that a session has said to a chatbot and was told.
  ///
  /// - Returns: how many rows went.
  package func eraseSession(
    _ session: String, of chatbot: ChatbotID
  ) async throws -> ErasureReceipt {
    try await changes.write { try Self.eraseSession(session, of: chatbot, in: $0) }
  }

  static func eraseSession(
    _ session: String, of chatbot: ChatbotID, in database: Database
  ) throws -> ErasureReceipt {
    let messages = try database.number(
      """
      SELECT count(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id
      WHERE c.session_id = $1 AND c.chatbot_id = $2
      """, [session, chatbot.text])
    let conversations = try database.change(
      "DELETE FROM conversations WHERE session_id = $1 AND chatbot_id = $2",
      [session, chatbot.text])
    try database.change(
      "DELETE FROM visitor_addresses WHERE session_id = $1 AND chatbot_id = $2",
      [session, chatbot.text])
    // A lead takes along what a CRM was to be told of it.
    let deliveries = try database.number(
      """
      SELECT count(*) FROM webhook_deliveries d JOIN leads l ON l.id = d.lead_id
      WHERE l.session_id = $1 AND l.chatbot_id = $2
      """, [session, chatbot.text])
    let leads = try Self.removeLeads(session: session, of: chatbot, in: database)
    return ErasureReceipt(
      conversations: conversations, messages: messages, leads: leads, deliveries: deliveries)
  }

  /// Removes a session's conversation: what a visitor asks for.
  package func removeConversation(session: String, of chatbot: ChatbotID) async throws {
    try await changes.write { database in
      _ = try Self.removeLeads(session: session, of: chatbot, in: database)
      try database.change(
        "DELETE FROM visitor_addresses WHERE session_id = $1 AND chatbot_id = $2",
        [session, chatbot.text])
      _ = try database.change(
        "DELETE FROM conversations WHERE session_id = $1 AND chatbot_id = $2",
        [session, chatbot.text])
    }
  }
}

/// How many rows of a person are gone.
package struct ErasureReceipt: Hashable, Sendable {
  package var conversations = 0
  package var messages = 0
  package var leads = 0
  /// Messages to a CRM, sent or not.
  package var deliveries = 0
  /// What a CRM has told.
  package var contacts = 0

  package init() {}

  init(conversations: Int, messages: Int, leads: Int, deliveries: Int) {
    self.conversations = conversations
    self.messages = messages
    self.leads = leads
    self.deliveries = deliveries
  }

  package static func += (all: inout ErasureReceipt, more: ErasureReceipt) {
    all.conversations += more.conversations
    all.messages += more.messages
    all.leads += more.leads
    all.deliveries += more.deliveries
    all.contacts += more.contacts
  }
}
