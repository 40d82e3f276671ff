import Foundation
import TestSupport
import Testing
import WebClient

/// A chatbot goes to another server as one file and answers there the same, with no stage running.
@Suite(.serialized) struct ArchiveTests {
  static let settings = ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"]

  private static func form(_ file: [UInt8]) -> [UInt8] {
    Array(
      "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.tar\"\r\n\r\n".utf8)
      + file + Array("\r\n--xyz--\r\n".utf8)
  }

  static func take(_ owner: RemovalTests.Owner, _ archive: [UInt8]) async throws -> WebResponse {
    try await owner.server.transport.send(
      WebRequest(
        url: owner.server.base + "/api/chatbots/import/", method: "POST",
        headers: [
          "Authorization": "Bearer \(owner.token)",
          "Content-Type": "multipart/form-data; boundary=xyz",
        ], body: form(archive)))
  }

  @Test func `an archive answers on another server as its chatbot did`() async throws {
    let first = try Installation()
    let here = try await RemovalTests.Owner(try ServerTests.Server(first, Self.settings))
    let chatbot = try await here.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    for (text, citable) in [
      ("The tower of Orrin is 31 metres high.", true), ("The keeper hides the key.", false),
    ] {
      _ = try await here.id(
        "POST", base + "sources/",
        #"{"source_type":"file","name":"n.txt","text":"\#(text)","is_citable":\#(citable)}"#)
    }
    _ = try await here.id("POST", base + "train/", "{}")
    #expect(try await first.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    let kept = #""suggested_questions":["How high is the tower?"]"#
    let form = #""lead_form":{"after_messages":2,"enabled":true,"fields":["name"]}"#
    let gate = #""quality_gate":{"no_answer":null,"recall_at_5":0.5}"#
    let bounds = [
      #""allowed_domains":["https://tower.example"]"#, #""daily_message_cap":50"#,
      #""is_public":false"#, #""monthly_token_cap":9000"#, #""retention_days":7"#,
    ]
    #expect(
      try await here.send(
        "PATCH", base, "{\(([kept, form, gate] + bounds).joined(separator: ","))}"
      )
      .status == 200)
    #expect(
      try await here.send("POST", base + "guidance/", #"{"text":"Be brief about the tower."}"#)
        .status
        == 201)
    let asked = #"{"items":[{"question":"How high?","expected":"31"}]}"#
    #expect(try await here.send("PUT", base + "questions/", asked).status == 200)
    let export = try await here.send("GET", base + "export/")
    #expect(export.status == 200 && export.mediaType == "application/x-tar")
    // The same chatbot gives the same archive, and tar can list it.
    #expect(try await here.send("GET", base + "export/").body == export.body)
    let path = try first.folder.write("", "chatbot.tar")
    try Data(export.body).write(to: URL(fileURLWithPath: path))
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
    tar.arguments = ["tf", path]
    let output = Pipe()
    tar.standardOutput = output
    try tar.start()
    let listing = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    tar.waitUntilExit()
    #expect(tar.terminationStatus == 0 && listing.hasPrefix("manifest.json\n"))
    #expect(listing.contains("shard/CURRENT") && listing.contains("blobs/"))

    let second = try Installation()
    let there = try await RemovalTests.Owner(try ServerTests.Server(second, Self.settings))
    let made = try await Self.take(there, export.body)
    #expect(made.status == 201, "\(ServerTests.text(made))")
    struct Made: Decodable { let id, state: String }
    let copy = try JSONDecoder().decode(Made.self, from: Data(made.body))
    #expect(copy.state == "ready" && copy.id != chatbot)
    // What its owner has set comes along.
    let settings = ServerTests.text(try await there.send("GET", "/api/chatbots/\(copy.id)/"))
    for part in [kept, form, gate] + bounds { #expect(settings.contains(part), "\(settings)") }
    #expect(
      ServerTests.text(try await there.send("GET", "/api/chatbots/\(copy.id)/questions/"))
        == ServerTests.text(try await here.send("GET", base + "questions/")))
    // A line of guidance enters a prompt when the owner here has approved it.
    let lines = ServerTests.text(
      try await there.send("GET", "/api/chatbots/\(copy.id)/guidance/"))
    #expect(lines.contains("Be brief about the tower.") && lines.contains(#""state":"draft""#))
    struct Reply: Decodable { let message: String }
    for question in ["How high is the tower of Orrin?", "Where is the key?"] {
      func ask(_ owner: RemovalTests.Owner, _ id: String) async throws -> String {
        let reply = try await owner.send(
          "POST", "/api/chat/\(id)/", #"{"message":"\#(question)"}"#)
        return try JSONDecoder().decode(Reply.self, from: Data(reply.body)).message
      }
      #expect(try await ask(here, chatbot) == ask(there, copy.id), "\(question)")
    }
    // It can be trained there; the same text is not read as something new.
    #expect(
      try await there.send("POST", "/api/chatbots/\(copy.id)/train/", #"{"scope":"all"}"#).status
        == 202)
    #expect(try await second.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    let documents = ServerTests.text(
      try await there.send("GET", "/api/chatbots/\(copy.id)/documents/"))
    #expect(documents.components(separatedBy: #""state":"live""#).count == 3, "\(documents)")
    // The plan has room for one chatbot.
    #expect(try await Self.take(here, export.body).status == 403)
  }

  @Test func `an archive that was touched is refused, and nothing is left of it`() async throws {
    let bobbin = try Installation()
    let owner = try await RemovalTests.Owner(try ServerTests.Server(bobbin, Self.settings))
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    _ = try await owner.id(
      "POST", "/api/chatbots/\(chatbot)/sources/",
      #"{"source_type":"file","name":"n.txt","text":"The tower of Orrin is 31 metres high."}"#)
    _ = try await owner.id("POST", "/api/chatbots/\(chatbot)/train/", "{}")
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    let archive = try await owner.send("GET", "/api/chatbots/\(chatbot)/export/").body
    // A byte in each block, cuts, and nonsense.
    for offset in stride(from: 600, to: archive.count - 1100, by: 2048) {
      var touched = archive
      touched[offset] ^= 0x55
      let status = try await Self.take(owner, touched).status
      // Padding holds nothing: there the archive is as good as before, and the plan has no room for another.
      #expect(status == 400 || status == 403, "\(offset): \(status)")
    }
    for cut in [0, 100, 512, 5000, archive.count - 1024] {
      #expect(try await Self.take(owner, Array(archive.prefix(cut))).status == 400, "\(cut)")
    }
    var named = archive
    // A name that leads elsewhere, with its checksum put right.
    let name = Array("../../evil".utf8)
    for index in 0..<100 { named[index] = index < name.count ? name[index] : 0 }
    for index in 148..<156 { named[index] = 0x20 }
    let sum = named[0..<512].reduce(0) { $0 + Int($1) }
    let digits = String(sum, radix: 8)
    for (index, byte) in (String(repeating: "0", count: 6 - digits.count) + digits).utf8
      .enumerated()
    {
      named[148 + index] = byte
    }
    named[154] = 0
    #expect(try await Self.take(owner, named).status == 400)
    let left = try FileManager.default.contentsOfDirectory(atPath: "\(bobbin.data)/imports")
    #expect(left.isEmpty, "\(left)")
  }
}
