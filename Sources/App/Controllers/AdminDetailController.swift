// One thing of anybody's, as an operator looks at it, and what failed anywhere. Reading what people said is an act with privilege, and
// is noted as one.

import Corpus
import HTTPTypes
import Hummingbird
import Storage

/// `/api/admin/{chatbots,sources,runs,conversations,deliveries}/{id}/`, `/api/admin/documents/`.
struct AdminDetailController: Sendable {
  let database: AppDatabase
  let view: OperatorView

  private var audit: AuditTrail { AuditTrail(database: database) }

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
      for: access.admin,
      { call, _ in try Self.answer(try await view.chatbot(try call.id("chatbot_id"))) })
    routes.add(
      Route(
        .get, "/api/admin/sources/{source_id}/", "A source, and what became of its documents.",
        answers: [
          .json(
            200,
            .object([
              required("source", .component("Source")),
              // The hundred that were named last.
              required(
                "documents", .array(.component("Document"), 0...OperatorView.shownDocuments)),
            ]))
        ]),
      for: access.admin,
      { call, _ in try Self.answer(try await view.source(try call.id("source_id"), now: call.now)) }
    )
    routes.add(
      Route(
        .get, "/api/admin/runs/{run_id}/", "A run.", answers: [.json(200, .component("Run"))]),
      for: access.admin,
      { call, _ in try Self.answer(try await view.run(try call.id("run_id"))) })
    routes.add(
      Route(
        .get, "/api/admin/conversations/{conversation_id}/",
        "A conversation with its messages; that it was read is noted in the audit log.",
        answers: [
          .json(
            200,
            .object([
              required("conversation", .component("Conversation")),
              required("messages", .array(.component("Message"), 0...OperatorView.shownMessages)),
            ]))
        ]),
      for: access.admin, { call, owner in try await conversation(call, owner) })
    routes.add(
      Route(
        .get, "/api/admin/deliveries/{delivery_id}/",
        "A message to a CRM; that it was read is noted in the audit log.",
        answers: [.json(200, .component("Delivery"))]),
      for: access.admin,
      { call, owner in
        guard let found = try await database.delivery(try call.id("delivery_id")) else {
          throw AppError.notFound
        }
        // It holds what a visitor has left.
        try await audit.note(
          "delivery.read", "delivery", found.id, detail: [:], by: owner, now: call.now)
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

  private static func answer(_ found: (some Encodable)?) throws(AppError) -> Response {
    guard let found else { throw AppError.notFound }
    return Answer.json(found)
  }

  private func conversation(_ call: Call, _ owner: Owner) async throws -> Response {
    let id = try call.id("conversation_id")
    guard try await database.conversation(id) != nil else { throw AppError.notFound }
    // Noted first: what is not in the log has not been read.
    try await audit.note(
      "conversation.read", "conversation", id, detail: [:], by: owner, now: call.now)
    return try Self.answer(try await view.conversation(id))
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
