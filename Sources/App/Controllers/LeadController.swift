// Leads: a visitor leaves an address on purpose, the owner reads, exports and removes it. How a CRM is told: CRMController,
// Outgoing/.

import Corpus
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Spool
import Storage

/// `/api/chat/{chatbot_id}/leads/` and `/api/chatbots/{chatbot_id}/leads/…`.
struct LeadController: Sendable {
  /// Addresses that one session may leave.
  static let sessionLimit = 3
  let database: AppDatabase

  private static let base = "/api/chatbots/{chatbot_id}/leads/"

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .post, "/api/chat/{chatbot_id}/leads/", "Leave an address, to be answered by a person.",
        body: .json(
          .object([
            required("email", .string(3...254, .email)), optional("name", .string(0...120)),
            optional("phone", .string(0...40)), optional("note", .string(0...1000)),
            required("consent", .boolean),
          ])),
        answers: [.json(201, .object([required("lead_id", .id)]))],
        problems: [.wrongChatbot, .forbidden], addressLimit: .hourly(30), isIdempotent: true),
      for: access.visitor, { call, visitor in try await leave(call, visitor) })
    routes.add(
      Route(
        .get, Self.base, "The chatbot's leads, newest first.", query: Components.page,
        answers: [.json(200, Components.listing("Lead"))]),
      for: access.owner, { call, owner in try await list(call, owner) })
    routes.add(
      Route(
        .get, Self.base + "export/", "All leads: one JSON object a line, or CSV.",
        query: [optional("format", .choice(["jsonl", "csv"]))],
        answers: [.media(["application/x-ndjson", "text/csv"])], ownerLimit: .hourly(10)),
      for: access.owner, { call, owner in try await export(call, owner) })
    routes.add(
      Route(.delete, Self.base + "{lead_id}/", "Remove a lead.", answers: [.empty()]),
      for: access.owner,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        guard try await database.removeLead(try call.id("lead_id"), of: chatbot.id) else {
          throw AppError.notFound
        }
        return Answer.empty
      })
  }

  private func leave(_ call: Call, _ visitor: Visitor) async throws -> Response {
    guard let chatbot = try await database.publicChatbot(visitor.chatbot) else {
      throw AppError.notFound
    }
    let form = LeadForm(json: chatbot.settings.leadForm)
    guard form.isEnabled else {
      throw AppError(.forbidden, detail: "This chatbot takes no addresses.")
    }
    guard call.input.flag("consent") == true else { throw AppError.invalid("consent", "required") }
    /// A field that the form has and that was filled in.
    func text(_ name: String) -> String? {
      guard form.fields.contains(name) else { return nil }
      return call.input.text(name).map { String($0.trimmingSpace()) }.flatMap {
        $0.isEmpty ? nil : $0
      }
    }
    let lead = Lead(
      id: FreshID.text(now: call.now), chatbot: chatbot.id, session: visitor.session,
      email: (call.input.text("email") ?? "").normalizedEmail, name: text("name"),
      phone: text("phone"),
      note: text("note"), consentText: form.consentText, now: call.now)
    switch try await database.add(
      lead, limit: Self.sessionLimit, telling: CRMPayload.created(lead, now: call.now))
    {
    case .stored(let id):
      struct Left: Encodable { let lead_id: String }
      return Answer.json(Left(lead_id: id), .created)
    case .tooMany: throw AppError.rateLimited(milliseconds: 3_600_000)
    }
  }

  private func list(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let page = try call.page()
    let found = try await database.leads(of: chatbot.id, page)
    return Answer.json(
      Listing(
        found.map(LeadShape.init), page,
        cursor: found.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
  }

  private func export(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let isCSV = call.query("format") == "csv"
    return Response(
      status: .ok,
      headers: [
        .contentType: isCSV ? "text/csv; charset=utf-8" : "application/x-ndjson",
        .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"leads.\(isCSV ? "csv" : "jsonl")\"",
      ],
      body: ResponseBody { writer in
        if isCSV { try await writer.write(ByteBuffer(string: CSVLine.text(LeadShape.columns))) }
        var page = PageRequest(limit: 100)
        while true {
          let found = try await database.leads(of: chatbot.id, page)
          var buffer = ByteBuffer()
          for lead in found.map(LeadShape.init) {
            if isCSV {
              buffer.writeString(CSVLine.text(lead.cells))
            } else {
              buffer.writeBytes(JSONText.encode(lead))
              buffer.writeString("\n")
            }
          }
          try await writer.write(buffer)
          guard found.count == page.limit, let last = found.last else { break }
          page = PageRequest(createdAt: last.createdAt, id: last.id, limit: page.limit)
        }
        try await writer.finish(nil)
      })
  }
}

struct LeadShape: Encodable {
  let id, email, session_id, consent_at, created_at: String
  let name, phone, note, conversation_id, consent_text: Nullable<String>

  init(_ lead: Lead) {
    id = lead.id
    email = lead.email
    session_id = lead.session
    consent_at = APITime.text(lead.consentAt)
    created_at = APITime.text(lead.createdAt)
    name = Nullable(lead.name)
    phone = Nullable(lead.phone)
    note = Nullable(lead.note)
    conversation_id = Nullable(lead.conversation)
    consent_text = Nullable(lead.consentText)
  }

  static let columns = [
    "lead_id", "email", "name", "phone", "note", "consent_at", "consent_text", "created_at",
  ]
  var cells: [String] {
    [
      id, email, name.value ?? "", phone.value ?? "", note.value ?? "", consent_at,
      consent_text.value ?? "", created_at,
    ]
  }
}

/// A chatbot's lead form.
struct LeadForm: Sendable {
  let isEnabled: Bool
  /// Of name, phone, note.
  let fields: [String]
  /// Answers after which the form is offered.
  let afterMessages: Int
  /// What a visitor agrees to, in the owner's words; nil for ours.
  let consentText: String?

  /// - Parameter json: as the chatbot's row has it; anything else is a form that is off.
  init(json: String) {
    guard case .object(let members)? = try? StrictJSON.parse(Array(json.utf8)) else {
      (isEnabled, fields, afterMessages, consentText) = (false, [], 0, nil)
      return
    }
    if case .bool(let flag)? = members["enabled"] { isEnabled = flag } else { isEnabled = false }
    if case .array(let values)? = members["fields"] {
      fields = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    } else {
      fields = []
    }
    afterMessages = members["after_messages"]?.double.map { Int($0) } ?? 0
    if case .string(let text)? = members["consent_text"], !text.trimmingSpace().isEmpty {
      consentText = text
    } else {
      consentText = nil
    }
  }
}

/// One line of a CSV file (RFC 4180).
enum CSVLine {
  /// The cells, quoted; one that a spreadsheet would take for a formula is made text.
  static func text(_ cells: [String]) -> String {
    cells.map { cell in
      let first = cell.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
      let guarded = first ? "'\(cell)" : cell
      return
        "\"\(guarded.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
    }.joined(separator: ",") + "\r\n"
  }
}
