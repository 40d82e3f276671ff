// The operator's view: everything that can be listed, and the few acts that need privilege, each noted in the audit log.

import Billing
import Corpus
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/admin/…`.
struct AdminController: Sendable {
  let database: AppDatabase
  let mail: MailService
  let publicURL: String
  let view: OperatorView

  private var audit: AuditTrail { AuditTrail(database: database) }

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    func list(_ name: String, _ summary: String, search: Bool = false) -> Route {
      Route(
        .get, "/api/admin/\(name.lowercased())s/", summary,
        query: Components.page + (search ? [optional("q", .string(0...100))] : []),
        answers: [.json(200, Components.listing(name == "User" ? "AdminUser" : name))])
    }
    routes.add(list("User", "Accounts, newest first.", search: true), for: access.admin) {
      call, _ in
      let page = try call.page()
      let users = try await database.users(search: (call.query("q") ?? "").lowercased(), page)
      return Answer.json(
        Listing(
          users.map(AdminUserShape.init), page,
          cursor: users.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
    }
    routes.add(
      Route(
        .post, "/api/admin/users/", "Invite somebody: a letter lets them choose a password.",
        body: .json(.object([required("email", .string(3...254, .email))])),
        answers: [.json(201, .component("AdminUser"))], problems: [.emailTaken],
        isIdempotent: true),
      for: access.admin, { call, owner in try await invite(call, owner) })
    routes.add(
      Route(
        .get, "/api/admin/users/{user_id}/", "An account.",
        answers: [.json(200, .component("AdminUser"))]),
      for: access.admin,
      { call, _ in
        guard let user = try await database.user(id: try call.id("user_id")) else {
          throw AppError.notFound
        }
        return Answer.json(AdminUserShape(user))
      })
    routes.add(
      Route(
        .patch, "/api/admin/users/{user_id}/", "Change plan, quota, suspension or privilege.",
        body: .json(
          .object([
            optional("plan_tier", Components.tier),
            optional("message_quota", .nullable(.integer(0...1_000_000_000))),
            optional("disabled", .boolean), optional("is_admin", .boolean),
          ])), answers: [.json(200, .component("AdminUser"))], problems: [.lastAdmin]),
      for: access.admin, { call, owner in try await change(call, owner) })
    routes.add(list("Chatbot", "All chatbots, newest first.", search: true), for: access.admin) {
      call, _ in
      let page = try call.page()
      let found = try await database.chatbots(
        of: nil, search: (call.query("q") ?? "").lowercased(), page)
      return Answer.json(
        Listing(
          found.map { ChatbotShape($0, publicURL: publicURL) }, page,
          cursor: found.last.map {
            Cursor(createdAt: $0.chatbot.createdAt, id: $0.chatbot.id.text)
          }))
    }
    routes.add(list("Source", "All sources, newest first.", search: true), for: access.admin) {
      call, _ in
      let page = try call.page()
      let found = try await database.sources(search: call.query("q") ?? "", page)
      return Answer.json(
        Listing(
          try await view.shapes(of: found), page,
          cursor: found.last.map { Cursor(createdAt: $0.createdAt, id: $0.id.text) }))
    }
    var conversations = list(
      "Conversation", "All conversations, newest first; that they were read is in the audit log.")
    conversations.query += ConversationController.filters
    routes.add(conversations, for: access.admin) { call, owner in
      let page = try call.page()
      // Each is shown with what was asked first.
      try await audit.note(
        "conversation.list", "conversation", "*",
        detail: call.query("q").map { ["q": .string($0)] } ?? [:], by: owner, now: call.now)
      let found = try await database.conversations(
        of: nil, matching: ConversationController.filter(call), page)
      return Answer.json(
        Listing(
          found.map(ConversationShape.init), page,
          cursor: found.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
    }
    routes.add(
      Route(
        .get, "/api/admin/audit/", "What was done with privileges, newest first.",
        query: Components.page, answers: [.json(200, Components.listing("AuditEntry"))]),
      for: access.admin
    ) { call, _ in
      let page = try call.page()
      let found = try await database.auditLog(page)
      return Answer.json(
        Listing(
          found.map(AuditShape.init), page,
          cursor: found.last.map { Cursor(createdAt: $0.at, id: $0.id) }))
    }
  }

  private func invite(_ call: Call, _ owner: Owner) async throws -> Response {
    let email = (call.input.text("email") ?? "").normalizedEmail
    let new = NewUser(
      id: FreshID.text(now: call.now), email: email, name: "", passwordHash: nil)
    guard try await database.add(new, now: call.now),
      let user = try await database.user(id: new.id)
    else { throw AppError(.emailTaken) }
    try await audit.note("user.invite", "user", user.id, detail: [:], by: owner, now: call.now)
    mail.enqueue(.invite(user: user.id))
    return Answer.json(AdminUserShape(user), .created)
  }

  private func change(_ call: Call, _ owner: Owner) async throws -> Response {
    let id = try call.id("user_id")
    guard try await database.user(id: id) != nil else { throw AppError.notFound }
    var change = UserChange()
    change.planTier = call.input.text("plan_tier")
    change.plans = Payments.ladder.plans
    if call.input.has("message_quota") {
      change.messageQuota = .some(call.input.whole("message_quota"))
    }
    change.isDisabled = call.input.flag("disabled")
    change.isAdmin = call.input.flag("is_admin")
    // Noted first: an act that is not in the log has not been done.
    try await audit.note(
      "user.change", "user", id, detail: call.input.members, by: owner, now: call.now)
    guard let user = try await database.change(id, change, now: call.now) else {
      throw AppError(.lastAdmin)
    }
    if user.isDisabled { try await database.endSessions(of: id, now: call.now) }
    return Answer.json(AdminUserShape(user))
  }
}
