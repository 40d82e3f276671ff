import Corpus
import FetchStage
import Foundation
import Spool
import Synchronization
import TestSupport
import Testing
import WebClient

@Suite struct CrawlTests {
  private func crawl(
    _ site: Site, depth: Int = 5, maxPages: Int = 100, sitemap: Bool = false,
    include: [String] = [], exclude: [String] = [], start: String = "/", known: [String] = [],
    slicePages: Int = 50
  ) async throws -> CrawlRun {
    var run = try CrawlRun(
      site,
      CrawlBounds(
        depth: depth, maxPages: maxPages, sitemap: sitemap, include: include, exclude: exclude),
      start: start, known: known, slicePages: slicePages)
    try await run.finish()
    return run
  }

  @Test func `links are followed as deep as is wanted, on their own host`() async throws {
    let site = Site([
      "/": Site.page("Home", links: ["/one", "http://other.example/x", "/picture.png"]),
      "/one": Site.page("One", links: ["/two", "/"]), "/two": Site.page("Two", links: ["/three"]),
      "/three": Site.page("Three"),
    ])
    let run = try await crawl(site, depth: 2)
    #expect(run.read == ["/", "/one", "/two"])
    #expect(run.counts["outside"] == 1)
    #expect(run.counts["other_kind"] == 1)
    #expect(run.counts["too_deep"] == 1)
    #expect(run.told["start"] == "done")
    #expect(site.requests.first == "/robots.txt")
    #expect(Set(site.pageRequests).count == site.pageRequests.count)
  }

  @Test func `patterns say which addresses are read`() async throws {
    let site = Site([
      "/": Site.page("Home", links: ["/help/a", "/help/old/b", "/shop/c"]),
      "/help/a": Site.page("A"), "/help/old/b": Site.page("B"), "/shop/c": Site.page("C"),
    ])
    let run = try await crawl(
      site, include: ["http://site.example/help/"], exclude: ["/old/"])
    #expect(run.read == ["/", "/help/a"])
    #expect(run.counts["excluded"] == 2)
  }

  @Test func `robots, noindex, nofollow and canonical links are heeded and told`() async throws {
    let site = Site(
      [
        "/": Site.page("Home", links: ["/private", "/hidden", "/blind", "/copy?x=1"]),
        "/private": Site.page("Private"),
        "/hidden": Site.page(
          "Hidden", links: ["/behind"], head: "<meta name=robots content=noindex>"),
        "/behind": Site.page("Behind"),
        "/blind": Site.page(
          "Blind", links: ["/unseen"], head: "<meta name=robots content=nofollow>"),
        "/unseen": Site.page("Unseen"),
        "/copy?x=1": Site.page(
          "Copy with a parameter", head: "<link rel=canonical href=/copy>"),
        "/copy": Site.page("Copy"),
      ], robots: "User-agent: *\nDisallow: /private\n")
    let run = try await crawl(site)
    #expect(run.read == ["/", "/behind", "/blind", "/copy"])
    #expect(run.told["/private"] == "robots")
    #expect(run.told["/hidden"] == "noindex")
    #expect(run.told["/copy?x=1"] == "canonical")
    #expect(run.leadsTo["/copy?x=1"] == "/copy")
    #expect(!site.requests.contains("/private"))
    #expect(!site.requests.contains("/unseen"))
  }

  @Test func `a site whose robots_txt does not answer is not read yet`() async throws {
    let site = Site { path, _ in
      path == "/robots.txt"
        ? Site.Answer(status: 503, headers: ["Retry-After": "120"]) : Site.Answer(body: "x")
    }
    let run = try await crawl(site)
    #expect(run.retry?.reason == "robots_unreachable")
    #expect(run.retry?.notBefore == 120_000)
    #expect(site.pageRequests.isEmpty)
  }

