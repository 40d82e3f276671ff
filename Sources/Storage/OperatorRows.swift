// Rows as an operator looks for them: of any chatbot, by id or by words.

package import Corpus
import GRDB

extension AppDatabase {
  /// A chatbot with its counts; nil when there is none.
  package func chatbotSummary(_ id: String) async throws -> ChatbotSummary? {
    try await reads.read { database in
      try database.first("SELECT * FROM chatbots WHERE id = $1 AND deleted_at IS NULL", [id])
        .map { try Self.summary(Chatbot(row: $0), in: database) }
    }
  }

  /// A source of any chatbot; nil when there is none.
  package func source(_ id: String) async throws -> KnowledgeSource? {
    try await reads.read { database in
      try database.first(
        "SELECT * FROM knowledge_sources WHERE id = $1 AND deleted_at IS NULL", [id]
      ).map(KnowledgeSource.init)
    }
  }

  /// All sources, newest first.
  ///
  /// - Parameter search: part of a name or an address, or the id of a chatbot; empty for all.
  package func sources(search: String = "", _ page: PageRequest) async throws -> [KnowledgeSource] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM knowledge_sources WHERE deleted_at IS NULL AND (created_at, id) < ($1, $2)
          AND ($3 = '' OR chatbot_id = $4 OR instr(folded(name), $5) > 0
            OR instr(folded(coalesce(source_url, '')), $6) > 0)
        ORDER BY created_at DESC, id DESC LIMIT $7
        """,
        [
          page.createdAt, page.id, search, search, Folding.folded(search), Folding.folded(search),
          page.limit,
        ]
      ).map(KnowledgeSource.init)
    }
  }

  /// A run of any chatbot; nil when there is none.
  package func runRow(_ id: String) async throws -> RunRow? {
    try await reads.read { database in
      try database.first("SELECT * FROM runs WHERE id = $1", [id]).map(RunRow.init)
    }
  }

  /// A conversation of any chatbot; nil when there is none.
  package func conversation(_ id: String) async throws -> Conversation? {
    try await reads.read { database in
      try database.first(
        "SELECT \(Conversation.columns) FROM conversations c WHERE c.id = $1", [id]
      ).map(Conversation.init)
    }
  }

  /// A message to a CRM, of any chatbot; nil when there is none.
  package func delivery(_ id: String) async throws -> Delivery? {
    try await reads.read { database in
      try database.first("SELECT * FROM webhook_deliveries WHERE id = $1", [id])
        .map(Delivery.init)
    }
  }

  /// Documents of all chatbots that did not get through: they wait, are held, or have ended with a reason.
  ///
  /// What was left out because it says nothing new has not failed. Newest first.
  ///
  /// - Parameter search: part of an address, or the id of a chatbot; empty for all.
  package func failedDocuments(
    search: String, _ page: PageRequest
  ) async throws -> [(chatbot: ChatbotID, document: DocumentRow)] {
    let expected = LeftOut.reasons.sorted() + ["removed", "rolled_back", DocumentState.unchanged]
    // Values stand in their order, so these come last but for the page's length.
    let places = expected.indices.map { "$\($0 + 6)" }.joined(separator: ", ")
    return try await reads.read { database in
      try database.all(
        """
        SELECT d.* FROM documents d JOIN chatbots c ON c.id = d.chatbot_id
        WHERE c.deleted_at IS NULL AND (d.created_at, d.id) < ($1, $2)
          AND ($3 = '' OR d.chatbot_id = $4 OR instr(folded(d.uri), $5) > 0)
          AND (d.state IN ('waiting', 'held') OR d.state = 'ended' AND d.reason IS NOT NULL
            AND d.reason NOT IN (\(places)))
        ORDER BY d.created_at DESC, d.id DESC LIMIT $\(expected.count + 6)
        """,
        StatementArguments(
          [page.createdAt, page.id, search, search, Folding.folded(search)]
            as [any DatabaseValueConvertible])
          + StatementArguments(expected) + [page.limit]
      ).map { (ChatbotID(unchecked: $0["chatbot_id"]), try DocumentRow(row: $0)) }
    }
  }
}
