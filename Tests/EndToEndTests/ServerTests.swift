import Foundation
import TestSupport
import Testing
import WebClient

/// `bobbin-serve` over HTTP, as a browser and a client see it.
@Suite(.serialized) struct ServerTests {
  /// A running server; stopped with the value.
  final class Server {
    let process: Process
    let base: String
    let transport = WebTransport.curl(.configured)

    /// - Parameter errors: a file for what it says on standard error.
    init(
      _ bobbin: Installation, _ environment: [String: String] = [:], errors: String? = nil
    ) throws {
      process = try bobbin.tool("bobbin-serve", environment).prepare(["--port", "0"])
      let output = Pipe()
      process.standardOutput = output
      if let errors { _ = FileManager.default.createFile(atPath: errors, contents: nil) }
      process.standardError = errors.flatMap { FileHandle(forWritingAtPath: $0) } ?? .nullDevice
      try process.start()
      // It says where it listens once it does; the pipe ends if it never gets there.
      var text = ""
      while !text.contains("\n") {
        let bytes = output.fileHandleForReading.availableData
        if bytes.isEmpty { break }
        text += String(decoding: bytes, as: UTF8.self)
      }
      let line = try #require(text.split(separator: "\n").first)
      #expect(line.hasPrefix("listening on http://127.0.0.1:"), "\(text)")
      base = String(line.dropFirst("listening on ".count).dropLast())
    }

    deinit {
      if process.isRunning {
        process.terminate()
        process.waitUntilExit()
      }
    }

    func get(_ path: String, _ headers: WebHeaders = [:]) async throws -> WebResponse {
      try await transport.send(WebRequest(url: base + path, headers: headers))
    }

    /// What a visitor holds who has begun to talk to a chatbot.
    func visit(_ name: String) async throws -> (id: String, token: String)? {
      struct About: Decodable { let id: String }
      struct Session: Decodable { let token: String }
      let about = try await get("/api/chat/\(name)/")
      guard about.status == 200 else { return nil }
      let session = try await transport.send(
        WebRequest(
          url: base + "/api/chat/\(name)/session/", method: "POST",
          headers: ["Content-Type": "application/json"], body: Array("{}".utf8)))
      return (
        try JSONDecoder().decode(About.self, from: Data(about.body)).id,
        try JSONDecoder().decode(Session.self, from: Data(session.body)).token
      )
    }

    /// Posts; a question goes in a session of its own.
    func post(
      _ path: String, _ body: String, type: String = "application/json", accept: String? = nil
    ) async throws -> WebResponse {
      var headers: WebHeaders = ["Content-Type": type]
      var path = path
      let parts = path.split(separator: "/").map(String.init)
      if parts.count == 3, parts.starts(with: ["api", "chat"]),
        let visit = try await visit(parts[2])
      {
        path = "/api/chat/\(visit.id)/"
        headers.append("Authorization", "Bearer \(visit.token)")
      }
      if let accept { headers.append("Accept", accept) }
      return try await transport.send(
        WebRequest(url: base + path, method: "POST", headers: headers, body: Array(body.utf8)))
    }
  }

  static func text(_ response: WebResponse) -> String {
    String(decoding: response.body, as: UTF8.self)
  }