  @Test func `redirects are followed within the site and circles are told`() async throws {
    let site = Site { path, _ in
      func to(_ place: String) -> Site.Answer {
        Site.Answer(status: 302, headers: ["Location": place])
      }
      switch path {
      case "/":
        return Site.Answer(
          body: Site.page("Home", links: ["/moved", "/circle", "/out", "/hop/1", "/here"]))
      case "/moved": return to("/here")
      case "/here": return Site.Answer(body: Site.page("Here"))
      case "/circle": return to("/round")
      case "/round": return to("/circle")
      case "/out": return to("http://other.example/")
      case let hop where hop.hasPrefix("/hop/"):
        return to("/hop/\((Int(hop.dropFirst(5)) ?? 0) + 1)")
      default: return Site.Answer(status: 404)
      }
    }
    let run = try await crawl(site)
    #expect(run.read == ["/", "/here"])
    #expect(run.told["/moved"] == "redirected")
    #expect(run.leadsTo["/moved"] == "/here")
    #expect(run.told["/circle"] == "too_many_redirects")
    #expect(run.told["/out"] == "redirect_out")
    #expect(run.told["/hop/1"] == "too_many_redirects")
    #expect(site.requests.filter { $0.hasPrefix("/hop/") }.count < 10)
    #expect(site.requests.filter { $0 == "/here" }.count == 1)
  }

  @Test func `the start says where the site is`() async throws {
    let site = Site { path, _ in
      switch path {
      case "/": return Site.Answer(status: 301, headers: ["Location": "http://www.site.example/"])
      case "http://www.site.example/":
        return Site.Answer(body: Site.page("Home", links: ["/one", "http://site.example/old"]))
      case "http://www.site.example/one": return Site.Answer(body: Site.page("One"))
      default: return Site.Answer(status: 404)
      }
    }
    let run = try await crawl(site)
    #expect(run.pages.map(\.uri) == ["http://www.site.example/", "http://www.site.example/one"])
    #expect(run.pages.first?.document.text == "start")
    #expect(site.requests.contains("http://www.site.example/robots.txt"))
  }

  @Test func `a calendar, filters and paths without end come to an end`() async throws {
    let site = Site { path, _ in
      if path == "/" {
        return Site.Answer(
          body: Site.page("Home", links: ["/calendar/2026/1/", "/shop?page=1&sort=0", "/deep/x/"]))
      }
      if path.hasPrefix("/calendar/") {
        let parts = path.split(separator: "/").compactMap { Int($0) }
        guard parts.count == 2 else { return Site.Answer(status: 404) }
        let next = parts[1] == 12 ? (parts[0] + 1, 1) : (parts[0], parts[1] + 1)
        return Site.Answer(
          body: Site.page("Month \(parts)", links: ["/calendar/\(next.0)/\(next.1)/"]))
      }
      if path.hasPrefix("/shop?") {
        let number = Int(path.split(separator: "=").last ?? "") ?? 0
        return Site.Answer(
          body: Site.page("Shop \(number)", links: ["/shop?page=1&sort=\(number + 1)"]))
      }
      // A relative link on a page that exists everywhere.
      return Site.Answer(body: Site.page("Deep \(path)", links: ["deep/x/"]))
    }
    let run = try await crawl(site, depth: 1_000, maxPages: 10_000)
    #expect(run.slices < 20)
    #expect(run.read.filter { $0.hasPrefix("/calendar/") }.count == 60)
    #expect(run.read.filter { $0.hasPrefix("/shop") }.count == 50)
    #expect(run.read.filter { $0.hasPrefix("/deep") }.count < 5)
    #expect(run.counts["trap"] ?? 0 >= 3)
  }

  @Test func `what stands in a page's place is told and not read`() async throws {
    let site = Site([
      "/": Site.page("Home", links: ["/wall", "/bot", "/shell", "/nothing"]),
      "/wall":
        "<html><title>Sign in</title><form><input name=u><input type=password name=p></form></html>",
      "/bot":
        "<html><title>Just a moment...</title><body>Checking your browser before accessing</body></html>",
      "/shell":
        "<html><title>App</title><body><noscript>You need to enable JavaScript to run this app."
        + "</noscript><div id=root></div><script src=/app.js></script></body></html>",
      "/nothing": "<html><title>Page not found</title><body><h1>Sorry</h1></body></html>",
    ])
    let run = try await crawl(site)
    #expect(run.read == ["/"])
    #expect(run.told["/wall"] == "login_wall")
    #expect(run.told["/bot"] == "bot_check")
    #expect(run.told["/shell"] == "js_shell")
    #expect(run.told["/nothing"] == "soft_404")
  }

