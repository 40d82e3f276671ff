import HTTPTypes
import Foundation
import Spool
import Storage
import TestSupport
import Testing

@testable import App

@Suite struct SourceTests {
  /// A form with one file.
  static func form(
    _ file: [UInt8], name: String, fields: [String: String] = [:], boundary: String = "xyz"
  ) -> [UInt8] {
    var body: [UInt8] = []
    for (field, value) in fields {
      body += Array(
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(field)\"\r\n\r\n\(value)\r\n"
          .utf8)
    }
    body += Array(
      "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n\r\n"
        .utf8)
    return body + file + Array("\r\n--\(boundary)--\r\n".utf8)
  }

  static func upload(
    _ api: TestAPI, _ chatbot: String, _ token: String, _ body: [UInt8]
  ) async throws -> TestAPI.Reply {
    try await api.send(
      "POST", "/api/chatbots/\(chatbot)/sources/", token: token, body: body,
      headers: ["Content-Type": "multipart/form-data; boundary=xyz"])
  }

  @Test func `a file is stored by its digest and kept as it came`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    // A boundary within a file ends its part: what follows is no head, and nothing is stored.
    let broken = Array("one\r\n--xyz\r\ntwo\r\n\r\nthree".utf8)
    let reply = try await Self.upload(api, chatbot, ada.token, Self.form(broken, name: "a.txt"))
    #expect(reply.status == 400)
    // Lines that look like one do not.
    let plain = Array("line one\r\n--xy and more\r\n".utf8)
    let good = try await Self.upload(
      api, chatbot, ada.token,
      Self.form(plain, name: "../../etc/notes.txt", fields: ["is_citable": "false"]))
    #expect(good.status == 201, "\(good.text)")
    #expect(good["name"] == .string("notes.txt") && good["is_citable"] == .bool(false))
    #expect(good["bytes"] == .integer(plain.count))
    let digits = SHA256Digest(of: plain).hexDigits
    let path = "\(api.folder.path)/blobs/\(digits.prefix(2))/\(digits)"
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(plain))
    let left = try FileManager.default.contentsOfDirectory(
      atPath: "\(api.folder.path)/blobs/uploads")
    #expect(left.isEmpty)
    let again = try await Self.upload(
      api, chatbot, ada.token, Self.form(plain, name: "other.txt"))
    #expect(again.status == 409 && again.code == "duplicate-source")
  }

  @Test(arguments: [("", 400), ("no spaces", 400), ("good-key", 201)])
  func `a key beside a form must be one, though forms are not kept to be compared`(
    key: String, status: Int
  ) async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    func upload(_ text: String) async throws -> Int {
      try await api.send(
        "POST", "/api/chatbots/\(chatbot)/sources/", token: ada.token,
        body: Self.form(Array(text.utf8), name: "a.txt"),
        headers: [
          "Content-Type": "multipart/form-data; boundary=xyz", "Idempotency-Key": key,
        ]
      ).status
    }
    #expect(try await upload("one") == status)
    #expect(try await upload("two") == status)
  }

  @Test(arguments: [
    ("%PDF-1.4 x", "a.txt", 415), ("PK\u{3}\u{4}", "a.pdf", 415), ("plain", "a.pdf", 415),
    ("plain", "a.docx", 415), ("a\u{0}b", "a.txt", 415), ("plain", "a.txt", 201),
    ("%PDF-1.4 x", "a.pdf", 201), ("<!doctype html><p>x", "a.html", 201), ("plain", "a", 201),
    ("MZ\u{0}\u{0}", "a.exe", 415),
  ])
  func `what a file is called must be what it is`(
    content: String, name: String, status: Int
  ) async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let reply = try await Self.upload(
      api, chatbot, ada.token, Self.form(Array(content.utf8), name: name))
    #expect(reply.status == status, "\(reply.text)")
  }

  @Test func `a file over the plan's limit is refused and nothing is left of it`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let limit = 10 << 20
    let exact = [UInt8](repeating: 120, count: limit)
    #expect(
      try await Self.upload(api, chatbot, ada.token, Self.form(exact, name: "a.txt")).status == 201)
    let over = try await Self.upload(
      api, chatbot, ada.token, Self.form(exact + [121], name: "b.txt"))
    #expect(over.status == 413)
    let left = try FileManager.default.contentsOfDirectory(
      atPath: "\(api.folder.path)/blobs/uploads")
    #expect(left.isEmpty)
  }

  @Test(arguments: [
    "http://127.0.0.1/", "http://10.0.0.1/x", "http://[::1]/", "http://169.254.169.254/latest/",
    "http://user@example.com/", "http://user@\u{301}example.com/", "http://example.com:22/",
    "http://2130706433/",
    "http://0x7f000001/", "file:///etc/passwd", "https://",
  ])
  func `an address that nobody else could reach is refused`(url: String) async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let reply = try await api.send(
      "POST", "/api/chatbots/\(chatbot)/sources/", token: ada.token,
      json: #"{"source_type":"url","source_url":"\#(url)"}"#)
    #expect(reply.status == 422, "\(reply.text)")
  }

  @Test func `a form has twenty parts at most, and none has a long head`() async throws {
    func status(_ parts: Int, name: String = "a.txt") -> Int {
      let fields = Dictionary(uniqueKeysWithValues: (1..<parts).map { ("field\($0)", "x") })
      var reader = MultipartReader(boundary: "xyz")
      do {
        _ = try reader.feed(Self.form(Array("hello".utf8), name: name, fields: fields))
        try reader.finish()
        return 200
      } catch {
        return error.status.code
      }
    }
    #expect(status(20) == 200 && status(21) == 413)
    #expect(status(1, name: String(repeating: "a", count: 5 << 10)) == 413)
    // The same over the API.
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let fields = Dictionary(uniqueKeysWithValues: (1...20).map { ("field\($0)", "x") })
    let form = Self.form(Array("hello".utf8), name: "a.txt", fields: fields)
    #expect(try await Self.upload(api, chatbot, ada.token, form).status == 413)
  }

  @Test func `a form may come in any pieces`() throws {
    let body = Self.form(
      Array("hello\r\n--xy\r\n".utf8), name: "a \\\"b\\\".txt", fields: ["k": "v"])
    func events(of size: Int) throws -> [MultipartEvent] {
      var reader = MultipartReader(boundary: "xyz")
      var events: [MultipartEvent] = []
      for start in stride(from: 0, to: body.count, by: size) {
        events += try reader.feed(body[start..<min(start + size, body.count)])
      }
      try reader.finish()
      // Pieces of a part's bytes are one.
      return events.reduce(into: []) { all, event in
        if case .bytes(let more) = event, case .bytes(let before)? = all.last {
          all[all.count - 1] = .bytes(before + more)
        } else {
          all.append(event)
        }
      }
    }
    let whole = try events(of: body.count)
    #expect(whole.count == 6)
    #expect(
      whole[3] == .part(PartHead(name: "file", fileName: "a \"b\".txt", mediaType: nil)))
    for size in 1...40 { #expect(try events(of: size) == whole, "\(size)") }
    for end in 0..<(body.count - 4) {
      var reader = MultipartReader(boundary: "xyz")
      #expect(throws: AppError.self) {
        _ = try reader.feed(body[..<end])
        try reader.finish()
      }
    }
  }

  @Test(arguments: [
    (#"{"a":1,"a":2}"#, false), (#"{"a":{"b":1,"b":1}}"#, false), (#"{"a":01}"#, false),
    (#"{"a":1e400}"#, false), (#"{"a":NaN}"#, false), (#"{"a":"\ud800"}"#, false),
    ("{\"a\":\"\u{1}\"}", false), (#"{"a":1,}"#, false), (#"{"a":1} x"#, false), ("", false),
    (#"{"a":+1}"#, false), (#"{"a":.5}"#, false), (#"{"a":1.}"#, false), (#"{'a':1}"#, false),
    (#"{"a":"\x"}"#, false), (#"{"a":1,"b":[true,null,-0.25e1,"\u00e9\ud83d\ude00"]}"#, true),
    (" [ ] ", true), (#"{"\u0061":1,"a":2}"#, false),
  ])
  func `JSON is read strictly`(text: String, isGood: Bool) {
    let value = try? StrictJSON.parse(Array(text.utf8))
    #expect((value != nil) == isGood, "\(text)")
    if isGood {
      let known = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
      #expect(value == known)
    }
    #expect(throws: StrictJSONError.self) { try StrictJSON.parse([0x22, 0xFF, 0x22]) }
    #expect(throws: StrictJSONError.tooDeep) {
      try StrictJSON.parse([UInt8](repeating: UInt8(ascii: "["), count: 100_000))
    }
  }
}
