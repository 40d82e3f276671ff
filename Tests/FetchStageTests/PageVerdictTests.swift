import Corpus
import FetchStage
import Testing
import WebClient

/// What stands in a page's place, and what only talks about it.
@Suite struct PageVerdictTests {
  private static let long = String(
    repeating: "Here is another sentence about how such checks work and why sites have them. ",
    count: 40)

  private func told(_ html: String, path: String = "/page") async throws -> String? {
    let site = Site(["/": Site.page("Home", links: [path]), path: html])
    var run = try CrawlRun(site, .init(depth: 1, maxPages: 10))
    try await run.finish()
    return run.told[path]
  }

  private static func page(_ title: String, _ body: String) -> String {
    "<html><head><title>\(title)</title></head><body>\(body)</body></html>"
  }

  @Test(arguments: [
    (page("404", "<h1>Oops</h1>"), "soft_404"),
    (page("404 - My shop", "<p>Sorry.</p>"), "soft_404"),
    (page("404 Not Found", "<p>nginx</p>"), "soft_404"),
    (page("Unser Laden", "<h1>Seite nicht gefunden</h1><p>Schade.</p>"), "soft_404"),
    (page("Attention Required! | Cloudflare", "<p>Please enable cookies.</p>"), "bot_check"),
    (
      page(
        "shop.example", "<p>One more step</p><script src=/cdn-cgi/challenge-platform/h/b></script>"),
      "bot_check"
    ),
    (page("x", "<p>Press & Hold to confirm you are a human</p>"), "bot_check"),
    (page("Members", "<form><p>Members only</p><input type=password></form>"), "login_wall"),
    (page("App", "<div id=app></div><script src=/a.js></script>"), "js_shell"),
    (
      page(
        "App", "<noscript>Please enable JavaScript.</noscript><script src=/a.js></script>"),
      "js_shell"
    ),
  ])
  func `a page's stand-in is told`(html: String, reason: String) async throws {
    #expect(try await told(html) == reason)
  }

  @Test(arguments: [
    page("Page 404", "<h1>Page 404</h1><p>Of a long book, with its text.</p>"),
    page("404 Main Street", "<h1>404 Main Street</h1><p>Our office in the old town.</p>"),
    page("How bot checks work", "<p>“Checking your browser before accessing”: \(long)</p>"),
    page("What a 404 means", "<h1>Page not found, explained</h1><p>\(long)</p>"),
    page("Shop", "<p>\(long)</p><form>Log in: <input type=password></form>"),
    page(
      "App with its text",
      "<div id=root><p>\(long)</p></div><script src=/a.js></script>"
        + "<noscript>Enable JavaScript for the map.</noscript>"),
    page("Short", "<p>Our shop is closed on Mondays.</p>"),
  ])
  func `a page that only talks about it is one`(html: String) async throws {
    #expect(try await told(html) == "done")
  }
}