  @Test func `a site's own way of saying that there is no page is learned`() async throws {
    let site = Site { path, _ in
      switch path {
      case "/robots.txt": return Site.Answer(status: 404)
      case "/": return Site.Answer(body: Site.page("Home", links: ["/real", "/gone"]))
      case "/real": return Site.Answer(body: Site.page("Real"))
      default:
        return Site.Answer(
          body: "<html><title>Our shop</title><body><p>Have a look at our offers instead, there "
            + "is something for everybody here. You were looking for \(path).</p></body></html>")
      }
    }
    let run = try await crawl(site)
    #expect(run.read == ["/", "/real"])
    #expect(run.told["/gone"] == "soft_404")
  }

  @Test func `a busy site is left alone for as long as it asks, and asked again`() async throws {
    let site = Site { path, request in
      switch path {
      case "/": return Site.Answer(body: Site.page("Home", links: ["/busy", "/other", "/broken"]))
      case "/other": return Site.Answer(body: Site.page("Other"))
      case "/broken": return Site.Answer(status: 500)
      case "/busy": return Site.Answer(status: 503, headers: ["Retry-After": "300"])
      default: return Site.Answer(status: 404)
      }
    }
    var run = try CrawlRun(site, CrawlBounds(depth: 2, maxPages: 10))
    #expect(try await run.step())
    #expect(run.pauses.map(\.milliseconds) == [300_000])
    #expect(run.pauses.map(\.reason) == ["http_503"])
    #expect(run.told["/busy"] == "http_503")
    #expect(!site.requests.contains("/other"))
    try await run.finish()
    #expect(run.read == ["/", "/other"])
    #expect(run.told["/busy"] == "http_503")
    #expect(run.told["/broken"] == "http_500")
    #expect(site.requests.filter { $0 == "/busy" }.count == 3)
    #expect(site.requests.filter { $0 == "/broken" }.count == 3)
  }

  @Test func `a site that is away ends its crawl after a while`() async throws {
    let links = (1...40).map { "/\($0)" }
    let site = Site { path, _ in
      switch path {
      case "/": return Site.Answer(body: Site.page("Home", links: links))
      case "/robots.txt": return Site.Answer(status: 404)
      default: return Site.Answer(status: 0)
      }
    }
    let run = try await crawl(site)
    #expect(run.slices < 30)
    #expect(run.pauses.contains { $0.reason == "connection" })
    #expect(run.counts["unreached"] ?? 0 > 0)
  }

  @Test func `bad pages among good ones do not make a site one that is away`() async throws {
    let links = (1...40).map { $0 % 4 == 0 ? "/bad\($0)" : "/good\($0)" }
    let site = Site { path, _ in
      switch path {
      case "/": return Site.Answer(body: Site.page("Home", links: links))
      case let path where path.hasPrefix("/bad"): return Site.Answer(status: 0)
      case let path where path.hasPrefix("/good"): return Site.Answer(body: Site.page(path))
      default: return Site.Answer(status: 404)
      }
    }
    let run = try await crawl(site)
    #expect(run.read.count == 31)
    #expect(run.told.values.count { $0 == "connection" } == 10)
    // Each page is waited for, and never the whole site: 1 and 4 seconds after a page's first and second try.
    #expect(run.pauses.allSatisfy { $0.milliseconds <= 4_000 })
    #expect(run.counts["unreached"] == nil)
  }

