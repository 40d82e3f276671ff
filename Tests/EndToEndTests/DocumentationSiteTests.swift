import Foundation
import Synchronization
import TestSupport
import Testing

/// nginx from Debian with two of Debian's documentation packages; what is there, a reader of the files says.
@Suite(.serialized) struct DocumentationSiteTests {
  /// What `Tests/peers/debian_site.py` finds on the disk.
  struct Walk: Decodable {
    struct Page: Decodable {
      let digest: String
      let title: String
      let charset: String
    }

    let pages: [String: Page]
    let files: [String]
    let missing: [String]
  }

  /// One answer that nginx gave.
  struct Served: Decodable {
    let status: Int
    let path: String
    let encoding: String
    let size: Int

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      status = try fields.decode(Int.self)
      path = try fields.decode(String.self)
      encoding = try fields.decode(String.self)
      size = try fields.decode(Int.self)
    }
  }

  private let peer: Peer
  private let url: String

  init() throws {
    peer = try Peer("debian_site.py")
    url = "http://127.0.0.1:" + (try #require(peer.line(), "nginx did not start"))
  }

  private func ask<Answer: Decodable>(_ line: String) throws -> Answer {
    peer.write(line)
    return try JSONDecoder().decode(Answer.self, from: Data(try #require(peer.line()).utf8))
  }

  private func walk(_ start: String, depth: Int, within: String) throws -> Walk {
    try ask(#"walk {"start": "\#(start)", "depth": \#(depth), "within": "\#(within)"}"#)
  }

  @Test func `real documentation is read as far as its files say, once each, packed`() async throws
  {
    let files = try walk("/", depth: 2, within: "/")
    #expect(files.pages.count > 100)
    let crawl = try await FetchedCrawl(url, "/", ["--depth", "2", "--max-pages", "5000"])
    // Of equal files one is read, whichever came first.
    func digests(_ paths: some Sequence<String>) -> [String] {
      paths.map { files.pages[$0]?.digest ?? "not there: \($0)" }.sorted()
    }
    #expect(digests(crawl.read) == Set(files.pages.values.map(\.digest)).sorted())
    #expect(
      crawl.read.union(crawl.paths("duplicate")).union(crawl.paths("redirected"))
        .isSuperset(of: files.pages.keys))
    #expect(crawl.paths("http_404") == Set(files.missing))
    #expect(
      Set(crawl.lines.values.map(\.told)).isSubset(of: [
        "read", "duplicate", "redirected", "http_404",
      ]))
    let served: [Served] = try ask("served")
    let pages = served.filter { $0.status == 200 }
    #expect(pages.count == crawl.read.count + crawl.paths("duplicate").count)
    #expect(pages.allSatisfy { $0.encoding == "gzip" || $0.size < 256 })
  }

  @Test func `a page's signs are right, whether markup or header says how they are written`()
    async throws
  {
    // Declared in the markup: EUC-KR, ISO-8859-1, UTF-8; in the header, against the markup: UTF-8.
    let paths = [
      "/apache/ko/index.html", "/apache/de/index.html", "/apache/fr/index.html",
      "/apache/es/index.html",
    ]
    let pages = try paths.map { path in
      try #require(try walk(path, depth: 0, within: path).pages[path])
    }
    #expect(pages.map(\.charset) == ["euc-kr", "iso-8859-1", "utf-8", "iso-8859-1"])
    #expect(pages.count { !$0.title.allSatisfy(\.isASCII) } >= 2)
    let bobbin = try Installation(model: false)
    let fetched = try await bobbin.tool(
      "bobbin-fetch", ["BOBBIN_ALLOWED_HOSTS": String(url.dropFirst(7))]
    ).run(paths.map { url + $0 })
    #expect(fetched.exitCode == 0, "\(fetched.errors)")
    let extracted = try await bobbin.tool("bobbin-extract").run([], input: fetched.output)
    struct Description: Decodable {
      struct About: Decodable {
        let uri: String
        let title: String
      }

      let description: About
    }
    let read = try extracted.output.split(separator: "\n").map {
      try JSONDecoder().decode(Description.self, from: Data($0.utf8)).description
    }
    let titles = Dictionary(read.map { ($0.uri, $0.title) }, uniquingKeysWith: { a, _ in a })
    for (path, page) in zip(paths, pages) {
      // A site's name at the end of a title is left off.
      let title = titles[url + path] ?? ""
      #expect(page.title.hasPrefix(title), "\(path): \(title)")
      #expect(title.count >= 30)
    }
  }

  @Test func `read again, what nginx calls unchanged is neither sent, read nor embedded`()
    async throws
  {
    let asked = Mutex(0)
    // Any vectors do: how alike pages are is not asked here.
    let endpoint = try LoopbackServer { request, connection in
      let texts =
        (try? JSONDecoder().decode(Texts.self, from: Data(request.body)))?.input.count ?? 0
      asked.withLock { $0 += texts }
      let vectors = (0..<texts).map { #"{"index": \#($0), "embedding": [0.6, 0.8]}"# }
      connection.respond(
        200, ["Content-Type: application/json"],
        body: Array(#"{"data": [\#(vectors.joined(separator: ","))]}"#.utf8))
    }
    let files = try walk(
      "/postgresql/tutorial.html", depth: 2, within: "/postgresql/tutorial")
    let bobbin = try Installation()
    let pipeline = try bobbin.folder.write("FETCH_HOST_DELAY_MS = 0\n", "pipeline.mk")
    let environment = [
      "BOBBIN_ALLOWED_HOSTS": String(url.dropFirst(7)),
      "BOBBIN_EMBEDDING_BASE_URL": endpoint.url("/"), "BOBBIN_EMBEDDING_DIMENSION": "2",
    ]
    let first = try await bobbin.ingest(
      "tutorial", [url + "/postgresql/tutorial.html"],
      ["--depth", "2", "--include", url + "/postgresql/tutorial", "--pipeline", pipeline],
      environment: environment)
    #expect(first.exitCode == 0, "\(first.errors)")
    #expect(first.report.documents.count { $0.state == "live" } == files.pages.count)
    let before: [Served] = try ask("served")
    #expect(before.count { $0.status == 200 } == files.pages.count)
    #expect(asked.withLock { $0 } > 0)
    asked.withLock { $0 = 0 }
    let tool = bobbin.tool("bobbin", environment)
    #expect(try await tool.run(["recrawl", "--all"]).exitCode == 0)
    let again = try await tool.run(["pipeline", "--until-drained", "--pipeline", pipeline])
    #expect(again.exitCode == 0, "\(again.errors)")
    let after: [Served] = try ask("served")
    #expect(after.filter { $0.status == 200 }.map(\.path) == [])
    #expect(Set(after.filter { $0.status == 304 }.map(\.path)) == Set(files.pages.keys))
    #expect(asked.withLock { $0 } == 0)
  }

  private struct Texts: Decodable {
    let input: [String]
  }
}
