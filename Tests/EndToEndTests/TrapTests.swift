import Foundation
import TestSupport
import Testing

/// One crawl of a site full of traps (`Tests/peers/trap_site.py`).
@Suite struct TrapTests {
  /// What is told of each trap.
  static let told: [(path: String, reason: String)] = [
    ("/hops/0", "too_many_redirects"), ("/circle/a", "too_many_redirects"),
    ("/self", "too_many_redirects"), ("/drip/body", "timeout"), ("/drip/headers", "timeout"),
    ("/length/long", "connection"), ("/chunked/cut", "connection"),
    ("/chunked/broken", "connection"), ("/bomb/gzip", "too_large"), ("/bomb/nested", "too_large"),
    ("/bomb/broken", "protocol_error"), ("/endless/body", "too_large"),
    ("/endless/chunks", "too_large"), ("/endless/headers", "too_large"), ("/empty", "connection"),
    ("/reset", "connection"), ("/garbage", "protocol_error"), ("/busy/always", "http_503"),
    ("/out", "redirect_out"), ("/scheme", "bad_url"), ("/private", "robots"),
    ("/gone", "http_404"),
    // Pages after all.
    ("/loop/a", "read"), ("/loop/b", "read"), ("/calendar/2026/11/", "read"), ("/shop/", "read"),
    ("/deep/more/deep/", "read"), ("/length/short", "read"), ("/length/none", "read"),
    ("/busy/429", "read"), ("/busy/503", "read"), ("/many", "read"), ("/wide", "read"),
    ("/nul", "read"),
  ]

  @Test func `a crawl of nothing but traps ends, tells each and reads all that is good`()
    async throws
  {
    let peer = try Peer("trap_site.py")
    let port = try #require(peer.line(), "the site did not start")
    let crawl = try await FetchedCrawl(
      "http://127.0.0.1:\(port)", "/", ["--depth", "100", "--max-pages", "5000"],
      settings: """
        FETCH_REQUEST_S = 2
        FETCH_PAGE_TRIES = 2
        RETRY_FIRST_DELAY_MS = 100
        """)
    for (path, reason) in Self.told {
      // What is too large may, where much else runs, first take too long; WebClientTests hold each limit alone.
      let reasons = reason == "too_large" ? [reason, "timeout"] : [reason]
      #expect(reasons.contains(crawl.lines[path]?.told ?? ""), "\(path)")
    }
    // Behind each trap of the front page stands a good page, and on each page that is a trap others.
    let good = crawl.read.filter { $0.hasPrefix("/good/") }
    #expect(good == Set((Array(10...28) + Array(40...73)).map { "/good/\($0)" }))
    // What goes on for ever is cut and counted.
    func count(_ prefix: String) -> Int { crawl.lines.keys.count { $0.hasPrefix(prefix) } }
    #expect((40...60).contains(count("/calendar/")))
    #expect((40...51).contains(count("/calendar?")))
    #expect((40...51).contains(count("/shop/item?visit=")))
    #expect(count("/shop/?") == 0)
    #expect(count("/go?") == 50)
    #expect(count("/deep/") == 2)
    #expect(crawl.notFollowed["trap", default: 0] >= 99_950)
    #expect(crawl.notFollowed["other_kind", default: 0] > 9_900)
    // And bounded: a hundred thousand links, and ten megabytes in one page.
    #expect(crawl.peakMemory < 400 << 20)
    peer.write("asked")
    let asked = try JSONDecoder().decode(
      [String: Int].self, from: Data(try #require(peer.line()).utf8))
    #expect(asked.keys.count { $0.hasPrefix("/hops/") } <= 7)
    #expect(asked["/private"] == nil)
    #expect(asked["/never/read"] == nil)
    #expect(asked["/busy/429"] == 2)
    // Each try of a page that failed, and nothing else, twice.
    #expect(asked.values.allSatisfy { $0 <= 2 })
    #expect(asked.values.reduce(0, +) < 400)
  }

  /// What a run in `Tests/peers/rebinding.py` left.
  struct Outside: Decodable {
    let output: String
    let errors: String
    /// Requests by the address they were sent to.
    let dialled: [String: Int]
  }

  /// Runs bobbin-fetch as a filter in a network of its own, with a name server that is no friend.
  private func fetch(_ input: String, _ arguments: [String] = []) throws -> Outside {
    let folder = try TemporaryFolder()
    let pipeline = try folder.write("FETCH_HOST_DELAY_MS = 0\n", "pipeline.mk")
    let program = Checkout.executables.appendingPathComponent("bobbin-fetch").path
    let peer = try Peer(
      "rebinding.py", [input, program, "--pipeline", pipeline] + arguments,
      environment: ["BOBBIN_DATA": folder.path, "SWIFT_BACKTRACE": "enable=no"])
    let line = try #require(peer.line(), "no network of its own can be made here: see unshare(1)")
    return try JSONDecoder().decode(Outside.self, from: Data(line.utf8))
  }

  @Test
  func `a name that leads inside is not followed, from the start or in the middle of a crawl`()
    throws
  {
    let home = "93.184.216.34"
    let names = ["public", "both", "inside", "mapped", "metadata"].map { "http://\($0).test/" }
    let one = try fetch("", names)
    #expect(one.dialled == [home: 1])
    #expect(one.errors.components(separatedBy: "reason=blocked").count == names.count)
    // The first six look-ups are robots.txt, the start, a page that is not there, and three of its twenty pages.
    let crawl = try fetch(
      """
      {"source":"s","document":"d","location":{"web":{"url":"http://moves.test/"}},"name":"moves",\
      "crawl":{"depth":1,"maxPages":100,"sitemap":false,"include":[],"exclude":[]}}

      """)
    #expect(crawl.dialled == [home: 6])
    #expect(crawl.output.split(separator: "\n").count == 4)
    #expect(crawl.errors.components(separatedBy: "reason=blocked").count == 17 + 1)
  }
}
