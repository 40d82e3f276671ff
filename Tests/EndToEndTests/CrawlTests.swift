import Foundation
import Synchronization
import TestSupport
import Testing
import WebClient

/// A site that a test changes while it is crawled, again and again.
final class TestSite: Sendable {
  struct State {
    var gone: Set<String> = []
    var version = 1
    var isBusy = true
    /// The worker that dies with a coming request for a page of the chain, and with which one.
    var doomed: (worker: pid_t, request: Int)?
    /// What stands in the sitemap; none is there while this is empty.
    var sitemap = ""
    /// Requests by path, and how many of them came with what is known of the page.
    var asked: [String: Int] = [:]
    var conditional = 0
  }

  let state = Mutex(State())
  private let held = Mutex<LoopbackServer?>(nil)
  var server: LoopbackServer? { held.withLock { $0 } }
  var hostAndPort: String { server?.hostAndPort ?? "" }
  func url(_ path: String) -> String { server?.url(path) ?? "" }
  func asked(_ path: String) -> Int { state.withLock { $0.asked[path] ?? 0 } }

  init() throws {
    let server = try LoopbackServer { [weak self] request, connection in
      self?.answer(request, connection)
    }
    held.withLock { $0 = server }
  }

  static func page(_ title: String, _ text: String, _ links: [String] = [], head: String = "")
    -> [UInt8]
  {
    Array(
      ("<html><head><title>\(title)</title>\(head)</head><body><main><h1>\(title)</h1><p>\(text)</p>"
        + links.map { "<p><a href=\"\($0)\">more</a></p>" }.joined() + "</main></body></html>").utf8
    )
  }

