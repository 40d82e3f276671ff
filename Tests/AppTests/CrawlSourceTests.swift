import Corpus
import Foundation
import Spool
import Storage
import TestSupport
import Testing

@testable import App

/// A site as a source: how far it is read, and what is told of it.
@Suite struct CrawlSourceTests {
  /// The records of all items that wait in spool/fetch.
  private func requests(_ api: TestAPI) throws -> [[Source]] {
    let fetch = SpoolDirectory(spool: api.services.configuration.spool, stage: "fetch")
    return try fetch.items(.incoming).map { name in
      let frame = try DurableFile.read(
        fetch.file(.incoming, name.fileName), limit: JSONLines.itemLimit)
      return try JSONLines.decode(
        Source.self, lines: try ItemContent(frame: frame, name: name).records)
    }
  }

  @Test func `a crawl goes as far as its owner and the plan allow, in an item of its own`()
    async throws
  {
    let api = try TestAPI()
    let owner = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: owner)
    let base = "/api/chatbots/\(chatbot)/"
    let deep = try await api.send(
      "POST", base + "sources/", token: owner.token,
      json: #"{"source_type":"url","source_url":"https://example.com/","crawl":{"depth":9}}"#)
    #expect(deep.status == 402 || deep.code == "plan-limit", "\(deep.text)")
    for body in [
      #"{"source_type":"url","source_url":"https://example.com/a/","#
        + #""crawl":{"depth":2,"include":["/a/"],"every":"week"}}"#,
      #"{"source_type":"url","source_url":"https://example.com/b","crawl":{"every":"day"}}"#,
      #"{"source_type":"url","source_url":"https://example.com/c"}"#,
    ] {
      let reply = try await api.send("POST", base + "sources/", token: owner.token, json: body)
      #expect(reply.status == 201, "\(reply.text)")
    }
    let run = try await api.send("POST", base + "train/", token: owner.token, json: "{}")
    #expect(run.status == 202, "\(run.text)")
    let items = try requests(api)
    #expect(items.map(\.count).sorted() == [1, 2])
    let crawl = try #require(items.flatMap { $0 }.compactMap(\.crawl).first)
    #expect(crawl.depth == 2 && crawl.maxPages == 50 && crawl.include == ["/a/"])
    #expect(items.flatMap { $0 }.filter { $0.crawl != nil }.count == 1)
  }

  @Test func `a report says of each address what became of it and what helps`() async throws {
    let api = try TestAPI()
    let owner = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: owner)
    let base = "/api/chatbots/\(chatbot)/"
    let made = try await api.send(
      "POST", base + "sources/", token: owner.token,
      json: #"{"source_type":"url","source_url":"https://example.com/","crawl":{"depth":1}}"#)
    #expect(made.status == 201, "\(made.text)")
    let begun = try await api.send("POST", base + "train/", token: owner.token, json: "{}")
    guard case .string(let run) = begun["id"], case .string(let source) = made["id"] else {
      Issue.record("\(begun.text)")
      return
    }
    let start = try #require(try requests(api).first?.first?.document.text)
    func document(_ id: String, _ outcome: String, _ reason: String?, _ uri: String?)
      -> AppliedReceipt.Document
    {
      .init(
        id: id, outcome: outcome, reason: reason, message: nil, title: nil, pages: 0, chunks: 0,
        tokens: 0,
        found: .init(
          source: source, uri: uri, leadsTo: nil, status: 200, depth: 0, etag: nil,
          lastModified: nil, content: nil, tries: nil, due: nil))
    }
    let wall = "d" + String(repeating: "2", count: 25)
    try await api.database.apply([
      AppliedReceipt(
        run: run, stage: "fetch", item: "i", outcome: "done", tries: 0, reason: nil, due: nil,
        message: nil, outputs: [],
        documents: [
          document(start, "done", nil, nil),
          document(wall, "gone", "login_wall", "https://example.com/=a\"b,c"),
          document("d3", "gone", "robots", "https://example.com/r"),
        ], generation: nil, at: 5, counts: #"{"outside":3}"#)
    ])
    let report = try await api.send("GET", base + "runs/\(run)/report/", token: owner.token)
    #expect(report.status == 200, "\(report.text)")
    for part in [
      #""outcome":"queued""#, #""outcome":"not_read""#, #""outcome":"left_out""#,
      #""reason":"login_wall""#, #""remedy":"Add the page's content as a file.""#,
      #""not_followed":{"outside":3}"#,
    ] { #expect(report.text.contains(part), "\(part) in \(report.text)") }
    let csv = try await api.send(
      "GET", base + "runs/\(run)/report/?format=csv", token: owner.token)
    #expect(csv.status == 200)
    #expect(csv.text.split(separator: "\r\n").count == 4)
    #expect(csv.text.contains("\"https://example.com/=a\"\"b,c\""))
    // What is left out on purpose is no failure of the source.
    let shown = try await api.send("GET", base + "sources/\(source)/", token: owner.token)
    #expect(shown.text.contains(#""failed":1"#), "\(shown.text)")
    #expect(shown.text.contains(#""total":3"#))
    let documents = try await api.send(
      "GET", base + "documents/?source_id=\(source)", token: owner.token)
    #expect(documents.text.contains("https://example.com/r"))
    // A page that was not read is read again without the rest of its site.
    let again = try await api.send(
      "POST", base + "documents/\(wall)/retry/", token: owner.token)
    #expect(again.status == 202 && again["state"] == .string("queued"), "\(again.text)")
    let page = try #require(try requests(api).flatMap { $0 }.first { $0.document.text == wall })
    #expect(page.location == .web(url: "https://example.com/=a\"b,c") && page.crawl == nil)
    #expect(page.source.text == source)
    let twice = try await api.send(
      "POST", base + "documents/\(wall)/retry/", token: owner.token)
    #expect(twice.status == 409, "\(twice.text)")
  }

  @Test func `what never changes is asked for seldom, up to a limit`() {
    let hour = 3_600_000
    for (quiet, hours) in [(0, 24), (1, 48), (2, 96), (3, 168), (16, 168)] {
      #expect(
        CrawlWish.backedOff(usual: 24 * hour, longest: 168 * hour, quietRuns: quiet)
          == hours * hour)
    }
    // A limit below the usual interval does not shorten it.
    #expect(CrawlWish.backedOff(usual: 24 * hour, longest: hour, quietRuns: 5) == 24 * hour)
  }
}
