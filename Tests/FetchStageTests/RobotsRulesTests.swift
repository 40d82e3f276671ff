import FetchStage
import Foundation
import TestSupport
import Testing
import WebClient

@Suite struct RobotsRulesTests {
  struct Case: Decodable, CustomTestStringConvertible, Sendable {
    let name: String
    let robots: String
    let allowed: [String]
    let denied: [String]
    var sitemaps: [String]?
    var delay: Double?

    var testDescription: String { name }
  }

  static let cases: [Case] = {
    let file = Checkout.fixtures.appendingPathComponent("web/robots.json")
    return (try? JSONDecoder().decode([Case].self, from: Data(contentsOf: file))) ?? []
  }()

  @Test func `there are cases`() { #expect(Self.cases.count > 25) }

  @Test(arguments: cases)
  func `robots_txt is read to RFC 9309`(example: Case) {
    let robots = RobotsRules(Array(example.robots.utf8))
    for path in example.allowed { #expect(robots.allows(path), "\(example.name): \(path)") }
    for path in example.denied { #expect(!robots.allows(path), "\(example.name): \(path)") }
    #expect(robots.sitemaps == example.sitemaps ?? [])
    #expect(robots.crawlDelay == example.delay)
  }

  @Test func `what stands beyond the limit is not read, and a pattern made to be slow is not`() {
    let filler = "# " + String(repeating: "x", count: 100) + "\n"
    let long =
      "User-agent: *\nDisallow: /a\n" + String(repeating: filler, count: 6_000) + "Disallow: /b\n"
    let robots = RobotsRules(Array(long.utf8))
    #expect(!robots.allows("/a"))
    #expect(robots.allows("/b"))
    let slow = RobotsRules(
      Array("User-agent: *\nDisallow: /\(String(repeating: "*a", count: 500))$\n".utf8))
    #expect(slow.allows("/" + String(repeating: "a", count: 2_000) + "b"))
  }

  @Test func `wishes in a header are ours or everybody's`() {
    func wishes(_ values: String...) -> PageWishes {
      var headers: WebHeaders = [:]
      for value in values { headers.append("X-Robots-Tag", value) }
      return PageWishes(headers: headers, page: nil)
    }
    #expect(!wishes().noindex)
    #expect(wishes("noindex").noindex)
    #expect(wishes("NoIndex, nofollow").nofollow)
    #expect(wishes("none").noindex && wishes("none").nofollow)
    #expect(!wishes("googlebot: noindex").noindex)
    #expect(wishes("Bobbin: noindex").noindex)
    #expect(wishes("googlebot: nofollow", "noindex") == wishes("noindex"))
    #expect(!wishes("unavailable_after: 25 Jun 2030 15:00:00 PST").noindex)
    #expect(wishes("max-snippet: 5, noindex").noindex)
  }
}
