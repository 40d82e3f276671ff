// What a chatbot's CRM is told: once, signed, again until it is taken or its owner is told that it is not.

import Answering
import Corpus
import Foundation
import Logging
import Storage
import Synchronization
import TestSupport
import Testing
import WebClient

@testable import App

@Suite struct CRMTests {
  // MARK: The scheme

  @Test func `a signature is that of the published example`() throws {
    let key = try #require(Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    let headers = StandardWebhook.headers(
      id: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", seconds: 1_674_087_231,
      body: Array(#"{"type":"contact.created"}"#.utf8), keys: [Array(key)])
    #expect(
      headers.map(\.value) == [
        "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", "1674087231",
        "v1,5t/QYgppkyIjIHutBHMQVy3Ghy68cDvncCowsciurFo=",
      ])
  }

  @Test func `a message is taken from who holds a key, and only of this time`() {
    let (key, other) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
    let body = Array("{}".utf8)
    let signature = StandardWebhook.signature(id: "a", seconds: 1000, body: body, key: key)
    func verify(
      _ timestamp: String, _ signatures: String, id: String = "a", body: [UInt8] = body,
      keys: [[UInt8]] = [other, key], now: Int = 1_000_000
    ) -> Bool {
      StandardWebhook.verify(
        id: id, timestamp: timestamp, signatures: signatures, body: body, keys: keys, now: now)
    }
    #expect(verify("1000", signature) && verify("1000", "v1a,x v1,AAAA \(signature)"))
    #expect(verify("1000", signature, now: 1_300_000) && verify("1000", signature, now: 700_000))
    #expect(!verify("1000", signature, now: 1_301_000) && !verify("1000", signature, now: 699_000))
    #expect(!verify("1001", signature) && !verify("+1000", signature) && !verify("", signature))
    for extreme in [Int.min, Int.min + 1, Int.max, -1] {
      #expect(!verify(String(extreme), signature))
    }
    #expect(!verify("1000", signature, id: "b") && !verify("1000", signature, body: [1]))
    #expect(
      !verify("1000", signature, keys: [other]) && !verify("1000", "") && !verify("1000", "v1,"))
  }

  @Test func `tries follow the published schedule`() {
    func outcome(_ status: Int?, _ tries: Int = 0, rest: Int? = nil) -> DeliveryOutcome {
      DeliverySchedule.outcome(
        status: status, retryAfter: rest, tries: tries, jitter: 0, now: 1_000)
    }
    func after(_ seconds: Int) -> DeliveryOutcome { .later(1_000 + seconds * 1_000) }
    for status in [200, 201, 204, 299] { #expect(outcome(status) == .sent) }
    #expect(outcome(410) == .gone && outcome(410, 9) == .gone)
    let pauses = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    let whole = 75 * 3_600 + 35 * 60 + 5
    #expect(pauses.reduce(0, +) == whole)
    for (tries, pause) in pauses.enumerated() {
      for status in [nil, 301, 302, 307, 400, 404, 500] {
        #expect(outcome(status, tries) == after(pause))
      }
    }
    for status in [nil, 302, 404, 429, 500] { #expect(outcome(status, 9) == .dead) }
    for status in [429, 502, 503, 504] { #expect(outcome(status) == after(60)) }
    // What an endpoint asks for counts, within a day.
    #expect(outcome(503, rest: 900) == after(900) && outcome(429, 2, rest: 10) == after(1_800))
    #expect(outcome(429, rest: 10_000_000) == after(86_400))
    let shaken = DeliverySchedule.outcome(
      status: 500, retryAfter: nil, tries: 1, jitter: 1, now: 0)
    #expect(shaken == .later(330_000))
  }

  // MARK: From lead to endpoint

  /// A server with a chatbot that has a lead form and a webhook, and a sender whose endpoints are a script.
  private final class World: Sendable {
    let api: TestAPI
    let ada: TestAPI.Person
    let chatbot: String
    let sender: DeliverySender
    private let state: State

    struct Seen: Sendable {
      let url: String
      let headers: WebHeaders
      let body: String
    }
    final class State: Sendable {
      let seen = Mutex<[Seen]>([])
      let status = Mutex(200)
      let time = Mutex(0)
      let told = Mutex<[ChatbotID]>([])
    }

    init(_ url: String = "https://crm.example.com/hook") async throws {
      let state = State()
      self.state = state
      let api = try TestAPI()
      let ada = try await api.signUp("ada")
      let chatbot = try await api.chatbot(of: ada)
      (self.api, self.ada, self.chatbot) = (api, ada, chatbot)
      try await api.send(
        "PATCH", "/api/chatbots/\(chatbot)/", token: ada.token,
        json:
          #"{"lead_form":{"enabled":true,"fields":["name"],"after_messages":1},"crm_webhook_url":"\#(url)"}"#
      )
      state.time.withLock { $0 = api.clock() }
      var sender = api.sender
      sender.transport = WebTransport(
        send: { _ throws(WebError) in throw .cancelled },
        stream: { request throws(WebError) in
          state.seen.withLock {
            $0.append(
              Seen(
                url: request.url, headers: request.headers,
                body: String(decoding: request.body ?? [], as: UTF8.self)))
          }
          let status = state.status.withLock { $0 }
          if status == 0 { throw .timeout(host: "crm.example.com", waitingFor: .firstByte) }
          return WebStream(
            status: status, headers: [:], finalURL: request.url,
            body: AsyncThrowingStream { nil })
        })
      sender.clock = { state.time.withLock { $0 } }
      sender.jitter = { 0 }
      sender.disabled = { chatbot in state.told.withLock { $0.append(chatbot) } }
      // Tries of one message follow each other here without real time between them.
      sender.breaker.failures = 1_000
      self.sender = sender
    }

    var seen: [Seen] { state.seen.withLock { $0 } }
    var told: Int { state.told.withLock { $0.count } }
    var now: Int { state.time.withLock { $0 } }
    func answer(_ status: Int) { state.status.withLock { $0 = status } }
    func pass(seconds: Int) { state.time.withLock { $0 += seconds * 1000 } }

    func leave(_ email: String) async throws -> String {
      let visitor = try await api.visitor(of: chatbot)
      let reply = try await api.send(
        "POST", "/api/chat/\(chatbot)/leads/", token: visitor,
        json: #"{"email":"\#(email)","name":"Bo","consent":true}"#)
      #expect(reply.status == 201)
      // The sender's clock is its own: what was made just now is due.
      state.time.withLock { $0 = max($0, api.clock()) }
      return reply.text("lead_id")
    }

    func log() async throws -> TestAPI.Reply {
      try await api.send("GET", "/api/chatbots/\(chatbot)/crm/deliveries/", token: ada.token)
    }
    func post(_ path: String, _ json: String? = nil) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/chatbots/\(chatbot)/\(path)", token: ada.token, json: json)
    }
  }

  @Test func `a lead is told once, signed, and nothing that was said with it`() async throws {
    let world = try await World()
    let lead = try await world.leave("bo@example.org")
    #expect(try await world.log().text("items.0.state") == "waiting")
    let summary = try await world.sender.drain()
    #expect(summary.sent == 1 && world.seen.count == 1)
    let seen = try #require(world.seen.first)
    #expect(seen.url == "https://crm.example.com/hook")
    let body = try StrictJSON.parse(Array(seen.body.utf8))
    guard case .object(let members) = body else {
      Issue.record("\(seen.body)")
      return
    }
    let expected: [String: JSONValue] = [
      "type": .string("lead.created"), "lead_id": .string(lead),
      "email": .string("bo@example.org"), "name": .string("Bo"),
      "source": .string("chatbot_\(world.chatbot)"),
    ]
    #expect(members.filter { $0.key != "timestamp" } == expected)
    let secret = world.sender.secrets.key(
      .out, of: ChatbotID(unchecked: world.chatbot), version: 1)
    let id = try #require(seen.headers["webhook-id"])
    #expect(
      StandardWebhook.verify(
        id: id, timestamp: seen.headers["webhook-timestamp"] ?? "",
        signatures: seen.headers["webhook-signature"] ?? "", body: Array(seen.body.utf8),
        keys: [secret], now: world.now))
    let log = try await world.log()
    #expect(log.text("items.0.state") == "sent" && log.text("items.0.id") == id)
    #expect(log["items.0.last_status"] == .integer(200) && log["items.1"] == .null)
    _ = try await world.sender.drain()
    #expect(world.seen.count == 1)
  }

  @Test func `what is not taken is tried ten times, then its owner is told and can send it again`()
    async throws
  {
    let world = try await World()
    world.answer(500)
    _ = try await world.leave("bo@example.org")
    for tries in 1...10 {
      _ = try await world.sender.drain()
      #expect(world.seen.count == tries)
      // Too early: nothing goes.
      _ = try await world.sender.drain()
      #expect(world.seen.count == tries)
      world.pass(seconds: 90_000)
    }
    #expect(Set(world.seen.compactMap { $0.headers["webhook-id"] }).count == 1)
    #expect(Set(world.seen.compactMap { $0.headers["webhook-timestamp"] }).count == 10)
    let log = try await world.log()
    #expect(log.text("items.0.state") == "dead" && log["items.0.tries"] == .integer(10))
    #expect(log.text("items.0.last_error") == "It answered 500." && world.told == 1)
    // Nothing goes there any more, and nothing is lost.
    _ = try await world.leave("al@example.org")
    world.answer(200)
    _ = try await world.sender.drain()
    #expect(world.seen.count == 10)
    let waiting = try await world.log()
    #expect(waiting.text("items.0.state") == "disabled")
    let shown = try await world.api.send(
      "GET", "/api/chatbots/\(world.chatbot)/", token: world.ada.token)
    #expect(shown.text("crm_disabled_reason") == "It answered 500.")
    let dead = waiting.text("items.1.id")
    #expect(try await world.post("crm/deliveries/\(dead)/replay/").status == 202)
    world.pass(seconds: 1)
    #expect(try await world.sender.drain().sent == 2)
    #expect(try await world.log()["items.1.state"] == .string("sent"))
  }

  @Test func `an endpoint that is gone gets nothing more until its address is set anew`()
    async throws
  {
    let world = try await World()
    world.answer(410)
    _ = try await world.leave("bo@example.org")
    #expect(try await world.sender.drain().dead == 1 && world.told == 1)
    // What its owner is told is a letter that says why and where to go.
    let folder = "\(world.api.folder.path)/letters"
    let mail = MailService(
      database: world.api.database, data: folder, way: .folder(folder), from: "bobbin@localhost",
      publicURL: TestAPI.origin, logger: Logger(label: "test"))
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    await mail.carryOut(.crm(chatbot: ChatbotID(unchecked: world.chatbot)))
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
    let letter = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    #expect(letter.contains("It answered 410: it wants no messages any more."))
    #expect(letter.contains("\(TestAPI.origin)/chatbots/\(world.chatbot)/leads/"))
    let lead = try await world.leave("al@example.org")
    _ = try await world.sender.drain()
    #expect(world.seen.count == 1)
    world.answer(200)
    try await world.api.send(
      "PATCH", "/api/chatbots/\(world.chatbot)/", token: world.ada.token,
      json: #"{"crm_webhook_url":"https://new.example.com/hook"}"#)
    world.pass(seconds: 60)
    #expect(try await world.sender.drain().sent == 1)
    #expect(world.seen.last?.url == "https://new.example.com/hook")
    // A lead can be sent again; it keeps its message's id.
    #expect(try await world.post("leads/\(lead)/resend/").status == 202)
    world.pass(seconds: 60)
    #expect(try await world.sender.drain().sent == 1)
    let ids = world.seen.suffix(2).compactMap { $0.headers["webhook-id"] }
    #expect(ids.count == 2 && Set(ids).count == 1)
  }

  @Test func `a test is sent at once, and what waits goes after one that was taken`() async throws {
    let world = try await World()
    world.answer(410)
    _ = try await world.leave("bo@example.org")
    _ = try await world.leave("al@example.org")
    _ = try await world.sender.drain()
    #expect(try await world.log()["items.2"] == .null)
    // The route itself sends for real: its address has no host here.
    let failed = try await world.post("crm/test/")
    #expect(failed.status == 200 && failed["delivered"] == .bool(false))
    #expect(failed.text("request.body").contains(#""type":"test""#))
    #expect(!failed.text("error").isEmpty)
    #expect(try await world.log()["items.2.state"] != .null)
    try await world.api.send(
      "PATCH", "/api/chatbots/\(world.chatbot)/", token: world.ada.token,
      json: #"{"crm_webhook_url":null}"#)
    #expect(try await world.post("crm/test/").code == "no-webhook")
  }

  @Test func `for a day after a rotation both secrets sign`() async throws {
    let world = try await World()
    let rotated = try await world.post("crm/secret/rotate/", #"{"direction":"out"}"#)
    let text = rotated.text("secret")
    #expect(text.hasPrefix("whsec_"))
    let newest = try #require(Data(base64Encoded: String(text.dropFirst(6))))
    let chatbot = ChatbotID(unchecked: world.chatbot)
    #expect(Array(newest) == world.sender.secrets.key(.out, of: chatbot, version: 2))
    _ = try await world.leave("bo@example.org")
    _ = try await world.sender.drain()
    let both = try #require(world.seen.last?.headers["webhook-signature"])
    #expect(both.split(separator: " ").count == 2)
    world.pass(seconds: 86_500)
    _ = try await world.leave("al@example.org")
    _ = try await world.sender.drain()
    #expect(world.seen.last?.headers["webhook-signature"]?.split(separator: " ").count == 1)
    // A secret is shown to a person, not to a key.
    let key = try await world.api.send(
      "POST", "/api/auth/keys/", token: world.ada.token, json: #"{"name":"k"}"#)
    let refused = try await world.api.send(
      "POST", "/api/chatbots/\(world.chatbot)/crm/secret/rotate/", token: key.text("key"),
      json: #"{"direction":"out"}"#)
    #expect(refused.status == 401)
  }

  @Test func `whoever is forgotten is forgotten in the outbox`() async throws {
    let world = try await World()
    _ = try await world.leave("bo@example.org")
    let receipt = try await world.post("erase/", #"{"email":"bo@example.org"}"#)
    #expect(receipt["deliveries"] == .integer(1) && receipt["leads"] == .integer(1))
    #expect(try await world.log()["items"] == .array([]))
    _ = try await world.sender.drain()
    #expect(world.seen.isEmpty)
    let lead = try await world.leave("al@example.org")
    try await world.api.send(
      "DELETE", "/api/chatbots/\(world.chatbot)/leads/\(lead)/", token: world.ada.token)
    #expect(try await world.log()["items"] == .array([]))
  }

  @Test func `messages of a suspended owner wait, and go when that is over`() async throws {
    let world = try await World()
    _ = try await world.leave("bo@example.org")
    func suspend(_ isDisabled: Bool) async throws {
      var change = UserChange()
      change.isDisabled = isDisabled
      _ = try await world.api.database.change(world.ada.id, change, now: world.now)
    }
    try await suspend(true)
    _ = try await world.sender.drain()
    #expect(world.seen.isEmpty)
    try await suspend(false)
    #expect(try await world.sender.drain().sent == 1)
    #expect(try await world.log()["items.0.tries"] == .integer(1))
  }

  @Test func `a claim that its sender dropped runs out, and the message keeps its id`()
    async throws
  {
    let world = try await World()
    _ = try await world.leave("bo@example.org")
    let chatbot = ChatbotID(unchecked: world.chatbot)
    func claim(_ now: Int) async throws -> [String] {
      try await world.api.database.claimDeliveries(
        of: chatbot, limit: 5, now: now, until: now + 60_000)?.deliveries.map(\.id) ?? []
    }
    let first = try await claim(world.now)
    #expect(first.count == 1)
    #expect(try await claim(world.now + 59_000).isEmpty)
    #expect(try await claim(world.now + 60_000) == first)
  }

  @Test func `addresses inside are no endpoints`() throws {
    let policy = try AddressPolicy(exceptions: "127.0.0.1:9000")
    for url in [
      "http://crm.example.com/", "https://127.0.0.1/", "https://10.0.0.1/hook", "ftp://a.b/",
      "https://[::1]/", "https://0x7f000001/", "crm.example.com",
    ] {
      #expect(!DeliverySender.mayReach(url, policy), "\(url)")
    }
    #expect(DeliverySender.mayReach("https://crm.example.com/hook", policy))
    #expect(DeliverySender.mayReach("http://127.0.0.1:9000/hook", policy))
  }
}
