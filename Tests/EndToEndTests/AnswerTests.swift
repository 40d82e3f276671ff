import Foundation
import Synchronization
import TestSupport
import Testing
import WebClient

/// Answers of a running server with a model behind it: their past, their price, their guidance, and how they came about.
@Suite(.serialized) struct AnswerTests {
  /// A model that says where the tower stands, and one sentence more when it is told to; notes what it was sent.
  private static func model() throws -> LoopbackServer {
    try LoopbackServer { request, connection in
      guard request.path == "/v1/chat/completions" else { return connection.respond(404) }
      let prompt = String(decoding: request.body, as: UTF8.self)
      let text =
        prompt.contains("Rewrite the visitor")
        ? "How deep is the well beside the tower of Orrin?"
        : prompt.contains("coat") && prompt.contains("[PRIVATE]")
          ? "Yes, bring a coat."
          : prompt.contains("[PRIVATE]")
            ? "The tower of Orrin is closed for the quibblewort survey of the crooked lantern."
            : "The tower of Orrin is 31 metres high [1]."
      let chunks = [
        #"{"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"#,
        #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        #"{"choices":[],"usage":{"prompt_tokens":70,"completion_tokens":7}}"#, "[DONE]",
      ]
      connection.respond(
        200, ["Content-Type: text/event-stream"],
        body: Array(chunks.map { "data: \($0)\n\n" }.joined().utf8))
    }
  }

  /// What tokens cost at 1,000 euros a million that is embedded or written, and 100 a million that is read.
  struct Price: Decodable, Equatable {
    let currency, amount: String

    init(embedded: Int = 0, read: Int = 0, written: Int = 0) {
      currency = "EUR"
      // Ten thousandths of a euro.
      let parts = (embedded + written) * 10 + read
      let fraction = String(10_000 + parts % 10_000).dropFirst()
      let digits = fraction.reversed().drop { $0 == "0" }.reversed().map(String.init).joined()
      amount =
        "\(parts / 10_000)." + digits + String(repeating: "0", count: max(0, 2 - digits.count))
    }
  }

