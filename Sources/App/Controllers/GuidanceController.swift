// Guidance lines: written and approved by the owner, one at a time; an API key may do neither.

import Corpus
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/chatbots/{chatbot_id}/guidance/`.
struct GuidanceController: Sendable {
  /// Lines of a chatbot.
  private static let limit = 100
  private static let base = "/api/chatbots/{chatbot_id}/guidance/"

  let database: AppDatabase
  /// The data directory.
  let data: String

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let line = Schema.component("GuidanceLine")
    routes.add(
      Route(
        .get, Self.base, "Lines for prompts, newest first; approved ones are in use.",
        query: Components.page, answers: [.json(200, Components.listing("GuidanceLine"))]),
      for: access.user,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        let page = try call.page()
        let lines = try await database.guidance(of: chatbot.id, page)
        return Answer.json(
          Listing(
            lines.map(Shape.init), page,
            cursor: lines.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
      })
    routes.add(
      Route(
        .post, Self.base, "Write a line; it is a draft until it is approved.",
        body: .json(
          .object([required("text", .string(1...500, .oneLine)), optional("source_id", .id)])),
        answers: [.json(201, line)], problems: [.planLimit], isIdempotent: true),
      for: access.user, { call, owner in try await add(call, owner) })
    routes.add(
      Route(
        .patch, Self.base + "{line_id}/",
        "Change a line; approve it as it was read, by its text; take approval back.",
        body: .json(
          .object([optional("text", .string(1...500, .oneLine)), optional("approved", .boolean)])),
        answers: [.json(200, line)], problems: [.lineChanged]),
      for: access.user, { call, owner in try await change(call, owner) })
    routes.add(
      Route(.delete, Self.base + "{line_id}/", "Remove a line.", answers: [.empty()]),
      for: access.user,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        guard try await database.removeGuidance(try call.id("line_id"), of: chatbot.id) else {
          throw AppError.notFound
        }
        return Answer.empty
      })
  }

  private struct Shape: Encodable {
    let id, text, state, created_at: String
    let source_id, approved_at: Nullable<String>

    init(_ line: GuidanceLine) {
      id = line.id
      text = line.text
      state = line.state
      created_at = APITime.text(line.createdAt)
      source_id = Nullable(line.source?.text)
      approved_at = Nullable(line.approvedAt.map(APITime.text))
    }
  }

  private func found(_ id: String, _ chatbot: Chatbot) async throws -> GuidanceLine {
    guard let line = try await database.guidanceLine(id, of: chatbot.id) else {
      throw AppError.notFound
    }
    return line
  }

  private func add(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let text = call.input.text("text") ?? ""
    var source: SourceID?
    if let id = call.input.text("source_id") {
      guard let known = try await database.source(id, of: chatbot.id) else {
        throw AppError.notFound
      }
      source = known.id
    }
    let id = FreshID.text(now: call.now)
    guard
      try await database.addGuidance(
        id, of: chatbot.id, source: source, text: text, hash: SHA256Digest(of: text).bytes,
        limit: Self.limit, now: call.now)
    else { throw AppError.planLimit("guidance", used: Self.limit, max: Self.limit) }
    return Answer.json(Shape(try await found(id, chatbot)), .created)
  }

  private func change(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let id = try call.id("line_id")
    let line = try await found(id, chatbot)
    let text = call.input.text("text") ?? line.text
    if call.input.flag("approved") == true {
      // What is approved is what its owner has read, not what another window has made of it meanwhile.
      guard call.input.has("text") else { throw AppError.invalid("text", "required") }
      guard text == line.text else { throw AppError(.lineChanged) }
    }
    let hash = SHA256Digest(of: text).bytes
    if text != line.text {
      try await database.changeGuidance(id, of: chatbot.id, text: text, hash: hash, now: call.now)
    }
    if let isApproved = call.input.flag("approved") {
      var digest: String?
      if isApproved, let source = line.source {
        digest = try await GuidanceReview.digest(of: source, in: chatbot.id, data: data)
      }
      guard
        try await database.approveGuidance(
          id, of: chatbot.id, hash: hash, by: isApproved ? owner.user.id : nil,
          sourceDigest: digest, now: call.now)
      else { throw AppError.notFound }
    }
    return Answer.json(Shape(try await found(id, chatbot)))
  }
}
