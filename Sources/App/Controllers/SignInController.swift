// Signing up and in, sessions, addresses and passwords. What an answer says, and how long it takes, is the same whether an
// account exists or not (SECURITY.md W14).

import Billing
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/auth/…`.
struct SignInController: Sendable {
  /// Who may make an account.
  enum Signups: String, Sendable, CaseIterable { case open, invite, closed }

  let database: AppDatabase
  let hasher: PasswordHasher
  let signIn: SignIn
  let mail: MailService
  let signups: Signups
  let origin: RequestOrigin
  /// Nil where nothing is sold.
  let payments: Payments?

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let password = Schema.string(1...256)
    let email = Schema.string(3...254, .email)
    let delivery = optional("delivery", Schema.choice(["cookie", "body"]))
    let tokens = AnswerShape.json(200, .component("Tokens"), "Signed in.")
    let accepted = AnswerShape.json(
      202, .object([required("status", .choice(["check_mail"]))]), "A letter is on its way.")
    routes.add(
      Route(
        .post, "/api/auth/register", "Make an account.",
        body: .json(
          .object([
            required("email", email), required("password", password),
            optional("name", .string(0...80)), delivery,
          ])),
        answers: [accepted, .json(201, .component("Tokens"), "Signed in: letters are off.")],
        problems: [.signupsClosed, .emailTaken, .weakPassword], addressLimit: .hourly(5)),
      for: access.any, { call, _ in try await register(call) })
    routes.add(
      Route(
        .post, "/api/auth/login", "Sign in with a password.",
        body: .json(
          .object([required("email", email), required("password", password), delivery])),
        answers: [tokens],
        problems: [.invalidCredentials, .emailUnverified, .accountDisabled]),
      for: access.any, { call, _ in try await login(call) })
    let token = Schema.string(1...200)
    routes.add(
      Route(
        .post, "/api/auth/refresh", "Go on with a session: by cookie, or by the token itself.",
        body: .json(.object([optional("refresh_token", token)])), answers: [tokens],
        problems: [.unauthenticated, .refreshReused, .originNotAllowed]),
      for: access.any, { call, _ in try await refresh(call) })
    routes.add(
      Route(
        .post, "/api/auth/logout", "End a session.",
        body: .json(.object([optional("refresh_token", token)])), answers: [.empty()],
        problems: [.originNotAllowed]),
      for: access.any, { call, _ in try await logout(call) })
    routes.add(
      Route(.post, "/api/auth/logout-all", "End all sessions.", answers: [.empty()]),
      for: access.user,
      { call, owner in
        try await database.endSessions(of: owner.user.id, now: call.now)
        return Self.withoutCookie(Answer.empty)
      })
    addMailRoutes(to: &routes, access, email: email, password: password, accepted: accepted)
    addAccountRoutes(to: &routes, access, email: email, password: password)
  }

  private func addMailRoutes(
    to routes: inout RouteTable, _ access: Accesses, email: Schema, password: Schema,
    accepted: AnswerShape
  ) {
    let token = required("token", Schema.string(1...200))
    routes.add(
      Route(
        .post, "/api/auth/email/verify", "Prove an address.", body: .json(.object([token])),
        answers: [.empty()], problems: [.tokenInvalid], addressLimit: .hourly(60)),
      for: access.any,
      { call, _ in
        let hash = SHA256Digest(of: call.input.text("token") ?? "").bytes
        guard try await database.verifyEmail(hash: hash, now: call.now) != nil else {
          throw AppError(.tokenInvalid)
        }
        return Answer.empty
      })
    routes.add(
      Route(
        .post, "/api/auth/email/resend", "Send the letter again.",
        body: .json(.object([required("email", email)])), answers: [accepted],
        addressLimit: .hourly(5)),
      for: access.any,
      { call, _ in
        mail.enqueue(.resend(email: (call.input.text("email") ?? "").normalizedEmail))
        return Self.checkMail
      })
    routes.add(
      Route(
        .post, "/api/auth/password/reset", "Ask for a letter to choose a new password.",
        body: .json(.object([required("email", email)])), answers: [accepted],
        addressLimit: .hourly(10)),
      for: access.any, { call, _ in try await requestReset(call) })
    routes.add(
      Route(
        .post, "/api/auth/password/reset/confirm", "Choose a new password.",
        body: .json(.object([token, required("password", password)])), answers: [.empty()],
        problems: [.tokenInvalid, .weakPassword], addressLimit: .hourly(30)),
      for: access.any, { call, _ in try await confirmReset(call) })
    routes.add(
      Route(
        .post, "/api/auth/password/change", "Change the password; other sessions end.",
        body: .json(
          .object([required("current", password), required("password", password)])),
        answers: [.empty()], problems: [.wrongPassword, .weakPassword], ownerLimit: .hourly(10)),
      for: access.user, { call, owner in try await changePassword(call, owner) })
  }

  private func addAccountRoutes(
    to routes: inout RouteTable, _ access: Accesses, email: Schema, password: Schema
  ) {
    let user = AnswerShape.json(200, .component("User"))
    routes.add(
      Route(.get, "/api/auth/me", "The account.", answers: [user]), for: access.owner,
      { call, owner in try await shape(owner.user, call) })
    routes.add(
      Route(
        .patch, "/api/auth/me",
        "Change name or address; a new address needs the password or a fresh sign-in, and a letter.",
        body: .json(
          .object([
            optional("name", .string(0...80)), optional("email", email),
            optional("password", password),
          ])), answers: [user], problems: [.wrongPassword], ownerLimit: .hourly(20)),
      for: access.user, { call, owner in try await change(call, owner) })
    routes.add(
      Route(
        .delete, "/api/auth/me", "Delete the account and all that is its own.",
        body: .json(.object([optional("password", password)])), answers: [.empty()],
        problems: [.wrongPassword, .lastAdmin], ownerLimit: .hourly(10)),
      for: access.user, { call, owner in try await delete(call, owner) })
  }

  // MARK: Signing up and in

  private func register(_ call: Call) async throws -> Response {
    guard signups == .open else { throw AppError(.signupsClosed) }
    let email = (call.input.text("email") ?? "").normalizedEmail
    let name = call.input.text("name") ?? ""
    let password = call.input.text("password") ?? ""
    guard PasswordRules.allows(password, email: email, name: name) else {
      throw AppError(.weakPassword)
    }
    var user = NewUser(
      id: FreshID.text(now: call.now), email: email, name: name,
      passwordHash: try await hasher.hash(password))
    user.isEmailVerified = !mail.isOn
    let isNew = try await database.add(user, now: call.now)
    if mail.isOn {
      mail.enqueue(isNew ? .verify(user: user.id) : .taken(email: email))
      return Self.checkMail
    }
    // Without letters nothing can be said in private: a recorded exception to W14.
    guard isNew, let row = try await database.user(id: user.id) else {
      throw AppError(.emailTaken)
    }
    return try await begin(row, call, status: .created)
  }

  private func login(_ call: Call) async throws -> Response {
    let email = (call.input.text("email") ?? "").normalizedEmail
    let address = call.context.addressKey
    try await signIn.countTry(email: email, address: address, now: call.now)
    let user = try await database.user(email: email)
    let isRight = try await hasher.verify(call.input.text("password") ?? "", user?.passwordHash)
    // Whoever deleted the account is told what is told of any that is not there.
    guard let user, isRight, !user.hasLeft else { throw AppError(.invalidCredentials) }
    // Said only to who knows the password.
    guard !user.isDisabled else { throw AppError(.accountDisabled) }
    guard user.isEmailVerified else { throw AppError(.emailUnverified) }
    try await signIn.noteSuccess(email: email, address: address, now: call.now)
    return try await begin(user, call, status: .ok)
  }

  /// Begins a session of an account that has proved itself.
  func begin(
    _ user: User, _ call: Call, status: HTTPResponse.Status
  ) async throws -> Response {
    let session = try await signIn.begin(
      user, client: call.request.headers[.userAgent] ?? "", now: call.now)
    return try await answer(
      session, inBody: call.input.text("delivery") == "body", call, status: status)
  }

  private func answer(
    _ session: SignIn.Session, inBody: Bool, _ call: Call, status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    let shape = TokensShape(
      access_token: session.accessToken, refresh_token: inBody ? session.refreshToken : nil,
      user: try await userShape(session.user, now: call.now))
    var response = Answer.json(shape, status)
    if !inBody { response.headers[.setCookie] = RefreshCookie.setting(session.refreshToken) }
    return response
  }

  // MARK: Sessions

  private func refresh(_ call: Call) async throws -> Response {
    let inBody = call.input.text("refresh_token")
    guard let token = try inBody ?? cookie(call) else { throw AppError.unauthenticated }
    let session = try await signIn.refresh(
      token, client: call.request.headers[.userAgent] ?? "", now: call.now)
    return try await answer(session, inBody: inBody != nil, call)
  }

  private func logout(_ call: Call) async throws -> Response {
    if let token = try call.input.text("refresh_token") ?? cookie(call) {
      try await database.endSession(hash: SHA256Digest(of: token).bytes, now: call.now)
    }
    return Self.withoutCookie(Answer.empty)
  }

  /// The cookie's token, if the request comes from a page of ours (W5).
  private func cookie(_ call: Call) throws(AppError) -> String? {
    guard let token = RefreshCookie.value(in: call.request) else { return nil }
    guard origin.isOurs(call.request) else { throw AppError(.originNotAllowed) }
    return token
  }

  private static func withoutCookie(_ response: Response) -> Response {
    var response = response
    response.headers[.setCookie] = RefreshCookie.clearing
    return response
  }

  // MARK: Passwords and addresses

  private static let checkMail = Answer.json(["status": "check_mail"], .accepted)

  private func requestReset(_ call: Call) async throws -> Response {
    let email = (call.input.text("email") ?? "").normalizedEmail
    let account = SHA256Digest(of: "account\u{0}\(email)").hexDigits.prefix(32)
    // Three letters an hour; whether one was sent is not told.
    let wait = try await database.pass(
      [RateLimit("reset:\(account)", 3, per: 3_600_000)], now: call.now)
    if wait == nil { mail.enqueue(.reset(email: email)) }
    return Self.checkMail
  }

  private func confirmReset(_ call: Call) async throws -> Response {
    let password = call.input.text("password") ?? ""
    guard PasswordRules.allows(password, email: "", name: "") else {
      throw AppError(.weakPassword)
    }
    let hash = SHA256Digest(of: call.input.text("token") ?? "").bytes
    guard try await database.isGood(resetHash: hash, now: call.now) else {
      throw AppError(.tokenInvalid)
    }
    let passwordHash = try await hasher.hash(password)
    guard
      let user = try await database.resetPassword(
        hash: hash, passwordHash: passwordHash, now: call.now)
    else { throw AppError(.tokenInvalid) }
    mail.enqueue(.passwordChanged(user: user.id))
    return Answer.empty
  }

  private func changePassword(_ call: Call, _ owner: Owner) async throws -> Response {
    let new = call.input.text("password") ?? ""
    guard PasswordRules.allows(new, email: owner.user.email, name: owner.user.name) else {
      throw AppError(.weakPassword)
    }
    guard try await hasher.verify(call.input.text("current") ?? "", owner.user.passwordHash) else {
      throw AppError(.wrongPassword)
    }
    try await database.setPassword(
      try await hasher.hash(new), of: owner.user.id, keeping: owner.family, now: call.now)
    mail.enqueue(.passwordChanged(user: owner.user.id))
    return Answer.empty
  }

  private func change(_ call: Call, _ owner: Owner) async throws -> Response {
    let email = call.input.text("email")?.normalizedEmail
    if let email, email != owner.user.email { try await requireFreshProof(call, owner) }
    var change = UserChange()
    change.name = call.input.text("name")
    guard let user = try await database.change(owner.user.id, change, now: call.now) else {
      throw AppError.unauthenticated
    }
    if let email, email != user.email {
      mail.enqueue(.change(user: user.id, email: email))
      mail.enqueue(.changeNotice(email: user.email))
    }
    return try await shape(user, call)
  }

  /// What must not be done with a token alone that somebody has found: the password, or a sign-in of the last five minutes.
  private func requireFreshProof(_ call: Call, _ owner: Owner) async throws {
    if let password = call.input.text("password") {
      guard try await hasher.verify(password, owner.user.passwordHash) else {
        throw AppError(.wrongPassword)
      }
      return
    }
    guard let at = owner.signedInAt, call.now - at <= 5 * 60_000 else {
      throw AppError(.wrongPassword)
    }
  }

  private func delete(_ call: Call, _ owner: Owner) async throws -> Response {
    try await requireFreshProof(call, owner)
    if try await database.isLastOperator(owner.user.id) { throw AppError(.lastAdmin) }
    // First of all: nobody shall go on paying for what is gone. When Stripe cannot be asked, nothing is deleted.
    try await payments?.cancelAll(of: owner.user)
    guard try await database.leave(owner.user.id, now: call.now) else {
      throw AppError(.lastAdmin)
    }
    return Self.withoutCookie(Answer.empty)
  }

  // MARK: Shapes

  private func userShape(_ user: User, now: Int) async throws -> UserShape {
    let period = user.period(at: now)
    return UserShape(
      user,
      messagesUsed: try await database.messagesUsed(of: user.id, periodStart: period.start),
      now: now)
  }

  private func shape(_ user: User, _ call: Call) async throws -> Response {
    Answer.json(try await userShape(user, now: call.now))
  }
}

/// The one lasting cookie (W4).
enum RefreshCookie {
  static let name = "__Host-refresh"

  static func setting(_ token: String) -> String {
    "\(name)=\(token); Path=/; Secure; HttpOnly; SameSite=Strict; "
      + "Max-Age=\(SignIn.refreshLifetime / 1000)"
  }

  static let clearing = "\(name)=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"

  /// The cookie's value; nil without one, or with two.
  static func value(in request: Request) -> String? {
    let found = request.headers[values: .cookie].flatMap { $0.split(separator: ";") }
      .compactMap { pair -> String? in
        let parts = pair.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0].trimmingSpace() == name else { return nil }
        return String(parts[1].trimmingSpace())
      }
    return found.count == 1 ? found.first : nil
  }
}

/// Which pages are ours.
struct RequestOrigin: Sendable {
  /// Scheme, host and port of the public URL.
  let own: String

  /// Whether a request says that a page of ours sent it.
  func isOurs(_ request: Request) -> Bool {
    request.headers[ResponseHeaders.name("Origin")] == own
  }
}
