import Foundation
import TestSupport
import Testing
import WebClient

/// What is done from a terminal on the machine stands in the audit log like what is done over HTTP.
@Suite struct AuditTests {
  private struct Entry: Decodable { let actor, action, object, object_id: String? }

  @Test func `moves of items and generations, new keys and accounts are in the log`() async throws {
    let bobbin = try Installation()
    func run(_ arguments: [String]) async throws -> String {
      let result = try await bobbin.tool("bobbin").run(arguments)
      #expect(result.exitCode == 0, "\(arguments): \(result.errors)")
      return result.output
    }
    for text in ["The tower is 31 metres high.", "The tower is 32 metres high."] {
      let file = try bobbin.folder.write(text, "tower.txt")
      _ = try await run(["ingest", "tower", file])
    }
    _ = try await run(["shard", "rollback", "tower", "1"])
    let file = try bobbin.folder.write("The well is deep.", "well.txt")
    _ = try await run(["ingest", "tower", file, "--detach"])
    _ = try await run(["spool", "hold", "--stage", "fetch", "--state", "incoming"])
    _ = try await run(["spool", "drop", "--stage", "fetch", "--state", "hold", "--yes"])
    _ = try await run(["keys", "rotate"])
    _ = try await run(["admin", "invite", "ada@example.com", "--operator"])
    _ = try await run(["admin", "change", "ada@example.com", "--plan", "pro"])
    let entries = try await run(["admin", "audit", "--json"]).split(separator: "\n").map {
      try JSONDecoder().decode(Entry.self, from: Data($0.utf8))
    }
    #expect(
      entries.map(\.action) == [
        "user.change", "user.invite", "keys.rotate", "item.drop", "item.hold",
        "generation.rollback",
      ], "\(entries)")
    #expect(Set(entries.map(\.actor)) == ["system"])
  }

  @Test func `everything of everybody is listed and shown from a terminal, talks with a note`()
    async throws
  {
    let bobbin = try Installation(model: false)
    let server = try ServerTests.Server(
      bobbin, ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"])
    let owner = try await RemovalTests.Owner(server)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"Tower"}"#)
    let source = try await owner.id(
      "POST", "/api/chatbots/\(chatbot)/sources/",
      #"{"source_type":"url","source_url":"https://tower.example.com/"}"#)
    let talk = try await owner.send(
      "POST", "/api/chat/\(chatbot)/", #"{"message":"How \u001b[31mhigh?"}"#)
    struct Talk: Decodable { let conversation_id: String }
    let conversation = try JSONDecoder().decode(Talk.self, from: Data(talk.body)).conversation_id
    func run(_ arguments: String...) async throws -> (code: Int32, output: String) {
      let result = try await bobbin.tool("bobbin").run(["admin"] + arguments)
      return (result.exitCode, result.output)
    }
    for (kind, id, words) in [
      ("chatbots", chatbot, "tow"), ("sources", source, "TOWER.example"),
      ("conversations", conversation, "high"),
    ] {
      let list = try await run("list", kind, words)
      #expect(list.code == 0 && list.output.hasPrefix(id), "\(list.output)")
      // Nothing that a terminal obeys.
      #expect(!list.output.contains("\u{1B}"))
      #expect(try await run("list", kind, "castle").output == "none\n")
      let json = try await run("list", kind, words, "--json").output
      #expect(json.contains(#""id":"\#(id)""#))
      let shown = try await run("show", kind, id)
      #expect(shown.code == 0 && shown.output.contains(id))
      #expect(try await run("show", kind, "none").code == 66)
    }
    for kind in ["runs", "deliveries"] {
      #expect(try await run("list", kind).output == "none\n")
    }
    let log = try await run("audit").output
    #expect(log.contains("conversation.list") && log.contains("delivery.list"))
    #expect(log.contains("conversation.read  conversation \(conversation)"))
  }

  @Test func `an operator suspends an account and lets it in again`() async throws {
    let bobbin = try Installation(model: false)
    let server = try ServerTests.Server(
      bobbin, ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"])
    let owner = try await RemovalTests.Owner(server)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    struct User: Decodable { let email: String }
    let user = try JSONDecoder().decode(
      User.self, from: Data(try await owner.send("GET", "/api/auth/me").body))
    func change(_ option: String) async throws {
      let result = try await bobbin.tool("bobbin").run(["admin", "change", user.email, option])
      #expect(result.exitCode == 0, "\(result.errors)")
    }
    try await change("--suspend")
    #expect(try await owner.send("GET", "/api/auth/me").status == 401)
    #expect(try await owner.send("GET", "/api/chat/\(chatbot)/").status == 404)
    try await change("--no-suspend")
    #expect(try await owner.send("GET", "/api/chat/\(chatbot)/").status == 200)
  }
}
