import Foundation
import TestSupport
import Testing
import WebClient

/// A letter that was asked for arrives, whatever happens to the mail server and to ours meanwhile.
@Suite(.serialized) struct LetterTests {
  @Test(.timeLimit(.minutes(1)))
  func `a letter outlives a mail server that is down and a server that is restarted`()
    async throws
  {
    let bobbin = try Installation(model: false)
    // A port where nobody listens: a listener's that has closed.
    let free = try LoopbackServer { _, connection in connection.respond(404) }.hostAndPort
    let settings = ["BOBBIN_BCRYPT_COST": "4", "BOBBIN_SMTP_TLS": "optional"]
    func waiting() -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: "\(bobbin.data)/letters")) ?? []
    }
    do {
      let server = try ServerTests.Server(
        bobbin, settings.merging(["BOBBIN_SMTP_URL": "smtp://\(free)"]) { $1 })
      let reply = try await server.transport.send(
        WebRequest(
          url: server.base + "/api/auth/register", method: "POST",
          headers: ["Content-Type": "application/json"],
          body: Array(#"{"email":"ada@example.com","password":"tr0ubadour klavier"}"#.utf8)))
      #expect(reply.status == 202)
      while waiting().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
      server.process.terminate()
      server.process.waitUntilExit()
    }
    let name = try #require(waiting().first)
    let path = "\(bobbin.data)/letters/\(name)"
    // It names an address, and holds no token.
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("token"))
    // What a crash left half written, a day ago and just now.
    for (name, age) in [("a.json.1.tmp", 90_000.0), ("b.json.2.tmp", 0)] {
      let left = "\(bobbin.data)/letters/\(name)"
      try Data("half".utf8).write(to: URL(fileURLWithPath: left))
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: left)
    }
    let sink = try Peer("smtp_sink.py")
    let port = try #require(sink.line())
    let server = try ServerTests.Server(
      bobbin, settings.merging(["BOBBIN_SMTP_URL": "smtp://127.0.0.1:\(port)"]) { $1 })
    struct Letter: Decodable { let to: [String] }
    let letter = try JSONDecoder().decode(
      Letter.self, from: Data(try #require(sink.line()).utf8))
    #expect(letter.to == ["ada@example.com"])
    while waiting() != ["b.json.2.tmp"] { try await Task.sleep(for: .milliseconds(20)) }
    #expect(try await server.get("/livez").status == 200)
  }

  @Test(.timeLimit(.minutes(1)))
  func `what was asked for right before a server ends is kept`() async throws {
    let bobbin = try Installation(model: false)
    let free = try LoopbackServer { _, connection in connection.respond(404) }.hostAndPort
    let server = try ServerTests.Server(
      bobbin,
      [
        "BOBBIN_BCRYPT_COST": "4", "BOBBIN_SMTP_TLS": "optional",
        "BOBBIN_SMTP_URL": "smtp://\(free)",
      ])
    // Quicker than they are taken up.
    for number in 1...5 {
      let reply = try await server.transport.send(
        WebRequest(
          url: server.base + "/api/auth/register", method: "POST",
          headers: ["Content-Type": "application/json"],
          body: Array(
            #"{"email":"u\#(number)@example.com","password":"tr0ubadour klavier"}"#.utf8)))
      #expect(reply.status == 202)
    }
    server.process.terminate()
    server.process.waitUntilExit()
    let kept = try FileManager.default.contentsOfDirectory(atPath: "\(bobbin.data)/letters")
    #expect(kept.count == 5, "\(kept)")
  }
}