  @Test func `pages are read up to the limit, and what is refused does not count`() async throws {
    let links = (1...20).map { $0 % 2 == 0 ? "/gone\($0)" : "/page\($0)" }
    let site = Site { path, _ in
      if path == "/" { return Site.Answer(body: Site.page("Home", links: links)) }
      return path.hasPrefix("/page")
        ? Site.Answer(body: Site.page("Page \(path)")) : Site.Answer(status: 404)
    }
    let run = try await crawl(site, maxPages: 5)
    #expect(run.pages.count == 5)
    #expect(run.counts["page_limit"] ?? 0 > 0)
  }

  @Test func `a sitemap's pages are read, of an index and of robots_txt`() async throws {
    let site = Site { path, _ in
      func xml(_ text: String) -> Site.Answer {
        Site.Answer(headers: ["Content-Type": "application/xml"], body: text)
      }
      switch path {
      case "/robots.txt":
        return Site.Answer(
          headers: ["Content-Type": "text/plain"],
          body: "Sitemap: http://site.example/index.xml\nUser-agent: *\nDisallow: /b\n")
      case "/index.xml":
        return xml(
          "<sitemapindex><sitemap><loc>http://site.example/s.xml</loc></sitemap><sitemap><loc>"
            + "http://site.example/broken.xml</loc></sitemap></sitemapindex>")
      case "/s.xml":
        return xml(
          "<urlset><url><loc>http://site.example/a</loc></url><url><loc>http://site.example/b</loc>"
            + "</url><url><loc>http://other.example/c</loc></url></urlset>")
      case "/broken.xml": return xml("<urlset><url><loc>http://site.example/d</loc></url><ur")
      case "/": return Site.Answer(body: Site.page("Home", links: ["/not-in-the-sitemap"]))
      case "/a", "/b", "/d": return Site.Answer(body: Site.page("Page \(path)"))
      default: return Site.Answer(status: 404)
      }
    }
    let run = try await crawl(site, depth: 0, sitemap: true)
    #expect(run.read == ["/", "/a", "/d"])
    #expect(run.told["/b"] == "robots")
    #expect(run.told["/s.xml"] == "sitemap")
    #expect(run.told["/broken.xml"] == "broken_sitemap")
    #expect(run.counts["outside"] == 1)
    // The sitemap itself as the start.
    let direct = try await crawl(site, depth: 0, sitemap: true, start: "/s.xml")
    #expect(direct.read == ["/a"])
    #expect(direct.told["start"] == "sitemap")
  }

  @Test func `the same body under two addresses is read once`() async throws {
    let site = Site([
      "/": Site.page("Home", links: ["/a", "/b"]), "/a": Site.page("Same"), "/b": Site.page("Same"),
    ])
    let run = try await crawl(site)
    #expect(run.read == ["/", "/a"])
    #expect(run.told["/b"] == "duplicate")
  }

  @Test func `slices of two pages find what one slice finds, and read nothing twice`()
    async throws
  {
    let site = Site { path, _ in
      guard path != "/robots.txt", let number = Int(path.dropFirst()) ?? (path == "/" ? 0 : nil),
        number < 60
      else { return Site.Answer(status: 404) }
      return Site.Answer(
        body: Site.page(
          "Page \(number)", links: [2 * number + 1, 2 * number + 2, 0, 1].map { "/\($0)" }))
    }
    let small = try await crawl(site, depth: 20, slicePages: 2)
    let asked = site.pageRequests
    #expect(Set(asked).count == asked.count)
    #expect(small.pages.count == 60)
    #expect(small.slices > 30)
    let large = try await crawl(site, depth: 20)
    #expect(large.read == small.read)
    // What a slice carries stays small, however far the crawl is.
    #expect(try JSONLines.encode(small.source).count < 4_000)
  }

