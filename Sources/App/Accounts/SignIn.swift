// What signing in means, apart from HTTP: sessions are begun, refreshed and ended here, and guesses are slowed down.

import Spool
import Storage

/// The rules of sessions.
struct SignIn: Sendable {
  /// Seconds.
  static let accessLifetime = 15 * 60
  /// Milliseconds for which a refresh token is good; each use begins it anew.
  static let refreshLifetime = 14 * 86_400_000
  /// Milliseconds after which a session ends however often it is refreshed.
  static let sessionLifetime = 30 * 86_400_000
  /// Milliseconds for which the same client gets the same successor again.
  static let grace = 10_000

  let database: AppDatabase
  let tokens: TokenSigner
  let derivation: [UInt8]

  /// What a client holds after signing in.
  struct Session: Sendable {
    let user: User
    let accessToken: String
    let refreshToken: String
  }

  /// Begins a session.
  func begin(_ user: User, client: String, now: Int) async throws -> Session {
    let token = RandomText.urlSafe(bytes: 32)
    let family = FreshID.text(now: now)
    try await database.addSession(
      NewRefreshToken(
        id: FreshID.text(now: now), user: user.id, family: family,
        hash: SHA256Digest(of: token).bytes, client: Self.clientName(client),
        expiresAt: now + Self.refreshLifetime), now: now)
    return Session(
      user: user, accessToken: accessToken(user, family: family, signedInAt: now, now: now),
      refreshToken: token)
  }

  /// Goes on with a session.
  ///
  /// - Throws: 401; `refresh-reused` when the token was used before, and then the session is over.
  func refresh(_ token: String, client: String, now: Int) async throws -> Session {
    let successor = successor(of: token)
    let outcome = try await database.rotate(
      hash: SHA256Digest(of: token).bytes, successor: SHA256Digest(of: successor).bytes,
      successorID: FreshID.text(now: now), client: Self.clientName(client), grace: Self.grace,
      lifetime: Self.refreshLifetime, absoluteLifetime: Self.sessionLifetime, now: now)
    switch outcome {
    case .refused: throw AppError.unauthenticated
    case .reused: throw AppError(.refreshReused)
    case .rotated(let user, let family):
      return Session(
        user: user,
        accessToken: accessToken(user, family: family, signedInAt: nil, now: now),
        refreshToken: successor)
    }
  }

  private func accessToken(
    _ user: User, family: String, signedInAt: Int?, now: Int
  ) -> String {
    tokens.sign(
      TokenClaims(
        subject: user.id, session: family, epoch: user.tokenEpoch, signedInAt: signedInAt),
      as: .access, lifetime: Self.accessLifetime, now: now)
  }

  /// The same successor for the same token, which only this server can work out: an answer that got lost can be given
  /// again without keeping any token (SECURITY.md W3).
  private func successor(of token: String) -> String {
    Base64URL.encode(HMACSHA256.code(Array("refresh successor\u{0}\(token)".utf8), key: derivation))
  }

  /// What a client calls itself, fit to be shown.
  static func clientName(_ text: String) -> String {
    String(text.filter { !$0.isNewline }.unicodeScalars.prefix(200).map { Character($0) })
  }

  // MARK: Guessing

  /// Counts a try at an account's password.
  ///
  /// Slows down by address, by account and address, and by account; an address from which the account was entered before
  /// is not slowed by what others try, so nobody can lock an owner out.
  func countTry(email: String, address: String, now: Int) async throws {
    let account = String(SHA256Digest(of: "account\u{0}\(email)").hexDigits.prefix(32))
    var limits = [
      RateLimit("login:address:\(address)", 60, per: 600_000),
      RateLimit("login:both:\(account):\(address)", 10, per: 60_000),
    ]
    let known = RateLimit("login:known:\(account):\(address)", 1, per: Self.knownPeriod)
    let isKnown = try await database.wait([known], now: now) != nil
    if !isKnown { limits.append(RateLimit("login:account:\(account)", 40, per: 3_600_000)) }
    if let wait = try await database.pass(limits, now: now) {
      throw AppError.rateLimited(milliseconds: wait)
    }
  }

  /// Notes that an account was entered from an address.
  func noteSuccess(email: String, address: String, now: Int) async throws {
    let account = String(SHA256Digest(of: "account\u{0}\(email)").hexDigits.prefix(32))
    _ = try await database.pass(
      [RateLimit("login:known:\(account):\(address)", 1, per: Self.knownPeriod)], now: now)
  }

  private static let knownPeriod = 30 * 86_400_000
}