  @Test func `a visitor gets pages, probes and assets`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("The library of Orrin opens at ten.", "library.txt")
    #expect(try await bobbin.ingest("library", [file]).exitCode == 0)
    let server = try Server(bobbin)
    for probe in ["/livez", "/readyz", "/healthz"] {
      #expect(try await server.get(probe).status == 200)
    }
    let home = try await server.get("/")
    #expect(Self.text(home).contains(#"href="/c/library""#))
    let page = try await server.get("/c/library")
    #expect(page.status == 200 && page.mediaType == "text/html")
    #expect(Self.text(page).contains("<title>library</title>"))
    for name in [
      "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Request-Id",
    ] {
      #expect(page.headers[name] != nil, "\(name)")
    }
    #expect(page.headers["Content-Security-Policy"]?.contains("unsafe-inline") == false)
    let script = try await server.get("/assets/0/chat.js")
    let tag = try #require(script.headers["ETag"])
    #expect(try await server.get("/assets/0/chat.js", ["If-None-Match": tag]).status == 304)
    for path in ["/c/nobody", "/assets/0/../secret", "/assets/0/none.js", "/nothing"] {
      #expect(try await server.get(path).status == 404, "\(path)")
    }
  }

  @Test func `a question is answered as JSON and as events`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write(
      "# Library\n\nThe library of Orrin opens at ten in the morning.", "library.md")
    #expect(try await bobbin.ingest("library", [file]).exitCode == 0)
    let server = try Server(bobbin)
    let question = #"{"message":"When does the library of Orrin open?"}"#
    // One slash more or less is the same route; the slug serves as well as the id.
    for path in ["/api/chat/library/", "/api/chat/library"] {
      let response = try await server.post(path, question)
      #expect(response.status == 200)
      let reply = try JSONDecoder().decode(Reply.self, from: Data(response.body))
      #expect(reply.answered && reply.message.contains("ten in the morning"))
      #expect(reply.sources.map(\.n) == [1])
    }
    let events = try await server.post("/api/chat/library/", question, accept: "text/event-stream")
    #expect(events.mediaType == "text/event-stream")
    let names = Self.text(events).split(separator: "\n").filter { $0.hasPrefix("event: ") }
      .map { String($0.dropFirst(7)) }
    #expect(names.first == "start" && names.last == "done")
    #expect(names.contains("delta") && names.contains("sources"))
    let unknown = try await server.post(
      "/api/chat/library/", #"{"message":"Who won the chess championship in 1972?"}"#)
    let reply = try JSONDecoder().decode(Reply.self, from: Data(unknown.body))
    #expect(!reply.answered && reply.sources.isEmpty)
  }

  @Test(arguments: [
    ("/api/chat/library/", "{}", "application/json", 422),
    ("/api/chat/library/", "not json", "application/json", 400),
    ("/api/chat/library/", #"{"message":"x","more":1}"#, "application/json", 400),
    ("/api/chat/library/", #"{"message":"   "}"#, "application/json", 422),
    ("/api/chat/library/", #"{"message":7}"#, "application/json", 422),
    ("/api/chat/library/", #"{"message":"x"}"#, "text/plain", 415),
    ("/api/chat/nobody/", #"{"message":"x"}"#, "application/json", 401),
    (
      "/api/chat/library/", #"{"message":""# + String(repeating: "x", count: 5_000) + #""}"#,
      "application/json", 422
    ),
    ("/api/chat/library/", String(repeating: " ", count: 70_000), "application/json", 413),
  ])
  func `a bad request gets a problem document`(
    path: String, body: String, type: String, status: Int
  ) async throws {
    let bobbin = try Installation(model: false)
    let file = try bobbin.folder.write("x", "x.txt")
    // The row is enough; without the model nothing is trained.
    _ = try await bobbin.ingest("library", [file])
    let server = try Server(bobbin)
    let response = try await server.post(path, body, type: type)
    #expect(response.status == status)
    #expect(response.mediaType == "application/problem+json")
    let text = Self.text(response)
    #expect(text.contains("request_id") && !text.contains(bobbin.folder.path))
  }

  @Test func `a new generation is answered from without a restart`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("The tower of Orrin is 31 metres high.", "tower.txt")
    #expect(try await bobbin.ingest("tower", [file]).exitCode == 0)
    let server = try Server(bobbin)
    let question = #"{"message":"How high is the tower of Orrin?"}"#
    #expect(Self.text(try await server.post("/api/chat/tower/", question)).contains("31 metres"))
    try bobbin.folder.write("The tower of Orrin is 34 metres high.", "tower.txt")
    #expect(try await bobbin.ingest("tower", [file]).exitCode == 0)
    let answer = Self.text(try await server.post("/api/chat/tower/", question))
    #expect(answer.contains("34 metres") && !answer.contains("31 metres"))
  }

  @Test func `a damaged new generation leaves the old one answering`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("The well of Orrin is 12 metres deep.", "well.txt")
    #expect(try await bobbin.ingest("well", [file]).exitCode == 0)
    let server = try Server(bobbin)
    let question = #"{"message":"How deep is the well of Orrin?"}"#
    #expect(Self.text(try await server.post("/api/chat/well/", question)).contains("12 metres"))
    let shards = bobbin.data + "/shards"
    let shard = try #require(try FileManager.default.contentsOfDirectory(atPath: shards).first)
    try Data("no manifest\n".utf8).write(to: URL(fileURLWithPath: "\(shards)/\(shard)/CURRENT"))
    #expect(Self.text(try await server.post("/api/chat/well/", question)).contains("12 metres"))
  }

  @Test func `a language model's words are streamed with the passages they cite`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("The bridge of Orrin has nine arches.", "bridge.txt")
    let secret = try bobbin.folder.write("The bridge of Orrin is rotten.", "secret.txt")
    #expect(try await bobbin.ingest("bridge", [file]).exitCode == 0)
    #expect(try await bobbin.ingest("bridge", [secret], ["--learn-only"]).exitCode == 0)
    let model = try LoopbackServer { request, connection in
      guard request.path == "/v1/chat/completions" else { return connection.respond(404) }
      let chunks = ["Nine", " arches", " [1].", " And [7]."].map {
        #"data: {"choices":[{"index":0,"delta":{"content":"\#($0)"}}]}"#
      }
      let body = (chunks + ["data: [DONE]"]).joined(separator: "\n\n") + "\n\n"
      connection.respond(200, ["Content-Type: text/event-stream"], body: Array(body.utf8))
    }
    let server = try Server(
      bobbin, ["OPENAI_BASE_URL": model.url(""), "OPENAI_API_KEY": "key-of-the-test"])
    let question = #"{"message":"How many arches has the bridge of Orrin?"}"#
    let response = try await server.post("/api/chat/bridge/", question)
    let reply = try JSONDecoder().decode(Reply.self, from: Data(response.body))
    #expect(reply.message.hasPrefix("Nine arches [1]."))
    // A mark that names no passage is taken out, and only what is cited is listed.
    #expect(!reply.message.contains("[7]") && reply.sources.map(\.n) == [1])
    let events = try await server.post("/api/chat/bridge/", question, accept: "text/event-stream")
    #expect(Self.text(events).components(separatedBy: "event: delta").count > 2)
    let asked = try #require(model.requests.first)
    #expect(asked.header("Authorization") == "Bearer key-of-the-test")
    let prompt = String(decoding: asked.body, as: UTF8.self)
    #expect(prompt.contains("nine arches") && !prompt.contains("rotten"))
  }

  @Test func `a language model that is away gives way to quotations`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("The bridge of Orrin has nine arches.", "bridge.txt")
    #expect(try await bobbin.ingest("bridge", [file]).exitCode == 0)
    // A port where nobody listens: the quoting answerer takes over before the first word.
    let server = try Server(bobbin, ["OPENAI_BASE_URL": "http://127.0.0.1:9"])
    let response = try await server.post(
      "/api/chat/bridge/", #"{"message":"How many arches has the bridge of Orrin?"}"#)
    #expect(Self.text(response).contains("nine arches"))
  }

  @Test func `the server stops cleanly when asked`() async throws {
    let bobbin = try Installation()
    let server = try Server(bobbin)
    #expect(try await server.get("/livez").status == 200)
    server.process.terminate()
    server.process.waitUntilExit()
    #expect(server.process.terminationReason == .exit)
    #expect(server.process.terminationStatus == 0)
  }

  @Test func `a port in use is said in a sentence`() async throws {
    let bobbin = try Installation()
    let server = try Server(bobbin)
    let port = try #require(server.base.split(separator: ":").last)
    let second = try await bobbin.tool("bobbin-serve").run(["--port", String(port)])
    #expect(second.exitCode == 75)
    #expect(second.errors.contains("--port"))
  }
}
