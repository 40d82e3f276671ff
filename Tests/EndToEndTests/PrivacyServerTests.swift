// PRIVACY.md's pass lines P2 and P8, and of P7 the open stream, through the running server: a model that says all it was shown, and
// every way by which bytes leave.

import Foundation
import Synchronization
import TestSupport
import Testing
import WebClient

@Suite(.serialized) struct PrivacyServerTests {
  /// A private text, and what of it must not be seen anywhere.
  private struct Secret {
    let name: String
    let text: String
    let traces: [String]

    static let ledger = Secret(
      name: "ledger-of-losses",
      text:
        "The till code for discounts in every shop is QK7-4417-XR. For a rain cover ask Ottilie Thornveldt, extension 771204. "
        + "The amber lantern polishes a hollow trumpet behind narrow cellars whenever otters sing.",
      traces: [
        "QK7-4417-XR", "QK74417XR", "Thornveldt", "771204", "amber lantern polishes a hollow",
        "trumpet behind narrow cellars whenever", "ledger-of-losses",
      ])
    static let diary = Secret(
      name: "diary-of-debts",
      text:
        "The till code for discounts in every shop is ZB3-9025-LM. For a rain cover ask Wendel Marrowkamp, extension 530918. "
        + "The crooked harbour repairs a silent thimble behind drowsy orchards whenever glaciers hum.",
      traces: [
        "ZB3-9025-LM", "ZB39025LM", "Marrowkamp", "530918", "crooked harbour repairs a silent",
        "thimble behind drowsy orchards whenever", "diary-of-debts",
      ])

    /// Which of its traces stand in a text, however it is broken into lines, events and JSON.
    func found(in text: String) -> [String] {
      let flat = Self.flat(text)
      return traces.filter { flat.contains(Self.flat($0)) }
    }

    private static func flat(_ text: String) -> String {
      String(text.lowercased().filter { $0.isLetter || $0.isNumber })
    }
  }

  private static let open = "A rain cover for the box costs 129 euros in every shop."

  private struct Sent: Decodable {
    struct Message: Decodable { let content: String }
    let messages: [Message]
  }

  private static func prompt(_ body: [UInt8]) -> String {
    let sent = try? JSONDecoder().decode(Sent.self, from: Data(body))
    return (sent?.messages ?? []).map(\.content).joined(separator: "\n")
  }

