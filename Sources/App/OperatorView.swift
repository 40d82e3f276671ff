// What an operator looks at, of anybody's: one thing as HTTP and terminal show it, and lists for a terminal. What people have said
// is not read without a note in the audit log; the note comes first.

import Answering
import Billing
import Corpus
import FoundationEssentials
package import Storage

/// Things of all accounts, as an operator looks at them.
package struct OperatorView: Sendable {
  /// What can be listed, searched and opened.
  package enum Kind: String, CaseIterable, Sendable {
    case chatbots, sources, runs, conversations, deliveries
  }

  /// A line of a list.
  package struct Line: Sendable {
    /// For people, the id first.
    package let columns: [String]
    /// As the API has it.
    package let json: [UInt8]

    fileprivate init(_ columns: [String], _ shape: some Encodable) {
      self.columns = columns
      json = JSONText.encode(shape)
    }
  }

  private let database: AppDatabase
  private let publicURL: String
  private let prices: TokenPrices?

  package init(_ configuration: Configuration, database: AppDatabase) {
    self.database = database
    publicURL = configuration.publicURL
    prices = configuration.tokenPrices
  }

  // MARK: Lists

  /// The newest of a kind, from a terminal on the machine itself; conversations and deliveries are noted in the audit log.
  ///
  /// - Parameters:
  ///   - search: part of a name, an address or a text, or a chatbot's id; empty for all.
  ///   - limit: at most so many.
  package func list(_ kind: Kind, search: String, limit: Int) async throws -> [Line] {
    let page = PageRequest(limit: limit)
    switch kind {
    case .chatbots:
      return try await database.chatbots(of: nil, search: search.lowercased(), page).map {
        let shape = ChatbotShape($0, publicURL: publicURL)
        return Line([shape.id, shape.state, shape.public_url_slug, shape.name], shape)
      }
    case .sources:
      return try await shapes(of: try await database.sources(search: search, page)).map {
        Line([$0.id, $0.status, $0.is_citable ? "citable" : "learn-only", $0.name], $0)
      }
    case .runs:
      let rows = try await database.runRows(of: nil, search: search, page)
      return try await shapes(of: rows).map {
        Line([$0.id, $0.state, $0.started_at, $0.chatbot_id], $0)
      }
    case .conversations:
      try await noteOnMachine("conversation.list", "conversation", "*", search)
      var filter = ConversationFilter()
      filter.words = search.isEmpty ? nil : search
      return try await database.conversations(of: nil, matching: filter, page).map {
        let shape = ConversationShape($0)
        return Line([shape.id, shape.created_at, shape.question.value ?? "-"], shape)
      }
    case .deliveries:
      try await noteOnMachine("delivery.list", "delivery", "*", search)
      return try await database.deliveries(of: nil, search: search, page).map {
        let shape = DeliveryShape($0)
        return Line(
          [shape.id, shape.state, shape.created_at, shape.last_error.value ?? "-"], shape)
      }
    }
  }

  private func noteOnMachine(
    _ action: String, _ object: String, _ id: String, _ search: String? = nil
  ) async throws {
    try await AuditTrail(database: database).noteOnMachine(
      action, object, id, search.map { ["q": .string($0)] } ?? [:])
  }

  func shapes(of found: [KnowledgeSource]) async throws -> [SourceShape] {
    var states: [String: SourceState] = [:]
    for chatbot in Set(found.map(\.chatbot)) {
      for state in try await database.sourceStates(of: chatbot) { states[state.id] = state }
    }
    return found.map { SourceShape($0, states[$0.id.text], prices) }
  }

  func shapes(of runs: [RunRow]) async throws -> [RunShape] {
    var shapes: [RunShape] = []
    for row in runs {
      shapes.append(RunShape(row, try await database.progress(of: row.id)))
    }
    return shapes
  }

  // MARK: One thing

  /// Documents that are shown beside a source, and messages beside a conversation.
  static let shownDocuments = 100
  static let shownMessages = 1_000

  struct ChatbotDetail: Encodable, Sendable {
    let chatbot: ChatbotShape
    let owner: Nullable<AdminUserShape>
    let sources: [SourceShape]
  }

  struct SourceDetail: Encodable, Sendable {
    let source: SourceShape
    /// The hundred that were named last.
    let documents: [DocumentShape]
  }

  struct ConversationDetail: Encodable, Sendable {
    let conversation: ConversationShape
    let messages: [MessageShape]
  }

  /// One thing as JSON, for a terminal on the machine itself; conversations and deliveries are noted in the audit log.
  ///
  /// - Returns: nil when there is none with this id.
  package func one(_ kind: Kind, _ id: String, now: Int) async throws -> [UInt8]? {
    switch kind {
    case .chatbots: return try await chatbot(id).map(JSONText.encode)
    case .sources: return try await source(id, now: now).map(JSONText.encode)
    case .runs: return try await run(id).map(JSONText.encode)
    case .conversations:
      try await noteOnMachine("conversation.read", "conversation", id)
      return try await conversation(id).map(JSONText.encode)
    case .deliveries:
      try await noteOnMachine("delivery.read", "delivery", id)
      return try await database.delivery(id).map { JSONText.encode(DeliveryShape($0)) }
    }
  }

  func chatbot(_ id: String) async throws -> ChatbotDetail? {
    guard let found = try await database.chatbotSummary(id) else { return nil }
    let chatbot = found.chatbot.id
    var states: [String: SourceState] = [:]
    for state in try await database.sourceStates(of: chatbot) { states[state.id] = state }
    let sources = try await database.sources(of: chatbot, PageRequest(limit: 10_000))
    return ChatbotDetail(
      chatbot: ChatbotShape(found, publicURL: publicURL),
      owner: Nullable(try await database.owner(of: chatbot).map(AdminUserShape.init)),
      sources: sources.map { SourceShape($0, states[$0.id.text], prices) })
  }

  func source(_ id: String, now: Int) async throws -> SourceDetail? {
    guard let found = try await database.source(id) else { return nil }
    let state = try await database.sourceStates(of: found.chatbot).first { $0.id == found.id.text }
    let documents = try await database.documents(
      of: found.chatbot, source: found.id.text, state: nil, reason: nil,
      PageRequest(limit: Self.shownDocuments))
    return SourceDetail(
      source: SourceShape(found, state, prices),
      documents: documents.map { DocumentShape($0, now: now) })
  }

  func run(_ id: String) async throws -> RunShape? {
    guard let row = try await database.runRow(id) else { return nil }
    return RunShape(row, try await database.progress(of: row.id))
  }

  func conversation(_ id: String) async throws -> ConversationDetail? {
    guard let found = try await database.conversation(id) else { return nil }
    let messages = try await database.messages(of: found.id, limit: Self.shownMessages)
    return ConversationDetail(
      conversation: ConversationShape(found), messages: messages.map(MessageShape.init))
  }
}
