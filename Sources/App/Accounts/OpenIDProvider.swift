// A sign-in provider (OpenID Connect Core 1.0, code flow with PKCE): where it is, exchanging a code, and believing what it says
// of a person. Everything it sends is checked: issuer, audience, time, nonce, and the signature against its published keys.

import COpenSSL
import FoundationEssentials
import Spool
import WebClient

/// What a provider says of a person.
struct ProvedIdentity: Sendable, Hashable {
  /// Never changes and is never given to another, unlike the address.
  let subject: String
  let email: String
  let name: String
}

/// How to reach a provider.
struct OpenIDSettings: Sendable {
  let issuer: String
  let clientID: String
  let clientSecret: String
}

/// One provider; what it publishes is fetched when it is first needed and kept for a while.
actor OpenIDProvider {
  /// Where its endpoints are.
  struct Endpoints: Sendable {
    let authorization: String
    let token: String
    let keys: String
    /// As the provider writes it: some end theirs with a slash, which a setting may leave out.
    let issuer: String
  }

  private enum State {
    case unknown
    case known(Endpoints, keys: [String: (modulus: [UInt8], exponent: [UInt8])], at: Int)
  }

  /// Milliseconds for which what it publishes is believed.
  private static let freshness = 3_600_000
  /// Milliseconds between two looks for a key that is not among the known ones.
  private static let keyPause = 300_000

  let settings: OpenIDSettings
  private let transport: WebTransport
  private var state = State.unknown

  init(_ settings: OpenIDSettings, transport: WebTransport) {
    self.settings = settings
    self.transport = transport
  }

  /// Its endpoints.
  ///
  /// - Throws: `AppError.busy` when it cannot be asked.
  func endpoints(now: Int) async throws -> Endpoints {
    if case .known(let endpoints, _, let at) = state, now - at < Self.freshness { return endpoints }
    return try await load(now: now)
  }

  private func load(now: Int) async throws -> Endpoints {
    let document = try await json(
      WebRequest(url: "\(settings.issuer)/.well-known/openid-configuration"))
    guard let issuer = document.text("issuer"),
      issuer == settings.issuer || issuer == settings.issuer + "/",
      let authorization = document.text("authorization_endpoint"),
      let token = document.text("token_endpoint"), let keysURL = document.text("jwks_uri")
    else { throw AppError.busy(retryAfterSeconds: 60) }
    let endpoints = Endpoints(
      authorization: authorization, token: token, keys: keysURL, issuer: issuer)
    let set = try await json(WebRequest(url: keysURL))
    var keys: [String: (modulus: [UInt8], exponent: [UInt8])] = [:]
    if case .array(let values)? = set.members["keys"] {
      for case .object(let members) in values {
        let key = Input(members)
        guard key.text("kty") == "RSA", key.text("use") ?? "sig" == "sig",
          key.text("alg") ?? "RS256" == "RS256", let id = key.text("kid"),
          let modulus = Base64URL.decode(key.text("n") ?? ""),
          let exponent = Base64URL.decode(key.text("e") ?? "")
        else { continue }
        keys[id] = (modulus, exponent)
      }
    }
    state = .known(endpoints, keys: keys, at: now)
    return endpoints
  }

  private func json(_ request: WebRequest) async throws -> Input {
    let response: WebResponse
    do {
      response = try await transport.send(request)
    } catch {
      throw AppError.busy(retryAfterSeconds: 30)
    }
    guard response.status == 200,
      case .object(let members)? = try? StrictJSON.parse(response.body)
    else {
      throw (400...499).contains(response.status)
        ? AppError(.oauthFailed) : AppError.busy(retryAfterSeconds: 30)
    }
    return Input(members)
  }

  /// Exchanges a code for what the provider says of the person.
  ///
  /// - Throws: `oauth-failed` for anything that does not hold, `busy` when the provider cannot be asked.
  func identity(
    code: String, verifier: String, nonce: String, redirect: String, now: Int
  ) async throws -> ProvedIdentity {
    let endpoints = try await endpoints(now: now)
    let form = [
      ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect),
      ("client_id", settings.clientID), ("client_secret", settings.clientSecret),
      ("code_verifier", verifier),
    ].map { "\($0.0)=\(FormText.encode($0.1))" }.joined(separator: "&")
    let answer = try await json(
      WebRequest(
        url: endpoints.token, method: "POST",
        headers: [
          "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json",
        ], body: Array(form.utf8)))
    guard let token = answer.text("id_token") else { throw AppError(.oauthFailed) }
    return try await verify(token, nonce: nonce, now: now)
  }

  /// Checks an ID token (OpenID Connect Core section 3.1.3.7).
  func verify(_ token: String, nonce: String, now: Int) async throws -> ProvedIdentity {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard token.utf8.count <= 16 << 10, parts.count == 3,
      let headerBytes = Base64URL.decode(parts[0]),
      case .object(let header)? = try? StrictJSON.parse(headerBytes),
      // One algorithm: not none, and not an HMAC with a secret that others know.
      Input(header).text("alg") == "RS256", let keyID = Input(header).text("kid"),
      header["crit"] == nil, let signature = Base64URL.decode(parts[2]),
      let payload = Base64URL.decode(parts[1]),
      let key = try await key(keyID, now: now),
      Self.isSigned(Array("\(parts[0]).\(parts[1])".utf8), signature, key),
      case .object(let members)? = try? StrictJSON.parse(payload)
    else { throw AppError(.oauthFailed) }
    let claims = Input(members)
    let seconds = now / 1000
    let named = try await endpoints(now: now).issuer
    guard let issuer = claims.text("iss"), Self.isIssuer(issuer, named), isAudience(claims),
      let expiresAt = claims.whole("exp"), expiresAt > seconds,
      let issuedAt = claims.whole("iat"), issuedAt <= seconds + 60,
      claims.text("nonce") == nonce, let subject = claims.text("sub"),
      (1...255).contains(subject.utf8.count), let email = claims.text("email")?.normalizedEmail,
      StringFormat.email.holds(email),
      claims.flag("email_verified") == true || claims.text("email_verified") == "true"
    else { throw AppError(.oauthFailed) }
    return ProvedIdentity(
      subject: "\(settings.issuer) \(subject)", email: email,
      name: String((claims.text("name") ?? "").unicodeScalars.prefix(80).map { Character($0) }))
  }

  /// Google names itself with and without a scheme.
  private static func isIssuer(_ text: String, _ named: String) -> Bool {
    text == named || (named == "https://accounts.google.com" && text == "accounts.google.com")
  }

  private func isAudience(_ claims: Input) -> Bool {
    if let one = claims.text("aud") { return one == settings.clientID }
    guard let several = claims.texts("aud"), several.contains(settings.clientID) else {
      return false
    }
    return several.count == 1 || claims.text("azp") == settings.clientID
  }

  private func key(_ id: String, now: Int) async throws -> (modulus: [UInt8], exponent: [UInt8])? {
    if case .known(_, let keys, let at) = state {
      if let key = keys[id] { return key }
      // A key we have not seen: they change theirs. Asked for once in a while, not for each forgery.
      if now - at < Self.keyPause { return nil }
    }
    _ = try await load(now: now)
    if case .known(_, let keys, _) = state { return keys[id] }
    return nil
  }

  private static func isSigned(
    _ message: [UInt8], _ signature: [UInt8], _ key: (modulus: [UInt8], exponent: [UInt8])
  ) -> Bool {
    bobbin_rsa_sha256_verify(
      key.modulus, Int32(key.modulus.count), key.exponent, Int32(key.exponent.count), message,
      message.count, signature, signature.count) == 1
  }
}

/// Values in forms and queries (RFC 3986, unreserved characters stay).
enum FormText {
  static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126:
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }
    return encoded
  }
}
