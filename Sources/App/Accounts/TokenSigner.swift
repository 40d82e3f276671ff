// Our own tokens: signed, short-lived, each kind for one use (RFC 7519, RFC 8725). One algorithm, HMAC-SHA256 by libcrypto; a header
// is one of the few we write, byte for byte, and is never parsed: it chooses key and kind from a fixed map. Claims are read
// strictly, so that no two readers could read them differently. JWTKit is not used: it would bring a second libcrypto, X.509 and
// three minutes of building for the one line that computes the code, and the strict reader would still be ours.

import Spool

/// What a token may be used for; stands in its header as `typ`.
enum TokenKind: String, Sendable, CaseIterable {
  /// An owner's requests.
  case access = "access+jwt"
  /// A visitor's chat with one chatbot.
  case embed = "embed+jwt"
  /// Beginning a visitor's session again.
  case resume = "resume+jwt"
  /// Joining a provider's account with one of ours.
  case link = "link+jwt"
}

/// What a token says.
struct TokenClaims: Sendable, Hashable {
  /// An account's id, or a chatbot's for a visitor.
  var subject: String
  /// The session: a family of refresh tokens, or a visitor's.
  var session: String?
  /// The account's, at the time of signing.
  var epoch = 0
  /// embed, share or api: where a visitor's session began.
  var channel: String?
  /// Ms since 1970 UTC at which a person last proved who they are.
  var signedInAt: Int?
}

/// Signs and verifies.
struct TokenSigner: Sendable {
  private let issuer: String
  /// Each header we write, as it stands in tokens: no jku, x5u, jwk or crit can ask for anything.
  private let headers: [String: (kind: TokenKind, key: [UInt8])]
  private let newest: SecretKeys.Signing

  /// - Parameter issuer: this server's public URL.
  init(_ secrets: SecretKeys, issuer: String) {
    self.issuer = issuer
    let known = secrets.signing.flatMap { key in
      TokenKind.allCases.map { (Self.header($0, key: key.id), (kind: $0, key: key.bytes)) }
    }
    headers = Dictionary(known, uniquingKeysWith: { first, _ in first })
    newest = secrets.newest
  }

  private static func header(_ kind: TokenKind, key: String) -> String {
    Base64URL.encode(JSONText.encode(["alg": "HS256", "kid": key, "typ": kind.rawValue]))
  }

  /// A signed token.
  ///
  /// - Parameter lifetime: seconds.
  func sign(_ claims: TokenClaims, as kind: TokenKind, lifetime: Int, now: Int) -> String {
    let seconds = now / 1000
    let payload = SignedClaims(
      iss: issuer, aud: issuer, sub: claims.subject, iat: seconds, nbf: seconds,
      exp: seconds + lifetime, sid: claims.session, epoch: claims.epoch, channel: claims.channel,
      auth_time: claims.signedInAt.map { $0 / 1000 })
    let input =
      "\(Self.header(kind, key: newest.id)).\(Base64URL.encode(JSONText.encode(payload)))"
    let code = HMACSHA256.code(Array(input.utf8), key: newest.bytes)
    return "\(input).\(Base64URL.encode(code))"
  }

  /// What a token says; nil unless it is ours, of this kind, and good at this time.
  func verify(_ token: String, as kind: TokenKind, now: Int) -> TokenClaims? {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard token.utf8.count <= 4096, parts.count == 3, let header = headers[String(parts[0])],
      header.kind == kind, let code = Base64URL.decode(parts[2]),
      // The signature before the claims.
      HMACSHA256.verify(code, of: Array("\(parts[0]).\(parts[1])".utf8), key: header.key),
      let payload = Base64URL.decode(parts[1]),
      case .object(let members)? = try? StrictJSON.parse(payload)
    else { return nil }
    return claims(Input(members), now: now / 1000)
  }

  /// The kind a token claims to be of, unverified: only to choose what it is verified as.
  func kind(of token: String) -> TokenKind? {
    headers[String(token.prefix { $0 != "." })]?.kind
  }

  /// - Parameter now: seconds.
  private func claims(_ input: Input, now: Int) -> TokenClaims? {
    let leeway = 5
    guard input.text("iss") == issuer, input.text("aud") == issuer, let subject = input.text("sub"),
      let issuedAt = input.whole("iat"), let notBefore = input.whole("nbf"),
      let expiresAt = input.whole("exp"), let epoch = input.whole("epoch"), expiresAt > now,
      notBefore <= now + leeway, issuedAt <= now + leeway
    else { return nil }
    return TokenClaims(
      subject: subject, session: input.text("sid"), epoch: epoch, channel: input.text("channel"),
      signedInAt: input.whole("auth_time").map { $0 * 1000 })
  }
}

/// The claims as they are signed.
private struct SignedClaims: Encodable {
  let iss, aud, sub: String
  let iat, nbf, exp: Int
  let sid: String?
  let epoch: Int
  let channel: String?
  let auth_time: Int?
}
