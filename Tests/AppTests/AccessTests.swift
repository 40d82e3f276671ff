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

  @Test func `each route is open to those it is for`() async throws {
    let api = try TestAPI()
    for (number, route) in api.routes.enumerated()
    where [.owner, .user, .visitor, .visitorOrOwner].contains(route.access) {
      // An account of its own for each: some of these end the session or remove the chatbot.
      let owner = try await api.signUp("own\(number)")
      let chatbot = try await api.chatbot(of: owner)
      // A form that is off is forbidden to everybody.
      try await api.send(
        "PATCH", "/api/chatbots/\(chatbot)/", token: owner.token,
        json: #"{"lead_form":{"enabled":true,"fields":[],"after_messages":0}}"#)
      let path = route.path.replacingOccurrences(of: "{chatbot_id}", with: chatbot)
        .replacingOccurrences(
          of: "\\{[a-z_]+\\}", with: "00000000000000000000000000", options: .regularExpression)
      var tokens: [String] = []
      if route.access != .visitor { tokens.append(owner.token) }
      if [.visitor, .visitorOrOwner].contains(route.access) {
        tokens.append(try await api.visitor(of: chatbot))
      }
      for token in tokens {
        let reply = try await api.send(
          route.method.rawValue, path, token: token, json: Self.body(route),
          from: "198.51.100.\(number % 250)")
        #expect(
          reply.status != 401 && !["forbidden", "account-disabled"].contains(reply.code),
          "\(route.name): \(reply.text)")
      }
    }
  }

  @Test func `what belongs to another is not there under one's own chatbot`() async throws {
    let api = try TestAPI()
    let (ada, eve) = (try await api.signUp("ada"), try await api.signUp("eve"))
    let (mine, hers) = (try await api.chatbot(of: ada), try await api.chatbot(of: eve))
    func post(_ path: String, _ json: String, _ token: String) async throws -> TestAPI.Reply {
      let reply = try await api.send("POST", path, token: token, json: json)
      #expect((200...202).contains(reply.status), "\(path): \(reply.text)")
      return reply
    }
    let base = "/api/chatbots/\(hers)/"
    try await api.send(
      "PATCH", base, token: eve.token,
      json: #"{"lead_form":{"enabled":true,"fields":["name"],"after_messages":0}}"#)
    let source = try await post(
      base + "sources/", #"{"source_type":"file","name":"a.txt","text":"The tower is high."}"#,
      eve.token
    ).text("id")
    let run = try await post(base + "train/", "{}", eve.token).text("id")
    let document = try await api.send("GET", base + "documents/", token: eve.token)
      .text("items.0.id")
    let visitor = try await api.visitor(of: hers)
    let answer = try await post("/api/chat/\(hers)/", #"{"message":"hello"}"#, visitor)
    let lead = try await post(
      "/api/chat/\(hers)/leads/", #"{"email":"bo@example.org","consent":true}"#, visitor
    ).text("lead_id")
    let line = try await post(base + "guidance/", #"{"text":"Ask at the desk."}"#, eve.token)
      .text("id")
    let key = try await post("/api/auth/keys/", #"{"name":"k"}"#, eve.token).text("id")
    let session = try await api.send("GET", "/api/auth/sessions/", token: eve.token)
      .text("items.0.id")
    let ids = [
      "chatbot_id": mine, "source_id": source, "run_id": run, "document_id": document,
      "conversation_id": answer.text("conversation_id"), "message_id": answer.text("message_id"),
      "lead_id": lead, "line_id": line, "key_id": key, "session_id": session,
    ]
    #expect(ids.values.allSatisfy { !$0.isEmpty }, "\(ids)")
    // So that nothing is refused for another reason.
    try await api.send(
      "PATCH", "/api/chatbots/\(mine)/", token: ada.token,
      json: #"{"crm_webhook_url":"https://crm.example.com/hook"}"#)
    var tried: Set<String> = []
    for route in api.routes where [.owner, .user].contains(route.access) {
      let names = route.pathParameters
      guard names.contains(where: { $0 != "chatbot_id" }), names.allSatisfy({ ids[$0] != nil })
      else { continue }
      let path = ids.reduce(route.path) {
        $0.replacingOccurrences(of: "{\($1.key)}", with: $1.value)
      }
      var multipart: [UInt8]?
      if case .multipart = route.body { multipart = SourceTests.form([65], name: "a.txt") }
      let reply = try await api.send(
        route.method.rawValue, path, token: ada.token,
        json: multipart == nil ? Self.body(route) : nil, body: multipart,
        headers: multipart == nil ? [:] : ["Content-Type": "multipart/form-data; boundary=xyz"])
      #expect(reply.status == 404, "\(route.name): \(reply.status) \(reply.text)")
      tried.formUnion(names)
    }
    #expect(tried == Set(ids.keys))
    // And it is all still there.
    #expect(try await api.send("GET", base + "sources/\(source)/", token: eve.token).status == 200)
    #expect(try await api.send("GET", "/api/auth/me", token: eve.token).status == 200)
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
    // And it describes nothing that is not there.
    let names = Set(api.routes.map(\.name))
    if case .object(let paths) = document["paths"] {
      for case (let path, .object(let methods)) in paths {
        for method in methods.keys {
          #expect(names.contains("\(method.uppercased()) \(path)"), "\(method) \(path)")
        }
      }
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