  @Test func `an answer has a past, a price, guidance, and can be followed back to its bytes`()
    async throws
  {
    let bobbin = try Installation()
    let model = try Self.model()
    let server = try ServerTests.Server(
      bobbin,
      [
        "BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4", "OPENAI_BASE_URL": model.url(""),
        "BOBBIN_TOKEN_PRICES": "EUR,embedding=1000,prompt=100,reply=1000",
      ])
    let owner = try await RemovalTests.Owner(server)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    _ = try await owner.id(
      "POST", base + "sources/",
      #"{"source_type":"file","name":"a.txt","text":"The tower of Orrin is 31 metres high. The well beside it is 12 metres deep."}"#
    )
    let secret = try await owner.id(
      "POST", base + "sources/",
      #"{"source_type":"file","name":"b.txt","is_citable":false,"text":"The tower of Orrin is closed for the quibblewort survey of the crooked lantern."}"#
    )
    // Before training: what it may take, and of two sources nothing is known yet.
    struct Estimate: Decodable {
      let chunks_new, chunks_cached, tokens: Int
      let cost: Price?
    }
    func estimate() async throws -> Estimate {
      try JSONDecoder().decode(
        Estimate.self, from: Data(try await owner.send("GET", base + "train/estimate/").body))
    }
    let before = try await estimate()
    #expect(before.chunks_new == 2 && before.chunks_cached == 0 && before.tokens > 0)
    #expect(before.cost == Price(embedded: before.tokens))
    #expect(try await owner.send("POST", base + "train/", "{}").status == 202)
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    #expect(try await estimate().cost == Price(embedded: 0))

    struct Reply: Decodable { let message_id, conversation_id, message: String }
    func ask(_ question: String) async throws -> Reply {
      let reply = try await owner.send(
        "POST", "/api/chat/\(chatbot)/", #"{"message":"\#(question)"}"#)
      #expect(reply.status == 200)
      return try JSONDecoder().decode(Reply.self, from: Data(reply.body))
    }
    func lastPrompt() throws -> String {
      String(decoding: try #require(model.requests.last).body, as: UTF8.self)
    }

    // Strict is what a chatbot is unless its owner says otherwise: no private word in the prompt.
    let first = try await ask("How high is the tower of Orrin?")
    #expect(first.message == "The tower of Orrin is 31 metres high [1].")
    #expect(try !lastPrompt().contains("quibblewort"))

    // Followed back: sentence, chunk, shard, document, page, bytes.
    struct Trace: Decodable {
      struct Sentence: Decodable { let text: String; let citations: [Int] }
      struct Cited: Decodable {
        struct Link: Decodable { let name: String; let facts: [String: String] }
        let n: Int
        let whole: Bool
        let links: [Link]
      }
      let mode: String
      let model: String?
      let tokens_in, tokens_out: Int
      let cost: Price
      let sentences: [Sentence]
      let citations: [Cited]
    }
    let path = base + "conversations/\(first.conversation_id)/messages/\(first.message_id)/trace/"
    let reply = try await owner.send("GET", path)
    let trace = try JSONDecoder().decode(Trace.self, from: Data(reply.body))
    #expect(trace.mode == "model" && trace.tokens_in == 70 && trace.tokens_out == 7)
    #expect(trace.cost == Price(read: 70, written: 7))
    #expect(trace.sentences.map(\.citations) == [[1]])
    #expect(trace.citations.map(\.whole) == [true])
    let bytes = try #require(trace.citations.first?.links.first { $0.name == "bytes" })
    let fetched = try #require(bytes.facts["fetched"].flatMap(Double.init))
    #expect(abs(fetched / 1000 - Date().timeIntervalSince1970) < 600)
    #expect(!ServerTests.text(reply).contains("quibblewort"))
    // Nor where the server keeps things.
    #expect(!ServerTests.text(reply).contains(bobbin.folder.path))

    // The document itself: what was read of it, and the bytes as they came, to be kept and not to be shown by a browser.
    struct Documents: Decodable {
      struct Item: Decodable { let id, uri: String }
      let items: [Item]
    }
    let documents = try JSONDecoder().decode(
      Documents.self, from: Data(try await owner.send("GET", base + "documents/").body))
    let tower = try #require(documents.items.first { $0.uri == "a.txt" }).id
    for part in ["text", "original"] {
      let reply = try await owner.send("GET", base + "documents/\(tower)/\(part)/")
      #expect(
        ServerTests.text(reply)
          == "The tower of Orrin is 31 metres high. The well beside it is 12 metres deep.")
      #expect(reply.headers["Content-Disposition"]?.hasPrefix("attachment") == true, "\(part)")
      #expect(reply.headers["X-Content-Type-Options"] == "nosniff")
      #expect(reply.headers["Content-Security-Policy"]?.contains("sandbox") == true, "\(part)")
    }

    // Its chunks by their place: together they are the text.
    struct Chunks: Decodable {
      struct Item: Decodable { let ordinal, offset, length, tokens: Int; let headings: [String] }
      let count: Int
      let items: [Item]
    }
    let chunks = try JSONDecoder().decode(
      Chunks.self,
      from: Data(try await owner.send("GET", base + "documents/\(tower)/chunks/").body))
    #expect(chunks.count == 1 && chunks.items.map(\.ordinal) == [0])
    #expect(chunks.items.first?.offset == 0 && chunks.items.first?.length == 75)
    let beyond = try await owner.send("GET", base + "documents/\(tower)/chunks/?from=1")
    #expect(try JSONDecoder().decode(Chunks.self, from: Data(beyond.body)).items.isEmpty)

    // A follow-up: the model makes it whole from the visitor's words, and the prompt holds what was said.
    _ = try await ask("And how deep is the well beside it?")
    let asked = model.requests.suffix(2).map { String(decoding: $0.body, as: UTF8.self) }
    #expect(asked.first?.contains("Rewrite the visitor") == true)
    #expect(asked.first?.contains("31 metres") == false)
    #expect(asked.last?.contains("31 metres high [1].") == true)

    // Blended: the private text is before the model, and what it copies of it does not come out.
    #expect(
      try await owner.send("PATCH", base, #"{"privacy_mode":"blended"}"#).status == 200)
    let blended = try await ask("Is the tower of Orrin open?")
    let prompts = model.requests.suffix(2).map { String(decoding: $0.body, as: UTF8.self) }
    #expect(prompts.contains { $0.contains("[PRIVATE]") && $0.contains("quibblewort") })
    #expect(!blended.message.contains("quibblewort") && !blended.message.contains("lantern"))
    #expect(blended.message == "The tower of Orrin is 31 metres high [1].")
    // Of what was stopped the owner gets a number, and of strict answers none.
    struct Gate: Decodable { let answers, stopped: Int }
    let gate = try await owner.send("GET", base + "gate/")
    let gated = try JSONDecoder().decode(Gate.self, from: Data(gate.body))
    #expect(gated.answers == 1 && gated.stopped == 1)
    #expect(!ServerTests.text(gate).contains("quibblewort"))

    // What a blended answer has said is in no strict prompt; what the visitor has asked may be.
    let coat = try await ask("Should I bring a coat to the tower of Orrin?")
    #expect(coat.message == "Yes, bring a coat.")
    #expect(try await owner.send("PATCH", base, #"{"privacy_mode":"strict"}"#).status == 200)
    _ = try await ask("How high is the tower of Orrin, please?")
    let strict = try lastPrompt()
    #expect(strict.contains("Should I bring a coat") && !strict.contains("Yes, bring a coat"))

    // A leak test against the model says what it may cost, and costs nothing before that is accepted.
    struct Refusal: Decodable { let code: String; let tokens: Int; let cost: Price }
    let calls = model.requests.count
    let test = try await owner.send("POST", base + "leak-test/", #"{"against":"model"}"#)
    let refusal = try JSONDecoder().decode(Refusal.self, from: Data(test.body))
    #expect(test.status == 422 && refusal.code == "price-not-accepted" && refusal.tokens > 0)
    #expect(refusal.cost == Price(written: refusal.tokens) && model.requests.count == calls)

    // Guidance: a draft is in no prompt, an approved line is, and a changed source takes it back.
    let guided = "Ask at the desk before you climb."
    let line = try await owner.id(
      "POST", base + "guidance/", #"{"text":"\#(guided)","source_id":"\#(secret)"}"#)
    _ = try await ask("How high is the tower of Orrin today?")
    #expect(try !lastPrompt().contains("Ask at the desk"))
    for (body, status) in [(#"{"approved":true}"#, 422), (#"{"approved":true,"text":"x"}"#, 409)] {
      #expect(try await owner.send("PATCH", base + "guidance/\(line)/", body).status == status)
    }
    #expect(
      try await owner.send(
        "PATCH", base + "guidance/\(line)/", #"{"approved":true,"text":"\#(guided)"}"#
      ).status == 200
    )
    _ = try await ask("How high is the tower of Orrin by now?")
    #expect(
      model.requests.suffix(2).contains {
        String(decoding: $0.body, as: UTF8.self).contains("Ask at the desk")
      })
    #expect(try await owner.send("DELETE", base + "sources/\(secret)/").status == 200)
    _ = try await ask("How high is the tower of Orrin then?")
    #expect(try !lastPrompt().contains("Ask at the desk"))

    // The cap: over it the documents are quoted, and the model is left alone.
    #expect(try await owner.send("PATCH", base, #"{"monthly_token_cap":1}"#).status == 200)
    let count = model.requests.count
    let quoted = try await ask("How high is the tower of Orrin, in metres?")
    #expect(quoted.message.contains("31 metres high.") && model.requests.count == count)
    // What it all cost: counted by the server, not by the test, and the same in whole as in part.
    struct Usage: Decodable {
      struct Share: Decodable {
        let chatbot_id: String
        let messages, tokens_embedded, tokens_in, tokens_out: Int
        let cost: Price
      }
      let tokens_embedded, tokens_in, tokens_out: Int
      let cost: Price
      let by_chatbot: [Share]
    }
    let usage = try JSONDecoder().decode(
      Usage.self, from: Data(try await owner.send("GET", "/api/usage/").body))
    #expect(usage.tokens_embedded > 0 && usage.tokens_in > 70 && usage.tokens_out > 7)
    let sum = Price(
      embedded: usage.tokens_embedded, read: usage.tokens_in, written: usage.tokens_out)
    #expect(usage.cost == sum && usage.by_chatbot.map(\.cost) == [sum])
    #expect(usage.by_chatbot.first?.tokens_embedded == usage.tokens_embedded)
    struct Sources: Decodable {
      struct Source: Decodable {
        let tokens_embedded: Int
        let cost: Price
      }
      let items: [Source]
    }
    let sources = try JSONDecoder().decode(
      Sources.self, from: Data(try await owner.send("GET", base + "sources/").body)
    ).items
    // One was removed; what it cost stays the chatbot's.
    let tokens = sources.map(\.tokens_embedded)
    #expect(tokens.allSatisfy { $0 > 0 } && tokens.reduce(0, +) < usage.tokens_embedded)
    #expect(
      sources.map(\.cost) == tokens.map { Price(embedded: $0, read: 0, written: 0) })
  }

  @Test func `an old answer is followed back to the text it was made from`() async throws {
    let bobbin = try Installation()
    func run(_ arguments: [String]) async throws {
      let result = try await bobbin.tool("bobbin").run(arguments)
      #expect(result.exitCode == 0, "\(arguments): \(result.errors)")
    }
    func ingest(_ height: Int) async throws {
      let file = try bobbin.folder.write(
        "The tower of Orrin is \(height) metres high.", "tower.txt")
      try await run(["ingest", "tower", file])
    }
    let server = try ServerTests.Server(
      bobbin, ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"])
    let owner = try await RemovalTests.Owner(server)
    try await ingest(31)
    try await run(["admin", "give", "tower", "ada@example.com"])
    struct Chatbots: Decodable {
      struct Item: Decodable { let id: String }
      let items: [Item]
    }
    let chatbot = try #require(
      try JSONDecoder().decode(
        Chatbots.self, from: Data(try await owner.send("GET", "/api/chatbots/").body)
      ).items.first?.id)
    struct Reply: Decodable { let message_id, conversation_id, message: String }
    let answer = try JSONDecoder().decode(
      Reply.self,
      from: Data(
        try await owner.send(
          "POST", "/api/chat/\(chatbot)/", #"{"message":"How high is the tower of Orrin?"}"#
        ).body))
    #expect(answer.message.contains("31 metres"))
    struct Trace: Decodable {
      struct Cited: Decodable {
        struct Link: Decodable {
          let name: String
          let facts: [String: String]
          let broken: String?
        }
        let whole: Bool
        let links: [Link]
      }
      let citations: [Cited]
    }
    func cited() async throws -> Trace.Cited {
      let path =
        "/api/chatbots/\(chatbot)/conversations/\(answer.conversation_id)/messages/"
        + "\(answer.message_id)/trace/"
      return try #require(
        try JSONDecoder().decode(Trace.self, from: Data(try await owner.send("GET", path).body))
          .citations.first)
    }
    func bytes(_ cited: Trace.Cited) -> [String: String]? {
      cited.links.first { $0.name == "bytes" }?.facts
    }
    let first = try await cited()
    #expect(first.whole && bytes(first) != nil)
    // The document has another text now; the answer was made from the one before.
    try await ingest(32)
    let second = try await cited()
    #expect(second.whole, "\(second.links)")
    #expect(bytes(second) == bytes(first))
    // When that is not kept any more, the trace says so, and passes nothing else off as it.
    for height in 33..<45 { try await ingest(height) }
    let last = try await cited()
    #expect(!last.whole)
    #expect(last.links.contains { $0.broken?.contains("is not kept any more") == true })
  }

  @Test func `the model is left as soon as the visitor is gone, though it says nothing`()
    async throws
  {
    let bobbin = try Installation()
    let closed = Mutex<Bool?>(nil)
    let model = try LoopbackServer { _, connection in
      let delta = #"data: {"choices":[{"index":0,"delta":{"content":"The tower of Orrin is "}}]}"#
      connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n\(delta)\n\n")
      // The server would wait 30 seconds for it.
      let hasLeft = connection.waitForClose(milliseconds: 20_000)
      closed.withLock { $0 = hasLeft }
    }
    let server = try ServerTests.Server(
      bobbin,
      ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4", "OPENAI_BASE_URL": model.url("")])
    let owner = try await RemovalTests.Owner(server)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    _ = try await owner.id(
      "POST", base + "sources/",
      #"{"source_type":"file","name":"a.txt","text":"The tower of Orrin is 31 metres high."}"#)
    #expect(try await owner.send("POST", base + "train/", "{}").status == 202)
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    let visitor = Task {
      try await owner.send(
        "POST", "/api/chat/\(chatbot)/", #"{"message":"How high is the tower of Orrin?"}"#)
    }
    try await model.waitForRequest()
    visitor.cancel()
    await #expect(throws: (any Error).self) { try await visitor.value }
    let end = ContinuousClock.now + .seconds(20)
    while closed.withLock({ $0 }) == nil, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(closed.withLock { $0 } == true)
    #expect(model.requests.count == 1)
  }

  @Test
  func
    `a model drafts guidance; a draft is in no prompt, and a changed source takes an approved line back`()
    async throws
  {
    let page = Mutex(
      "The keeper of the tower opens the gallery on request. His name is Quibblewort.")
    let model = try LoopbackServer { request, connection in
      if request.path == "/notes" {
        let text = page.withLock { $0 }
        return connection.respond(
          200, ["Content-Type: text/html"],
          body: Array("<html><title>Notes</title><body><p>\(text)</p></body></html>".utf8))
      }
      guard request.path == "/v1/chat/completions" else { return connection.respond(404) }
      let prompt = String(decoding: request.body, as: UTF8.self)
      let text =
        prompt.contains("Its owner wants to let out")
        ? #"Statements:\n- The gallery can be opened for you.\n2. Ask at the tower.\n- Ask at the tower."#
        : "The tower of Orrin is 31 metres high [1]."
      let chunks = [
        #"{"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"#,
        #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, "[DONE]",
      ]
      connection.respond(
        200, ["Content-Type: text/event-stream"],
        body: Array(chunks.map { "data: \($0)\n\n" }.joined().utf8))
    }
    let chatbot = try await PrivacySwitchTests.Chatbot([
      "OPENAI_BASE_URL": model.url(""), "BOBBIN_ALLOWED_HOSTS": "127.0.0.1:\(model.port)",
    ])
    _ = try await chatbot.add("tower", "The tower of Orrin is 31 metres high.")
    let base = chatbot.base
    let source = try await chatbot.owner.id(
      "POST", base + "sources/",
      #"{"source_type":"url","source_url":"\#(model.url("/notes"))","is_citable":false}"#)
    let early = try await chatbot.owner.send(
      "POST", base + "guidance/drafts/", #"{"source_id":"\#(source)"}"#)
    #expect(early.status == 409, "\(ServerTests.text(early))")
    func train(_ path: String = "train/") async throws {
      #expect(try await chatbot.owner.send("POST", base + path, "{}").status == 202)
      let pipeline = try await chatbot.bobbin.tool(
        "bobbin", ["BOBBIN_ALLOWED_HOSTS": "127.0.0.1:\(model.port)"]
      ).run(["pipeline", "--until-drained"])
      #expect(pipeline.exitCode == 0, "\(pipeline.errors)")
    }
    try await train()
    struct Lines: Decodable {
      struct Line: Decodable { let id, text, state, source_id: String }
      let items: [Line]
    }
    func lines() async throws -> [Lines.Line] {
      try JSONDecoder().decode(
        Lines.self, from: Data(try await chatbot.owner.send("GET", base + "guidance/").body)
      ).items
    }
    func prompts() -> [String] {
      model.requests.filter { $0.path != "/notes" }.map { String(decoding: $0.body, as: UTF8.self) }
    }
    let reply = try await chatbot.owner.send(
      "POST", base + "guidance/drafts/", #"{"source_id":"\#(source)"}"#)
    #expect(reply.status == 201, "\(ServerTests.text(reply))")
    let drafts = try JSONDecoder().decode(Lines.self, from: Data(reply.body)).items
    #expect(drafts.map(\.text) == ["The gallery can be opened for you.", "Ask at the tower."])
    #expect(drafts.allSatisfy { $0.state == "draft" && $0.source_id == source })
    #expect(prompts().last?.contains("Quibblewort") == true)

    // A draft is in no prompt, an approved line is, and the other stays a draft.
    func ask(_ visitor: Int) async throws -> String {
      let visitors = chatbot.visitors
      let answer = try await visitors.ask(
        "How high is the tower of Orrin?", try await visitors.session("10.6.0.\(visitor)"))
      #expect(answer.status == 200)
      return prompts().last ?? ""
    }
    let before = prompts().count
    #expect(try await !ask(1).contains("gallery can be opened"))
    #expect(prompts().count == before + 1)
    let first = try #require(drafts.first)
    #expect(
      try await chatbot.owner.send(
        "PATCH", base + "guidance/\(first.id)/", #"{"approved":true,"text":"\#(first.text)"}"#
      ).status == 200)
    let guided = try await ask(2)
    #expect(guided.contains("gallery can be opened") && !guided.contains("Ask at the tower"))
    #expect(!guided.contains("Quibblewort"))

    // The same text read again changes nothing; another one does.
    let again = "sources/\(source)/refresh/"
    try await train(again)
    #expect(try await ask(3).contains("gallery can be opened"))
    page.withLock { $0 = "The gallery of the tower is closed for good, and nobody opens it." }
    try await train(again)
    let deadline = ContinuousClock.now + .seconds(20)
    while try await lines().first(where: { $0.id == first.id })?.state != "review",
      .now < deadline
    { try await Task.sleep(for: .milliseconds(50)) }
    #expect(try await lines().first { $0.id == first.id }?.state == "review")
    #expect(try await !ask(4).contains("gallery can be opened"))
    // What it cost is counted.
    struct Usage: Decodable { let tokens_in, tokens_out: Int }
    let used = try JSONDecoder().decode(
      Usage.self, from: Data(try await chatbot.owner.send("GET", "/api/usage/").body))
    #expect(used.tokens_in > 0 && used.tokens_out > 0)
  }

  @Test func `a monthly cap holds, however many ask at once`() async throws {
    let asked = Mutex(0)
    let model = try LoopbackServer { _, connection in
      asked.withLock { $0 += 1 }
      usleep(300_000)
      let chunks = [
        #"{"choices":[{"index":0,"delta":{"content":"The tower of Orrin is 31 metres high [1]."}}]}"#,
        #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        #"{"choices":[],"usage":{"prompt_tokens":300,"completion_tokens":700}}"#, "[DONE]",
      ]
      connection.respond(
        200, ["Content-Type: text/event-stream"],
        body: Array(chunks.map { "data: \($0)\n\n" }.joined().utf8))
    }
    let chatbot = try await PrivacySwitchTests.Chatbot(["OPENAI_BASE_URL": model.url("")])
    _ = try await chatbot.add("tower", "The tower of Orrin is 31 metres high.")
    try await chatbot.train()
    // A call may cost about 1,250 and costs 1,000: three fit, and one more only when what they did not spend was given back.
    let cap = 4_350
    #expect(
      try await chatbot.owner.send(
        "PATCH", chatbot.base, #"{"monthly_token_cap":\#(cap)}"#
      ).status == 200)
    struct Usage: Decodable { let tokens_in, tokens_out: Int }
    var counts: [Int] = []
    for round in 0..<2 {
      let visitors = chatbot.visitors
      try await withThrowingTaskGroup(of: WebResponse.self) { group in
        for number in 0..<12 {
          group.addTask {
            try await visitors.ask(
              "How high is the tower of Orrin?",
              try await visitors.session("10.7.\(round).\(number + 1)"))
          }
        }
        for try await reply in group {
          #expect(reply.status == 200 && ServerTests.text(reply).contains("31 metres high"))
        }
      }
      counts.append(asked.withLock { $0 })
    }
    let used = try JSONDecoder().decode(
      Usage.self, from: Data(try await chatbot.owner.send("GET", "/api/usage/").body))
    let spent = used.tokens_in + used.tokens_out
    #expect(spent <= cap && spent == 1_000 * asked.withLock { $0 })
    // What was reserved and not spent was given back: the second round went on with it.
    #expect(counts == [3, 4], "\(counts)")

    // From a terminal it holds as well, and what is taken below it is counted.
    func ask() async throws -> Int {
      let typed = try await chatbot.bobbin.tool("bobbin", ["OPENAI_BASE_URL": model.url("")]).run(
        ["ask", chatbot.id, "How high is the tower of Orrin?"])
      #expect(typed.exitCode == 0 && typed.output.contains("31 metres high"), "\(typed.errors)")
      return asked.withLock { $0 }
    }
    #expect(try await ask() == 4)
    #expect(
      try await chatbot.owner.send(
        "PATCH", chatbot.base, #"{"monthly_token_cap":9000}"#
      ).status == 200)
    #expect(try await ask() == 5)
    let more = try JSONDecoder().decode(
      Usage.self, from: Data(try await chatbot.owner.send("GET", "/api/usage/").body))
    #expect(more.tokens_in + more.tokens_out == 5_000)
  }
}
