// Leak tests of chatbots with what they found.

package import Corpus
import GRDB

/// A leak test.
package struct LeakTestRow: Sendable {
  package let id: String
  /// stub or model.
  package let against: String
  /// running, passed, failed or broken.
  package let state: String
  /// The report, JSON.
  package let result: String?
  /// Milliseconds since 1970 UTC.
  package let finishedAt: Int?
  package let createdAt: Int

  init(row: Row) {
    id = row["id"]
    against = row["against"]
    state = row["state"]
    result = row["result_json"]
    finishedAt = row["finished_at"]
    createdAt = row["created_at"]
  }
}

extension AppDatabase {
  /// Notes a test that begins.
  package func addLeakTest(
    _ id: String, of chatbot: ChatbotID, against: String, now: Int
  ) async throws {
    try await changes.write { database in
      _ = try database.change(
        """
        INSERT INTO leak_tests (id, chatbot_id, "against", state, created_at)
        VALUES ($1, $2, $3, 'running', $4)
        """, [id, chatbot.text, against, now])
    }
  }

  /// Notes what came of a test.
  package func endLeakTest(_ id: String, state: String, result: String?, now: Int) async throws {
    try await changes.write { database in
      _ = try database.change(
        "UPDATE leak_tests SET state = $1, result_json = $2, finished_at = $3 WHERE id = $4",
        [state, result, now, id])
    }
  }

  /// Ends tests that a process has left behind.
  package func endBrokenLeakTests(now: Int) async throws {
    try await changes.write { database in
      _ = try database.change(
        "UPDATE leak_tests SET state = 'broken', finished_at = $1 WHERE state = 'running'", [now])
    }
  }

  /// A chatbot's tests, newest first.
  package func leakTests(of chatbot: ChatbotID, _ page: PageRequest) async throws -> [LeakTestRow] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM leak_tests WHERE chatbot_id = $1 AND (created_at, id) < ($2, $3)
        ORDER BY created_at DESC, id DESC LIMIT $4
        """, [chatbot.text, page.createdAt, page.id, page.limit]
      ).map(LeakTestRow.init)
    }
  }

  /// A test of a chatbot; nil when it has no such one.
  package func leakTest(_ id: String, of chatbot: ChatbotID) async throws -> LeakTestRow? {
    try await reads.read { database in
      try database.first(
        "SELECT * FROM leak_tests WHERE id = $1 AND chatbot_id = $2", [id, chatbot.text]
      ).map(LeakTestRow.init)
    }
  }
}