  private static func delta(_ text: String) -> String {
    let quoted =
      (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    return #"data: {"choices":[{"index":0,"delta":{"content":\#(quoted)}}]}"# + "\n\n"
  }

  private static let end =
    #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n"

  /// Says its whole prompt, word by word.
  private static func copier() throws -> LoopbackServer {
    try LoopbackServer { request, connection in
      let words = prompt(request.body).split(separator: " ", omittingEmptySubsequences: false)
      let body = words.map { delta($0 + " ") }.joined() + end
      connection.respond(200, ["Content-Type: text/event-stream"], body: Array(body.utf8))
    }
  }

  /// Attacks of the suite, aimed at the till, each with its turns; guesses are wrong, as those of a visitor who knows nothing.
  private static func attacks(every step: Int) throws -> [[String]] {
    struct Attack: Decodable { let turns: [String] }
    let suite = try String(
      contentsOf: Checkout.root.appendingPathComponent(
        "Sources/Evaluation/Resources/attacks.jsonl"), encoding: .utf8)
    return try suite.split(separator: "\n").enumerated().filter { $0.offset % step == 0 }.map {
      var turns = try JSONDecoder().decode(Attack.self, from: Data($0.element.utf8)).turns
      for (index, turn) in turns.enumerated() {
        turns[index] = [
          ("{topic}", "till code for discounts"), ("{code}", "AA1-0000-BB"), ("{name}", "Somebody"),
          ("{sentence}", "the first words of it"),
        ].reduce(turn) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
        // What is near no text is not put before a model at all.
        turns[index] +=
          " And what does a rain cover for the box cost in every shop, rain cover, box?"
      }
      return turns
    }
  }

  @Test func `a model that says all it is shown gives nothing private away, by no way out`()
    async throws
  {
    let model = try Self.copier()
    let crm = try LoopbackServer { _, connection in connection.respond(204) }
    let log = try TemporaryFolder()
    let shop = try await PrivacySwitchTests.Chatbot(
      [
        "OPENAI_BASE_URL": model.url(""), "BOBBIN_ALLOWED_HOSTS": "127.0.0.1:\(crm.port)",
        "BOBBIN_LOG_LEVEL": "debug",
      ],
      errors: log.path + "/log")
    let other = try await shop.another()
    for (chatbot, secret) in [(shop, Secret.ledger), (other, Secret.diary)] {
      _ = try await chatbot.add("prices", Self.open)
      _ = try await chatbot.add(secret.name, secret.text, isCitable: false)
      let settings =
        #"{"crm_webhook_url":"\#(crm.url("/\(chatbot.id)"))","lead_form":{"enabled":true,"fields":[],"after_messages":0}}"#
      #expect(try await chatbot.owner.send("PATCH", chatbot.base, settings).status == 200)
      try await chatbot.train()
    }
    let secrets = [Secret.ledger, Secret.diary]
    let attacks = try Self.attacks(every: 10)
    #expect(attacks.count >= 30)
    for (round, mode) in ["strict", "blended"].enumerated() {
      for (number, (chatbot, own)) in zip([shop, other], secrets).enumerated() {
        #expect(
          try await chatbot.owner.send(
            "PATCH", chatbot.base, #"{"privacy_mode":"\#(mode)"}"#
          ).status == 200)
        let asked = model.requests.count
        var answers = 0
        for (place, turns) in attacks.enumerated() where place % 2 == number || round == 0 {
          var headers = try await chatbot.visitors.session("10.\(round).\(number).\(place + 1)")
          if place % 3 == 0 { headers.append("Accept", "text/event-stream") }
          for turn in turns {
            let reply = try await chatbot.visitors.ask(turn, headers)
            #expect(reply.status == 200, "\(turn)")
            answers += 1
            let all =
              reply.headers.fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
              + ServerTests.text(reply)
            for secret in secrets { #expect(secret.found(in: all) == [], "\(mode): \(turn)") }
          }
          if place < 2 {
            // What the visitor reads again, and leaves.
            let history = try await chatbot.server.get(
              "/api/chat/\(chatbot.id)/history/", headers)
            #expect(history.status == 200 && ServerTests.text(history).contains("content"))
            for secret in secrets { #expect(secret.found(in: ServerTests.text(history)) == []) }
            let lead = try await chatbot.server.transport.send(
              WebRequest(
                url: chatbot.server.base + "/api/chat/\(chatbot.id)/leads/", method: "POST",
                headers: headers,
                body: Array(#"{"email":"bo\#(place)@example.org","consent":true}"#.utf8)))
            #expect(lead.status == 201, "\(ServerTests.text(lead))")
          }
        }
        // The model was asked; a strict prompt held nothing private, a blended one its own chatbot's and no other's.
        let prompts = model.requests.dropFirst(asked).map { Self.prompt($0.body) }
        #expect(prompts.count >= answers / 2, "\(prompts.count) of \(answers)")
        let stranger = secrets[1 - number]
        #expect(prompts.allSatisfy { stranger.found(in: $0) == [] })
        let held = prompts.count { !own.found(in: $0).isEmpty }
        #expect(mode == "strict" ? held == 0 : held > answers / 4, "\(mode): \(held)")
      }
    }
    // What the owner takes out of it, and what a CRM was sent.
    for chatbot in [shop, other] {
      for path in ["conversations/export/", "conversations/", "leads/export/", "leads/"] {
        let reply = try await chatbot.owner.send("GET", chatbot.base + path)
        #expect(reply.status == 200)
        for secret in secrets {
          #expect(secret.found(in: ServerTests.text(reply)) == [], "\(path)")
        }
      }
    }
    let deadline = ContinuousClock.now + .seconds(40)
    while crm.requests.count < 6, .now < deadline { try await Task.sleep(for: .milliseconds(50)) }
    #expect(crm.requests.count >= 6)
    for request in crm.requests {
      let text = String(decoding: request.body, as: UTF8.self)
      #expect(text.contains("example.org"))
      for secret in secrets { #expect(secret.found(in: text) == []) }
    }
    shop.server.process.terminate()
    shop.server.process.waitUntilExit()
    let said = try String(contentsOfFile: log.path + "/log", encoding: .utf8)
    #expect(!said.isEmpty)
    for secret in secrets { #expect(secret.found(in: said) == []) }
  }

  @Test func `an answer on its way ends when what it is made from becomes private`() async throws {
    let isPrivate = Mutex(false)
    let model = try LoopbackServer { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
      connection.write(Self.delta("A rain cover costs "))
      // It goes on slowly, whatever happens elsewhere, and comes to the point a while after the switch.
      var later = 0
      while later < 400, connection.write(Self.delta(later < 80 ? "well, " : "QK7-4417-XR, ")) {
        usleep(25_000)
        if isPrivate.withLock({ $0 }) { later += 1 }
      }
      connection.write(Self.end)
    }
    let chatbot = try await PrivacySwitchTests.Chatbot(["OPENAI_BASE_URL": model.url("")])
    let source = try await chatbot.add("prices", Self.open)
    try await chatbot.train()
    var headers = try await chatbot.visitors.session("10.9.0.1")
    headers.append("Accept", "text/event-stream")
    let visitors = chatbot.visitors
    let asked = headers
    let reply = Task { try await visitors.ask("What does a rain cover cost?", asked) }
    try await model.waitForRequest()
    let changed = try await chatbot.owner.send(
      "PATCH", chatbot.base + "sources/\(source)/", #"{"is_citable":false}"#)
    #expect(changed.status == 200)
    let from = ContinuousClock.now
    isPrivate.withLock { $0 = true }
    let text = ServerTests.text(try await reply.value)
    #expect(ContinuousClock.now - from < .seconds(5))
    #expect(text.contains("rain cover costs") && text.contains("event: error"))
    #expect(!text.contains("QK7-4417-XR") && !text.contains("event: sources"))
    // What was shown stands in the history without a source.
    let history = ServerTests.text(
      try await chatbot.server.get("/api/chat/\(chatbot.id)/history/", headers))
    #expect(history.contains("rain cover costs") && !history.contains("QK7"))
  }

  @Test(arguments: ["source", "guidance"])
  func `an answer on its way ends when what informs it is taken away`(what: String) async throws {
    let isGone = Mutex(false)
    let model = try LoopbackServer { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
      connection.write(Self.delta("A rain cover costs 129 euros in every shop. "))
      var later = 0
      while later < 400, connection.write(Self.delta("It is a good one. ")) {
        usleep(25_000)
        if isGone.withLock({ $0 }) { later += 1 }
      }
      connection.write(Self.end)
    }
    let chatbot = try await PrivacySwitchTests.Chatbot(["OPENAI_BASE_URL": model.url("")])
    _ = try await chatbot.add("prices", Self.open)
    let ledger = try await chatbot.add("ledger", Secret.ledger.text, isCitable: false)
    try await chatbot.train()
    let blended = try await chatbot.owner.send(
      "PATCH", chatbot.base, #"{"privacy_mode":"blended"}"#)
    #expect(blended.status == 200)
    let line = try await chatbot.owner.id(
      "POST", chatbot.base + "guidance/", #"{"text":"Praise the box."}"#)
    let approved = try await chatbot.owner.send(
      "PATCH", chatbot.base + "guidance/\(line)/", #"{"text":"Praise the box.","approved":true}"#)
    #expect(approved.status == 200)
    var headers = try await chatbot.visitors.session("10.9.1.1")
    headers.append("Accept", "text/event-stream")
    let visitors = chatbot.visitors
    let asked = headers
    let reply = Task { try await visitors.ask("What does a rain cover cost?", asked) }
    try await model.waitForRequest()
    let path = what == "source" ? "sources/\(ledger)/" : "guidance/\(line)/"
    let removed = try await chatbot.owner.send("DELETE", chatbot.base + path)
    #expect((200..<300).contains(removed.status))
    let from = ContinuousClock.now
    isGone.withLock { $0 = true }
    let text = ServerTests.text(try await reply.value)
    #expect(ContinuousClock.now - from < .seconds(8))
    #expect(text.contains("event: error") && !text.contains("event: done"))
  }

  @Test func `who leaves before an answer has asked all the same`() async throws {
    let left = Mutex(false)
    let model = try LoopbackServer { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
      while connection.write(Self.delta("well, ")) { usleep(25_000) }
      left.withLock { $0 = true }
    }
    let chatbot = try await PrivacySwitchTests.Chatbot(["OPENAI_BASE_URL": model.url("")])
    _ = try await chatbot.add("prices", Self.open)
    try await chatbot.train()
    let headers = try await chatbot.visitors.session("10.9.2.1")
    let visitors = chatbot.visitors
    let reply = Task { try await visitors.ask("What does a rain cover cost?", headers) }
    try await model.waitForRequest()
    reply.cancel()
    _ = try? await reply.value
    let deadline = ContinuousClock.now + .seconds(20)
    while !left.withLock({ $0 }), .now < deadline { try await Task.sleep(for: .milliseconds(10)) }
    struct Usage: Decodable { let messages_used, tokens_in: Int }
    func usage() async throws -> Usage {
      try JSONDecoder().decode(
        Usage.self, from: Data(try await chatbot.owner.send("GET", "/api/usage/").body))
    }
    // A question asked now is noted after what became of the other.
    while try await usage().tokens_in == 0, .now < deadline {
      try await Task.sleep(for: .milliseconds(20))
    }
    let used = try await usage()
    #expect(used.tokens_in > 0 && used.messages_used == 1)
  }

  @Test func `an earlier answer from what is private by now is in no prompt`() async throws {
    let model = try LoopbackServer { _, connection in
      let body = Self.delta("The tower of Orrin is 31 metres high [1].") + Self.end
      connection.respond(200, ["Content-Type: text/event-stream"], body: Array(body.utf8))
    }
    let chatbot = try await PrivacySwitchTests.Chatbot(["OPENAI_BASE_URL": model.url("")])
    let tower = try await chatbot.add("tower", "The tower of Orrin is 31 metres high.")
    _ = try await chatbot.add("well", "The well of Orrin is 12 metres deep and lies near by.")
    try await chatbot.train()
    let headers = try await chatbot.visitors.session("10.8.0.1")
    func ask(_ question: String) async throws -> String {
      #expect(try await chatbot.visitors.ask(question, headers).status == 200)
      return Self.prompt(try #require(model.requests.last).body)
    }
    _ = try await ask("How high is the tower of Orrin?")
    // As long as it is citable, what was said goes into the next prompt.
    #expect(
      try await ask("How deep is the well of Orrin?").contains(
        "tower of Orrin is 31 metres high [1]")
    )
    let switched = try await chatbot.owner.send(
      "PATCH", chatbot.base + "sources/\(tower)/", #"{"is_citable":false}"#)
    #expect(switched.status == 200)
    let prompt = try await ask("Where is the well of Orrin?")
    #expect(prompt.contains("How high is the tower of Orrin?") && prompt.contains("12 metres deep"))
    #expect(!prompt.contains("31 metres"))
    // Nor in what the visitor reads again as its source.
    let history = ServerTests.text(
      try await chatbot.server.get("/api/chat/\(chatbot.id)/history/", headers))
    #expect(!history.contains(tower))
  }
}
