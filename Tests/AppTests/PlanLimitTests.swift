import Billing
import Corpus
import Foundation
import Storage
import Testing

@testable import App

/// What a plan allows, counted at its edge: as many pass as it says, the next is told so.
@Suite struct PlanLimitTests {
  private static let free = PlanTier.free.limits

  /// How many of `tries` requests were answered, and what the first other one was told.
  private func passed(
    _ tries: Int, _ send: (Int) async throws -> TestAPI.Reply
  ) async throws -> (count: Int, refusal: TestAPI.Reply?) {
    var count = 0
    for number in 0..<tries {
      let reply = try await send(number)
      guard reply.status < 300 else { return (count, reply) }
      count += 1
    }
    return (count, nil)
  }

  private func isRefused(_ reply: TestAPI.Reply?) -> Bool {
    guard let reply, let wait = reply.header("Retry-After").flatMap({ Int($0) }) else {
      return false
    }
    return reply.status == 429 && reply.code == "rate-limited" && wait >= 1
  }

  @Test func `an owner asks the API as often in a minute as the plan says, and again later`()
    async throws
  {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let limit = Self.free.requestsPerMinute
    // Time passes while they ask: a few more than the limit find their place.
    let found = try await passed(limit * 2) { _ in
      try await api.send("GET", "/api/chatbots/", token: ada.token)
    }
    #expect(found.count >= limit - 1 && found.count < limit + 10, "\(found.count)")
    #expect(isRefused(found.refusal))
    // Another owner is not held back, and time gives the place back.
    let bo = try await api.signUp("bo")
    #expect(try await api.send("GET", "/api/chatbots/", token: bo.token).status == 200)
    api.pass(seconds: 61)
    #expect(try await api.send("GET", "/api/chatbots/", token: ada.token).status == 200)
  }

  @Test func `visitors ask as often in a minute as session, address and chatbot allow`()
    async throws
  {
    let messages = Self.free.messagesPerMinute
    // Each bound alone: more sessions, then more addresses, leave only the next one to be met.
    for (name, bound) in [
      ("session", messages.session), ("address", messages.address), ("chatbot", messages.chatbot),
    ] {
      let api = try TestAPI()
      let ada = try await api.signUp("ada")
      let chatbot = try await api.chatbot(of: ada)
      var tokens: [String] = []
      for number in 0..<bound + 8 {
        // A session for each question where the session is not what is tried; thirty an hour and address may begin.
        let isOne = name == "session"
        if !isOne || tokens.isEmpty {
          tokens.append(
            try await api.visitor(
              of: chatbot,
              from: name == "address" ? "198.51.\(number / 20).9" : "198.51.100.\(number + 1)"))
        }
      }
      let found = try await passed(bound + 8) { number in
        try await api.send(
          "POST", "/api/chat/\(chatbot)/", token: tokens[min(number, tokens.count - 1)],
          json: #"{"message":"hello"}"#,
          from: name == "chatbot" ? "203.0.113.\(number + 1)" : "203.0.113.1")
      }
      #expect(found.count >= bound && found.count < bound + 3, "\(name): \(found.count)")
      #expect(isRefused(found.refusal), "\(name)")
    }
  }

  @Test func `an address begins thirty sessions an hour`() async throws {
    let api = try TestAPI()
    let chatbot = try await api.chatbot(of: try await api.signUp("ada"))
    func begin(_ address: String) async throws -> TestAPI.Reply {
      try await api.send("POST", "/api/chat/\(chatbot)/session/", json: "{}", from: address)
    }
    let found = try await passed(40) { _ in try await begin("198.51.100.7") }
    #expect(found.count == 30 && isRefused(found.refusal))
    #expect(try await begin("198.51.100.8").status == 201)
    api.pass(seconds: 121)
    #expect(try await begin("198.51.100.7").status == 201)
  }

  @Test func `a visitor's token ends after ten minutes, and the session goes on with another`()
    async throws
  {
    let api = try TestAPI()
    let chatbot = try await api.chatbot(of: try await api.signUp("ada"))
    let begun = try await api.send("POST", "/api/chat/\(chatbot)/session/", json: "{}")
    let token = begun.text("token")
    func ask(_ token: String) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/chat/\(chatbot)/", token: token, json: #"{"message":"hello"}"#)
    }
    let first = try await ask(token)
    #expect(first.status == 200)
    api.pass(seconds: ChatController.tokenLifetime + 1)
    #expect(try await ask(token).status == 401)
    let again = try await api.send(
      "POST", "/api/chat/\(chatbot)/session/",
      json: #"{"resume":"\#(begun.text("resume"))"}"#)
    let second = try await ask(again.text("token"))
    #expect(second.text("conversation_id") == first.text("conversation_id"))
  }

  @Test func `a chatbot has as many sources, and an owner as many bytes, as the plan says`()
    async throws
  {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    func add(_ name: String, _ text: String = "A text.") async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/chatbots/\(chatbot)/sources/", token: ada.token,
        json: #"{"source_type":"file","name":"\#(name)","text":"\#(text)"}"#)
    }
    let limit = Self.free.sourcesPerChatbot
    let found = try await passed(limit + 1) { try await add("\($0).txt", "Text number \($0).") }
    #expect(found.count == limit && found.refusal?.code == "plan-limit")
    #expect(found.refusal?["limit"] == .string("sources"))

    // One byte of room is no room for two.
    let other = try TestAPI()
    let bo = try await other.signUp("bo")
    let mine = try await other.chatbot(of: bo)
    try await other.database.addSource(
      KnowledgeSource(
        id: SourceID(unchecked: "large"), chatbot: ChatbotID(unchecked: mine), type: "file",
        url: nil, path: "/nowhere", name: "large.pdf", isCitable: true,
        bytes: Self.free.storedBytes - 1, crawl: "{}", now: other.clock()),
      owner: bo.id, sourceLimit: 20, byteLimit: Self.free.storedBytes)
    func fill(_ text: String) async throws -> TestAPI.Reply {
      try await other.send(
        "POST", "/api/chatbots/\(mine)/sources/", token: bo.token,
        json: #"{"source_type":"file","name":"a.txt","text":"\#(text)"}"#)
    }
    let refused = try await fill("ab")
    #expect(refused.code == "plan-limit" && refused["limit"] == .string("bytes"))
  }
}
