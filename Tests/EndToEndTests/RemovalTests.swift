import Foundation
import TestSupport
import Testing
import WebClient

/// What is removed is gone from the disk: looked for byte by byte after the real executables have done their work.
@Suite(.serialized) struct RemovalTests {
  /// An owner of a running server.
  struct Owner {
    let server: ServerTests.Server
    let token: String

    init(_ server: ServerTests.Server, email: String = "ada@example.com") async throws {
      self.server = server
      let reply = try await server.transport.send(
        WebRequest(
          url: server.base + "/api/auth/register", method: "POST",
          headers: ["Content-Type": "application/json"],
          body: Array(
            #"{"email":"\#(email)","password":"tr0ubadour klavier","delivery":"body"}"#.utf8))
      )
      struct Tokens: Decodable { let access_token: String }
      token = try JSONDecoder().decode(Tokens.self, from: Data(reply.body)).access_token
    }

    /// The same owner at a server that was started again.
    init(_ server: ServerTests.Server, token: String) {
      self.server = server
      self.token = token
    }

    @discardableResult
    func send(_ method: String, _ path: String, _ body: String? = nil) async throws -> WebResponse {
      var headers: WebHeaders = ["Authorization": "Bearer \(token)"]
      if body != nil { headers.append("Content-Type", "application/json") }
      return try await server.transport.send(
        WebRequest(
          url: server.base + path, method: method, headers: headers,
          body: body.map { Array($0.utf8) } ?? []))
    }

    func id(_ method: String, _ path: String, _ body: String) async throws -> String {
      struct Made: Decodable { let id: String }
      let reply = try await send(method, path, body)
      return try JSONDecoder().decode(Made.self, from: Data(reply.body)).id
    }
  }

  /// Files below a folder that hold `text`, as it is or compressed.
  static func holding(_ text: String, in folder: String) async throws -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    var found: [String] = []
    for name in names where !name.hasPrefix("models") {
      let path = "\(folder)/\(name)"
      guard let data = FileManager.default.contents(atPath: path) else { continue }
      if data.range(of: Data(text.utf8)) != nil { found.append(name) }
    }
    return found
  }

