// A chatbot's CRM as its owner sees it: a test message, the secret that signs, what was sent and what became of it. Whatever an
// endpoint answers, its words are shown to nobody.

import Corpus
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Spool
import Storage
import WebClient

/// `/api/chatbots/{chatbot_id}/crm/…` and a lead's resend.
struct CRMController: Sendable {
  let database: AppDatabase
  let sender: DeliverySender

  private static let base = "/api/chatbots/{chatbot_id}/crm/"

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .post, Self.base + "test/", "Send a test message now and say what came of it.",
        answers: [
          .json(
            200,
            .object([
              required("delivered", .boolean), required("status", .nullable(.count)),
              required("error", .nullable(.text)), required("milliseconds", .count),
              required(
                "request",
                .object([required("headers", .map(.text)), required("body", .text)])),
            ]))
        ], problems: [.noWebhook], ownerLimit: .hourly(10), isIdempotent: true),
      for: access.owner, { call, owner in try await test(call, owner) })
    routes.add(
      Route(
        .post, Self.base + "secret/rotate/",
        "A new secret for messages to or from the CRM; it is shown this once. The one before is good for a day.",
        body: .json(.object([required("direction", .choice(["out", "in"]))])),
        answers: [.json(200, .object([required("secret", .text)]))], ownerLimit: .hourly(10)),
      for: access.user, { call, owner in try await rotate(call, owner) })
    routes.add(
      Route(
        .get, Self.base + "deliveries/", "Messages to the CRM, newest first.",
        query: Components.page, answers: [.json(200, Components.listing("Delivery"))]),
      for: access.owner,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        return try await Self.list(of: chatbot.id, call, database)
      })
    routes.add(
      Route(
        .post, Self.base + "deliveries/{delivery_id}/replay/",
        "Send a message again, under its own id.", answers: [.empty(202)], isIdempotent: true),
      for: access.owner,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        guard
          try await database.replay(
            try call.id("delivery_id"), of: chatbot.id, now: call.now)
        else { throw AppError.notFound }
        return Response(status: .accepted, headers: [.cacheControl: "no-store"])
      })
    routes.add(
      Route(
        .post, "/api/chatbots/{chatbot_id}/leads/{lead_id}/resend/",
        "Send a lead to the CRM again.",
        answers: [.empty(202)], problems: [.noWebhook], isIdempotent: true),
      for: access.owner, { call, owner in try await resend(call, owner) })
    routes.add(
      Route(
        .get, "/api/admin/deliveries/",
        "Messages to all CRMs, newest first; that they were read is in the audit log.",
        query: Components.page + [optional("q", .string(0...100))],
        answers: [.json(200, Components.listing("Delivery"))]),
      for: access.admin,
      { call, owner in
        // Each holds what a visitor has left.
        try await AuditTrail(database: database).note(
          "delivery.list", "delivery", "*",
          detail: call.query("q").map { ["q": .string($0)] } ?? [:], by: owner, now: call.now)
        return try await Self.list(of: nil, call, database)
      })
  }

  private static func list(
    of chatbot: ChatbotID?, _ call: Call, _ database: AppDatabase
  ) async throws -> Response {
    let page = try call.page()
    let found = try await database.deliveries(
      of: chatbot, search: chatbot == nil ? call.query("q") ?? "" : "", page)
    return Answer.json(
      Listing(
        found.map(DeliveryShape.init), page,
        cursor: found.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
  }

  private func test(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Sent: Encodable {
      let headers: [String: String]
      let body: String
    }
    struct Tested: Encodable {
      let delivered: Bool
      let status: Nullable<Int>
      let error: Nullable<String>
      let milliseconds: Int
      let request: Sent
    }
    let chatbot = try await database.owned(call, owner)
    guard let endpoint = try await database.crmEndpoint(of: chatbot.id) else {
      throw AppError(.noWebhook)
    }
    let new = CRMPayload.test(of: chatbot.id, now: call.now)
    let body = Array(new.payload.utf8)
    let headers = sender.signed(new.id, body, endpoint)
    guard let result = await sender.attempt(headers, body, to: endpoint.url, tries: 0) else {
      throw AppError.busy(retryAfterSeconds: 1)
    }
    try await database.addTest(new, of: chatbot.id, result, now: call.now)
    return Answer.json(
      Tested(
        delivered: result.outcome == .sent, status: Nullable(result.status),
        error: Nullable(result.error), milliseconds: result.milliseconds,
        request: Sent(
          headers: Dictionary(
            headers.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
          body: new.payload)))
  }

  private func rotate(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Secret: Encodable { let secret: String }
    let chatbot = try await database.owned(call, owner)
    let direction: WebhookSecrets.Direction = call.input.text("direction") == "in" ? .in : .out
    let version = try await database.rotateCRMSecret(
      of: chatbot.id, inbound: direction == .in, now: call.now)
    return Answer.json(
      Secret(
        secret: StandardWebhook.text(
          of: sender.secrets.key(direction, of: chatbot.id, version: version))))
  }

  private func resend(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    guard chatbot.settings.crmWebhookURL != nil else { throw AppError(.noWebhook) }
    guard
      let lead = try await database.lead(try call.id("lead_id"), of: chatbot.id),
      try await database.resend(
        CRMPayload.created(lead, now: call.now), lead: lead.id, of: chatbot.id, now: call.now)
    else { throw AppError.notFound }
    return Response(status: .accepted, headers: [.cacheControl: "no-store"])
  }
}

/// What a CRM is told.
enum CRMPayload {
  private struct LeadCreated: Encodable {
    let type = "lead.created"
    let timestamp, lead_id, email, source: String
    let name, phone: String?
  }
  private struct Test: Encodable {
    let type = "test"
    let timestamp, source: String
  }

  /// Of a lead only what is needed to reach the person; what was said in the chat stays here.
  static func created(_ lead: Lead, now: Int) -> NewDelivery {
    encoded(
      LeadCreated(
        timestamp: APITime.text(lead.createdAt), lead_id: lead.id, email: lead.email,
        source: "chatbot_\(lead.chatbot)", name: lead.name, phone: lead.phone), now: now)
  }

  static func test(of chatbot: ChatbotID, now: Int) -> NewDelivery {
    encoded(Test(timestamp: APITime.text(now), source: "chatbot_\(chatbot)"), now: now)
  }

  private static func encoded(_ value: some Encodable, now: Int) -> NewDelivery {
    NewDelivery(
      id: FreshID.text(now: now), payload: String(decoding: JSONText.encode(value), as: UTF8.self))
  }
}

struct DeliveryShape: Encodable {
  let id, chatbot_id, state, payload, created_at: String
  let lead_id, last_error, next_at, sent_at: Nullable<String>
  let tries: Int
  let last_status, milliseconds: Nullable<Int>

  init(_ delivery: Delivery) {
    id = delivery.id
    chatbot_id = delivery.chatbot.text
    state = delivery.state
    payload = delivery.payload
    created_at = APITime.text(delivery.createdAt)
    lead_id = Nullable(delivery.lead)
    last_error = Nullable(delivery.lastError)
    next_at = Nullable(delivery.state == "waiting" ? APITime.text(delivery.nextAt) : nil)
    sent_at = Nullable(delivery.sentAt.map(APITime.text))
    tries = delivery.tries
    last_status = Nullable(delivery.lastStatus)
    milliseconds = Nullable(delivery.milliseconds)
  }
}
