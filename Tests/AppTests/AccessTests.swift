import Foundation
import HTTPTypes
import Spool
import Storage
import TestSupport
import Testing

@testable import App

/// Every route against everybody who may come, made from the routes themselves: a new route is tried without a line here.
@Suite struct AccessTests {
  /// A value that a schema accepts.
  static func example(_ schema: Schema) -> JSONValue {
    switch schema {
    case .string(let length, let format):
      switch format {
      case .email: return .string("somebody@example.com")
      case .webURL: return .string("https://example.com/page")
      case .cursor: return .string("a-b")
      case .day: return .string("2026-11-26")
      case .uuid: return .string("00000000-0000-4000-8000-000000000000")
      case .identifier, .slug, .token, .oneLine, .filled, .time, nil:
        return .string(String(repeating: "a", count: max(length.lowerBound, 1)))
      }
    case .choice(let names): return .string(names.first ?? "")
    case .integer(let range): return .integer(range.lowerBound)
    case .number, .share: return .number(0)
    case .boolean: return .bool(true)
    case .array(let element, let count):
      return .array((0..<count.lowerBound).map { _ in example(element) })
    case .object(let properties):
      return .object(
        Dictionary(
          properties.filter(\.isRequired).map { ($0.name, example($0.schema)) },
          uniquingKeysWith: { $1 }))
    case .map: return .object([:])
    case .nullable(let inner): return example(inner)
    case .component(let name): return Components.schema(name).map(example) ?? .null
    case .either(let shapes): return shapes.first.map(example) ?? .null
    }
  }

  static func body(_ route: Route) -> String? {
    switch route.body {
    case .none, .raw, .multipart: nil
    case .json(let schema), .jsonOrMultipart(let schema, _):
      String(decoding: JSONText.encode(example(schema)), as: UTF8.self)
    }
  }

  @Test func `each route opens to whom it says and to nobody else`() async throws {
    let api = try TestAPI()
    let owner = try await api.signUp("owner")
    let other = try await api.signUp("other")
    let suspended = try await api.signUp("suspended")
    let admin = try await api.signUp("admin")
    try await api.promote(admin)
    let chatbot = try await api.chatbot(of: owner)
    let visitor = try await api.visitor(of: chatbot)
    let key = try await api.send(
      "POST", "/api/auth/keys/", token: owner.token, json: #"{"name":"k"}"#
    ).text("key")
    var change = UserChange()
    change.isDisabled = true
    _ = try await api.database.change(suspended.id, change, now: WallClock.now())
    let secrets = try SecretKeys.load(data: api.folder.path)
    let expired = TokenSigner(secrets, issuer: TestAPI.origin).sign(
      TokenClaims(subject: owner.id, session: "x"), as: .access, lifetime: 1,
      now: WallClock.now() - 60_000)

    for route in api.routes {
      let path = route.path.replacingOccurrences(of: "{chatbot_id}", with: chatbot)
        .replacingOccurrences(of: "{slug}", with: "nobody")
        .replacingOccurrences(
          of: "\\{[a-z_]+\\}", with: "00000000000000000000000000", options: .regularExpression)
      func status(_ token: String?) async throws -> Int {
        if case .multipart = route.body {
          return try await api.send(
            route.method.rawValue, path, token: token, body: SourceTests.form([65], name: "a.txt"),
            headers: ["Content-Type": "multipart/form-data; boundary=xyz"]
          ).status
        }
        return try await api.send(
          route.method.rawValue, path, token: token, json: Self.body(route),
          from: "198.51.100.\(Int.random(in: 1...250))"
        ).status
      }
      let name = "\(route.name)"
      switch route.access {
      case .signed:
        // Nothing of these is signed.
        let answer = try await status(nil)
        #expect([400, 401, 422, 501].contains(answer), "\(name): \(answer)")
        continue
      case .any:
        // Refresh is refused for its token, not for its caller.
        let answer = try await status(nil)
        if !name.contains("/auth/") { #expect(answer != 401 && answer != 403, "\(name)") }
        continue
      case .visitor, .visitorOrOwner, .owner, .user, .admin: break
      }
      for token in [nil, expired, "x", "a.b.c", "bk_" + String(repeating: "A", count: 43)] {
        #expect(try await status(token) == 401, "\(name) with \(token ?? "nothing")")
      }
      switch route.access {
      case .visitor:
        #expect(try await status(owner.token) == 401, "\(name)")
        #expect(try await status(key) == 401, "\(name)")
      case .visitorOrOwner:
        #expect(try await status(other.token) == 404, "\(name)")
        #expect(try await status(suspended.token) == 403, "\(name)")
      case .owner, .user:
        #expect(try await status(visitor) == 401, "\(name)")
        #expect(try await status(suspended.token) == 403, "\(name)")
        if route.pathParameters.contains("chatbot_id") {
          // Another's chatbot is one that is not there.
          let foreign = try await status(other.token)
          #expect(foreign == 404, "\(name): \(foreign)")
        }
        if route.access == .user { #expect(try await status(key) == 401, "\(name)") }
      case .admin:
        #expect(try await status(visitor) == 401, "\(name)")
        #expect(try await status(owner.token) == 403, "\(name)")
        #expect(try await status(key) == 401, "\(name)")
        #expect(try await status(suspended.token) == 403, "\(name)")
        let own = try await status(admin.token)
        #expect(own != 401 && own != 403, "\(name): \(own)")
      case .any, .signed: break
      }
    }
  }

  @Test func `routes are added in one place alone`() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources/App")
    let files = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String }
    for file in files ?? []
    where file.hasSuffix(".swift")
      && !["RouteTable.swift", "MetricsServer.swift"].contains(where: file.hasSuffix)
    {
      let text = try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
      for word in ["router.get(", "router.post(", "router.on(", "router.put(", "router.delete("] {
        #expect(!text.contains(word), "\(file): \(word)")
      }
    }
  }

