// PRIVACY.md's pass lines P5 and P7 through the running server: what a private source changes in answers that do not need it, and
// when a switch acts while many ask.

import Foundation
import Synchronization
import TestSupport
import Testing
import WebClient

@Suite(.serialized) struct PrivacySwitchTests {
  /// A chatbot that answers, with its owner.
  struct Chatbot {
    let bobbin: Installation
    let server: ServerTests.Server
    let owner: RemovalTests.Owner
    let id: String
    var base: String { "/api/chatbots/\(id)/" }

    /// - Parameter errors: a file for what the server says on standard error.
    init(_ environment: [String: String] = [:], errors: String? = nil) async throws {
      bobbin = try Installation()
      let usual = [
        "BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4", "BOBBIN_TRUSTED_PROXIES": "127.0.0.1",
      ]
      server = try ServerTests.Server(
        bobbin, usual.merging(environment) { $1 }, errors: errors)
      owner = try await RemovalTests.Owner(server)
      // More questions than the smallest plan has.
      let plan = try await bobbin.tool("bobbin").run(
        ["admin", "change", "ada@example.com", "--plan", "enterprise"])
      #expect(plan.exitCode == 0, "\(plan.errors)")
      id = try await owner.id("POST", "/api/chatbots/", #"{"name":"shop"}"#)
      #expect(
        try await owner.send("PATCH", base, #"{"is_public":true}"#).status == 200)
    }

    private init(_ other: Chatbot, id: String) {
      (bobbin, server, owner) = (other.bobbin, other.server, other.owner)
      self.id = id
    }

    /// Another chatbot of the same owner at the same server.
    func another() async throws -> Chatbot {
      let id = try await owner.id("POST", "/api/chatbots/", #"{"name":"shop"}"#)
      let other = Chatbot(self, id: id)
      #expect(
        try await owner.send("PATCH", other.base, #"{"is_public":true}"#).status == 200)
      return other
    }

    /// A text as a source: its id.
    func add(_ name: String, _ text: String, isCitable: Bool = true) async throws -> String {
      try await owner.id(
        "POST", base + "sources/",
        #"{"source_type":"file","name":"\#(name)","is_citable":\#(isCitable),"text":"\#(text)"}"#)
    }

    func train() async throws {
      #expect(try await owner.send("POST", base + "train/", "{}").status == 202)
      #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    }

    var visitors: Visitors {
      Visitors(transport: server.transport, base: server.base, chatbot: id)
    }
  }

  /// Who asks.
  struct Visitors: Sendable {
    let transport: WebTransport
    let base: String
    let chatbot: String

    /// A visitor's session, from an address of its own.
    func session(_ address: String) async throws -> WebHeaders {
      struct Session: Decodable { let token: String }
      let reply = try await transport.send(
        WebRequest(
          url: base + "/api/chat/\(chatbot)/session/", method: "POST",
          headers: ["Content-Type": "application/json", "X-Forwarded-For": address],
          body: Array("{}".utf8)))
      let token = try JSONDecoder().decode(Session.self, from: Data(reply.body)).token
      return [
        "Content-Type": "application/json", "X-Forwarded-For": address,
        "Authorization": "Bearer \(token)",
      ]
    }

    func ask(_ question: String, _ headers: WebHeaders) async throws -> WebResponse {
      try await post("", ["message": question], headers)
    }

    func post(
      _ part: String, _ body: [String: String], _ headers: WebHeaders
    ) async throws -> WebResponse {
      try await transport.send(
        WebRequest(
          url: base + "/api/chat/\(chatbot)/" + part, method: "POST", headers: headers,
          body: Array(try JSONEncoder().encode(body))))
    }
  }

  /// A question as it was asked and answered.
  private struct Turn {
    let begin: ContinuousClock.Instant
    let end: ContinuousClock.Instant
    let status: Int
    let text: String
    var saysCode: Bool { text.contains("zephyr") }
    var namesSource: Bool { text.contains("ledger") }
  }

  private final class Record: Sendable {
    let turns = Mutex<[Turn]>([])
    let isOver = Mutex(false)
  }

  @Test func `a switch acts on each answer that begins after it, whoever asks at the time`()
    async throws
  {
    let chatbot = try await Chatbot()
    _ = try await chatbot.add("prices", "A rain cover for the box costs 129 euros in every shop.")
    let source = try await chatbot.add(
      "ledger", "The till code for discounts in every shop is zephyr.")
    try await chatbot.train()
    let record = Record()
    let visitors = chatbot.visitors
    // Each switch: when it was asked for, when it was answered, and what it says.
    var switches: [(from: ContinuousClock.Instant, to: ContinuousClock.Instant, isCitable: Bool)] =
      []
    try await withThrowingTaskGroup(of: Void.self) { group in
      for asker in 0..<6 {
        group.addTask {
          var count = 0
          var headers = try await visitors.session("10.1.\(asker).1")
          while !record.isOver.withLock({ $0 }) {
            count += 1
            // No session asks more often than it may.
            if count % 25 == 0 {
              headers = try await visitors.session("10.1.\(asker).\(count / 25 + 1)")
            }
            let begin = ContinuousClock.now
            let reply = try await visitors.ask("What is the till code for discounts?", headers)
            let turn = Turn(
              begin: begin, end: .now, status: reply.status, text: ServerTests.text(reply))
            record.turns.withLock { $0.append(turn) }
          }
        }
      }
      defer { record.isOver.withLock { $0 = true } }
      for number in 0..<8 {
        let isCitable = number % 2 == 1
        let from = ContinuousClock.now
        let reply = try await chatbot.owner.send(
          "PATCH", chatbot.base + "sources/\(source)/", #"{"is_citable":\#(isCitable)}"#)
        #expect(reply.status == 200)
        let to = ContinuousClock.now
        switches.append((from, to, isCitable))
        // Until enough have asked and been answered under it.
        let end = to + .seconds(30)
        while record.turns.withLock({ $0.filter { $0.begin >= to }.count }) < 8, .now < end {
          try await Task.sleep(for: .milliseconds(5))
        }
      }
    }
    let all = record.turns.withLock { $0 }
    #expect(all.allSatisfy { $0.status == 200 }, "\(Set(all.map(\.status)))")
    for (number, one) in switches.enumerated() {
      let next = number + 1 < switches.count ? switches[number + 1].from : .now
      let under = all.filter { $0.begin >= one.to && $0.end <= next }
      #expect(under.count >= 3, "nobody asked under switch \(number)")
      #expect(under.allSatisfy { $0.saysCode == one.isCitable }, "switch \(number)")
      #expect(under.allSatisfy { $0.namesSource == one.isCitable }, "switch \(number)")
    }
  }

  @Test func `a private source changes nothing of an answer that does not need it`() async throws {
    let chatbot = try await Chatbot()
    let questions = [
      "What does a rain cover for the box cost?", "How high is the tower of Orrin?", "Good morning",
    ]
    _ = try await chatbot.add("prices", "A rain cover for the box costs 129 euros in every shop.")
    try await chatbot.train()
    let visitors = chatbot.visitors
    func answers(_ address: String) async throws -> [String] {
      var told: [String] = []
      for question in questions {
        let reply = try await visitors.ask(question, try await visitors.session(address))
        let names = reply.headers.fields.map { $0.name.lowercased() }.sorted().joined(
          separator: " ")
        // Ids are drawn anew for each answer; their length is not.
        let text = ServerTests.text(reply).replacing(
          /"(message_id|conversation_id|ref|reference)":"[a-z0-9.]+"/
        ) { match in
          "\"\(match.output.1)\":\(match.output.0.count)"
        }
        told.append("\(reply.status) \(names) \(text)")
      }
      return told
    }
    let before = try await answers("10.2.0.1")
    #expect(before.first?.contains("129 euros") == true)
    _ = try await chatbot.add(
      "ledger", "The till code for discounts in every shop is zephyr. A rain cover costs us 40.",
      isCitable: false)
    try await chatbot.train()
    #expect(try await answers("10.2.0.2") == before)
  }
}
