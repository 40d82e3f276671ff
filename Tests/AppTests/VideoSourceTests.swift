// Videos given by owners: by address, with a file of captions, with a transcript, and captions added to one that was refused.

import Corpus
import Foundation
import Spool
import Storage
import TestSupport
import Testing

@testable import App

@Suite struct VideoSourceTests {
  private static let url = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
  private static let srt = Array("1\n00:00:01,000 --> 00:00:02,000\nHi\n".utf8)

  private func add(
    _ api: TestAPI, _ chatbot: String, _ token: String, _ json: String
  ) async throws -> TestAPI.Reply {
    try await api.send("POST", "/api/chatbots/\(chatbot)/sources/", token: token, json: json)
  }

  /// What fetch is asked for by the only item that waits.
  private func asked(_ api: TestAPI) throws -> [Source] {
    let fetch = SpoolDirectory(spool: api.folder.path + "/spool", stage: "fetch")
    return try fetch.items(.incoming).flatMap { name in
      let frame = try DurableFile.read(
        fetch.file(.incoming, name.fileName), limit: JSONLines.itemLimit)
      return try ItemContent(frame: frame, name: name).records.map {
        try JSONLines.decode(Source.self, from: $0)
      }
    }
  }

  @Test func `a video is asked for its captions, in a language`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let made = try await add(
      api, chatbot, ada.token,
      #"{"source_type":"video","source_url":"\#(Self.url)","crawl":{"language":"de"}}"#)
    #expect(made.status == 201, "\(made.text)")
    #expect(made["source_type"] == .string("video") && made["name"] == .string(Self.url))
    let twice = try await add(
      api, chatbot, ada.token, #"{"source_type":"video","source_url":"\#(Self.url)"}"#)
    #expect(twice.code == "duplicate-source")
    _ = try await api.send("POST", "/api/chatbots/\(chatbot)/train/", token: ada.token, json: "{}")
    #expect(
      try asked(api).map(\.location) == [
        .video(url: Self.url, captions: nil, language: "de")
      ])
  }

  @Test(arguments: [
    #"{"source_type":"video","source_url":"http://127.0.0.1/v"}"#,
    #"{"source_type":"video"}"#,
    #"{"source_type":"video","source_url":"https://a.example/","crawl":{"depth":2}}"#,
    #"{"source_type":"video","source_url":"https://a.example/","text":" "}"#,
    #"{"source_type":"url","source_url":"https://a.example/","text":"words"}"#,
  ])
  func `what is no video is refused`(_ json: String) async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    #expect([400, 422].contains(try await add(api, chatbot, ada.token, json).status), "\(json)")
  }

  @Test func `a transcript or a file of captions is read instead of the site`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let pasted = try await add(
      api, chatbot, ada.token,
      #"{"source_type":"video","source_url":"\#(Self.url)","name":"My talk","#
        + #""text":"0:01 Hello"}"#)
    #expect(pasted.status == 201, "\(pasted.text)")
    #expect(pasted["name"] == .string("My talk") && pasted["bytes"] == .integer(10))
    let other = "https://videos.example/talk"
    let file = try await SourceTests.upload(
      api, chatbot, ada.token,
      SourceTests.form(
        Self.srt, name: "Second talk.srt", fields: ["source_type": "video", "source_url": other]))
    #expect(file.status == 201, "\(file.text)")
    #expect(file["name"] == .string("Second talk") && file["source_url"] == .string(other))
    // A video has an address, which citations lead to.
    let nowhere = try await SourceTests.upload(
      api, chatbot, ada.token,
      SourceTests.form(Self.srt, name: "a.srt", fields: ["source_type": "video"]))
    #expect(nowhere.status == 422 && nowhere["errors.0.field"] == .string("source_url"))
    #expect(nowhere["errors.0.code"] == .string("required"))
    _ = try await api.send("POST", "/api/chatbots/\(chatbot)/train/", token: ada.token, json: "{}")
    var urls: [String: String] = [:]
    for source in try asked(api) {
      guard case .video(let url, let captions?, nil) = source.location else {
        Issue.record("\(source.location)")
        continue
      }
      urls[url] = String(decoding: try Data(contentsOf: URL(filePath: captions)), as: UTF8.self)
    }
    #expect(urls == [Self.url: "0:01 Hello", other: String(decoding: Self.srt, as: UTF8.self)])
    // Where the site is never asked, nothing is due to be read again.
    #expect(try await api.database.readWebSources().isEmpty)
  }

  @Test func `captions added to a refused video are read at once`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let made = try await add(
      api, chatbot, ada.token, #"{"source_type":"video","source_url":"\#(Self.url)"}"#)
    guard case .string(let id) = made["id"] else { throw Missing() }
    func put(
      _ source: String, _ body: [UInt8], token: String
    ) async throws -> TestAPI.Reply {
      try await api.send(
        "PUT", "/api/chatbots/\(chatbot)/sources/\(source)/captions/", token: token, body: body,
        headers: ["Content-Type": "multipart/form-data; boundary=xyz"])
    }
    let run = try await put(id, SourceTests.form(Self.srt, name: "a.srt"), token: ada.token)
    #expect(run.status == 202, "\(run.text)")
    let asked = try #require(try asked(api).first)
    guard case .video(Self.url, let captions?, nil) = asked.location else { throw Missing() }
    #expect(try Data(contentsOf: URL(filePath: captions)) == Data(Self.srt))
    #expect(asked.source.text == id)
    // Only a video has captions, only its owner adds them, and a picture is none.
    let page = try await add(
      api, chatbot, ada.token, #"{"source_type":"url","source_url":"https://a.example/"}"#)
    guard case .string(let pageID) = page["id"] else { throw Missing() }
    let form = SourceTests.form(Self.srt, name: "a.srt")
    #expect(try await put(pageID, form, token: ada.token).status == 404)
    let eve = try await api.signUp("eve")
    #expect(try await put(id, form, token: eve.token).status == 404)
    let picture = SourceTests.form([0x89, 0x50, 0x4E, 0x47, 0, 1], name: "a.srt")
    #expect(try await put(id, picture, token: ada.token).status == 415)
  }

  private struct Missing: Error {}
}
