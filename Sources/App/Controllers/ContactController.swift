// Contacts: what a chatbot's CRM tells us of people, signed, and what its owner sees of it. Whatever is wrong with a message's
// signature is one answer without detail, an unknown chatbot's included.

import Corpus
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/webhooks/crm/` and `/api/chatbots/{chatbot_id}/contacts/…`.
struct ContactController: Sendable {
  /// Contacts of a chatbot.
  static let limit = 50_000
  /// How long the id of a message is remembered, in ms.
  static let memory = 8 * 86_400_000

  let database: AppDatabase
  let secrets: WebhookSecrets
  /// How to read messages that are not in our shape; nil without a file.
  let mapping: ContactMapping?

  private static let base = "/api/chatbots/{chatbot_id}/contacts/"
  private static let message = Schema.object([
    required("type", .choice(["contact.upserted", "contact.deleted"])),
    required(
      "data",
      .object([
        required("external_id", .string(1...200, .oneLine)),
        optional("email", .nullable(.string(3...254, .email))),
        optional("name", .nullable(.string(0...200, .oneLine))),
        optional("phone", .nullable(.string(0...50, .oneLine))),
        optional("fields", .map(.string(0...500))),
      ])),
  ])

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .post, "/api/webhooks/crm/", "A CRM tells of a person (Standard Webhooks).",
        query: [required("chatbot", .string(1...64))], body: .raw, answers: [.empty(202)],
        problems: [.unauthenticated, .malformed, .invalid, .planLimit, .rateLimited],
        addressLimit: .minutely(600), bodyLimit: 64 << 10),
      for: access.signed, { call, _ in try await take(call) })
    routes.add(
      Route(
        .get, Self.base, "What the CRM has told of people, newest first.",
        query: Components.page, answers: [.json(200, Components.listing("Contact"))]),
      for: access.owner,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        let page = try call.page()
        let found = try await database.contacts(of: chatbot.id, page)
        return Answer.json(
          Listing(
            found.map(ContactShape.init), page,
            cursor: found.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
      })
    routes.add(
      Route(.delete, Self.base + "{contact_id}/", "Remove a contact.", answers: [.empty()]),
      for: access.owner,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        guard try await database.removeContact(try call.id("contact_id"), of: chatbot.id) else {
          throw AppError.notFound
        }
        return Answer.empty
      })
  }

  private func take(_ call: Call) async throws -> Response {
    let chatbot = ChatbotID(unchecked: call.query("chatbot") ?? "")
    let secret = try await database.inboundSecret(of: chatbot.text)
    // A key that nobody has stands in for one that is not there, so that both take as long.
    let keys = secrets.keys(
      .in, of: chatbot, version: secret?.version ?? 0, rotatedAt: secret?.rotatedAt, now: call.now)
    func header(_ name: String) -> String {
      HTTPField.Name(name).flatMap { call.request.headers[$0] } ?? ""
    }
    let event = header("webhook-id")
    let isSigned = StandardWebhook.verify(
      id: event, timestamp: header("webhook-timestamp"), signatures: header("webhook-signature"),
      body: call.raw, keys: keys, now: call.now)
    guard isSigned, secret?.version ?? 0 > 0, (1...200).contains(event.utf8.count) else {
      throw AppError.unauthenticated
    }
    if let wait = try await database.pass(
      [RateLimit("crm-in:\(chatbot)", 60, per: 60_000)], now: call.now)
    {
      throw AppError.rateLimited(milliseconds: wait)
    }
    guard let change = try change(of: call.raw) else { return Self.accepted }
    switch try await database.take(
      change, event: event, of: chatbot, id: FreshID.text(now: call.now), limit: Self.limit,
      now: call.now)
    {
    case .taken, .repeated: return Self.accepted
    case .full: throw AppError.planLimit("contacts", used: Self.limit, max: Self.limit)
    }
  }

  private static var accepted: Response {
    Response(status: .accepted, headers: [.cacheControl: "no-store"])
  }

  /// What a message says; nil for a kind of which nothing is kept.
  private func change(of bytes: [UInt8]) throws -> ContactChange? {
    guard var value = try? StrictJSON.parse(bytes), case .object(let members) = value else {
      throw AppError.malformed("The body must be a JSON object.")
    }
    if case .string(let type)? = members["type"],
      ["contact.upserted", "contact.deleted"].contains(type)
    {
      // Ours.
    } else if let mapping {
      guard let mapped = mapping.mapped(value) else { return nil }
      value = mapped
    } else {
      return nil
    }
    let problems = Self.message.problems(in: value)
    guard problems.isEmpty else { throw AppError.invalid(problems) }
    guard case .object(let message) = value, case .object(let data)? = message["data"] else {
      return nil
    }
    let input = Input(data)
    let externalID = input.text("external_id") ?? ""
    guard message["type"] == .string("contact.upserted") else {
      return .deleted(externalID: externalID)
    }
    var fields: [String: String] = [:]
    if case .object(let named)? = data["fields"] {
      guard named.count <= 20 else { throw AppError.invalid("data.fields", "too-long") }
      for (name, value) in named {
        guard (1...80).contains(name.utf8.count), case .string(let text) = value else {
          throw AppError.invalid("data.fields", "format")
        }
        fields[name] = text
      }
    }
    return .upserted(
      externalID: externalID, email: input.text("email")?.normalizedEmail,
      name: input.text("name"), phone: input.text("phone"), fields: fields)
  }
}

struct ContactShape: Encodable {
  let id, external_id, created_at, updated_at: String
  let email, name, phone: Nullable<String>
  let fields: [String: String]

  init(_ contact: Contact) {
    id = contact.id
    external_id = contact.externalID
    created_at = APITime.text(contact.createdAt)
    updated_at = APITime.text(contact.updatedAt)
    email = Nullable(contact.email)
    name = Nullable(contact.name)
    phone = Nullable(contact.phone)
    fields = contact.fields
  }
}

extension Contact {
  /// What a prompt may hold of it, for this person's own questions.
  var lines: [String] {
    let facts =
      [("name", name), ("telephone number", phone)].compactMap { label, value in
        value.map { (label, $0) }
      } + fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    return facts.map { label, value in "Of the person who asks: \(label) is \(value)." }
  }
}
