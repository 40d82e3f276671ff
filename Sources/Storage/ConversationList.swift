// Which conversations an owner or an operator looks for, and the list of them.

package import Corpus
import GRDB

/// Which conversations are wanted.
package struct ConversationFilter: Sendable {
  /// Begun at or after, and before; milliseconds since 1970 UTC.
  package var from: Int?
  package var to: Int?
  /// Whether some question was answered, or some was not.
  package var isAnswered: Bool?
  /// 1, 0 or -1 on some answer.
  package var feedback: Int?
  /// Text that some message holds, in letters of any size.
  package var words: String?

  package init() {}
}

extension AppDatabase {
  /// Conversations of a chatbot, or of all, newest first.
  package func conversations(
    of chatbot: ChatbotID?, matching filter: ConversationFilter = ConversationFilter(),
    _ page: PageRequest
  ) async throws -> [Conversation] {
    var values: StatementArguments = [page.createdAt, page.id]
    var count = 2
    /// A value's number in the statement.
    func number(_ value: some DatabaseValueConvertible) -> String {
      values += [value]
      count += 1
      return "$\(count)"
    }
    func holds(_ condition: String) -> String {
      "EXISTS (SELECT 1 FROM messages m LEFT JOIN feedback f ON f.message_id = m.id "
        + "WHERE m.conversation_id = c.id AND \(condition))"
    }
    var conditions = ["(c.created_at, c.id) < ($1, $2)"]
    if let chatbot { conditions.append("c.chatbot_id = \(number(chatbot.text))") }
    if let from = filter.from { conditions.append("c.created_at >= \(number(from))") }
    if let to = filter.to { conditions.append("c.created_at < \(number(to))") }
    if let answered = filter.isAnswered {
      conditions.append(holds("m.answered = \(number(answered ? 1 : 0))"))
    }
    if let value = filter.feedback { conditions.append(holds("f.value = \(number(value))")) }
    if let words = filter.words {
      conditions.append(holds("instr(folded(m.content), \(number(Folding.folded(words)))) > 0"))
    }
    let sql = """
      SELECT \(Conversation.columns) FROM conversations c
      WHERE \(conditions.joined(separator: " AND "))
      ORDER BY c.created_at DESC, c.id DESC LIMIT \(number(page.limit))
      """
    let arguments = values
    return try await reads.read { try $0.all(sql, arguments).map(Conversation.init) }
  }
}