  @Test func `a slice done twice goes on once`() async throws {
    let site = Site(
      (0..<10).reduce(into: [:]) { pages, number in
        pages[number == 0 ? "/" : "/\(number)"] = Site.page(
          "Page \(number)", links: ["/\(number + 1)"])
      })
    var run = try CrawlRun(site, CrawlBounds(depth: 20, maxPages: 50), slicePages: 2)
    #expect(try await run.step())
    let rest = run.source
    // A worker died after it had published the rest: the slice is done again, and the site says something else.
    var other = rest
    other.state?.asked += 1
    let first = try await run.stage.process([rest], of: CrawlRun.envelope)
    let second = try await run.stage.process([other], of: CrawlRun.envelope)
    guard case .done(let pages, _, _, let onward) = first.first,
      case .done(let none, let told, _, let nothing) = second.first
    else {
      Issue.record("both are done")
      return
    }
    #expect(!pages.isEmpty && onward != nil)
    #expect(none.isEmpty && told.isEmpty && nothing == nil)
    // The one that goes on may be repeated.
    let again = try await run.stage.process([rest], of: CrawlRun.envelope)
    guard case .done(let same, _, _, let more) = again.first else { return }
    #expect(same.map(\.uri) == pages.map(\.uri))
    #expect(more?.record == onward?.record)
    // Once the next slice has been taken up, a repeat publishes no other: it names that one.
    let next = try JSONLines.decode(Source.self, from: onward?.record ?? [])
    _ = try await run.stage.process([next], of: CrawlRun.envelope)
    let late = try await run.stage.process([rest], of: CrawlRun.envelope)
    guard case .done(let pagesAgain, _, _, let named) = late.first else { return }
    #expect(pagesAgain.map(\.uri) == pages.map(\.uri))
    #expect(named?.record.isEmpty == true && named?.publishedAs?.count == 32)
  }

