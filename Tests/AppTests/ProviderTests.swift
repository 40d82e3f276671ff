import Foundation
import Spool
import Storage
import Synchronization
import TestSupport
import Testing

@testable import App

/// Signing in through a provider that runs here: it publishes its keys, hands out codes' tokens, and lies when told to.
@Suite(.serialized) struct ProviderTests {
  /// A provider on loopback, signing with openssl.
  final class Provider: Sendable {
    let folder: TemporaryFolder
    let server: LoopbackServer
    /// What it says, and what it was asked.
    let box: Box

    var issuer: String { server.url("") }

    final class Box: Sendable {
      let base = Mutex("")
      /// How it names itself after that.
      let slash = Mutex("")
      let token = Mutex("")
      let forms = Mutex<[String]>([])
      /// What it publishes, and how often that was asked for.
      let keys = Mutex("")
      let looks = Mutex(0)
    }

    init() throws {
      let folder = try TemporaryFolder()
      self.folder = folder
      try Self.openssl(["genrsa", "-out", "\(folder.path)/key.pem", "2048"])
      try Self.openssl(["genrsa", "-out", "\(folder.path)/other.pem", "2048"])
      let box = Box()
      server = try LoopbackServer { request, connection in
        func json(_ text: String, _ status: Int = 200) {
          connection.respond(status, ["Content-Type: application/json"], body: Array(text.utf8))
        }
        switch request.path {
        case "/.well-known/openid-configuration":
          let base = box.base.withLock { $0 }
          json(
            #"{"issuer":"\#(base)\#(box.slash.withLock { $0 })","authorization_endpoint":"\#(base)/authorize","token_endpoint":"\#(base)/token","jwks_uri":"\#(base)/keys"}"#
          )
        case "/keys":
          box.looks.withLock { $0 += 1 }
          json(box.keys.withLock { $0 })
        case "/token":
          box.forms.withLock { $0.append(String(decoding: request.body, as: UTF8.self)) }
          let token = box.token.withLock { $0 }
          token.isEmpty
            ? json(#"{"error":"invalid_grant"}"#, 400) : json(#"{"id_token":"\#(token)"}"#)
        default: connection.respond(404)
        }
      }
      self.box = box
      let url = server.url("")
      box.base.withLock { $0 = url }
      try publish(["one": "key.pem"])
    }

    /// Publishes these keys and no others, by the names that tokens call them.
    func publish(_ files: [String: String]) throws {
      let keys = try files.sorted { $0.key < $1.key }.map { name, file in
        let text = try Self.openssl(["rsa", "-in", "\(folder.path)/\(file)", "-noout", "-modulus"])
        var rest = text.trimmingCharacters(in: .whitespacesAndNewlines)
          .dropFirst("Modulus=".count)[...]
        var modulus: [UInt8] = []
        while rest.count >= 2 {
          modulus.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
          rest = rest.dropFirst(2)
        }
        return
          #"{"kty":"RSA","kid":"\#(name)","use":"sig","alg":"RS256","n":"\#(Base64URL.encode(modulus))","e":"AQAB"}"#
      }
      box.keys.withLock { $0 = #"{"keys":[\#(keys.joined(separator: ","))]}"# }
    }

    @discardableResult
    static func openssl(_ arguments: [String], input: Data? = nil) throws -> String {
      String(decoding: try run(arguments, input: input), as: UTF8.self)
    }

    private static func run(_ arguments: [String], input: Data?) throws -> Data {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
      process.arguments = arguments
      let (output, feed) = (Pipe(), Pipe())
      process.standardOutput = output
      process.standardInput = feed
      process.standardError = FileHandle.nullDevice
      try process.start()
      if let input { feed.fileHandleForWriting.write(input) }
      try feed.fileHandleForWriting.close()
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return data
    }

    /// An ID token of these claims.
    func token(
      _ claims: [String: JSONValue],
      header: [String: JSONValue] = ["alg": .string("RS256"), "kid": .string("one")],
      key: String = "key.pem"
    ) throws -> String {
      let input =
        "\(Base64URL.encode(JSONText.encode(JSONValue.object(header)))).\(Base64URL.encode(JSONText.encode(JSONValue.object(claims))))"
      let signature = try Self.run(
        ["dgst", "-sha256", "-sign", "\(folder.path)/\(key)"], input: Data(input.utf8))
      return "\(input).\(Base64URL.encode(Array(signature)))"
    }
  }

  /// A browser between our server and the provider.
  struct Browser {
    let api: TestAPI
    let provider: Provider
    var cookie = ""
    var state = ""
    var nonce = ""
    var challenge = ""

    init(_ api: TestAPI, _ provider: Provider) async throws {
      self.api = api
      self.provider = provider
      let start = try await api.send("GET", "/api/auth/oauth/google/start")
      #expect(start.status == 302)
      let location = try #require(URLComponents(string: start.header("Location") ?? ""))
      func query(_ name: String) -> String {
        location.queryItems?.first { $0.name == name }?.value ?? ""
      }
      #expect(location.path == "/authorize" && query("code_challenge_method") == "S256")
      #expect(query("redirect_uri") == "\(TestAPI.origin)/oauth/google")
      state = query("state")
      nonce = query("nonce")
      challenge = query("code_challenge")
      cookie = String((start.header("Set-Cookie") ?? "").prefix { $0 != ";" })
    }

    func claims(_ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
      let now = api.clock() / 1000
      let base: [String: JSONValue] = [
        "iss": .string(provider.issuer), "aud": .string("client"), "sub": .string("110"),
        "email": .string("ada@example.com"), "email_verified": .bool(true),
        "nonce": .string(nonce), "iat": .integer(now), "exp": .integer(now + 300),
        "name": .string("Ada"),
      ]
      return base.merging(more) { $1 }
    }

    func finish(
      _ token: String, state: String? = nil, cookie: String? = nil, origin: String = TestAPI.origin
    ) async throws -> TestAPI.Reply {
      provider.box.token.withLock { $0 = token }
      return try await api.send(
        "POST", "/api/auth/oauth/google",
        json: #"{"code":"the-code","state":"\#(state ?? self.state)","delivery":"body"}"#,
        headers: ["Cookie": cookie ?? self.cookie, "Origin": origin],
        from: "198.51.100.\(Int.random(in: 1...250))")
    }
  }

  static func api(_ provider: Provider, _ more: [String: String] = [:]) throws -> TestAPI {
    try TestAPI(
      [
        "BOBBIN_OIDC_ISSUER": provider.issuer, "BOBBIN_OIDC_CLIENT_ID": "client",
        "BOBBIN_OIDC_CLIENT_SECRET": "hush",
      ].merging(more) { $1 })
  }

  @Test func `a person signs in, and is the same person the next time`() async throws {
    let provider = try Provider()
    let api = try Self.api(provider)
    let browser = try await Browser(api, provider)
    let reply = try await browser.finish(try provider.token(browser.claims()))
    #expect(reply.status == 200, "\(reply.text)")
    #expect(
      reply["user.google_linked"] == .bool(true) && reply["user.has_password"] == .bool(false))
    let form = try #require(provider.box.forms.withLock { $0.last })
    #expect(form.contains("code=the-code") && form.contains("client_secret=hush"))
    // RFC 7636 section 4.6: what the provider was told at the start is the digest of what it is told now.
    let verifier = try #require(
      form.split(separator: "&").first { $0.hasPrefix("code_verifier=") }?.dropFirst(14))
    #expect((43...128).contains(verifier.utf8.count))
    #expect(Base64URL.encode(SHA256Digest(of: String(verifier)).bytes) == browser.challenge)
    // Each journey ends once.
    #expect(try await browser.finish(try provider.token(browser.claims())).status == 401)
    let again = try await Browser(api, provider)
    let second = try await again.finish(
      try provider.token(again.claims(["email": .string("new@example.com")])))
    // The subject is who they are; a new address changes nothing.
    #expect(second["user.id"] == reply["user.id"])
  }

