// The places where an account is signed in. Seeing and ending them needs a session, not an API key.

import HTTPTypes
import Hummingbird
import Storage

/// `/api/auth/sessions/`.
struct SessionController: Sendable {
  let database: AppDatabase

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/api/auth/sessions/", "The account's sessions, the one used last first.",
        answers: [.json(200, Components.listing("Session"))]),
      for: access.user,
      { call, owner in
        struct SessionShape: Encodable {
          let id, client, created_at, used_at: String
          let is_current: Bool
        }
        let rows = try await database.sessions(of: owner.user.id, now: call.now)
        return Answer.json(
          Listing(
            rows.prefix(100).map {
              SessionShape(
                id: $0.family, client: $0.client, created_at: APITime.text($0.beganAt),
                used_at: APITime.text($0.usedAt), is_current: $0.family == owner.family)
            }, PageRequest(limit: 101), cursor: nil))
      })
    routes.add(
      Route(.delete, "/api/auth/sessions/{session_id}/", "End a session.", answers: [.empty()]),
      for: access.user,
      { call, owner in
        guard
          try await database.endSession(
            family: call.id("session_id"), of: owner.user.id, now: call.now)
        else { throw AppError.notFound }
        return Answer.empty
      })
  }
}