  @Test func `a page that has not changed is asked for with what is known of it`() async throws {
    let site = Site { path, request in
      switch path {
      case "/": return Site.Answer(body: Site.page("Home", links: ["/new"]))
      case "/same":
        return request.headers["If-None-Match"] == "\"1\""
          ? Site.Answer(status: 304) : Site.Answer(body: Site.page("Same"))
      case "/text": return Site.Answer(body: Site.page("Text"))
      case "/new": return Site.Answer(body: Site.page("New"))
      default: return Site.Answer(status: 404)
      }
    }
    let run = try await crawl(
      site,
      known: [
        "\(Site.origin)/same\t1\t\"1\"\t\t\(String(repeating: "a", count: 64))",
        "\(Site.origin)/text\t1\t\t\t\(String(repeating: "b", count: 64))",
        "\(Site.origin)/gone\t1\t\t\t", "http://other.example/x\t1\t\t\t",
      ])
    #expect(run.read == ["/", "/text", "/new"])
    #expect(run.told["/same"] == "unchanged")
    #expect(run.told["/gone"] == "http_404")
    #expect(run.told["/x"] == "outside")
    #expect(
      run.pages.first { $0.uri.hasSuffix("/text") }?.knownText == String(repeating: "b", count: 64))
  }

  private static func feed(_ links: [String], home: String) -> Site.Answer {
    Site.Answer(
      headers: ["Content-Type": "application/rss+xml"],
      body: "<rss><channel><link>\(home)</link>"
        + links.map { "<item><link>\($0)</link></item>" }.joined() + "</channel></rss>")
  }

  @Test(arguments: [true, false])
  func `a feed's pages are read, wherever its site is`(_ isElsewhere: Bool) async throws {
    let home = isElsewhere ? "http://blog.example" : Site.origin
    let site = Site { path, _ in
      switch path {
      case "/feed":
        Self.feed(["\(home)/one", "\(home)/two?utm_source=rss"], home: "\(home)/")
      case "/one", "http://blog.example/one": Site.Answer(body: Site.page("One", links: ["/no"]))
      case "/two", "http://blog.example/two": Site.Answer(body: Site.page("Two"))
      case "http://blog.example/robots.txt", "/robots.txt":
        Site.Answer(headers: ["Content-Type": "text/plain"], body: "User-agent: *\nDisallow: /x")
      default: Site.Answer(status: 404)
      }
    }
    let run = try await crawl(site, depth: 0, sitemap: true, start: "/feed")
    #expect(run.read == ["/one", "/two"])
    #expect(run.told["start"] == "sitemap")
    #expect(site.requests.contains("http://blog.example/robots.txt") == isElsewhere)
    #expect(!site.requests.contains { $0.hasSuffix("/no") })
  }

  @Test func `a feed that is given as a page says what it is`() async throws {
    let site = Site { path, _ in
      path == "/feed" ? Self.feed(["/one"], home: "/") : Site.Answer(status: 404)
    }
    let folder = try TemporaryFolder()
    let stage = FetchStage(
      data: folder.path, transport: site.transport, settings: FetchSettings(hostDelay: .zero))
    let outcome = try await stage.process(
      [
        Source(
          source: SourceID(unchecked: "s"), document: DocumentID(unchecked: "d"),
          location: .web(url: Site.origin + "/feed"), name: "feed")
      ], of: CrawlRun.envelope
    ).first
    guard case .done(let pages, let documents, _, _) = outcome else {
      Issue.record("\(String(describing: outcome))")
      return
    }
    #expect(pages.isEmpty)
    #expect(documents.first?.reason == "feed")
  }

  @Test(arguments: [50, 2])
  func `a known page is not asked for when the sitemap says that it was not changed since`(
    slicePages: Int
  ) async throws {
    let now = CrawlRun.envelope.born
    let day = 86_400_000
    // What the sitemap says of each page, and days since it was read.
    let pages: [(path: String, modified: String?, readDaysAgo: Int?, isAsked: Bool)] = [
      ("/old", "2026-03-01", 10, false), ("/instant", "2027-01-02T10:00:00+01:00", 10, false),
      ("/month", "2026-12", 10, false), ("/changed", "2027-01-10", 10, true),
      // 2027-01-05T08:00 is ten days ago: what changed on that day, or the day before it, may have changed later.
      ("/same-day", "2027-01-05", 10, true), ("/day-before", "2027-01-04", 10, true),
      ("/today", "2027-01-15", 10, true), ("/ahead", "2031-01-01", 10, true),
      ("/no-date", "yesterday", 10, true), ("/unsaid", nil, 10, true),
      // A month is the longest that a sitemap is believed.
      ("/long-ago", "2026-03-01", 31, true), ("/never-read", "2026-03-01", nil, true),
      ("/of-tomorrow", "2026-03-01", -1, true),
    ]
    let site = Site { path, _ in
      func xml(_ text: String) -> Site.Answer {
        Site.Answer(headers: ["Content-Type": "application/xml"], body: text)
      }
      switch path {
      case "/robots.txt":
        return Site.Answer(
          headers: ["Content-Type": "text/plain"], body: "Sitemap: http://site.example/index.xml\n")
      // What is known waits for all of the sitemaps.
      case "/index.xml":
        return xml(
          "<sitemapindex><sitemap><loc>http://site.example/s.xml</loc></sitemap></sitemapindex>")
      case "/s.xml":
        return xml(
          "<urlset>"
            + pages.map { page in
              let date = page.modified.map { "<lastmod>\n\($0) </lastmod>" } ?? ""
              return "<url><loc>http://site.example\(page.path)</loc>\(date)</url>"
            }.joined()
            + "<url><lastmod>2020-01-01</lastmod><loc>http://site.example/found</loc></url></urlset>"
        )
      case "/": return Site.Answer(status: 304)
      default: return Site.Answer(body: Site.page("Page \(path)"))
      }
    }
    let run = try await crawl(
      site, sitemap: true,
      known: pages.map { page in
        let readAt = page.readDaysAgo.map { "\(now - $0 * day)" } ?? ""
        return "\(Site.origin)\(page.path)\t1\t\t\t\(String(repeating: "a", count: 64))\t\(readAt)"
      } + ["\(Site.origin)/no-text\t1\t\t\t\t\(now - day)"], slicePages: slicePages)
    for page in pages {
      #expect(site.requests.contains(page.path) == page.isAsked, "\(page.path)")
      #expect((run.told[page.path] == "unchanged") == !page.isAsked, "\(page.path)")
    }
    #expect(site.requests.contains("/found") && site.requests.contains("/no-text"))
    #expect(Set(site.pageRequests).count == site.pageRequests.count)
  }

  @Test func `a page that ends its worker every time is passed over, and the crawl goes on`()
    async throws
  {
    let site = Site { path, _ in
      switch path {
      case "/": return Site.Answer(body: Site.page("Home", links: ["/a", "/killer", "/b"]))
      case "/killer": return Site.Answer(status: -1)
      case "/a", "/b": return Site.Answer(body: Site.page("Page \(path)"))
      default: return Site.Answer(status: 404)
      }
    }
    var run = try CrawlRun(site, CrawlBounds(depth: 2, maxPages: 10))
    for _ in 0..<2 {
      await #expect(throws: WebError.self) { _ = try await run.step() }
      #expect(run.pages.isEmpty)
    }
    try await run.finish()
    #expect(run.read == ["/", "/a", "/b"])
    #expect(run.told["/killer"] == "crashed")
    #expect(site.requests.filter { $0 == "/killer" }.count == 2)
  }

  @Test func `attempts that break off at different pages pass nothing over`() async throws {
    let broken = Mutex(["/a", "/b"])
    let site = Site { path, _ in
      let breaks = broken.withLock { pages in
        guard let index = pages.firstIndex(of: path) else { return false }
        pages.remove(at: index)
        return true
      }
      if breaks { return Site.Answer(status: -1) }
      return ["/", "/a", "/b"].contains(path)
        ? Site.Answer(body: Site.page("Page \(path)", links: ["/a", "/b"]))
        : Site.Answer(status: 404)
    }
    var run = try CrawlRun(site, CrawlBounds(depth: 2, maxPages: 10))
    for _ in 0..<2 { await #expect(throws: WebError.self) { _ = try await run.step() } }
    try await run.finish()
    #expect(run.read == ["/", "/a", "/b"])
    // Of a slice that came to its end no trail is left but for what broke it off.
    let files = try FileManager.default.contentsOfDirectory(
      atPath: run.folder.path + "/crawls/run1")
    #expect(files.sorted() == ["source1-0", "source1-0.trail"])
  }

  @Test(arguments: ["source1", "lane1", "run1"])
  func `a crawl whose source, chatbot or run has ended goes no further`(id: String) async throws {
    let site = Site(
      (0..<9).reduce(into: [:]) { pages, number in
        pages[number == 0 ? "/" : "/\(number)"] = Site.page(
          "Page \(number)", links: ["/\(number + 1)"])
      })
    var run = try CrawlRun(site, CrawlBounds(depth: 20, maxPages: 50), slicePages: 2)
    // A source that was removed and added again before this run began, and words that are none.
    try run.stop("source1", before: "\(CrawlRun.envelope.born)")
    try run.stop("run1", before: "now")
    #expect(try await run.step())
    try run.stop(id, before: "\(CrawlRun.envelope.born + 1)")
    #expect(try await !run.step())
    #expect(run.read.count == 2 && site.pageRequests.count == 2)
  }

  @Test func `dates of sitemaps are read as late as they may be meant`() {
    let cases: [(String, Int?)] = [
      ("1970-01-01", nil), ("2027-01-15", 1_800_057_599_999), ("2026", 1_798_761_599_999),
      ("2026-12", 1_798_761_599_999), ("2024-02-29", 1_709_251_199_999),
      ("2027-01-15T08:00:00Z", 1_800_000_000_999), ("2027-01-15T08:00Z", 1_800_000_059_999),
      ("2027-01-15T10:00:00.123+02:00", 1_800_000_000_999),
      ("2027-01-15T03:00:00-0500", 1_800_000_000_999), ("2027-01-15T08:00:00", 1_800_000_000_999),
      ("  2027-01-15\n", 1_800_057_599_999), ("", nil), ("2027-13", nil), ("2027-1-5", nil),
      ("2027-01-15T", nil), ("2027-01-15T08:00:00Zulu", nil), ("15.01.2027", nil),
      ("2027-01-15T08:00:00+", nil), ("20270115", nil), ("२०२७", nil),
    ]
    for (text, expected) in cases { #expect(ModificationDate.latest(text) == expected, "\(text)") }
  }
}