  @Test func `a plan keeps as many generations as it says`() async throws {
    let bobbin = try Installation()
    let server = try ServerTests.Server(
      bobbin, ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"])
    let owner = try await Owner(server)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    func train(_ name: String, _ text: String) async throws {
      _ = try await owner.id(
        "POST", base + "sources/", #"{"source_type":"file","name":"\#(name)","text":"\#(text)"}"#)
      #expect(try await owner.send("POST", base + "train/", "{}").status == 202)
      let pipeline = try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"])
      #expect(pipeline.exitCode == 0, "\(pipeline.errors)")
    }
    for number in 1...4 {
      try await train("n\(number).txt", "The tower number \(number) is 31 metres high.")
    }
    struct Generations: Decodable {
      struct Generation: Decodable { let generation, documents: Int }
      let items: [Generation]
    }
    let reply = try await owner.send("GET", base + "generations/")
    let kept = try JSONDecoder().decode(Generations.self, from: Data(reply.body)).items
    #expect(kept.map(\.generation) == [4, 3])
    #expect(kept.first?.documents == 4)
    struct Difference: Decodable {
      struct Changed: Decodable { let uri: String }
      let from, unchanged_count, removed_count: Int
      let added: [Changed]
    }
    let difference = try JSONDecoder().decode(
      Difference.self,
      from: Data(try await owner.send("GET", base + "generations/4/diff/").body))
    #expect(difference.from == 3 && difference.unchanged_count == 3)
    #expect(difference.added.map(\.uri) == ["n4.txt"] && difference.removed_count == 0)
    #expect(try await owner.send("GET", base + "generations/4/diff/?from=1").status == 404)
  }

  @Test func `a removed source leaves its shard, a removed chatbot leaves nothing`() async throws {
    let bobbin = try Installation()
    let server = try ServerTests.Server(
      bobbin, ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"])
    let owner = try await Owner(server)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    func source(_ text: String) async throws -> String {
      try await owner.id(
        "POST", base + "sources/", #"{"source_type":"file","name":"n.txt","text":"\#(text)"}"#)
    }
    let tower = try await source("The tower of Orrin is 31 metres high, says quibblewort.")
    let well = try await source("The well of Orrin is 12 metres deep, says zanderbloom.")
    #expect(try await owner.send("POST", base + "train/", "{}").status == 202)
    let pipeline = try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"])
    #expect(pipeline.exitCode == 0, "\(pipeline.errors)")
    func ask(_ question: String) async throws -> String {
      ServerTests.text(
        try await owner.send("POST", "/api/chat/\(chatbot)/", #"{"message":"\#(question)"}"#))
    }
    #expect(try await ask("How high is the tower of Orrin?").contains("31 metres"))

    // Learn-only from the next answer on, and back, without any training.
    #expect(
      try await owner.send("PATCH", base + "sources/\(tower)/", #"{"is_citable":false}"#).status
        == 200)
    #expect(try await !ask("How high is the tower of Orrin?").contains("31 metres"))
    #expect(
      try await owner.send("PATCH", base + "sources/\(tower)/", #"{"is_citable":true}"#).status
        == 200)
    #expect(try await ask("How high is the tower of Orrin?").contains("31 metres"))

    // Out of answers at once, out of the shard with the next build.
    #expect(try await owner.send("DELETE", base + "sources/\(well)/").status == 200)
    #expect(try await !ask("How deep is the well of Orrin?").contains("12 metres"))
    func sweep() async throws {
      let result = try await bobbin.tool("bobbin").run(["sweep", "--older-than=-5"])
      #expect(result.exitCode == 0, "\(result.errors)")
    }
    func drain() async throws {
      let result = try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"])
      #expect(result.exitCode == 0, "\(result.errors)")
    }
    try await sweep()
    try await drain()
    try await sweep()
    let shards = "\(bobbin.data)/shards"
    let generations = try await owner.send("GET", base + "generations/")
    #expect(ServerTests.text(generations).contains(#""documents":1"#))
    #expect(!ServerTests.text(generations).contains(#""documents":2"#))
    let search = try await bobbin.tool("bobbin").run(["shard", "search", chatbot, "zanderbloom"])
    #expect(!search.output.contains("zanderbloom"), "\(search.output)")
    #expect(try await Self.holding("zanderbloom", in: "\(bobbin.data)/blobs").isEmpty)
    #expect(try await ask("How high is the tower of Orrin?").contains("31 metres"))

    #expect(try await owner.send("DELETE", base).status == 200)
    #expect(try await owner.send("GET", base).status == 404)
    try await sweep()
    #expect(try FileManager.default.contentsOfDirectory(atPath: shards).isEmpty)
    for word in ["quibblewort", "zanderbloom"] {
      for folder in [bobbin.data, bobbin.spool] {
        #expect(try await Self.holding(word, in: folder).isEmpty, "\(word) in \(folder)")
      }
    }
    let cache = "\(bobbin.data)/cache/embeddings"
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache).isEmpty)
  }

  @Test func `a run that is stopped leaves what answers as it was`() async throws {
    let bobbin = try Installation()
    let server = try ServerTests.Server(
      bobbin, ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"])
    let owner = try await Owner(server)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    for text in ["The tower of Orrin is 31 metres high.", "The well of Orrin is 12 metres deep."] {
      _ = try await owner.id(
        "POST", base + "sources/", #"{"source_type":"file","name":"n.txt","text":"\#(text)"}"#)
      let run = try await owner.id("POST", base + "train/", "{}")
      if text.contains("well") {
        #expect(try await owner.send("POST", base + "runs/\(run)/cancel/").status == 202)
        #expect(try await owner.send("POST", base + "runs/\(run)/cancel/").status == 409)
        let shape = try await bobbin.tool("bobbin").run(["spool", "ls"])
        #expect(!shape.output.contains("fetch/incoming"), "\(shape.output)")
      }
      #expect(
        try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    }
    let status = ServerTests.text(try await owner.send("GET", base + "status/"))
    #expect(
      status.contains(#""state":"ready""#) && status.contains(#""generation":1"#), "\(status)")
    // Training again brings it.
    _ = try await owner.id("POST", base + "train/", "{}")
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    let after = ServerTests.text(try await owner.send("GET", base + "status/"))
    #expect(after.contains(#""generation":2"#), "\(after)")
    // And back: an order that the index stage carries out.
    #expect(
      try await owner.send("POST", base + "rollback/", #"{"generation":1}"#).status == 202)
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    let back = ServerTests.text(try await owner.send("GET", base + "status/"))
    #expect(back.contains(#""generation":1"#), "\(back)")
  }
}
