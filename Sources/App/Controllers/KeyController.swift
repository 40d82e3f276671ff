// API keys of an account. A key is shown once; managing keys needs a session, so a stolen key cannot make another.

import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/auth/keys/`.
struct KeyController: Sendable {
  static let limit = 10
  let database: AppDatabase

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/api/auth/keys/", "The account's API keys.",
        answers: [.json(200, Components.listing("APIKey"))]),
      for: access.user,
      { _, owner in
        let keys = try await database.keys(of: owner.user.id).map(KeyShape.init)
        return Answer.json(
          Listing(keys, PageRequest(limit: Self.limit + 1), cursor: nil))
      })
    routes.add(
      Route(
        .post, "/api/auth/keys/", "Make an API key; it is shown this once.",
        body: .json(.object([required("name", .string(1...80, .oneLine))])),
        answers: [
          .json(
            201,
            .object([
              required("key", .text), required("id", .id), required("name", .text),
              required("prefix", .text), required("created_at", .time),
            ]))
        ], problems: [.planLimit], ownerLimit: .hourly(30), isIdempotent: false),
      for: access.user, { call, owner in try await create(call, owner) })
    routes.add(
      Route(.delete, "/api/auth/keys/{key_id}/", "End an API key.", answers: [.empty()]),
      for: access.user,
      { call, owner in
        guard
          try await database.revokeKey(call.id("key_id"), of: owner.user.id, now: call.now)
        else { throw AppError.notFound }
        return Answer.empty
      })
  }

  private func create(_ call: Call, _ owner: Owner) async throws -> Response {
    let text = APIKeyText.new()
    guard
      let key = try await database.addKey(
        id: FreshID.text(now: call.now), user: owner.user.id,
        name: call.input.text("name") ?? "", prefix: String(text.prefix(8)),
        hash: SHA256Digest(of: text).bytes, limit: Self.limit, now: call.now)
    else { throw AppError.planLimit("api_keys", used: Self.limit, max: Self.limit) }
    struct Created: Encodable { let key, id, name, prefix, created_at: String }
    return Answer.json(
      Created(
        key: text, id: key.id, name: key.name, prefix: key.prefix,
        created_at: APITime.text(key.createdAt)), .created)
  }
}
