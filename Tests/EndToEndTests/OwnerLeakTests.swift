import Foundation
import TestSupport
import Testing
import WebClient

/// The leak test as an owner has it: by button and from a terminal.
@Suite struct OwnerLeakTests {
  @Test func `a leak test is begun by button and read when it is over`() async throws {
    let bobbin = try Installation()
    let server = try ServerTests.Server(
      bobbin, ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"])
    let owner = try await RemovalTests.Owner(server)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    #expect(try await owner.send("POST", base + "leak-test/", "{}").status == 409)
    _ = try await owner.id(
      "POST", base + "sources/",
      #"{"source_type":"file","name":"a.txt","text":"The tower of Orrin is 31 metres high."}"#)
    let secret = try await owner.id(
      "POST", base + "sources/",
      #"{"source_type":"file","name":"b.txt","is_citable":false,"text":"The keeper's word is quibblewort."}"#
    )
    #expect(try await owner.send("POST", base + "train/", "{}").status == 202)
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    #expect(
      try await owner.send("POST", base + "leak-test/", #"{"against":"model"}"#).status == 501)
    struct Test: Decodable {
      struct Result: Decodable {
        struct Source: Decodable {
          struct Leak: Decodable { let what, attack, disguise: String }
          let id, name: String
          let attacks, reached: Int
          let leaks: [Leak]
        }
        let mode, against: String
        let answers: Int
        let limits: [String]
        let sources: [Source]
      }
      let id, state: String
      let result: Result?
    }
    let begun = try await owner.send("POST", base + "leak-test/", "{}")
    #expect(begun.status == 202)
    var test = try JSONDecoder().decode(Test.self, from: Data(begun.body))
    for _ in 0..<1000 where test.state == "running" {
      try await Task.sleep(for: .milliseconds(200))
      let reply = try await owner.send("GET", base + "leak-test/\(test.id)/")
      if reply.status == 429 { continue }
      test = try JSONDecoder().decode(Test.self, from: Data(reply.body))
    }
    // The whole suite against the private source, and the report says what it cannot tell.
    let result = try #require(test.result)
    #expect(test.state == "passed", "\(result.sources)")
    #expect(result.mode == "strict" && result.against == "stub")
    let source = try #require(result.sources.first)
    #expect(result.sources.count == 1 && source.id == secret && source.name == "b.txt")
    #expect(source.attacks >= 300 && source.reached == source.attacks)
    #expect(result.answers >= source.attacks && !result.limits.isEmpty)

    // From a terminal, one class of attacks; a test that cannot be made says so by its exit code.
    let tool = bobbin.tool("bobbin")
    let typed = try await tool.run([
      "leak-test", chatbot, "--mode", "strict", "--only", "encode", "--json",
    ])
    #expect(typed.exitCode == 0, "\(typed.errors)")
    let part = try JSONDecoder().decode(Test.Result.self, from: Data(typed.output.utf8))
    #expect(part.mode == "strict" && part.sources.map(\.id) == [secret])
    let attacks = part.sources.first?.attacks ?? 0
    #expect(attacks >= 25 && attacks < 60 && part.sources.first?.reached == attacks)
    for (arguments, code) in [
      (["nobody"], 64), ([chatbot, "--against", "model"], 78), ([chatbot, "--mode", "open"], 64),
      ([chatbot, "--only", "magic"], 64),
      ([chatbot, "--against", "model", "--every-disguise"], 64),
    ] as [([String], Int32)] {
      let refused = try await tool.run(["leak-test"] + arguments)
      #expect(refused.exitCode == code, "\(arguments): \(refused.errors)")
      #expect(refused.output.isEmpty)
    }
  }
}
