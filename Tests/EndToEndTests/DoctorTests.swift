import Foundation
import TestSupport
import Testing

@Suite struct DoctorTests {
  private struct Finding: Decodable {
    let name, verdict, found: String
    let remedy: String?
  }

  private func findings(_ output: String) throws -> [String: Finding] {
    Dictionary(
      try output.split(separator: "\n").map {
        try JSONDecoder().decode(Finding.self, from: Data($0.utf8))
      }.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  @Test func `a new installation is told what is still to be done`() async throws {
    let bobbin = try Installation()
    let result = try await bobbin.tool("bobbin").run(["doctor", "--json"])
    #expect(result.exitCode == 0, "\(result.output)")
    let found = try findings(result.output)
    for name in [
      "data directory", "spool", "disk", "keys", "embedding model", "executables", "database",
    ] {
      #expect(found[name]?.verdict == "good", "\(name): \(found[name]?.found ?? "")")
    }
    for name in ["public address", "letters", "operator"] {
      #expect(found[name]?.verdict == "notice" && found[name]?.remedy != nil, "\(name)")
    }
    let link = try await bobbin.tool("bobbin").run([
      "admin", "invite", "ada@example.com", "--operator",
    ])
    #expect(link.output.contains("/reset#token="))
    let again = try findings(try await bobbin.tool("bobbin").run(["doctor", "--json"]).output)
    #expect(again["operator"]?.verdict == "good")
    let users = try await bobbin.tool("bobbin").run(["admin", "users"])
    #expect(users.output.contains("ada@example.com") && users.output.contains("operator"))
    let last = try await bobbin.tool("bobbin").run(
      ["admin", "change", "ada@example.com", "--no-operator"])
    #expect(last.exitCode == 64 && last.errors.contains("last operator"))
    let audit = try await bobbin.tool("bobbin").run(["admin", "audit"])
    #expect(audit.exitCode == 0 && audit.output.contains("user.invite"))
  }

  @Test func `what will not work is found, and what to do is said`() async throws {
    let bobbin = try Installation(model: false)
    _ = try await bobbin.tool("bobbin").run(["doctor"])
    let keys = "\(bobbin.data)/secret.keys"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: keys)
    let result = try await bobbin.tool(
      "bobbin", ["BOBBIN_PUBLIC_URL": "http://chat.example.com"]
    ).run(["doctor", "--json"])
    #expect(result.exitCode == 65)
    let found = try findings(result.output)
    for name in ["keys", "embedding model", "public address"] {
      #expect(found[name]?.verdict == "bad" && found[name]?.remedy != nil, "\(name)")
    }
    let rotated = try await bobbin.tool("bobbin").run(["keys", "rotate"])
    #expect(rotated.exitCode == 78 && rotated.errors.contains("chmod 600"))
  }
}
