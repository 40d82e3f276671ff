// Signing in with Google, or another provider of the operator's choice. Accounts are joined by the provider's subject, never by
// the address alone: whoever has a password gives it once, and an account whose address was never proved is taken from whoever
// made it (SECURITY.md W18, W19).

import FoundationEssentials
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/auth/oauth/google…`.
struct ProviderController: Sendable {
  /// Milliseconds in which a sign-in must come back.
  private static let lifetime = 600_000
  private static let cookie = "__Host-oauth"

  let database: AppDatabase
  /// Nil when none is set up.
  let provider: OpenIDProvider?
  let signIn: SignInController
  let secret: [UInt8]
  let publicURL: String

  private var redirect: String { "\(publicURL)/oauth/google" }

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let delivery = optional("delivery", Schema.choice(["cookie", "body"]))
    let tokens = AnswerShape.json(200, .component("Tokens"), "Signed in.")
    routes.add(
      Route(
        .get, "/api/auth/oauth/google/start", "Go to the provider to sign in.",
        answers: [.empty(302, "To the provider.")], problems: [.notConfigured],
        addressLimit: .hourly(60)),
      for: access.any, { call, _ in try await start(call) })
    routes.add(
      Route(
        .post, "/api/auth/oauth/google", "Finish signing in with what the provider sent back.",
        body: .json(
          .object([
            required("code", .string(1...2048)), required("state", .string(1...200)), delivery,
          ])), answers: [tokens],
        problems: [
          .oauthFailed, .linkRequired, .notConfigured, .accountDisabled, .signupsClosed,
          .originNotAllowed,
        ], addressLimit: .hourly(60)),
      for: access.any, { call, _ in try await finish(call) })
    routes.add(
      Route(
        .post, "/api/auth/oauth/google/link",
        "Join the provider's account with one that has a password, by giving it once.",
        body: .json(
          .object([
            required("link_token", .string(1...4096)), required("password", .string(1...256)),
            delivery,
          ])), answers: [tokens], problems: [.oauthFailed, .invalidCredentials, .accountDisabled],
        addressLimit: .hourly(30)),
      for: access.any, { call, _ in try await link(call) })
  }

  // MARK: Going

  /// What a browser keeps while a person is at the provider.
  private struct Journey {
    let state, nonce, verifier: String
    let until: Int

    var text: String { "\(state).\(nonce).\(verifier).\(until)" }

    init(until: Int) {
      state = RandomText.urlSafe(bytes: 32)
      nonce = RandomText.urlSafe(bytes: 32)
      verifier = RandomText.urlSafe(bytes: 32)
      self.until = until
    }

    init?(_ text: some StringProtocol) {
      let parts = String(text).split(separator: ".").map { String($0) }
      guard parts.count == 4, let until = Int(parts[3]) else { return nil }
      (state, nonce, verifier, self.until) = (parts[0], parts[1], parts[2], until)
    }
  }

  private func start(_ call: Call) async throws -> Response {
    guard let provider else { throw AppError(.notConfigured) }
    let endpoints = try await provider.endpoints(now: call.now)
    let journey = Journey(until: call.now + Self.lifetime)
    let challenge = Base64URL.encode(SHA256Digest(of: journey.verifier).bytes)
    let query = [
      ("response_type", "code"), ("client_id", provider.settings.clientID),
      ("redirect_uri", redirect), ("scope", "openid email profile"), ("state", journey.state),
      ("nonce", journey.nonce), ("code_challenge", challenge), ("code_challenge_method", "S256"),
    ].map { "\($0.0)=\(FormText.encode($0.1))" }.joined(separator: "&")
    let code = Base64URL.encode(HMACSHA256.code(Array(journey.text.utf8), key: secret))
    let separator = endpoints.authorization.contains("?") ? "&" : "?"
    // Lax, not Strict: the browser comes back from another site.
    return Response(
      status: .found,
      headers: [
        .location: "\(endpoints.authorization)\(separator)\(query)", .cacheControl: "no-store",
        .setCookie: "\(Self.cookie)=\(journey.text).\(code); Path=/; Secure; HttpOnly; "
          + "SameSite=Lax; Max-Age=\(Self.lifetime / 1000)",
      ])
  }

  private func journey(of call: Call) -> Journey? {
    let pairs = call.request.headers[values: .cookie].flatMap { $0.split(separator: ";") }
    let found = pairs.compactMap { pair -> Substring? in
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[0].trimmingSpace() == Self.cookie else { return nil }
      return parts[1].trimmingSpace()
    }
    guard found.count == 1, let value = found.first, let dot = value.lastIndex(of: "."),
      let code = Base64URL.decode(value[value.index(after: dot)...]),
      HMACSHA256.verify(code, of: Array(value[..<dot].utf8), key: secret),
      let journey = Journey(value[..<dot]), journey.until > call.now
    else { return nil }
    return journey
  }

  // MARK: Coming back

  private func finish(_ call: Call) async throws -> Response {
    guard let provider else { throw AppError(.notConfigured) }
    guard signIn.origin.isOurs(call.request) else { throw AppError(.originNotAllowed) }
    guard let journey = journey(of: call), journey.state == call.input.text("state"),
      // Each journey ends once.
      try await database.pass(
        [
          RateLimit(
            "oauth:\(SHA256Digest(of: journey.state).shortName)", 1, per: 2 * Self.lifetime)
        ], now: call.now) == nil
    else { throw AppError(.oauthFailed) }
    let identity = try await provider.identity(
      code: call.input.text("code") ?? "", verifier: journey.verifier, nonce: journey.nonce,
      redirect: redirect, now: call.now)
    let user = try await account(of: identity, now: call.now)
    var response = try await signIn.begin(user, call, status: .ok)
    response.headers[values: .setCookie].append(
      "\(Self.cookie)=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
    return response
  }

  /// The account of a proved identity: the linked one, one that may be linked, or a new one.
  private func account(of identity: ProvedIdentity, now: Int) async throws -> User {
    if let user = try await database.user(googleID: identity.subject) {
      guard !user.isDisabled else { throw AppError(.accountDisabled) }
      return user
    }
    guard let known = try await database.user(email: identity.email) else {
      guard signIn.signups == .open else { throw AppError(.signupsClosed) }
      var new = NewUser(
        id: FreshID.text(now: now), email: identity.email, name: identity.name, passwordHash: nil)
      new.isEmailVerified = true
      new.googleID = identity.subject
      guard try await database.add(new, now: now), let user = try await database.user(id: new.id)
      else { throw AppError(.oauthFailed) }
      return user
    }
    guard !known.isDisabled else { throw AppError(.accountDisabled) }
    // Linked with another subject: the provider gave the address to somebody else.
    guard known.googleID == nil else { throw AppError(.oauthFailed) }
    if known.isEmailVerified, known.passwordHash != nil {
      var error = AppError(.linkRequired)
      error.linkToken = signIn.signIn.tokens.sign(
        TokenClaims(subject: known.id, session: identity.subject, epoch: known.tokenEpoch),
        as: .link, lifetime: 600, now: now)
      throw error
    }
    // Nobody has proved this address before: a password that is there may be a stranger's who waited for its owner.
    guard
      try await database.link(
        known.id, googleID: identity.subject, resetting: !known.isEmailVerified, now: now),
      let user = try await database.user(id: known.id)
    else { throw AppError(.oauthFailed) }
    return user
  }

  private func link(_ call: Call) async throws -> Response {
    guard
      let claims = signIn.signIn.tokens.verify(
        call.input.text("link_token") ?? "", as: .link, now: call.now),
      let subject = claims.session,
      let user = try await database.user(id: claims.subject), user.tokenEpoch == claims.epoch
    else { throw AppError(.oauthFailed) }
    guard !user.isDisabled else { throw AppError(.accountDisabled) }
    try await signIn.signIn.countTry(
      email: user.email, address: call.context.addressKey, now: call.now)
    guard
      try await signIn.hasher.verify(call.input.text("password") ?? "", user.passwordHash)
    else { throw AppError(.invalidCredentials) }
    guard
      try await database.link(user.id, googleID: subject, resetting: false, now: call.now),
      let linked = try await database.user(id: user.id)
    else { throw AppError(.oauthFailed) }
    return try await signIn.begin(linked, call, status: .ok)
  }
}
