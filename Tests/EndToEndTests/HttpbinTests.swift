import Foundation
import TestSupport
import Testing

/// What is said of each answer of PyPI's httpbin.
@Suite(.serialized) struct HttpbinTests {
  /// A page that was asked for by itself: what was taken of it, or the reason why nothing was.
  enum Told: Equatable {
    case page(_ type: String, bytes: Int?, at: String?)
    case refused(_ reason: String)

    static func page(_ type: String, at: String? = nil) -> Told { .page(type, bytes: nil, at: at) }
  }

  /// Members of a page's record that are looked at.
  struct Record: Decodable {
    struct Content: Decodable { let bytes: Int }

    let uri: String
    var mediaType: String?
    var charset: String?
    let content: Content
  }

  static let cases: [(path: String, told: Told)] =
    [200, 201, 204].map { ("/status/\($0)", .refused("empty")) }
    + [300, 400, 401, 402, 403, 404, 405, 406, 408, 410, 418, 429, 500, 502, 503].map {
      ("/status/\($0)", .refused("http_\($0)"))
    }
    + [
      ("/status/304", .refused("unchanged")),
      ("/redirect/1", .page("application/json", at: "/get")),
      ("/redirect/5", .page("application/json", at: "/get")),
      ("/redirect/6", .refused("too_many_redirects")),
      ("/relative-redirect/5", .page("application/json", at: "/get")),
      ("/absolute-redirect/5", .page("application/json", at: "/get")),
      ("/absolute-redirect/6", .refused("too_many_redirects")),
      ("/redirect-to?url=/html", .page("text/html utf-8", at: "/html")),
      ("/redirect-to?url=/html&status_code=308", .page("text/html utf-8", at: "/html")),
      ("/redirect-to?url=http://10.0.0.1/", .refused("blocked")),
      ("/redirect-to?url=ftp://127.0.0.1/", .refused("bad_url")),
      ("/gzip", .page("application/json")), ("/deflate", .page("application/json")),
      ("/brotli", .page("application/json")),
      ("/delay/0.2", .page("application/json")),
      (
        "/drip?numbytes=7&duration=0.2&delay=0",
        .page("application/octet-stream", bytes: 7, at: nil)
      ),
      ("/drip?numbytes=5&duration=60&delay=0", .refused("timeout")),
      ("/delay/9", .refused("timeout")),
      ("/etag/one", .page("application/json")), ("/cache", .page("application/json")),
      ("/encoding/utf8", .page("text/html utf-8", bytes: 14_239, at: nil)),
      ("/robots.txt", .page("text/plain", bytes: 30, at: nil)),
      // An owner named it: robots.txt, which forbids it, is for crawls.
      ("/deny", .page("text/plain")),
      ("/basic-auth/user/word", .refused("http_401")),
      ("/digest-auth/auth/user/word", .refused("http_401")), ("/bearer", .refused("http_401")),
      ("/hidden-basic-auth/user/word", .refused("http_404")),
      ("/bytes/10000", .page("application/octet-stream", bytes: 10_000, at: nil)),
      (
        "/stream-bytes/20000?chunk_size=999",
        .page("application/octet-stream", bytes: 20_000, at: nil)
      ),
      ("/range/1000", .page("application/octet-stream", bytes: 1_000, at: nil)),
      // It sends two types then; the first one counts.
      ("/response-headers?Content-Type=text/plain", .page("application/json")),
      ("/response-headers?X-Robots-Tag=noindex", .page("application/json")),
    ]

  private let peer: Peer
  private let port: String
  private var url: String { "http://127.0.0.1:\(port)" }

  init() throws {
    peer = try Peer("httpbin_server.py")
    port = try #require(peer.line(), "httpbin did not start")
  }

  @Test func `each answer is a page or a reason`() async throws {
    let bobbin = try Installation(model: false)
    let pipeline = try bobbin.folder.write(
      "FETCH_HOST_DELAY_MS = 0\nFETCH_REQUEST_S = 2\n", "pipeline.mk")
    let tool = bobbin.tool("bobbin-fetch", ["BOBBIN_ALLOWED_HOSTS": "127.0.0.1:\(port)"])
    // Some wait for their time to be over: all at once.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (path, told) in Self.cases {
        let url = url
        group.addTask {
          let result = try await tool.run(["--pipeline", pipeline, url + path])
          #expect(try Self.told(result, told, url) == told, "\(path): \(result.errors)")
        }
      }
      try await group.waitForAll()
    }
  }

  /// What a filter's output says, as precisely as it is expected.
  private static func told(_ result: Tool.Result, _ wanted: Told, _ url: String) throws -> Told {
    guard result.exitCode == 0 else {
      let reason = result.errors.components(separatedBy: "reason=").dropFirst().first ?? "none"
      return .refused(String(reason.prefix { $0 != ":" }))
    }
    let record = try JSONDecoder().decode(Record.self, from: Data(result.output.utf8))
    let type = [record.mediaType, record.charset].compactMap { $0 }.joined(separator: " ")
    guard case .page(_, let bytes, let place) = wanted else { return .page(type) }
    return .page(
      type, bytes: bytes == nil ? nil : record.content.bytes,
      at: place == nil ? nil : String(record.uri.dropFirst(url.count)))
  }

  @Test func `a crawl of its front page says what became of each link`() async throws {
    let crawl = try await FetchedCrawl(
      url, "/",
      ["--depth", "1", "--max-pages", "200", "--exclude", "/delay", "--exclude", "/drip"],
      settings: "FETCH_PAGE_TRIES = 1\n")
    func told(_ path: String) -> String { crawl.lines[path]?.told ?? "none" }
    #expect(told("/") == "read")
    #expect(told("/html") == "read")
    #expect(told("/encoding/utf8") == "read")
    #expect(told("/deny") == "robots")
    #expect(told("/status/418") == "http_418")
    #expect(told("/redirect/6") == "too_many_redirects")
    #expect(told("/redirect-to?url=http://example.com/") == "redirect_out")
    #expect(told("/basic-auth/user/passwd") == "http_401")
    // JSON is for programs, a picture has no text.
    #expect(told("/get") == "unsupported")
    #expect(told("/gzip") == "unsupported")
    #expect(told("/image/png") == "unsupported")
    #expect(told("/links/10") == "redirected" || told("/links/10/0") == "read")
    #expect(crawl.notFollowed["outside", default: 0] > 0)
    #expect(crawl.notFollowed["excluded"] == 2)
  }
}
