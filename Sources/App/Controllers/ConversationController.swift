// Conversations as their chatbot's owner reads them.

import Billing
import Corpus
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Spool
import Storage

/// `/api/chatbots/{chatbot_id}/conversations/…`.
struct ConversationController: Sendable {
  let database: AppDatabase

  private static let base = "/api/chatbots/{chatbot_id}/conversations/"

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, Self.base, "Conversations, newest first.", query: Components.page + Self.filters,
        answers: [.json(200, Components.listing("Conversation"))]),
      for: access.owner, { call, owner in try await list(call, owner) })
    routes.add(
      Route(
        .get, Self.base + "export/", "All messages, one JSON object a line.",
        answers: [.media(["application/x-ndjson"])], ownerLimit: .hourly(10)),
      for: access.owner, { call, owner in try await export(call, owner) })
    routes.add(
      Route(
        .get, Self.base + "{conversation_id}/", "A conversation with its messages.",
        answers: [
          .json(
            200,
            .object([
              required("conversation", .component("Conversation")),
              required("messages", .array(.component("Message"), 0...10_000)),
            ]))
        ]),
      for: access.owner, { call, owner in try await show(call, owner) })
    routes.add(
      Route(
        .post, "/api/chatbots/{chatbot_id}/erase/",
        "Forget a session, or a person by address: conversations, messages, leads, with a receipt.",
        body: .json(
          .object([
            optional("session_id", .string(1...64, .filled)),
            optional("email", .string(3...254, .email)),
          ])),
        answers: [
          .json(
            200,
            .object([
              required("conversations", .count), required("messages", .count),
              required("leads", .count), required("deliveries", .count),
              required("contacts", .count),
            ]))
        ]),
      for: access.owner, { call, owner in try await erase(call, owner) })
    routes.add(
      Route(
        .delete, Self.base + "{conversation_id}/", "Remove a conversation.", answers: [.empty()]),
      for: access.owner,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        guard
          try await database.removeConversation(try call.id("conversation_id"), of: chatbot.id)
        else { throw AppError.notFound }
        return Answer.empty
      })
  }

  /// What a list of conversations may be narrowed by.
  static let filters = [
    optional("from", Schema.string(10...10, .day)), optional("to", .string(10...10, .day)),
    optional("answered", .choice(["true", "false"])),
    optional("feedback", .choice(["1", "0", "-1"])),
    optional("q", .string(1...100)),
  ]

  /// The filter that a request asks for.
  static func filter(_ call: Call) -> ConversationFilter {
    var filter = ConversationFilter()
    filter.from = call.query("from").flatMap(APITime.day)
    // The day itself is meant too.
    filter.to = call.query("to").flatMap(APITime.day).map { $0 + 86_400_000 }
    filter.isAnswered = call.query("answered").map { $0 == "true" }
    filter.feedback = call.query("feedback").flatMap { Int($0) }
    filter.words = call.query("q")
    return filter
  }

  private func list(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let page = try call.page()
    let found = try await database.conversations(
      of: chatbot.id, matching: Self.filter(call), page)
    return Answer.json(
      Listing(
        found.map(ConversationShape.init), page,
        cursor: found.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
  }

  /// Forgets a person: everything that one session said and was told.
  private func erase(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Receipt: Encodable {
      let conversations, messages, leads, deliveries, contacts: Int
    }
    let chatbot = try await database.owned(call, owner)
    // Whatever is named is forgotten; naming nothing forgets nothing.
    var counts = ErasureReceipt()
    if let session = call.input.text("session_id") {
      counts += try await database.eraseSession(session, of: chatbot.id)
    }
    if let email = call.input.text("email") {
      counts += try await database.erasePerson(email: email.normalizedEmail, of: chatbot.id)
    }
    return Answer.json(
      Receipt(
        conversations: counts.conversations, messages: counts.messages, leads: counts.leads,
        deliveries: counts.deliveries, contacts: counts.contacts))
  }

  private func show(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Shown: Encodable {
      let conversation: ConversationShape
      let messages: [MessageShape]
    }
    let chatbot = try await database.owned(call, owner)
    guard
      let conversation = try await database.conversation(
        try call.id("conversation_id"), of: chatbot.id)
    else { throw AppError.notFound }
    let messages = try await database.messages(of: conversation.id, limit: 10_000)
    return Answer.json(
      Shown(
        conversation: ConversationShape(conversation), messages: messages.map(MessageShape.init)))
  }

  /// One message of the export.
  private struct Line: Encodable {
    let conversation_id, session_id: String
    let message: MessageShape
    enum CodingKeys: String, CodingKey {
      case conversation_id, session_id, message_id, role, content, sources, answered, feedback
      case comment, created_at
    }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(conversation_id, forKey: .conversation_id)
      try container.encode(session_id, forKey: .session_id)
      try container.encode(message.id, forKey: .message_id)
      try container.encode(message.role, forKey: .role)
      try container.encode(message.content, forKey: .content)
      try container.encode(message.sources, forKey: .sources)
      try container.encode(message.answered, forKey: .answered)
      try container.encode(message.feedback, forKey: .feedback)
      try container.encode(message.comment, forKey: .comment)
      try container.encode(message.created_at, forKey: .created_at)
    }
  }

  private func export(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/x-ndjson", .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"conversations.jsonl\"",
      ],
      body: ResponseBody { writer in
        var page = PageRequest(limit: 100)
        while true {
          let found = try await database.conversations(of: chatbot.id, page)
          for conversation in found {
            let messages = try await database.messages(of: conversation.id, limit: 10_000)
            var buffer = ByteBuffer()
            for message in messages {
              buffer.writeBytes(
                JSONText.encode(
                  Line(
                    conversation_id: conversation.id, session_id: conversation.session,
                    message: MessageShape(message))))
              buffer.writeString("\n")
            }
            try await writer.write(buffer)
          }
          guard found.count == page.limit, let last = found.last else { break }
          page = PageRequest(createdAt: last.createdAt, id: last.id, limit: page.limit)
        }
        try await writer.finish(nil)
      })
  }
}