  private func answer(_ request: LoopbackServer.Request, _ connection: LoopbackServer.Connection) {
    let path = request.path
    let (isGone, version, isBusy, sitemap) = state.withLock { state in
      state.asked[path, default: 0] += 1
      if path.hasPrefix("/chain/"), let (worker, request) = state.doomed {
        state.doomed = request > 1 ? (worker, request - 1) : nil
        if request == 1 { kill(worker, SIGKILL) }
      }
      if request.header("If-None-Match") != nil { state.conditional += 1 }
      defer { if path == "/busy" { state.isBusy = false } }
      return (
        state.gone.contains(path), state.version, state.isBusy, state.sitemap
      )
    }
    func html(_ body: [UInt8], _ headers: [String] = []) {
      connection.respond(200, ["Content-Type: text/html; charset=utf-8"] + headers, body: body)
    }
    if isGone { return connection.respond(404) }
    switch path {
    case "/robots.txt":
      connection.respond(
        200, ["Content-Type: text/plain"], body: Array("User-agent: *\nDisallow: /private\n".utf8))
    case "/":
      html(
        Self.page(
          "Harbour", "The harbour office of Skerry opens at seven in the morning.",
          [
            "/ferry", "/lighthouse", "/private", "/hidden", "/copy?ref=1", "/loop/a", "/busy",
            "/nothing", "/calendar/2026/01/", "/chain/0", "/archive/old", "/pilot?print=1",
            "/pilot",
          ]))
    case "/ferry":
      let etag = "\"ferry-\(version)\""
      if request.header("If-None-Match") == etag { return connection.respond(304) }
      html(
        Self.page(
          "Ferry", "The ferry to Orrin takes \(version == 1 ? "forty" : "fifty") minutes."),
        ["ETag: \(etag)"])
    case "/lighthouse":
      // An advert that is another each time: the text that people read is the same.
      html(
        Self.page(
          "Lighthouse", "The lighthouse of Skerry Point was lit for the first time in 1871.",
          head: "<meta name=advert content=\"\(UInt64.random(in: 0...UInt64.max))\">"))
    case "/private": html(Self.page("Private", "The tariff for private moorings is secret."))
    case "/hidden":
      html(
        Self.page("Hidden", "Nobody shall find this page of the harbour."),
        ["X-Robots-Tag: noindex"])
    case "/copy?ref=1", "/copy":
      html(
        Self.page(
          "Tides", "High water at Skerry is at noon on Sundays.",
          head: "<link rel=\"canonical\" href=\"/copy\">"))
    case "/loop/a": connection.respond(302, ["Location: /loop/b"])
    case "/loop/b": connection.respond(302, ["Location: /loop/a"])
    case "/busy":
      if isBusy { return connection.respond(503, ["Retry-After: 1"]) }
      html(Self.page("Busy", "The crane of the harbour lifts twelve tonnes."))
    case "/nothing": html(Self.page("Page not found", "Sorry, this page is not here."))
    case "/sitemap.xml" where !sitemap.isEmpty:
      connection.respond(
        200, ["Content-Type: application/xml"],
        body: Array("<urlset>\(sitemap)</urlset>".utf8))
    case "/pilot", "/pilot?print=1":
      // Two addresses of a page, and a stamp that differs.
      html(
        Array(
          ("<html><head><title>Pilots</title></head><body><main><h1>Pilots</h1><p>A pilot comes "
            + "aboard two miles off Skerry Point for every ship that is longer than fifty metres."
            + "</p><p>He is ordered by radio, on channel twelve.</p><p>Printed on 2026-11-"
            + "\(path.utf8.count)</p></main></body></html>").utf8))
    case "/archive/old": html(Self.page("Archive", "In 1950 the ferry took two hours."))
    case let month where month.hasPrefix("/calendar/"):
      let numbers = month.split(separator: "/").compactMap { Int($0) }
      guard numbers.count == 2 else { return connection.respond(404) }
      let (year, next) = numbers[1] == 12 ? (numbers[0] + 1, 1) : (numbers[0], numbers[1] + 1)
      html(
        Self.page(
          "Calendar of \(numbers[0])-\(numbers[1])",
          "In month \(numbers[1]) of \(numbers[0]) no regatta takes place.",
          ["/calendar/\(year)/\(next)/"]))
    case let link where link.hasPrefix("/chain/"):
      let number = Int(link.dropFirst(7)) ?? 0
      html(
        Self.page(
          "Buoy \(number)", "Buoy number \(number) lies \(number * 3 + 1) cables off the pier.",
          number < 60 ? ["/chain/\(number + 1)"] : []))
    default: connection.respond(404)
    }
  }
}

@Suite(.serialized) struct CrawlTests {
  struct Line: Decodable {
    let url: String
    let outcome: String
    var change: String?
    var reason: String?
    var redirect: String?
    var remedy: String?
    var status: Int?
  }

  /// An installation whose pipeline is impatient.
  private func install() throws -> (Installation, pipeline: String) {
    let bobbin = try Installation()
    let pipeline = try bobbin.folder.write(
      """
      FETCH_HOST_DELAY_MS = 0
      FETCH_SLICE_PAGES = 5
      RETRY_FIRST_DELAY_MS = 200
      RETRY_HARMFUL_TRIES = 99
      INDEX_SHRINK_PERCENT = 100
      """, "pipeline.mk")
    return (bobbin, pipeline)
  }

