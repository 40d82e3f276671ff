// An owner's golden questions: what a new generation is measured by before it goes live, and what `bobbin eval` asks.

package import Corpus
import FoundationEssentials
import GRDB

/// A golden question as its chatbot's row has it.
package struct GoldenQuestionRow: Hashable, Sendable {
  package let question: String
  /// What was asked before, oldest first.
  package let history: [String]
  /// Where the answer stands; nil when any source may say it.
  package var source: SourceID?
  /// Words that must stand in the passage and in the answer.
  package let expected: String?
  package let hasNoAnswer: Bool

  package init(
    question: String, history: [String], source: SourceID?, expected: String?, hasNoAnswer: Bool
  ) {
    self.question = question
    self.history = history
    self.source = source
    self.expected = expected
    self.hasNoAnswer = hasNoAnswer
  }

  init(row: Row) throws {
    question = row["question"]
    history = try JSONDecoder().decode(
      [String].self, from: Data((row["history_json"] as String).utf8))
    source = (row["source_id"] as String?).map { SourceID(unchecked: $0) }
    expected = row["expected"]
    hasNoAnswer = row["no_answer"] == 1
  }
}

extension AppDatabase {
  /// A chatbot's golden questions, in the order of their owner.
  ///
  /// One whose source the owner has removed is not asked any more: nothing could answer it.
  package func goldenQuestions(of chatbot: ChatbotID) async throws -> [GoldenQuestionRow] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM golden_questions WHERE chatbot_id = $1 AND (source_id IS NULL OR EXISTS (
          SELECT 1 FROM knowledge_sources s
          WHERE s.id = golden_questions.source_id AND s.deleted_at IS NULL))
        ORDER BY ordinal
        """, [chatbot.text]
      ).map(GoldenQuestionRow.init(row:))
    }
  }

  /// Replaces a chatbot's golden questions.
  ///
  /// - Parameter id: draws an id for each.
  /// - Returns: false, and nothing changed, when one names a source that is not the chatbot's.
  package func setGoldenQuestions(
    _ questions: [GoldenQuestionRow], of chatbot: ChatbotID, now: Int,
    id: @escaping @Sendable () -> String
  ) async throws -> Bool {
    try await changes.write { database in
      let known = Set(try Self.visibilities(of: chatbot, in: database).keys)
      guard questions.allSatisfy({ $0.source.map(known.contains) ?? true }) else { return false }
      try database.change("DELETE FROM golden_questions WHERE chatbot_id = $1", [chatbot.text])
      for (ordinal, question) in questions.enumerated() {
        try database.change(
          """
          INSERT INTO golden_questions (id, chatbot_id, ordinal, question, history_json, source_id,
            expected, no_answer, created_at)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
          """,
          [
            id(), chatbot.text, ordinal, question.question,
            String(decoding: try JSONEncoder().encode(question.history), as: UTF8.self),
            question.source?.text, question.expected, question.hasNoAnswer ? 1 : 0, now,
          ])
      }
      return true
    }
  }

  /// What each source of a chatbot is called.
  package func sourceNames(of chatbot: ChatbotID) async throws -> [SourceID: String] {
    try await reads.read { database in
      let rows = try database.all(
        "SELECT id, name FROM knowledge_sources WHERE chatbot_id = $1 AND deleted_at IS NULL",
        [chatbot.text])
      return Dictionary(
        rows.map { (SourceID(unchecked: $0["id"]), $0["name"] as String) },
        uniquingKeysWith: { first, _ in first })
    }
  }
}
