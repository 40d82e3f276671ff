import Foundation
import Synchronization
import TestSupport
import Testing
import WebClient

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

  @Test func `what it relies on elsewhere is asked, and told apart`() async throws {
    let bobbin = try Installation()
    let isBroken = Mutex(false)
    let base = Mutex("")
    let peer = try LoopbackServer { request, connection in
      let here = base.withLock { $0 }
      if isBroken.withLock({ $0 }) { return connection.respond(401, body: Array("{}".utf8)) }
      let body: String? =
        switch request.path.split(separator: "?").first.map(String.init) {
        case "/v1/models": #"{"data":[{"id":"small-model"}]}"#
        case "/v1/embeddings": #"{"data":[{"index":0,"embedding":[1,0,0,0]}]}"#
        case "/.well-known/openid-configuration":
          #"{"issuer":"\#(here)","authorization_endpoint":"\#(here)/a","token_endpoint":"\#(here)/t","jwks_uri":"\#(here)/k"}"#
        case "/k": #"{"keys":[]}"#
        case "/v1/prices": #"{"data":[]}"#
        default: nil
        }
      guard let body else { return connection.respond(404) }
      connection.respond(200, ["Content-Type: application/json"], body: Array(body.utf8))
    }
    base.withLock { $0 = peer.url("") }
    let mail = try Peer("smtp_sink.py")
    let port = try #require(mail.line())
    let folder = try TemporaryFolder()
    // A systemctl of the test's: all units run but one.
    let systemctl = try folder.write(
      "#!/bin/sh\nshift\nfor unit; do [ $unit = bobbin@embed.path ] && echo inactive || echo active; done\n",
      "systemctl")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: systemctl)
    func examine(_ more: [String: String] = [:]) async throws -> (
      code: Int32, found: [String: Finding]
    ) {
      let settings = [
        "OPENAI_BASE_URL": peer.url(""), "BOBBIN_CHAT_MODEL": "small-model",
        "BOBBIN_EMBEDDING_BASE_URL": peer.url(""), "BOBBIN_EMBEDDING_MODEL": "vectors",
        "BOBBIN_EMBEDDING_DIMENSION": "4",
        "BOBBIN_OIDC_ISSUER": peer.url(""), "BOBBIN_OIDC_CLIENT_ID": "us",
        "BOBBIN_OIDC_CLIENT_SECRET": "secret", "BOBBIN_STRIPE_URL": peer.url(""),
        "BOBBIN_STRIPE_KEY": "sk_test_x", "BOBBIN_STRIPE_WEBHOOK_SECRETS": "whsec_x",
        "BOBBIN_STRIPE_PRICES": "price_x=pro", "BOBBIN_SMTP_URL": "smtp://127.0.0.1:\(port)",
        "BOBBIN_SMTP_TLS": "optional", "PATH": "\(folder.path):/usr/bin:/bin",
      ]
      let result = try await bobbin.tool("bobbin", settings.merging(more) { $1 }).run(
        ["doctor", "--json"])
      return (result.exitCode, try findings(result.output))
    }
    let names = [
      "mail server", "language model", "embedding endpoint", "sign-in provider", "payments",
    ]
    let good = try await examine()
    for name in names {
      #expect(
        good.found[name]?.verdict == "good", "\(name): \(good.found[name]?.found ?? "nothing")")
    }
    #expect(good.found["units"]?.found == "bobbin@embed.path is inactive")
    // No letter: the sink would have told of it before the one that is sent to it now.
    try await MailTransport.smtp("smtp://127.0.0.1:\(port)", requiresTLS: false).send(
      "a@example.com", "b@example.com", Array("Subject: ours\r\n\r\nHello\r\n".utf8))
    #expect(mail.line()?.contains("Subject: ours") == true)
    #expect(good.found["word lists"] != nil)
    // No token of the model was spent.
    #expect(peer.requests.allSatisfy { !$0.path.contains("chat/completions") })

    isBroken.withLock { $0 = true }
    let bad = try await examine(["BOBBIN_SMTP_URL": "smtp://127.0.0.1:9"])
    #expect(bad.code == 65)
    for name in names {
      let finding = bad.found[name]
      #expect(finding?.verdict == "bad" && finding?.remedy?.isEmpty == false, "\(name)")
    }
    #expect(bad.found["language model"]?.found.contains("key") == true)
  }

  @Test func `a damaged database is found, and what to do is said`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("The tower of Orrin is 31 metres high.", "a.txt")
    #expect(try await bobbin.ingest("tower", [file]).exitCode == 0)
    let path = "\(bobbin.data)/bobbin.sqlite"
    // What is in the log comes into the file, and is damaged there: the beginning of every page but the first ones.
    _ = try await bobbin.tool("bobbin").run(["sweep"])
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for page in stride(from: 4 * 4096, to: bytes.count - 64, by: 4096) {
      bytes.replaceSubrange(page..<page + 64, with: Data(repeating: 0xFF, count: 64))
    }
    try bytes.write(to: URL(fileURLWithPath: path))
    let result = try await bobbin.tool("bobbin").run(["doctor", "--json"])
    #expect(result.exitCode == 65, "\(result.output)")
    let found = try findings(result.output)["database"]
    #expect(found?.verdict == "bad" && found?.remedy?.isEmpty == false)
    #expect(!result.output.contains("Fatal") && !result.errors.contains("Fatal"))
  }
}