  private func report(_ bobbin: Installation, _ site: TestSite) async throws -> [String: Line] {
    let result = try await bobbin.tool("bobbin").run(["report", "harbour", "--json"])
    let lines = try result.output.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    return Dictionary(
      lines.map { (String($0.url.dropFirst(site.url("").count)), $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// `bobbin recrawl --all` and the stages until nothing is left.
  private func recrawl(
    _ bobbin: Installation, _ pipeline: String, _ site: TestSite
  ) async throws {
    let tool = bobbin.tool("bobbin", ["BOBBIN_ALLOWED_HOSTS": site.hostAndPort])
    let begun = try await tool.run(["recrawl", "--all"])
    #expect(begun.exitCode == 0, "\(begun.errors)")
    let done = try await tool.run(["pipeline", "--until-drained", "--pipeline", pipeline])
    #expect(done.exitCode == 0, "\(done.errors)")
  }

  @Test func `a site is read within its bounds, and each address has its reason`() async throws {
    let site = try TestSite()
    let (bobbin, pipeline) = try install()
    let result = try await bobbin.ingest(
      "harbour", [site.url("/")],
      [
        "--depth", "3", "--max-pages", "40", "--exclude", "/archive/", "--wait", "30",
        "--pipeline", pipeline,
      ], environment: ["BOBBIN_ALLOWED_HOSTS": site.hostAndPort])
    let lines = try await report(bobbin, site)
    func outcome(_ path: String) -> String {
      lines[path].map { "\($0.outcome) \($0.reason ?? "-")" } ?? "none"
    }
    #expect(outcome("/") == "read -", "\(result.errors)")
    #expect(outcome("/ferry") == "read -")
    #expect(outcome("/lighthouse") == "read -")
    #expect(outcome("/private") == "left_out robots")
    #expect(outcome("/hidden") == "left_out noindex")
    #expect(outcome("/copy?ref=1") == "left_out canonical")
    #expect(lines["/copy?ref=1"]?.redirect == site.url("/copy"))
    #expect(outcome("/copy") == "read -")
    #expect(outcome("/loop/a") == "not_read too_many_redirects")
    #expect(outcome("/busy") == "read -")
    #expect(outcome("/nothing") == "not_read soft_404")
    #expect(lines["/nothing"]?.remedy?.isEmpty == false)
    #expect(outcome("/pilot") == "read -")
    #expect(outcome("/pilot?print=1") == "left_out near_duplicate")
    #expect(lines["/pilot?print=1"]?.redirect == site.url("/pilot"))
    #expect(lines["/archive/old"] == nil)
    #expect(outcome("/chain/2") == "read -")
    #expect(lines["/chain/3"] == nil)
    #expect(site.asked("/private") == 0)
    #expect(site.asked("/archive/old") == 0)
    #expect(site.asked("/busy") == 2)
    let (_, answer) = try await bobbin.ask("harbour", "How long does the ferry to Orrin take?")
    #expect(answer.message.contains("forty"))
    #expect(answer.sources.first?.url?.hasPrefix(site.url("/ferry")) == true)
    // For people, and for spreadsheets.
    let table = try await bobbin.tool("bobbin").run(["report", "harbour"])
    #expect(table.output.contains("robots"))
    #expect(table.output.contains("not followed:"))
    let csv = try await bobbin.tool("bobbin").run(["report", "harbour", "--csv"])
    #expect(csv.output.split(separator: "\r\n").count == lines.count + 1)
  }

  @Test func `a crawl that is killed again and again reads everything`() async throws {
    let site = try TestSite()
    let (bobbin, pipeline) = try install()
    let environment = ["BOBBIN_ALLOWED_HOSTS": site.hostAndPort]
    let begun = try await bobbin.tool("bobbin", environment).run([
      "ingest", "harbour", site.url("/chain/0"), "--depth", "100", "--max-pages", "100",
      "--detach", "--pipeline", pipeline,
    ])
    #expect(begun.exitCode == 0, "\(begun.errors)")
    for round in 0..<6 {
      let fetch = try bobbin.tool("bobbin-fetch", environment).prepare([
        "--spool", bobbin.spool, "--pipeline", pipeline, "--quiet",
      ])
      // Past the end of a slice of five and into the next, wherever in it; no page is asked for before its number is
      // known.
      try site.state.withLock { state in
        try fetch.start()
        state.doomed = (fetch.processIdentifier, 6 + round % 3)
      }
      fetch.waitUntilExit()
      #expect(fetch.terminationReason == .uncaughtSignal, "\(round)")
    }
    // In front of a rename, and between the renames of what is left and of the receipt.
    for place in ["output-renamed:2", "receipt-published:1", "output-renamed:1"] {
      let exitCode = try await bobbin.tool(
        "bobbin-fetch", environment.merging(["CRASH_AT": place]) { $1 }
      ).run(["--spool", bobbin.spool, "--pipeline", pipeline, "--quiet"]).exitCode
      #expect(exitCode != 0, "\(place)")
    }
    let done = try await bobbin.tool("bobbin", environment).run([
      "pipeline", "--until-drained", "--pipeline", pipeline,
    ])
    #expect(done.exitCode == 0, "\(done.errors)")
    let lines = try await report(bobbin, site)
    #expect(lines.values.filter { $0.outcome == "read" }.count == 61)
    // A slice of five pages is what a kill costs.
    let asked = site.state.withLock { $0.asked.filter { $0.key.hasPrefix("/chain/") } }
    #expect(asked.count == 61)
    #expect(asked.values.reduce(0, +) <= 61 + 9 * 5)
    let (_, answer) = try await bobbin.ask(
      "harbour", "How far off the pier does buoy number 60 lie?")
    #expect(answer.message.contains("181"))
  }

  @Test func `read again, only what changed is embedded, and what is gone twice leaves`()
    async throws
  {
    let site = try TestSite()
    site.state.withLock { $0.isBusy = false }
    let (bobbin, pipeline) = try install()
    _ = try await bobbin.ingest(
      "harbour", [site.url("/")],
      ["--depth", "1", "--max-pages", "40", "--pipeline", pipeline],
      environment: ["BOBBIN_ALLOWED_HOSTS": site.hostAndPort])
    let first = try await report(bobbin, site)
    #expect(first["/ferry"]?.outcome == "read")
    func generation() async throws -> String {
      let status = try await bobbin.tool("bobbin").run(["status", "harbour"]).output
      return status.components(separatedBy: "generation ").dropFirst().first
        .map { String($0.prefix { $0.isNumber }) } ?? status
    }
    #expect(try await generation() == "1")

    // Nothing has changed but an advert: no generation, and the servers were asked politely.
    try await recrawl(bobbin, pipeline, site)
    var lines = try await report(bobbin, site)
    #expect(lines["/ferry"]?.outcome == "unchanged" || lines["/ferry"]?.reason == "unchanged")
    #expect(lines["/lighthouse"]?.reason == "unchanged")
    #expect(lines.values.allSatisfy { $0.change == nil })
    #expect(try await generation() == "1")
    #expect(site.state.withLock { $0.conditional } > 0)

    // One page has changed, one is gone: the first is read, the second stays for now.
    site.state.withLock { state in
      state.version = 2
      state.gone = ["/lighthouse"]
    }
    try await recrawl(bobbin, pipeline, site)
    lines = try await report(bobbin, site)
    #expect(lines["/ferry"]?.outcome == "read")
    #expect(lines["/lighthouse"]?.reason == "http_404")
    #expect(lines["/ferry"]?.change == "changed" && lines["/lighthouse"]?.change == "lost")
    let said = try await bobbin.tool("bobbin").run(["report", "harbour"])
    #expect(said.output.contains("since the last run: 1 changed, 1 lost"), "\(said.output)")
    #expect(try await generation() == "2")
    let ferry = try await bobbin.ask("harbour", "How long does the ferry to Orrin take?")
    #expect(ferry.answer.message.contains("fifty"))
    let light = "When was the lighthouse of Skerry Point lit for the first time?"
    #expect(try await bobbin.ask("harbour", light).answer.message.contains("1871"))

    // Gone twice.
    try await recrawl(bobbin, pipeline, site)
    #expect(try await generation() == "3")
    #expect(try await !bobbin.ask("harbour", light).answer.message.contains("1871"))
    #expect(
      try await bobbin.ask("harbour", "How long does the ferry to Orrin take?").answer.message
        .contains("fifty"))
    // And stays so.
    try await recrawl(bobbin, pipeline, site)
    #expect(try await generation() == "3")
  }

  @Test func `a page under two addresses is indexed once, and the other takes over when it goes`()
    async throws
  {
    let site = try TestSite()
    site.state.withLock { $0.isBusy = false }
    let (bobbin, pipeline) = try install()
    _ = try await bobbin.ingest(
      "harbour", [site.url("/")],
      ["--depth", "1", "--max-pages", "40", "--pipeline", pipeline],
      environment: ["BOBBIN_ALLOWED_HOSTS": site.hostAndPort])
    let question = "On which channel is a pilot ordered?"
    func page(_ url: String?) -> String { String((url ?? "").prefix { $0 != "#" }) }
    var (_, answer) = try await bobbin.ask("harbour", question)
    #expect(answer.message.contains("twelve"))
    #expect(answer.sources.map { page($0.url) } == [site.url("/pilot")])

    // The kept one is gone: seen twice, it leaves, and the other stands for itself in that very generation.
    site.state.withLock { $0.gone = ["/pilot"] }
    try await recrawl(bobbin, pipeline, site)
    #expect(try await report(bobbin, site)["/pilot?print=1"]?.reason == "near_duplicate")
    try await recrawl(bobbin, pipeline, site)
    (_, answer) = try await bobbin.ask("harbour", question)
    #expect(answer.message.contains("twelve"))
    #expect(answer.sources.map { page($0.url) } == [site.url("/pilot?print=1")])
    // It comes back: the one that stands stays.
    site.state.withLock { $0.gone = [] }
    try await recrawl(bobbin, pipeline, site)
    let lines = try await report(bobbin, site)
    #expect(lines["/pilot"]?.reason == "near_duplicate")
    #expect(lines["/pilot"]?.redirect == site.url("/pilot?print=1"))
  }

  @Test func `a page that its sitemap calls unchanged is not asked for again`() async throws {
    let site = try TestSite()
    let (bobbin, pipeline) = try install()
    func entry(_ number: Int, _ date: String?) -> String {
      "<url><loc>\(site.url("/chain/\(number)"))</loc>"
        + (date.map { "<lastmod>\($0)</lastmod>" } ?? "") + "</url>"
    }
    site.state.withLock { state in
      state.sitemap = entry(70, "2020-01-01") + entry(71, nil) + entry(72, "2020-01-01")
    }
    _ = try await bobbin.ingest(
      "harbour", [site.url("/lighthouse")], ["--sitemap", "--pipeline", pipeline],
      environment: ["BOBBIN_ALLOWED_HOSTS": site.hostAndPort])
    #expect(try await report(bobbin, site)["/chain/72"]?.outcome == "read")
    try await recrawl(bobbin, pipeline, site)
    #expect([70, 71, 72].map { site.asked("/chain/\($0)") } == [1, 2, 1])
    var lines = try await report(bobbin, site)
    #expect(lines["/chain/70"]?.reason == "unchanged" && lines["/chain/71"]?.reason == "unchanged")
    // It says that one of them has changed, some day in the future.
    site.state.withLock { $0.sitemap = entry(70, "9000-01-01") + entry(72, "2020-01-01") }
    try await recrawl(bobbin, pipeline, site)
    #expect([70, 71, 72].map { site.asked("/chain/\($0)") } == [2, 3, 1])
    lines = try await report(bobbin, site)
    #expect(lines["/chain/72"]?.outcome == "unchanged")
  }

  @Test func `a page that kills its worker each time is passed over, and told with what helps`()
    async throws
  {
    let worker = Mutex<pid_t>(0)
    let server = try LoopbackServer { request, connection in
      switch request.path {
      case "/robots.txt": connection.respond(404)
      case "/killer":
        // Whoever asks for it dies; dead, it gets no answer.
        let pid = worker.withLock { $0 }
        if pid > 0 { kill(pid, SIGKILL) }
      default:
        connection.respond(
          ["/", "/a", "/b"].contains(request.path) ? 200 : 404, ["Content-Type: text/html"],
          body: TestSite.page(
            "Page", "What stands at \(request.path).",
            request.path == "/" ? ["/a", "/killer", "/b"] : []))
      }
    }
    let (bobbin, pipeline) = try install()
    let patient = try bobbin.folder.write(
      try String(contentsOfFile: pipeline, encoding: .utf8)
        .replacingOccurrences(of: "RETRY_HARMFUL_TRIES = 99", with: "RETRY_HARMFUL_TRIES = 3"),
      "harmful.mk")
    let environment = ["BOBBIN_ALLOWED_HOSTS": server.hostAndPort]
    let begun = try await bobbin.tool("bobbin", environment).run([
      "ingest", "harbour", server.url("/"), "--depth", "2", "--detach", "--pipeline", patient,
    ])
    #expect(begun.exitCode == 0, "\(begun.errors)")
    for _ in 0..<2 {
      let fetch = try bobbin.tool("bobbin-fetch", environment).prepare([
        "--spool", bobbin.spool, "--pipeline", patient, "--quiet",
      ])
      // It asks for the page after it has read three others: its number is known by then.
      try worker.withLock { pid in
        try fetch.start()
        pid = fetch.processIdentifier
      }
      fetch.waitUntilExit()
      #expect(fetch.terminationReason == .uncaughtSignal)
    }
    worker.withLock { $0 = 0 }
    let done = try await bobbin.tool("bobbin", environment).run([
      "pipeline", "--until-drained", "--pipeline", patient,
    ])
    #expect(done.exitCode == 0, "\(done.errors)")
    let report = try await bobbin.tool("bobbin").run(["report", "harbour", "--json"])
    let lines = try report.output.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    let outcomes = Dictionary(
      lines.map { (String($0.url.dropFirst(server.url("").count)), $0) },
      uniquingKeysWith: { first, _ in first })
    #expect(["/", "/a", "/b"].allSatisfy { outcomes[$0]?.outcome == "read" }, "\(report.output)")
    #expect(outcomes["/killer"]?.reason == "crashed")
    #expect(outcomes["/killer"]?.remedy?.isEmpty == false)
    #expect(server.requests.filter { $0.path == "/killer" }.count == 2)
  }

  @Test func `a source that is removed is read no further`() async throws {
    let stopped = Mutex("")
    let server = try LoopbackServer { request, connection in
      if request.path == "/12" {
        // The page after which the crawl would go on: answered once the word to stop is there.
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline, access(stopped.withLock { $0 }, F_OK) != 0 {
          usleep(20_000)
        }
      }
      let links = request.path == "/" ? (1...45).map { "/\($0)" } : []
      connection.respond(
        request.path == "/" || Int(request.path.dropFirst()) != nil ? 200 : 404,
        ["Content-Type: text/html"],
        body: TestSite.page("Page", "What stands at \(request.path).", links))
    }
    let (bobbin, pipeline) = try install()
    let environment = ["BOBBIN_ALLOWED_HOSTS": server.hostAndPort]
    let api = try ServerTests.Server(
      bobbin,
      ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"].merging(environment) { $1 })
    let owner = try await RemovalTests.Owner(api)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"harbour"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    let source = try await owner.id(
      "POST", base + "sources/",
      #"{"source_type":"url","source_url":"\#(server.url("/"))","crawl":{"depth":1}}"#)
    stopped.withLock { $0 = "\(bobbin.data)/crawls/.stopped/\(source)" }
    #expect(try await owner.send("POST", base + "train/", "{}").status == 202)
    async let fetched = bobbin.tool("bobbin-fetch", environment).run([
      "--spool", bobbin.spool, "--pipeline", pipeline, "--quiet",
    ])
    try await server.waitForRequest()
    let removal = try await owner.send("DELETE", base + "sources/\(source)/")
    #expect((200...299).contains(removal.status), "\(removal.status)")
    let result = try await fetched
    #expect(result.exitCode == 0, "\(result.errors)")
    // Slices of five: the one that was at work came to its end.
    #expect(server.requests.count < 25)
    withExtendedLifetime(api) {}
  }
}
