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
