import Foundation
import HTTPTypes
import Spool
import Storage
import TestSupport
import Testing

@testable import App

@Suite struct SignInTests {
  @Test func `a refresh token is good once, and using it twice ends its session`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    func refresh(_ token: String, client: String = "one") async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/auth/refresh", json: #"{"refresh_token":"\#(token)"}"#,
        headers: ["User-Agent": client])
    }
    let first = try await refresh(ada.refresh)
    #expect(first.status == 200)
    // The same client within seconds gets the same successor: its answer may have been lost.
    let again = try await refresh(ada.refresh)
    #expect(again.text("refresh_token") == first.text("refresh_token"))
    // Another client has stolen it.
    let thief = try await refresh(ada.refresh, client: "two")
    #expect(thief.status == 401 && thief.code == "refresh-reused")
    #expect(try await refresh(first.text("refresh_token")).status == 401)
    #expect(try await api.send("GET", "/api/auth/me", token: ada.token).status == 401)
    #expect(try await refresh("nonsense").status == 401)
  }

  @Test func `fifty refreshes at once leave one session`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let tokens = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<50 {
        group.addTask {
          try await api.send(
            "POST", "/api/auth/refresh", json: #"{"refresh_token":"\#(ada.refresh)"}"#
          ).text("refresh_token")
        }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(tokens.count == 1 && !tokens.contains(""))
  }

  @Test func `logging out ends the session, and all of them when asked`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let second = try await api.send(
      "POST", "/api/auth/login",
      json: #"{"email":"ada@example.com","password":"\#(TestAPI.password)","delivery":"body"}"#)
    #expect(second.status == 200)
    let out = try await api.send(
      "POST", "/api/auth/logout", json: #"{"refresh_token":"\#(ada.refresh)"}"#)
    #expect(out.status == 204)
    #expect(try await api.send("GET", "/api/auth/me", token: ada.token).status == 401)
    let token = second.text("access_token")
    #expect(try await api.send("GET", "/api/auth/me", token: token).status == 200)
    #expect(try await api.send("POST", "/api/auth/logout-all", token: token).status == 204)
    #expect(try await api.send("GET", "/api/auth/me", token: token).status == 401)
    // A dead token is as good as none.
    #expect(
      try await api.send(
        "POST", "/api/auth/logout", json: #"{"refresh_token":"\#(ada.refresh)"}"#
      ).status == 204)
  }

  @Test func `the cookie goes with a page of ours only`() async throws {
    let api = try TestAPI()
    _ = try await api.signUp("ada")
    let login = try await api.send(
      "POST", "/api/auth/login",
      json: #"{"email":"ada@example.com","password":"\#(TestAPI.password)"}"#)
    let cookie = try #require(login.header("Set-Cookie"))
    #expect(login["refresh_token"] == .null)
    for part in ["__Host-refresh=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
      #expect(cookie.contains(part))
    }
    #expect(!cookie.contains("Domain"))
    let value = String(cookie.prefix { $0 != ";" })
    func refresh(_ headers: [String: String], json: String? = "{}") async throws -> Int {
      try await api.send(
        "POST", "/api/auth/refresh", json: json,
        headers: headers.merging(["Cookie": value]) { $1 }
      ).status
    }
    for origin in ["https://evil.example", "null", "https://chat.example.com.evil.example"] {
      #expect(try await refresh(["Origin": origin]) == 403, "\(origin)")
    }
    #expect(try await refresh([:]) == 403)
    #expect(
      try await refresh(["Origin": TestAPI.origin, "Content-Type": "text/plain"], json: nil) == 415)
    #expect(try await refresh(["Origin": TestAPI.origin]) == 200)
  }

  @Test func `members that nobody may set are refused`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    for member in [
      #""plan_tier":"enterprise""#, #""message_quota":9"#, #""user_id":"x""#, #""is_admin":true"#,
      #""id":"x""#,
    ] {
      for (method, path) in [("PATCH", "/api/auth/me"), ("PATCH", "/api/chatbots/\(chatbot)/")] {
        let reply = try await api.send(method, path, token: ada.token, json: "{\(member)}")
        #expect(reply.status == 400 && reply.code == "malformed", "\(path) \(member)")
      }
    }
    let twice = try await api.send(
      "PATCH", "/api/auth/me", token: ada.token, json: #"{"name":"a","name":"b"}"#)
    #expect(twice.status == 400)
    #expect(
      try await api.send("GET", "/api/auth/me", token: ada.token).text("plan_tier") == "free")
  }

  @Test func `guessing is slowed down and locks nobody out`() async throws {
    let api = try TestAPI()
    _ = try await api.signUp("ada")
    func login(_ password: String, from address: String) async throws -> Int {
      try await api.send(
        "POST", "/api/auth/login",
        json: #"{"email":"ada@example.com","password":"\#(password)"}"#, from: address
      ).status
    }
    // The owner has been here before.
    #expect(try await login(TestAPI.password, from: "192.0.2.1") == 200)
    var tried = 0
    for number in 0..<300 {
      let status = try await login("guess \(number)", from: "198.51.\(number).1")
      if status == 401 { tried += 1 } else { #expect(status == 429) }
    }
    #expect(tried <= 100 && tried > 0)
    #expect(try await login(TestAPI.password, from: "192.0.2.1") == 200)
  }

  @Test func `the same is said of an account that is not there`() async throws {
    let api = try TestAPI()
    _ = try await api.signUp("ada")
    var replies: [String] = []
    for email in ["ada@example.com", "nobody@example.com"] {
      let reply = try await api.send(
        "POST", "/api/auth/login", json: #"{"email":"\#(email)","password":"wrong wrong"}"#)
      #expect(reply.status == 401)
      guard case .object(var members) = reply.json else { continue }
      members["request_id"] = nil
      replies.append(String(decoding: JSONText.encode(JSONValue.object(members)), as: UTF8.self))
      let reset = try await api.send(
        "POST", "/api/auth/password/reset", json: #"{"email":"\#(email)"}"#)
      #expect(reset.status == 202)
    }
    #expect(Set(replies).count == 1)
  }

  @Test func `forged tokens are refused`() async throws {
    let secrets = try SecretKeys(
      text: "k1 \(Base64URL.encode([UInt8](repeating: 1, count: 32)))\nderivation "
        + Base64URL.encode([UInt8](repeating: 2, count: 32)), from: "test")
    let signer = TokenSigner(secrets, issuer: TestAPI.origin)
    let now = 1_800_000_000_000
    let claims = TokenClaims(subject: "u", session: "s", epoch: 3)
    let token = signer.sign(claims, as: .access, lifetime: 60, now: now)
    #expect(signer.verify(token, as: .access, now: now) == claims)
    #expect(signer.verify(token, as: .access, now: now + 60_000) == nil)
    #expect(signer.verify(token, as: .access, now: now - 60_000) == nil)
    for kind in [TokenKind.embed, .resume] {
      #expect(signer.verify(token, as: kind, now: now) == nil)
    }
    let other = TokenSigner(secrets, issuer: "https://other.example")
    #expect(other.verify(token, as: .access, now: now) == nil)
    let parts = token.split(separator: ".").map(String.init)
    func forged(header: String, payload: String? = nil, key: [UInt8]?) -> String {
      let input =
        "\(Base64URL.encode(Array(header.utf8))).\(payload.map { Base64URL.encode(Array($0.utf8)) } ?? parts[1])"
      let code = key.map { HMACSHA256.code(Array(input.utf8), key: $0) } ?? []
      return "\(input).\(Base64URL.encode(code))"
    }
    let key = [UInt8](repeating: 1, count: 32)
    let good = #"{"alg":"HS256","kid":"k1","typ":"access+jwt"}"#
    #expect(
      signer.verify(forged(header: good, key: key), as: .access, now: now) != nil,
      "the forge itself works")
    for header in [
      #"{"alg":"none","kid":"k1","typ":"access+jwt"}"#,
      #"{"alg":"None","kid":"k1","typ":"access+jwt"}"#,
      #"{"alg":"HS512","kid":"k1","typ":"access+jwt"}"#, #"{"alg":"HS256","typ":"access+jwt"}"#,
      #"{"alg":"HS256","kid":"../k1","typ":"access+jwt"}"#,
      #"{"alg":"HS256","kid":"k1' or 1=1","typ":"access+jwt"}"#,
      #"{"alg":"HS256","kid":"k1","typ":"JWT"}"#,
      #"{"alg":"HS256","kid":"k1","typ":"access+jwt","jku":"https://evil.example"}"#,
      #"{"alg":"HS256","kid":"k1","typ":"access+jwt","crit":["x"]}"#,
      #"{"alg":"none","alg":"HS256","kid":"k1","typ":"access+jwt"}"#,
    ] {
      for key in [key, nil] {
        #expect(
          signer.verify(forged(header: header, key: key), as: .access, now: now) == nil, "\(header)"
        )
      }
    }
    let base = #""iss":"\#(TestAPI.origin)","aud":"\#(TestAPI.origin)","sub":"u","epoch":3"#
    for times in [
      #""iat":1,"nbf":1,"exp":"9999999999""#, #""iat":1,"nbf":1,"exp":9999999999.5"#,
      #""iat":1,"nbf":1,"exp":1e400"#, #""iat":1,"nbf":1"#,
      #""iat":1,"nbf":9999999999,"exp":9999999999"#,
      #""iat":1,"nbf":1,"exp":1,"exp":9999999999"#,
    ] {
      let payload = "{\(base),\(times)}"
      #expect(
        signer.verify(forged(header: good, payload: payload, key: key), as: .access, now: now)
          == nil, "\(times)")
    }
    for wrong in [
      "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])", "\(token)=", "\(token).x",
      "\(parts[0]).\(parts[1]).\(parts[2].dropLast())", token + String(repeating: "A", count: 5000),
      "\(parts[0])=.\(parts[1]).\(parts[2])", "",
    ] { #expect(signer.verify(wrong, as: .access, now: now) == nil, "\(wrong.prefix(40))") }
  }

  @Test func `a password is all of its characters`() async throws {
    let hasher = PasswordHasher(cost: 4)
    let long = String(repeating: "x", count: 80)
    let hash = try await hasher.hash(long)
    #expect(hash.hasPrefix("$2b$04$"))
    #expect(try await hasher.verify(long, hash))
    // bcrypt alone would stop at byte 72 and at a NUL.
    #expect(try await !hasher.verify(long.dropLast() + "y", hash))
    let nul = try await hasher.hash("abc\u{0}def")
    #expect(try await !hasher.verify("abc\u{0}xyz", nul))
    // One form for one text.
    #expect(try await hasher.verify("cafe\u{301}", try await hasher.hash("caf\u{e9}")))
    #expect(try await !hasher.verify("anything", nil))
  }

  @Test func `too many sign-ins at once are told to come again`() async throws {
    let hasher = PasswordHasher(cost: 10, waitingLimit: 3)
    let refused = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<20 {
        group.addTask {
          do {
            _ = try await hasher.verify("x", nil)
            return false
          } catch { return (error as? AppError)?.code == .busy }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(refused > 0 && refused < 20)
  }

  @Test(arguments: [
    ("password", false), ("Passw0rd123!", false), ("12345678", false), ("qwertyuiop", false),
    ("aaaaaaaa", false), ("abcabcabc", false), ("ada.lovelace@example.com", false),
    ("iloveyou99", false),
    ("short1", false), ("1q2w3e4r5t", false), ("ada.lovelace", false),
    ("tr0ubadour klavier", true), ("correct horse battery staple", true), ("Kv7!pw2#", true),
    ("übergrößenträger", true),
  ])
  func `an easy password is refused`(password: String, isAllowed: Bool) {
    #expect(
      PasswordRules.allows(password, email: "ada.lovelace@example.com", name: "Ada")
        == isAllowed, "\(password)")
  }

  @Test func `letters prove addresses and set passwords, once`() async throws {
    let api = try TestAPI(["BOBBIN_MAIL": "folder"])
    let mail = api.mail
    let folder = "\(api.folder.path)/mail"
    func lastToken() throws -> String {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      let path = "\(folder)/\(try #require(names.last))"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(text.contains("To: <ada@example.com>\r\n") && text.contains("\(TestAPI.origin)/"))
      return String(try #require(text.firstMatch(of: /#token=([A-Za-z0-9_-]+)/)).1)
    }
    func login(_ password: String) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/auth/login",
        json: #"{"email":"ada@example.com","password":"\#(password)","delivery":"body"}"#)
    }
    let register = try await api.send(
      "POST", "/api/auth/register",
      json: #"{"email":"Ada@Example.com","password":"\#(TestAPI.password)"}"#)
    #expect(register.status == 202)
    let user = try #require(try await api.database.user(email: "ada@example.com"))
    await mail.carryOut(.verify(user: user.id))
    #expect(try await login(TestAPI.password).code == "email-unverified")
    let token = try lastToken()
    func verify(_ token: String) async throws -> Int {
      try await api.send("POST", "/api/auth/email/verify", json: #"{"token":"\#(token)"}"#).status
    }
    #expect(try await verify("x") == 400)
    #expect(try await verify(token) == 204)
    #expect(try await verify(token) == 400)
    let session = try await login(TestAPI.password)
    #expect(session.status == 200)

    await mail.carryOut(.reset(email: "ada@example.com"))
    let old = try lastToken()
    await mail.carryOut(.reset(email: "ada@example.com"))
    let new = try lastToken()
    func confirm(_ token: String, _ password: String) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/auth/password/reset/confirm",
        json: #"{"token":"\#(token)","password":"\#(password)"}"#)
    }
    // Only the newest counts; a weak password does not spend it.
    #expect(try await confirm(old, "klavier und geige").code == "token-invalid")
    #expect(try await confirm(new, "password").code == "weak-password")
    let wins = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<20 { group.addTask { try await confirm(new, "klavier und geige").status } }
      return try await group.reduce(0) { $0 + ($1 == 204 ? 1 : 0) }
    }
    #expect(wins == 1)
    // The sessions of before have ended, the old password with them.
    #expect(
      try await api.send("GET", "/api/auth/me", token: session.text("access_token")).status == 401)
    #expect(try await login(TestAPI.password).status == 401)
    #expect(try await login("klavier und geige").status == 200)
  }
}
