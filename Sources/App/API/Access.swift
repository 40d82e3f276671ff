// Who asks. A route is added with an access and its handler gets what that access yields, so no handler can be written that
// forgets to ask. An unknown token, an ended one and none at all are one answer.

import Billing
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// A way to find out who asks.
struct Access<Subject: Sendable>: Sendable {
  let name: AccessName
  let admit: @Sendable (Request, AppRequestContext) async throws -> Subject
}

/// An owner, and how it showed that it is one.
struct Owner: Sendable {
  let user: User
  /// The session of an access token; nil for an API key.
  let family: String?
  /// When the session's access token was made, ms since 1970 UTC; nil for a key.
  let signedInAt: Int?

  var limits: PlanLimits { (PlanTier(rawValue: user.planTier) ?? .free).limits }
}

/// A visitor's session.
struct Visitor: Sendable {
  let session: String
  let chatbot: String
  let channel: String
}

/// Who may ask a chatbot.
enum ChatCaller: Sendable {
  case visitor(Visitor)
  case owner(Owner)
}

/// Makes the accesses.
struct Accesses: Sendable {
  let database: AppDatabase
  let tokens: TokenSigner
  /// Milliseconds since 1970 UTC.
  let clock: @Sendable () -> Int

  var any: Access<Void> { Access(name: .any) { _, _ in } }

  /// Whoever has signed the body: its handler finds that out, for it alone knows how.
  var signed: Access<Void> { Access(name: .signed) { _, _ in } }

  var owner: Access<Owner> {
    Access(name: .owner) { request, _ in try await owner(request, allowingKey: true) }
  }

  var user: Access<Owner> {
    Access(name: .user) { request, _ in try await owner(request, allowingKey: false) }
  }

  var admin: Access<Owner> {
    Access(name: .admin) { request, _ in
      let owner = try await owner(request, allowingKey: false)
      guard owner.user.isAdmin else { throw AppError(.forbidden) }
      return owner
    }
  }

  var visitor: Access<Visitor> {
    Access(name: .visitor) { request, context in
      guard let token = Self.bearer(request) else { throw AppError.unauthenticated }
      return try await visitor(token, context)
    }
  }

  var visitorOrOwner: Access<ChatCaller> {
    Access(name: .visitorOrOwner) { request, context in
      guard let token = Self.bearer(request) else { throw AppError.unauthenticated }
      if token.hasPrefix(APIKeyText.prefix) || tokens.kind(of: token) == .access {
        return .owner(try await owner(request, allowingKey: true))
      }
      return .visitor(try await visitor(token, context))
    }
  }

  /// The token of `Authorization: Bearer`; nil without one.
  static func bearer(_ request: Request) -> String? {
    guard let value = request.headers[.authorization] else { return nil }
    let parts = value.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }

  private func owner(_ request: Request, allowingKey: Bool) async throws -> Owner {
    guard let token = Self.bearer(request) else { throw AppError.unauthenticated }
    if token.hasPrefix(APIKeyText.prefix) {
      guard allowingKey, APIKeyText.isWellFormed(token),
        let found = try await database.user(keyHash: SHA256Digest(of: token).bytes)
      else { throw AppError.unauthenticated }
      guard !found.user.isDisabled else { throw AppError(.accountDisabled) }
      let now = clock()
      // Once a minute is enough to tell an owner that a key is in use.
      if now - (found.lastUsedAt ?? 0) > 60_000 {
        try await database.touchKey(found.key, now: now)
      }
      return Owner(user: found.user, family: nil, signedInAt: nil)
    }
    guard let claims = tokens.verify(token, as: .access, now: clock()),
      let family = claims.session,
      let user = try await database.user(id: claims.subject, family: family),
      claims.epoch == user.tokenEpoch
    else { throw AppError.unauthenticated }
    guard !user.isDisabled else { throw AppError(.accountDisabled) }
    return Owner(user: user, family: family, signedInAt: claims.signedInAt)
  }

  private func visitor(_ token: String, _ context: AppRequestContext) async throws -> Visitor {
    guard let claims = tokens.verify(token, as: .embed, now: clock()),
      let session = claims.session
    else { throw AppError.unauthenticated }
    guard claims.subject == context.parameters.get("chatbot_id") else {
      throw AppError(.wrongChatbot)
    }
    return Visitor(session: session, chatbot: claims.subject, channel: claims.channel ?? "api")
  }
}

/// The text of an API key: a prefix that scanners for leaked secrets can find, and 256 random bits.
enum APIKeyText {
  static let prefix = "bk_"

  static func new() -> String { prefix + RandomText.urlSafe(bytes: 32) }

  static func isWellFormed(_ text: String) -> Bool {
    text.utf8.count == 46 && StringFormat.token.holds(String(text.dropFirst(prefix.count)))
  }
}
