import Answering
import Corpus
import Foundation
import Spool
import Storage
import TestSupport
import Testing

@testable import App

/// Visitors, owners' chatbots and their limits; greetings are answered without a model or a shard.
@Suite struct ChatTests {
  @Test func `a quota of fifty lets exactly fifty of two hundred through`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    var change = UserChange()
    change.planTier = "enterprise"
    change.messageQuota = .some(50)
    _ = try await api.database.change(ada.id, change, now: WallClock.now())
    let chatbot = try await api.chatbot(of: ada)
    var tokens: [String] = []
    for number in 0..<20 {
      tokens.append(try await api.visitor(of: chatbot, from: "192.0.2.\(number)"))
    }
    let visitors = tokens
    let answers = try await withThrowingTaskGroup(of: (Int, JSONValue).self) { group in
      for number in 0..<200 {
        group.addTask {
          let reply = try await api.send(
            "POST", "/api/chat/\(chatbot)/", token: visitors[number % 20],
            json: #"{"message":"hello"}"#, from: "192.0.2.\(number % 20)")
          return (reply.status, reply["limited"])
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.allSatisfy { $0.0 == 200 })
    #expect(answers.filter { $0.1 == .bool(false) }.count == 50)
    #expect(answers.filter { $0.1 == .bool(true) }.count == 150)
    let usage = try await api.send("GET", "/api/usage/", token: ada.token)
    #expect(usage["messages_used"] == .integer(50) && usage["messages_limited"] == .integer(150))
  }

  @Test func `an owner is told once that messages are used up, and of what`() async throws {
    let api = try TestAPI(["BOBBIN_MAIL": "folder"])
    let mail = Task { try await api.mail.run() }
    defer { mail.cancel() }
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let visitor = try await api.visitor(of: chatbot)
    func ask() async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/chat/\(chatbot)/", token: visitor, json: #"{"message":"hello"}"#)
    }
    func set(_ json: String) async throws {
      let reply = try await api.send(
        "PATCH", "/api/chatbots/\(chatbot)/", token: ada.token, json: json)
      #expect(reply.status == 200, "\(reply.text)")
    }
    // The chatbot's own bound for a day.
    try await set(#"{"daily_message_cap":1,"busy_text":"Gone fishing."}"#)
    #expect(try await ask()["limited"] == .bool(false))
    for _ in 0..<2 {
      let limited = try await ask()
      #expect(limited.status == 200 && limited["limited"] == .bool(true))
      #expect(limited.text("message") == "Gone fishing." && limited["answered"] == .bool(false))
    }
    let daily = try await api.letters(1)
    #expect(
      daily.count == 1
        && daily.first?.contains("Subject: Your chatbot has reached its limit for today") == true)
    // What the plan has for a period: another letter, once.
    try await set(#"{"daily_message_cap":null}"#)
    var change = UserChange()
    change.messageQuota = .some(2)
    _ = try await api.database.change(ada.id, change, now: WallClock.now())
    #expect(try await ask()["limited"] == .bool(false))
    for _ in 0..<2 { #expect(try await ask()["limited"] == .bool(true)) }
    // A last letter of another kind: what was to come before it has come.
    api.mail.enqueue(.passwordChanged(user: ada.id))
    let all = try await api.letters(3)
    #expect(all.count == 3)
    #expect(all.dropFirst().first?.contains("Subject: Your chatbot has used its messages") == true)
  }

  @Test func `a chatbot of a suspended owner is there for nobody`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let slug = try await api.send("GET", "/api/chatbots/\(chatbot)/", token: ada.token)
      .text("public_url_slug")
    try await api.send(
      "PATCH", "/api/chatbots/\(chatbot)/", token: ada.token,
      json: #"{"lead_form":{"enabled":true,"fields":["name"],"after_messages":0}}"#)
    let visitor = try await api.visitor(of: chatbot)
    let asked = try await api.send(
      "POST", "/api/chat/\(chatbot)/", token: visitor, json: #"{"message":"hello"}"#)
    let requests = [
      ("GET", "/api/chat/\(chatbot)/", nil), ("POST", "/api/chat/\(chatbot)/session/", "{}"),
      ("POST", "/api/chat/\(chatbot)/", #"{"message":"hello"}"#),
      ("GET", "/api/chat/\(chatbot)/history/", nil),
      (
        "POST", "/api/chat/\(chatbot)/feedback/",
        #"{"message_id":"\#(asked.text("message_id"))","value":1}"#
      ),
      ("POST", "/api/chat/\(chatbot)/leads/", #"{"email":"bo@example.org","consent":true}"#),
      ("GET", "/c/\(slug)", nil), ("GET", "/embed/\(chatbot)/", nil),
    ]
    func statuses() async throws -> [Int] {
      var statuses: [Int] = []
      for (method, path, json) in requests {
        statuses.append(try await api.send(method, path, token: visitor, json: json).status)
      }
      return statuses
    }
    #expect(try await statuses() == [200, 201, 200, 200, 204, 201, 200, 200])
    var change = UserChange()
    change.isDisabled = true
    _ = try await api.database.change(ada.id, change, now: WallClock.now())
    #expect(try await statuses() == [404, 404, 404, 404, 404, 404, 404, 404])
    // What a visitor has said can be taken back at any time.
    #expect(
      try await api.send("DELETE", "/api/chat/\(chatbot)/session/", token: visitor).status == 204)
    change.isDisabled = false
    _ = try await api.database.change(ada.id, change, now: WallClock.now())
    #expect(try await api.send("GET", "/api/chat/\(chatbot)/").status == 200)
  }

  @Test func `a session has its history, its feedback, and its end`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let visitor = try await api.visitor(of: chatbot)
    let stranger = try await api.visitor(of: chatbot)
    let answer = try await api.send(
      "POST", "/api/chat/\(chatbot)/", token: visitor, json: #"{"message":"hello"}"#)
    #expect(answer.status == 200)
    let history = try await api.send(
      "GET", "/api/chat/\(chatbot)/history/", token: visitor)
    #expect(history["items.0.role"] == .string("user"))
    #expect(history["items.1.content"] == answer["message"])
    #expect(
      try await api.send("GET", "/api/chat/\(chatbot)/history/", token: stranger)["items"]
        == .array([]))
    let feedback = #"{"message_id":"\#(answer.text("message_id"))","value":-1,"comment":"no"}"#
    func send(_ token: String) async throws -> Int {
      try await api.send(
        "POST", "/api/chat/\(chatbot)/feedback/", token: token, json: feedback
      ).status
    }
    #expect(try await send(stranger) == 404)
    #expect(try await send(visitor) == 204)
    let conversation = answer.text("conversation_id")
    let shown = try await api.send(
      "GET", "/api/chatbots/\(chatbot)/conversations/\(conversation)/", token: ada.token)
    #expect(shown["messages.1.feedback"] == .integer(-1))
    #expect(shown["messages.1.comment"] == .string("no"))
    let listed = try await api.send(
      "GET", "/api/chatbots/\(chatbot)/conversations/", token: ada.token)
    #expect(listed["items.0.question"] == .string("hello"))
    #expect(listed["items.0.feedback"] == .integer(-1))
    let found = answer["answered"] == .bool(true)
    #expect(listed["items.0.unanswered"] == .integer(found ? 0 : 1))
    let export = try await api.send(
      "GET", "/api/chatbots/\(chatbot)/conversations/export/", token: ada.token)
    #expect(export.text.split(separator: "\n").count == 2)
    #expect(
      try await api.send("DELETE", "/api/chat/\(chatbot)/session/", token: visitor).status == 204)
    #expect(
      try await api.send("GET", "/api/chat/\(chatbot)/history/", token: visitor)["items"]
        == .array([]))
  }

  @Test func `a session's token opens one chatbot`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    var change = UserChange()
    change.planTier = "pro"
    _ = try await api.database.change(ada.id, change, now: WallClock.now())
    let (one, two) = (try await api.chatbot(of: ada), try await api.chatbot(of: ada))
    let visitor = try await api.visitor(of: one)
    let reply = try await api.send(
      "POST", "/api/chat/\(two)/", token: visitor, json: #"{"message":"hello"}"#)
    #expect(reply.status == 403 && reply.code == "wrong-chatbot")
  }

  @Test func `a site that was not allowed gets no session`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    func begin(_ origin: String) async throws -> Int {
      try await api.send(
        "POST", "/api/chat/\(chatbot)/session/", json: "{}", headers: ["Origin": origin]
      ).status
    }
    #expect(try await begin("https://shop.example") == 403)
    let changed = try await api.send(
      "PATCH", "/api/chatbots/\(chatbot)/", token: ada.token,
      json: #"{"allowed_domains":["Shop.example","https://www.shop.example:8443/"]}"#)
    #expect(
      changed["allowed_domains"]
        == .array([.string("https://shop.example"), .string("https://www.shop.example:8443")]))
    #expect(try await begin("https://shop.example") == 201)
    #expect(try await begin("https://shop.example.evil.example") == 403)
    #expect(try await begin("null") == 403)
    #expect(try await begin(TestAPI.origin) == 201)
    for bad in [
      "*", "*.com", "a b", "x;y", "shop.example\\r\\nX: 1", "https://u@shop.example", "//",
    ] {
      let reply = try await api.send(
        "PATCH", "/api/chatbots/\(chatbot)/", token: ada.token,
        json: #"{"allowed_domains":["\#(bad)"]}"#)
      #expect(reply.status == 422, "\(bad)")
    }
  }

  @Test func `other origins may call the chat and nothing else`() async throws {
    let api = try TestAPI()
    let preflight = [
      "Origin": "https://evil.example", "Access-Control-Request-Method": "POST",
    ]
    let chat = try await api.send("OPTIONS", "/api/chat/x/", headers: preflight)
    #expect(chat.status == 204 && chat.header("Access-Control-Allow-Origin") == "*")
    #expect(chat.header("Access-Control-Allow-Credentials") == nil)
    for origin in ["https://evil.example", "null", "https://chat.example.com.evil.example"] {
      let reply = try await api.send("GET", "/api/auth/me", headers: ["Origin": origin])
      #expect(reply.header("Access-Control-Allow-Origin") == nil)
      #expect(reply.header("Vary")?.contains("Origin") == true)
    }
    let own = try await api.send("GET", "/api/auth/me", headers: ["Origin": TestAPI.origin])
    #expect(own.header("Access-Control-Allow-Origin") == TestAPI.origin)
  }

  @Test func `a session is slowed down before its chatbot is`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let visitor = try await api.visitor(of: chatbot)
    func ask(_ token: String) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/chat/\(chatbot)/", token: token, json: #"{"message":"hello"}"#)
    }
    for _ in 0..<10 { #expect(try await ask(visitor).status == 200) }
    let refused = try await ask(visitor)
    #expect(refused.status == 429 && refused.code == "rate-limited")
    #expect(Int(refused.header("Retry-After") ?? "") ?? 0 > 0)
    #expect(try await ask(try await api.visitor(of: chatbot)).status == 200)
  }

  @Test(arguments: [true, false])
  func `an answer that fails costs nothing, and the same request is answered once it can be`(
    hasModel: Bool
  ) async throws {
    let api = try TestAPI(hasModel ? ["OPENAI_BASE_URL": "http://127.0.0.1:9/v1"] : [:])
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let visitor = try await api.visitor(of: chatbot)
    let folder = "\(api.folder.path)/shards/\(chatbot)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data("damaged\n".utf8).write(to: URL(filePath: "\(folder)/CURRENT"))
    func ask(_ headers: [String: String]) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/chat/\(chatbot)/", token: visitor, json: #"{"message":"When is it open?"}"#,
        headers: headers)
    }
    func used() async throws -> JSONValue {
      try await api.send("GET", "/api/usage/", token: ada.token)["messages_used"]
    }
    let named = ["Idempotency-Key": "once"]
    let refused = try await ask(named)
    #expect(refused.status == 503 && refused.code == "busy")
    let streamed = try await ask(["Accept": "text/event-stream"])
    #expect(streamed.text.contains("/problems/busy") && !streamed.text.contains("event: delta"))
    #expect(try await used() == .integer(0))
    try FileManager.default.removeItem(atPath: folder)
    #expect(try await ask(named).status == 200)
    #expect(try await used() == .integer(1))
    // No message is lost by a failure, and limits count it all the same: it cost a search.
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data("damaged\n".utf8).write(to: URL(filePath: "\(folder)/CURRENT"))
    var statuses: Set<Int> = []
    for _ in 0..<60 { statuses.insert(try await ask([:]).status) }
    #expect(statuses == [503, 429])
    #expect(try await used() == .integer(1))
  }

  @Test func `the same request with the same key is done once`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    func create(_ body: String) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/chatbots/", token: ada.token, json: body,
        headers: ["Idempotency-Key": "first-try"])
    }
    let first = try await create(#"{"name":"One"}"#)
    let again = try await create(#"{"name":"One"}"#)
    #expect(first.status == 201 && again.status == 201 && first.body == again.body)
    #expect(again.header("Location") == first.header("Location"))
    let other = try await create(#"{"name":"Two"}"#)
    #expect(other.status == 422 && other.code == "idempotency-mismatch")
    let list = try await api.send("GET", "/api/chatbots/", token: ada.token)
    #expect(list["items.1"] == .null && list["items.0.name"] == .string("One"))
    // The free plan has one.
    let second = try await api.send(
      "POST", "/api/chatbots/", token: ada.token, json: #"{"name":"Two"}"#)
    #expect(second.code == "plan-limit" && second["limit"] == .string("chatbots"))
  }

  @Test func `lists have pages`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    var change = UserChange()
    change.planTier = "pro"
    _ = try await api.database.change(ada.id, change, now: WallClock.now())
    var made: [String] = []
    for number in 0..<5 { made.append(try await api.chatbot(of: ada, "Bot \(number)")) }
    var seen: [String] = []
    var cursor = ""
    repeat {
      let page = try await api.send(
        "GET", "/api/chatbots/?limit=2" + (cursor.isEmpty ? "" : "&cursor=\(cursor)"),
        token: ada.token)
      guard case .array(let items) = page["items"] else { break }
      seen += items.indices.map { page.text("items.\($0).id") }
      cursor = page.text("next_cursor")
    } while !cursor.isEmpty
    #expect(seen.count == 5 && Set(seen) == Set(made))
    for bad in ["limit=0", "limit=x", "limit=101"] {
      #expect(
        try await api.send("GET", "/api/chatbots/?\(bad)", token: ada.token).status == 422)
    }
    #expect(
      try await api.send("GET", "/api/chatbots/?cursor=%27", token: ada.token).status == 422)
  }

  @Test func `a chatbot that is removed is gone from everything at once`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let slug = try await api.send("GET", "/api/chatbots/\(chatbot)/", token: ada.token)
      .text("public_url_slug")
    let visitor = try await api.visitor(of: chatbot)
    #expect(try await api.send("GET", "/c/\(slug)").status == 200)
    let gone = try await api.send("DELETE", "/api/chatbots/\(chatbot)/", token: ada.token)
    #expect(gone.status == 200)
    for (method, path, token) in [
      ("GET", "/api/chatbots/\(chatbot)/", ada.token), ("GET", "/c/\(slug)", nil),
      ("POST", "/api/chat/\(chatbot)/", visitor), ("GET", "/api/chat/\(chatbot)/", nil),
      ("DELETE", "/api/chatbots/\(chatbot)/", ada.token),
    ] {
      #expect(
        try await api.send(
          method, path, token: token, json: method == "POST" ? #"{"message":"hello"}"# : nil
        ).status == 404, "\(path)")
    }
  }

  @Test func `what an operator does is in the log, and the log shows a change`() async throws {
    let api = try TestAPI()
    let (ada, eve) = (try await api.signUp("ada"), try await api.signUp("eve"))
    try await api.promote(ada)
    let path = "/api/admin/users/\(eve.id)/"
    let changed = try await api.send(
      "PATCH", path, token: ada.token, json: #"{"plan_tier":"pro","disabled":true}"#)
    #expect(changed["disabled"] == .bool(true))
    #expect(try await api.send("GET", "/api/auth/me", token: eve.token).status == 401)
    let last = try await api.send(
      "PATCH", "/api/admin/users/\(ada.id)/", token: ada.token, json: #"{"is_admin":false}"#)
    #expect(last.status == 409 && last.code == "last-admin")
    let log = try await api.send("GET", "/api/admin/audit/", token: ada.token)
    #expect(log["items.1.action"] == .string("user.change"))
    #expect(log["items.1.object_id"] == .string(eve.id))
    #expect(try await api.database.brokenAuditEntry { SHA256Digest(of: $0).bytes } == nil)
    let found = try await api.send("GET", "/api/admin/users/?q=eve@", token: ada.token)
    #expect(found["items.0.id"] == .string(eve.id) && found["items.1"] == .null)
  }
}