  @Test func `a provider may end its name with a slash, and its tokens do then`() async throws {
    let provider = try Provider()
    provider.box.slash.withLock { $0 = "/" }
    for setting in ["", "/"] {
      let api = try Self.api(provider, ["BOBBIN_OIDC_ISSUER": provider.issuer + setting])
      let browser = try await Browser(api, provider)
      let plain = try provider.token(browser.claims())
      #expect(try await browser.finish(plain).status == 401)
      let again = try await Browser(api, provider)
      let token = try provider.token(again.claims(["iss": .string(provider.issuer + "/")]))
      #expect(try await again.finish(token).status == 200, "\(setting)")
    }
  }

  @Test func `a provider that changes its keys is asked for them, and not for each forgery`()
    async throws
  {
    let provider = try Provider()
    let api = try Self.api(provider)
    func signIn(_ key: String, _ file: String) async throws -> Int {
      let browser = try await Browser(api, provider)
      let token = try provider.token(
        browser.claims(), header: ["alg": .string("RS256"), "kid": .string(key)], key: file)
      return try await browser.finish(token).status
    }
    #expect(try await signIn("one", "key.pem") == 200)
    // Another key, a while later: looked for, found, and the old one no longer believed.
    try provider.publish(["two": "other.pem"])
    api.pass(seconds: 301)
    #expect(try await signIn("two", "other.pem") == 200)
    #expect(try await signIn("one", "key.pem") == 401)
    // Keys that nobody has published: no more looks than one in five minutes.
    let looks = provider.box.looks.withLock { $0 }
    for name in ["three", "four", "five"] { #expect(try await signIn(name, "key.pem") == 401) }
    #expect(provider.box.looks.withLock { $0 } == looks)
    api.pass(seconds: 301)
    #expect(try await signIn("six", "key.pem") == 401)
    #expect(try await signIn("seven", "key.pem") == 401)
    #expect(provider.box.looks.withLock { $0 } == looks + 1)
  }

  @Test func `a journey that takes too long has to be begun again`() async throws {
    let provider = try Provider()
    let api = try Self.api(provider)
    let browser = try await Browser(api, provider)
    api.pass(seconds: 601)
    #expect(try await browser.finish(try provider.token(browser.claims())).status == 401)
    let again = try await Browser(api, provider)
    #expect(try await again.finish(try provider.token(again.claims())).status == 200)
  }

  @Test func `whatever does not hold is refused`() async throws {
    let provider = try Provider()
    let api = try Self.api(provider)
    let now = api.clock() / 1000
    for (name, change) in [
      ("audience", ["aud": JSONValue.string("other")]),
      ("audiences", ["aud": .array([.string("client"), .string("other")])]),
      ("issuer", ["iss": .string("https://evil.example")]), ("nonce", ["nonce": .string("x")]),
      ("expired", ["exp": .integer(now - 10)]), ("expiry as text", ["exp": .string("9999999999")]),
      ("unproved", ["email_verified": .bool(false)]), ("future", ["iat": .integer(now + 3600)]),
      ("no subject", ["sub": .null]), ("no address", ["email": .string("nobody")]),
    ] {
      let browser = try await Browser(api, provider)
      let reply = try await browser.finish(try provider.token(browser.claims(change)))
      #expect(reply.status == 401 && reply.code == "oauth-failed", "\(name)")
    }
    for (name, header, key) in [
      ("none", ["alg": JSONValue.string("none"), "kid": .string("one")], "key.pem"),
      ("HMAC", ["alg": .string("HS256"), "kid": .string("one")], "key.pem"),
      ("unknown key", ["alg": .string("RS256"), "kid": .string("two")], "key.pem"),
      ("another's key", ["alg": .string("RS256"), "kid": .string("one")], "other.pem"),
    ] {
      let browser = try await Browser(api, provider)
      let reply = try await browser.finish(
        try provider.token(browser.claims(), header: header, key: key))
      #expect(reply.status == 401, "\(name)")
    }
    let browser = try await Browser(api, provider)
    let token = try provider.token(browser.claims())
    #expect(try await browser.finish(token, state: "swapped").status == 401)
    #expect(try await browser.finish(token, cookie: "").status == 401)
    let other = try await Browser(api, provider)
    #expect(try await browser.finish(token, cookie: other.cookie).status == 401)
    #expect(try await browser.finish(token, origin: "https://evil.example").status == 403)
    // The code was not accepted.
    #expect(try await browser.finish("").status == 401)
    #expect(try await api.database.user(email: "ada@example.com") == nil)
  }

  @Test func `an account is never taken by its address alone`() async throws {
    let provider = try Provider()
    let api = try Self.api(provider)
    // One that has a password and a proved address: the password is asked for, once.
    let ada = try await api.signUp("ada")
    let browser = try await Browser(api, provider)
    let refused = try await browser.finish(try provider.token(browser.claims()))
    #expect(refused.status == 409 && refused.code == "link-required")
    let link = refused.text("link_token")
    func join(_ password: String) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/auth/oauth/google/link",
        json: #"{"link_token":"\#(link)","password":"\#(password)","delivery":"body"}"#)
    }
    #expect(try await join("wrong").status == 401)
    let joined = try await join(TestAPI.password)
    #expect(joined["user.id"] == .string(ada.id))
    let next = try await Browser(api, provider)
    #expect(
      try await next.finish(try provider.token(next.claims()))["user.id"] == .string(ada.id))
    // Another subject with the same address is somebody else.
    let stranger = try await Browser(api, provider)
    #expect(
      try await stranger.finish(
        try provider.token(stranger.claims(["sub": .string("666")]))
      ).status == 401)
  }

  @Test func `an account made in advance by a stranger is taken from them`() async throws {
    let provider = try Provider()
    let api = try Self.api(provider, ["BOBBIN_MAIL": "folder"])
    // A stranger signs up with Ada's address and waits.
    _ = try await api.send(
      "POST", "/api/auth/register",
      json: #"{"email":"ada@example.com","password":"\#(TestAPI.password)"}"#)
    let browser = try await Browser(api, provider)
    let reply = try await browser.finish(try provider.token(browser.claims()))
    #expect(reply.status == 200 && reply["user.has_password"] == .bool(false))
    let stranger = try await api.send(
      "POST", "/api/auth/login",
      json: #"{"email":"ada@example.com","password":"\#(TestAPI.password)"}"#)
    #expect(stranger.status == 401)
  }

  @Test func `without a provider it says so`() async throws {
    let api = try TestAPI()
    #expect(try await api.send("GET", "/api/auth/oauth/google/start").status == 501)
  }
}
