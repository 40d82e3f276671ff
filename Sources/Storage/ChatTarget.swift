// A chatbot as a question finds it: one read, so that flags, owner and settings are of one moment.

package import Corpus
import GRDB

/// What is needed to answer a question to a chatbot, read at one moment.
package struct ChatTarget: Sendable {
  package let chatbot: Chatbot
  /// Nil for the operator's own chatbot.
  package let owner: User?
  /// How many chatbots of its owner are older: those are the last ones that a smaller plan pauses.
  package let older: Int
  package let visibilities: [SourceID: Visibility]
  /// Approved lines, oldest first.
  package let guidance: [String]
}

/// A question that has not been counted yet, with what it finds: all read at one moment.
package struct ChatProspect: Sendable {
  package let target: ChatTarget
  package let admission: ChatAdmission
  /// Whether limits and quota would admit it.
  package let isAdmissible: Bool
  /// The last turns of its conversation, oldest first.
  package let past: [PastTurn]
}

/// What has no message left.
package enum MessageLimit: String, Codable, Sendable {
  /// The owner's plan, for this period.
  case quota
  /// The chatbot, for this day: its owner's own bound.
  case dailyCap = "daily-cap"
}

/// Whether a question is answered.
package enum ChatVerdict: Sendable {
  /// It is counted, and noted in its conversation.
  case admitted(conversation: String)
  /// The messages of the period or of the day are used up; nothing is kept of it. `isFirst` once for each of them: its owner is
  /// told.
  case limited(MessageLimit, isFirst: Bool)
  /// Too many at once: milliseconds to wait.
  case refused(wait: Int)
}

/// An answer that takes no search.
package struct KnownAnswer<Answer: Sendable>: Sendable {
  let answer: Answer
  /// What is noted of it.
  let record: @Sendable (_ conversation: String) -> NewAnswer

  package init(
    _ answer: Answer, record: @escaping @Sendable (_ conversation: String) -> NewAnswer
  ) {
    self.answer = answer
    self.record = record
  }
}

/// A question that was looked at.
package enum ChatOpening<Known: Sendable>: Sendable {
  /// Read, and not counted.
  case read(ChatProspect)
  /// Counted and noted together with an answer that was known.
  case noted(ChatProspect, Known, ChatVerdict)
}

extension AppDatabase {
  /// The owner of a chatbot; nil for the operator's own.
  package func owner(of chatbot: ChatbotID) async throws -> User? {
    try await reads.read { database in
      try database.first(
        "SELECT u.* FROM users u JOIN chatbots c ON c.user_id = u.id WHERE c.id = $1",
        [chatbot.text]
      ).map(User.init)
    }
  }

  /// A chatbot with its owner and its sources' flags; nil when there is none.
  package func chatTarget(_ id: String) async throws -> ChatTarget? {
    try await reads.read { try Self.chatTarget(id, in: $0) }
  }

  /// A chatbot as a question to it finds it; nil when there is none.
  ///
  /// For work that is done before it is counted: `admit` decides, and may say otherwise a moment later. When nobody waits for the
  /// one writer the question is read there: an answer that is known is then counted and noted in the same turn. Its pages are at
  /// hand, too, while a reader has to fetch them anew after every commit.
  ///
  /// - Parameters:
  ///   - turns: earlier ones at most.
  ///   - ask: makes the question's admission, or refuses it by throwing.
  ///   - known: finds an answer that takes no search; nobody else can write meanwhile. Nil where none is ever known.
  package func opening<Known: Sendable>(
    of id: String, turns: Int, _ ask: @escaping @Sendable (ChatTarget) throws -> ChatAdmission,
    known: (@Sendable (ChatProspect) -> KnownAnswer<Known>?)?
  ) async throws -> ChatOpening<Known>? {
    if let known {
      let alone = try await changes.writeIfIdle { database -> ChatOpening<Known>? in
        guard let prospect = try Self.prospect(id, turns: turns, ask, in: database) else {
          return nil
        }
        guard prospect.isAdmissible, let known = known(prospect) else { return .read(prospect) }
        let verdict = try Self.admit(prospect.admission, answered: known.record, in: database)
        return .noted(prospect, known.answer, verdict)
      }
      if let alone { return alone }
    }
    return try await reads.read {
      try Self.prospect(id, turns: turns, ask, in: $0).map(ChatOpening.read)
    }
  }

  private static func prospect(
    _ id: String, turns: Int, _ ask: (ChatTarget) throws -> ChatAdmission, in database: Database
  ) throws -> ChatProspect? {
    guard let target = try chatTarget(id, in: database) else { return nil }
    let admission = try ask(target)
    return ChatProspect(
      target: target, admission: admission,
      isAdmissible: try isAdmissible(admission, in: database),
      past: try past(of: admission, limit: turns, in: database))
  }

  private static func chatTarget(_ id: String, in database: Database) throws -> ChatTarget? {
    guard
      let chatbot = try database.first(
        "SELECT * FROM chatbots WHERE id = $1 AND deleted_at IS NULL", [id]
      ).map(Chatbot.init(row:))
    else { return nil }
    let owner = try chatbot.owner.flatMap { owner in
      try database.first("SELECT * FROM users WHERE id = $1", [owner]).map(User.init)
    }
    return ChatTarget(
      chatbot: chatbot, owner: owner, older: try older(than: chatbot, in: database),
      visibilities: try visibilities(of: chatbot.id, in: database),
      guidance: try database.all(
        """
        SELECT g.text AS text FROM guidance_lines g LEFT JOIN knowledge_sources s ON s.id = g.source_id
        WHERE g.chatbot_id = $1 AND g.state = 'approved'
          AND (g.source_id IS NULL OR s.deleted_at IS NULL)
        ORDER BY g.created_at, g.id
        """, [chatbot.id.text]
      ).map { $0["text"] })
  }
}
