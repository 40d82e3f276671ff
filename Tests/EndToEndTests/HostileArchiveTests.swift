import FoundationEssentials
import Spool
import TestSupport
import Testing
import WebClient

/// Archives made by somebody who wishes others on the server ill: none gets at another's bytes, or past a plan.
@Suite(.serialized) struct HostileArchiveTests {
  /// Two owners of one server.
  private struct Room {
    let bobbin: Installation
    let victim, eve: RemovalTests.Owner

    init() async throws {
      bobbin = try Installation()
      let server = try ServerTests.Server(bobbin, ArchiveTests.settings)
      victim = try await RemovalTests.Owner(server)
      eve = try await RemovalTests.Owner(server, email: "eve@example.com")
    }

    /// A chatbot of the victim's with one text.
    func chatbot(_ text: String, citable: Bool = true) async throws -> String {
      let id = try await victim.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
      _ = try await victim.id(
        "POST", "/api/chatbots/\(id)/sources/",
        #"{"source_type":"file","name":"n.txt","text":"\#(text)","is_citable":\#(citable)}"#)
      return id
    }

    func train(_ chatbot: String, of owner: RemovalTests.Owner) async throws {
      _ = try await owner.id("POST", "/api/chatbots/\(chatbot)/train/", "{}")
      #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    }

    func ask(_ chatbot: String, _ question: String, _ owner: RemovalTests.Owner) async throws
      -> String
    {
      struct Reply: Decodable { let message: String }
      let reply = try await owner.send(
        "POST", "/api/chat/\(chatbot)/", #"{"message":"\#(question)"}"#)
      return try JSONDecoder().decode(Reply.self, from: Data(reply.body)).message
    }
  }

  /// A source as a manifest has it.
  private static func source(
    _ id: String, blob: String? = nil, url: String? = nil, bytes: Int = 0, crawl: String = "{}"
  ) -> String {
    let place = blob.map { #""blob":"\#($0)""# } ?? #""url":"\#(url ?? "")""#
    return #"{"id":"\#(id)","type":"\#(url == nil ? "file" : "url")","name":"n.txt",\#(place),"#
      + #""is_citable":true,"bytes":\#(bytes),"crawl":\#(crawl)}"#
  }

  /// A ustar archive (POSIX.1-1988) with a manifest that lists `files`, and more members that it does not.
  private static func archive(
    sources: [String] = [], files: [(String, String)] = [], unlisted: [(String, String)] = [],
    settings: String = ""
  ) -> [UInt8] {
    let listed = files.map { name, text in
      #"{"name":"\#(name)","sha256":"\#(SHA256Digest(of: text).hexDigits)","bytes":\#(text.utf8.count)}"#
    }
    let manifest =
      #"{"format":"bobbin.chatbot/1","chatbot":{"name":"x","description":"","welcome_text":"","#
      + #""no_answer_text":"","busy_text":"","privacy_mode":"strict","lead_form":{"enabled":false,"#
      + #""fields":[],"after_messages":0}\#(settings)},"sources":[\#(sources.joined(separator: ","))],"#
      + #""files":[\#(listed.joined(separator: ","))]}"#
    var tar: [UInt8] = []
    for (name, text) in [("manifest.json", manifest)] + files + unlisted {
      var header = [UInt8](repeating: 0, count: 512)
      func put(_ text: String, at offset: Int) {
        header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
      }
      func octal(_ number: Int, _ width: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: width - digits.count) + digits
      }
      put(name, at: 0)
      put(octal(0o644, 7), at: 100)
      put(octal(text.utf8.count, 11), at: 124)
      put(octal(0, 11), at: 136)
      put("        0", at: 148)
      put("ustar\u{0}00", at: 257)
      put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
      tar += header + Array(text.utf8)
      tar += [UInt8](repeating: 0, count: (512 - text.utf8.count % 512) % 512)
    }
    return tar + [UInt8](repeating: 0, count: 1024)
  }

  private static let secret = "The codeword of the vault is PELICAN-4711."
  private static let digest = SHA256Digest(of: secret).hexDigits

  @Test func `an archive cannot put other bytes under the name of another's`() async throws {
    let room = try await Room()
    let chatbot = try await room.chatbot(Self.secret)
    let forged = "The codeword of the vault is said to nobody."
    for archive in [
      Self.archive(unlisted: [("blobs/\(Self.digest)", forged)]),
      Self.archive(files: [("blobs/\(Self.digest)", forged)]),
      Self.archive(unlisted: [("shard/9.manifest", "garbage")]),
    ] {
      let reply = try await ArchiveTests.take(room.eve, archive)
      #expect(reply.status == 400, "\(ServerTests.text(reply))")
    }
    try await room.train(chatbot, of: room.victim)
    #expect(
      try await room.ask(chatbot, "What is the codeword of the vault?", room.victim)
        == Self.secret + " [1]")
    #expect(try await room.bobbin.tool("bobbin").run(["sweep"]).exitCode == 0)
  }

  @Test func `an archive gets at no bytes that it did not bring`() async throws {
    let room = try await Room()
    _ = try await room.chatbot(Self.secret, citable: false)
    let reply = try await ArchiveTests.take(
      room.eve, Self.archive(sources: [Self.source("a", blob: Self.digest)]))
    #expect(reply.status == 400, "\(ServerTests.text(reply))")
    // Who has the bytes already may bring them; both have their own then.
    let own = try await ArchiveTests.take(
      room.eve,
      Self.archive(
        sources: [Self.source("a", blob: Self.digest)],
        files: [("blobs/\(Self.digest)", Self.secret)]))
    #expect(own.status == 201, "\(ServerTests.text(own))")
  }

  @Test func `a plan holds for what an archive brings, measured and not believed`() async throws {
    let room = try await Room()
    func status(_ archive: [UInt8]) async throws -> (Int, String) {
      let reply = try await ArchiveTests.take(room.eve, archive)
      return (reply.status, ServerTests.text(reply))
    }
    let many = (0..<60).map { Self.source("s\($0)", url: "https://example.com/\($0)") }
    let (limited, why) = try await status(Self.archive(sources: many))
    #expect(limited == 403 && why.contains("plan-limit"), "\(why)")
    // What an owner may not set, nor a page of a network of ours.
    for source in [
      Self.source("s", url: "http://169.254.169.254/latest"), Self.source("s", url: "ftp://a.b/"),
      Self.source("s", url: "https://example.com/", crawl: #"{"max_pages":-3}"#),
      Self.source("s", url: "https://example.com/", crawl: #"{"every":"zz"}"#),
    ] {
      #expect(
        [400, 422].contains(try await status(Self.archive(sources: [source])).0), "\(source)")
    }
    for settings in [
      #","allowed_domains":["x y"]"#, #","daily_message_cap":-1"#, #","retention_days":0"#,
      #","public_url_slug":"mine""#,
    ] {
      let (refused, _) = try await status(Self.archive(settings: settings))
      // What a manifest has besides is not read; it does no harm.
      #expect(refused == 400 || settings.contains("slug"), "\(settings)")
      if refused == 201 { try await removeAll(room.eve) }
    }
    let text = String(repeating: "x", count: 3000)
    let made = try await status(
      Self.archive(
        sources: [
          Self.source("a", blob: SHA256Digest(of: text).hexDigits, bytes: 0),
          Self.source("b", url: "https://example.com/b", bytes: Int.max),
          Self.source("c", url: "https://example.com/c", bytes: Int.max),
        ], files: [("blobs/\(SHA256Digest(of: text).hexDigits)", text)]))
    #expect(made.0 == 201, "\(made.1)")
    struct Usage: Decodable { let bytes, sources: Int }
    let usage = try JSONDecoder().decode(
      Usage.self, from: Data(try await room.eve.send("GET", "/api/usage/").body))
    #expect(usage.bytes == 3000 && usage.sources == 3)
  }

  private func removeAll(_ owner: RemovalTests.Owner) async throws {
    struct List: Decodable {
      struct Chatbot: Decodable { let id: String }
      let items: [Chatbot]
    }
    let list = try await owner.send("GET", "/api/chatbots/")
    for chatbot in try JSONDecoder().decode(List.self, from: Data(list.body)).items {
      #expect(try await owner.send("DELETE", "/api/chatbots/\(chatbot.id)/").status == 200)
    }
  }

  @Test func `an archive that a crash left half unpacked goes`() async throws {
    let bobbin = try Installation()
    let left = "\(bobbin.data)/imports/abc/blobs"
    try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
    try Data("half".utf8).write(to: URL(filePath: "\(left)/\(Self.digest)"))
    func isKept() async throws -> Bool {
      #expect(try await bobbin.tool("bobbin").run(["sweep"]).exitCode == 0)
      return FileManager.default.fileExists(atPath: left)
    }
    // It may be under way.
    #expect(try await isKept())
    for path in ["/imports/abc", "/imports/abc/blobs", "/imports/abc/blobs/\(Self.digest)"] {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -7_200)], ofItemAtPath: bobbin.data + path)
    }
    #expect(try await !isKept())
  }
}
