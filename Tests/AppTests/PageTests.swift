// The pages as a browser gets them: strict policies, names as text, who may frame what.

import Foundation
import Spool
import TestSupport
import Testing

@testable import App

@Suite struct PageTests {
  @Test func `every page is held to its policy`() async throws {
    let api = try TestAPI()
    for page in WebPage.all {
      var path = page.path
      for name in page.parameters {
        path = path.replacingOccurrences(
          of: "{\(name)}", with: page.choices[name]?.first ?? "01234567890123456789012345")
      }
      let reply = try await api.send("GET", path)
      #expect(reply.status == 200, "\(path)")
      let policy = reply.header("Content-Security-Policy") ?? ""
      #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
      #expect(policy.contains("require-trusted-types-for 'script'"))
      #expect(!policy.contains("unsafe"))
      #expect(!reply.text.contains("style=") && !reply.text.contains("<style"), "\(path)")
      #expect(reply.text.contains("<h1"), "\(path)")
    }
    #expect(try await api.send("GET", "/admin/nothing/").status == 404)
    let person = ["Accept": "text/html,application/xhtml+xml"]
    let missing = try await api.send("GET", "/nothing", headers: person)
    #expect(missing.status == 404 && missing.text.contains("<h1>There is no such page"))
    #expect(try await api.send("GET", "/api/nothing", headers: person).code == "not-found")
    #expect(try await api.send("GET", "/nothing").code == "not-found")
    #expect(try await api.send("GET", "/chatbots/%3Cb%3E/talk/").status == 404)
  }

  @Test func `the chat may be framed by the sites its owner names, and by no other`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let path = "/embed/\(chatbot)/"
    func ancestors(_ path: String) async throws -> String {
      let policy = try await api.send("GET", path).header("Content-Security-Policy") ?? ""
      return policy.split(separator: ";").first { $0.contains("frame-ancestors") }.map {
        $0.trimmingCharacters(in: .whitespaces)
      } ?? ""
    }
    #expect(try await ancestors(path) == "frame-ancestors 'self'")
    try await api.send(
      "PATCH", "/api/chatbots/\(chatbot)/", token: ada.token,
      json: #"{"allowed_domains":["https://shop.example"],"public_url_slug":"the-shop"}"#)
    #expect(try await ancestors(path) == "frame-ancestors 'self' https://shop.example")
    #expect(try await ancestors("/c/the-shop") == "frame-ancestors 'none'")
    try await api.send(
      "PATCH", "/api/chatbots/\(chatbot)/", token: ada.token, json: #"{"is_public":false}"#)
    #expect(try await api.send("GET", path).status == 404)
    let script = try await api.send("GET", "/embed.js")
    #expect(script.status == 200 && script.body.count <= 10_240)
  }

  @Test func `what an owner writes is text in the page`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let hostile = #"\"><img src=x onerror=alert(1)><script>alert(2)</script>"#
    try await api.send(
      "PATCH", "/api/chatbots/\(chatbot)/", token: ada.token,
      json: """
        {"name":"\(hostile)","welcome_text":"\(hostile)","suggested_questions":["\(hostile)"],
        "public_url_slug":"hostile"}
        """)
    for path in ["/c/hostile", "/embed/\(chatbot)/"] {
      let page = try await api.send("GET", path)
      #expect(page.status == 200 && page.text.contains("&lt;script&gt;"))
      #expect(!page.text.contains("<img src=x") && !page.text.contains("<script>alert"))
    }
  }

  @Test func `a file of the pages is kept for ever under its version`() async throws {
    let api = try TestAPI()
    let page = try await api.send("GET", "/login").text
    let path = try #require(page.firstMatch(of: /\/assets\/[0-9a-f]{8}\/app.css/)?.output)
    let style = try await api.send("GET", String(path))
    #expect(style.header("Cache-Control")?.contains("immutable") == true)
    let old = try await api.send("GET", "/assets/00000000/app.css")
    #expect(old.header("Cache-Control") == "no-cache" && old.body == style.body)
    let frame = try await api.send(
      "GET", String(path), headers: ["Accept-Encoding": "gzip, br, zstd;q=0.9"])
    #expect(frame.header("Content-Encoding") == "zstd" && frame.body.count < style.body.count / 2)
    #expect(try Zstd.decompress(frame.body, limit: 1 << 20, name: "app.css") == style.body)
    // Safari has no zstd.
    let packed = try await api.send(
      "GET", String(path), headers: ["Accept-Encoding": "gzip, deflate, br"])
    #expect(packed.header("Content-Encoding") == "gzip")
    #expect(packed.body.count < style.body.count / 2)
    #expect(try Self.gunzipped(packed.body) == style.body)
    let plain = try await api.send("GET", String(path), headers: ["Accept-Encoding": "zstd;q=0"])
    #expect(plain.header("Content-Encoding") == nil && plain.body == style.body)
  }

  /// What gzip itself unpacks.
  private static func gunzipped(_ bytes: [UInt8]) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.gz"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/gzip")
    gzip.arguments = ["-dc", path]
    let output = Pipe()
    gzip.standardOutput = output
    try gzip.start()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    gzip.waitUntilExit()
    return Array(text)
  }
}
