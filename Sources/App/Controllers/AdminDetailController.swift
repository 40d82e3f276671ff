// One thing of anybody's, as an operator looks at it, and what failed anywhere. Reading what people said is an act with privilege, and
// is noted as one.

import Corpus
import HTTPTypes
import Hummingbird
import Storage

/// `/api/admin/{chatbots,sources,runs,conversations,deliveries}/{id}/`, `/api/admin/documents/`.
struct AdminDetailController: Sendable {
  /// Documents that are shown beside a source, and messages beside a conversation.
  private static let shownDocuments = 100
  private static let shownMessages = 1_000

  let database: AppDatabase
  let publicURL: String
  let prices: TokenPrices?

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/api/admin/chatbots/{chatbot_id}/", "A chatbot, its owner and its sources.",
        answers: [
          .json(
            200,
            .object([
              required("chatbot", .component("Chatbot")),
              required("owner", .nullable(.component("AdminUser"))),
              required("sources", .array(.component("Source"), 0...10_000)),
            ]))
        ]),
      for: access.admin, { call, _ in try await chatbot(call) })
    routes.add(
      Route(
        .get, "/api/admin/sources/{source_id}/", "A source, and what became of its documents.",
        answers: [
          .json(
            200,
            .object([
              required("source", .component("Source")),
              // The hundred that were named last.
              required("documents", .array(.component("Document"), 0...Self.shownDocuments)),
            ]))
        ]),
      for: access.admin, { call, _ in try await source(call) })
    routes.add(
      Route(
        .get, "/api/admin/runs/{run_id}/", "A run.", answers: [.json(200, .component("Run"))]),
      for: access.admin, { call, _ in try await run(call) })
    routes.add(
      Route(
        .get, "/api/admin/conversations/{conversation_id}/",
        "A conversation with its messages; that it was read is noted in the audit log.",
        answers: [
          .json(
            200,
            .object([
              required("conversation", .component("Conversation")),
              required("messages", .array(.component("Message"), 0...Self.shownMessages)),
            ]))
        ]),
      for: access.admin, { call, owner in try await conversation(call, owner) })
    routes.add(
      Route(
        .get, "/api/admin/deliveries/{delivery_id}/", "A message to a CRM.",
        answers: [.json(200, .component("Delivery"))]),
      for: access.admin,
      { call, _ in
        guard let found = try await database.delivery(try call.id("delivery_id")) else {
          throw AppError.notFound
        }
        return Answer.json(DeliveryShape(found))
      })
    routes.add(
      Route(
        .get, "/api/admin/documents/",
        "Documents of all chatbots that wait, are held or have failed, newest first.",
        query: Components.page + [optional("q", .string(0...100))],
        answers: [.json(200, Components.listing("FailedDocument"))]),
      for: access.admin, { call, _ in try await failures(call) })
  }

  private func chatbot(_ call: Call) async throws -> Response {
    struct Shown: Encodable {
      let chatbot: ChatbotShape
      let owner: Nullable<AdminUserShape>
      let sources: [SourceShape]
    }
    guard let found = try await database.chatbotSummary(try call.id("chatbot_id")) else {
      throw AppError.notFound
    }
    let id = found.chatbot.id
    var states: [String: SourceState] = [:]
    for state in try await database.sourceStates(of: id) { states[state.id] = state }
    let sources = try await database.sources(of: id, PageRequest(limit: 10_000))
    return Answer.json(
      Shown(
        chatbot: ChatbotShape(found, publicURL: publicURL),
        owner: Nullable(try await database.owner(of: id).map(AdminUserShape.init)),
        sources: sources.map { SourceShape($0, states[$0.id.text], prices) }))
  }

  private func source(_ call: Call) async throws -> Response {
    struct Shown: Encodable {
      let source: SourceShape
      let documents: [DocumentShape]
    }
    guard let found = try await database.source(try call.id("source_id")) else {
      throw AppError.notFound
    }
    let state = try await database.sourceStates(of: found.chatbot).first { $0.id == found.id.text }
    let documents = try await database.documents(
      of: found.chatbot, source: found.id.text, state: nil, reason: nil,
      PageRequest(limit: Self.shownDocuments))
    return Answer.json(
      Shown(
        source: SourceShape(found, state, prices),
        documents: documents.map { DocumentShape($0, now: call.now) }))
  }

  private func run(_ call: Call) async throws -> Response {
    guard let row = try await database.runRow(try call.id("run_id")) else {
      throw AppError.notFound
    }
    return Answer.json(
      RunShape(row, try await database.progress(of: row.id)))
  }

  private func conversation(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Shown: Encodable {
      let conversation: ConversationShape
      let messages: [MessageShape]
    }
    guard let found = try await database.conversation(try call.id("conversation_id")) else {
      throw AppError.notFound
    }
    // Noted first: what is not in the log has not been read.
    try await AuditTrail(database: database).note(
      "conversation.read", "conversation", found.id, detail: [:], by: owner, now: call.now)
    let messages = try await database.messages(of: found.id, limit: Self.shownMessages)
    return Answer.json(
      Shown(
        conversation: ConversationShape(found), messages: messages.map(MessageShape.init)))
  }

  private func failures(_ call: Call) async throws -> Response {
    struct Failed: Encodable {
      let chatbot_id: String
      let document: DocumentShape
    }
    let page = try call.page()
    let found = try await database.failedDocuments(
      search: call.query("q") ?? "", page)
    return Answer.json(
      Listing(
        found.map {
          Failed(chatbot_id: $0.chatbot.text, document: DocumentShape($0.document, now: call.now))
        }, page,
        cursor: found.last.map { Cursor(createdAt: $0.document.createdAt, id: $0.document.id) }))
  }
}