  @Test func `every answer carries the headers that keep a browser strict`() async throws {
    let api = try TestAPI()
    for route in api.routes {
      let path = route.path.replacingOccurrences(
        of: "\\{[a-z_]+\\}", with: "none", options: .regularExpression)
      let reply = try await api.send(
        route.method.rawValue, path, json: Self.body(route),
        from: "198.51.100.\(Int.random(in: 1...250))")
      for name in [
        "X-Request-Id", "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy",
        "Strict-Transport-Security",
      ] { #expect(reply.header(name) != nil, "\(route.name): \(name)") }
      #expect(reply.header("Server") == nil)
      #expect(reply.header("Content-Security-Policy")?.contains("unsafe-inline") == false)
      // A path, an address or a stack is nobody's business.
      #expect(!reply.text.contains(api.folder.path), "\(route.name)")
    }
  }

  @Test func `the description names every route, its access and its answers`() async throws {
    let api = try TestAPI()
    let document = try await api.send("GET", "/openapi.json")
    #expect(document.text("openapi") == "3.1.0")
    for route in api.routes {
      guard case .object(let paths) = document["paths"],
        case .object(let methods)? = paths[route.path],
        case .object(let operation)? = methods[route.method.rawValue.lowercased()]
      else {
        Issue.record("\(route.name) is not described")
        continue
      }
      #expect(operation["x-access"] == .string(route.access.rawValue))
    }
    // References lead somewhere.
    for match in document.text.matches(of: /#\/components\/schemas\/([A-Za-z]+)/) {
      #expect(Components.schema(String(match.1)) != nil, "\(match.1)")
    }
  }

  @Test func `the description says how high a number may be, and what a form needs beside a part`()
    async throws
  {
    let api = try TestAPI()
    let document = try await api.send("GET", "/openapi.json")
    func check(_ value: JSONValue) {
      switch value {
      case .object(let members):
        if members["type"] == .string("integer") {
          #expect(members["minimum"] != nil && members["maximum"] != nil)
        }
        for member in members.values { check(member) }
      case .array(let values): for value in values { check(value) }
      default: break
      }
    }
    check(document["paths"])
    check(document["components"])
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let path = "/api/chatbots/\(chatbot)/generations/1/diff/"
    for (from, status) in [("9007199254740991", 404), ("9007199254740992", 422)] {
      #expect(try await api.send("GET", "\(path)?from=\(from)", token: ada.token).status == status)
    }
    let form = document[
      "paths./api/chatbots/{chatbot_id}/sources/.post.requestBody.content.multipart/form-data.schema"
    ]
    guard case .object(let schema) = form else {
      Issue.record("no form is described")
      return
    }
    #expect(
      schema["anyOf"]
        == .array([
          .object(["required": .array([.string("source_url")])]),
          .object([
            "properties": .object([
              "source_type": .object(["not": .object(["enum": .array([.string("video")])])])
            ])
          ]),
        ]))
  }

  @Test func `a wrong method is told which ones there are`() async throws {
    let api = try TestAPI()
    let reply = try await api.send("PUT", "/api/chatbots/", json: "{}")
    #expect(reply.status == 405 && reply.header("Allow") == "GET, POST")
    #expect(try await api.send("GET", "/api/nothing/").status == 404)
    // One slash more or less is the same route.
    #expect(try await api.send("GET", "/api/billing/plans").status == 200)
    #expect(try await api.send("GET", "/api/billing/plans/").status == 200)
  }
}
