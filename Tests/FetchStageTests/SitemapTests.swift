import FetchStage
import Foundation
import TestSupport
import Testing

@Suite struct SitemapTests {
  private static func urlset(_ addresses: [String]) -> String {
    "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">"
      + addresses.map { "<url><loc> \($0)\n</loc><priority>0.5</priority></url>" }.joined()
      + "</urlset>"
  }

  private static func addresses(_ text: String) -> [String]? {
    Sitemap.read(Array(text.utf8))?.pages.map { $0.filter { !$0.isWhitespace } }
  }

  @Test func `pages are named in order, and images in them are not`() {
    let text = """
      <urlset xmlns:image="x"><url><loc>http://a/1</loc><image:image><image:loc>http://a/i.png</image:loc>\
      </image:image></url><url><loc>http://a/2?x=1&amp;y=2</loc></url></urlset>
      """
    #expect(Self.addresses(text) == ["http://a/1", "http://a/2?x=1&y=2"])
  }

  @Test func `an index names sitemaps`() {
    let index = Sitemap.read(
      Array(
        "<sitemapindex><sitemap><loc>http://a/s1.xml</loc></sitemap></sitemapindex>".utf8))
    #expect(index?.sitemaps == ["http://a/s1.xml"])
    #expect(index?.pages == [])
    #expect(index?.fault == nil)
  }

  @Test func `a packed one is unpacked`() throws {
    let file = Checkout.fixtures.appendingPathComponent("web/sitemap.xml.gz")
    let bytes = [UInt8](try Data(contentsOf: file))
    let sitemap = try #require(Sitemap.read(bytes))
    #expect(sitemap.pages.count == 3)
    #expect(sitemap.pages.first == "https://example.com/page/1?a=1&b=2")
    #expect(sitemap.fault == nil)
    // Cut short: what came is taken, and it is told.
    let cut = try #require(Sitemap.read(Array(bytes.dropLast(20))))
    #expect(cut.fault?.isEmpty == false)
  }

  @Test func `a bomb is unpacked to its limit and no further`() throws {
    let file = Checkout.fixtures.appendingPathComponent("web/bomb.gz")
    let bytes = [UInt8](try Data(contentsOf: file))
    #expect(Sitemap.read(bytes)?.pages.isEmpty ?? true)
  }

  @Test func `broken XML gives what stands before the fault`() {
    let whole = Self.urlset((1...5).map { "http://a/\($0)" })
    let broken = whole.replacingOccurrences(of: "http://a/4", with: "http://a/4 & <")
    let sitemap = Sitemap.read(Array(broken.utf8))
    #expect(sitemap?.pages.count == 3)
    #expect(sitemap?.fault?.contains("not well-formed") == true)
    let doctype = Sitemap.read(
      Array("<!DOCTYPE urlset [<!ENTITY a \"b\">]>\(Self.urlset(["http://a/1"]))".utf8))
    #expect(doctype == nil)
  }

  @Test func `more entries than the format allows are cut`() {
    let many = Sitemap.read(Array(Self.urlset((0..<50_010).map { "http://a/\($0)" }).utf8))
    #expect(many?.pages.count == 50_000)
    #expect(many?.fault?.contains("50000") == true)
  }

  @Test func `a list as text is one where it says so, and a page is none`() {
    let text = Array("http://a/1\r\nnot an address\nhttps://a/2\n".utf8)
    #expect(Sitemap.read(text, isText: true)?.pages == ["http://a/1", "https://a/2"])
    #expect(Sitemap.read(text) == nil)
    #expect(Sitemap.read(Array("<html><body>hello</body></html>".utf8)) == nil)
    #expect(Sitemap.read([]) == nil)
  }

  @Test(arguments: [
    (
      "RSS 2.0",
      """
      <rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>T</title>
      <atom:link href="http://a/feed" rel="self"/><link>http://a/blog/</link>
      <image><link>http://a/image</link></image>
      <item><title>1</title><link> http://a/1
      </link><guid>http://a/g1</guid></item>
      <item><guid>http://a/2?x=1&amp;y=2</guid></item>
      <item><guid isPermaLink="false">tag:3</guid></item></channel></rss>
      """
    ),
    (
      "RSS 1.0",
      """
      <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
      <channel rdf:about="http://a/feed"><link>http://a/blog/</link></channel>
      <item rdf:about="1"><link>http://a/1</link></item>
      <item rdf:about="2"><link>http://a/2?x=1&amp;y=2</link></item></rdf:RDF>
      """
    ),
    (
      "Atom",
      """
      <feed xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="http://a/feed"/>
      <link href="http://a/blog/"/><entry><link rel="edit" href="http://a/edit"/>
      <link rel="alternate" href="http://a/1"/><content type="xhtml"><div><a href="x">y</a></div>
      </content></entry><entry><link href="http://a/2?x=1&amp;y=2"/></entry></feed>
      """
    ),
  ])
  func `a feed names the pages of its entries`(_ kind: String, _ text: String) throws {
    let feed = try #require(Sitemap.read(Array(text.utf8)), "\(kind)")
    #expect(feed.isFeed)
    #expect(feed.pages == ["http://a/1", "http://a/2?x=1&y=2"], "\(kind)")
    #expect(feed.home == "http://a/blog/", "\(kind)")
    #expect(feed.fault == nil)
  }

  @Test func `a broken feed gives what stands before the fault`() throws {
    let feed = try #require(
      Sitemap.read(Array("<rss><channel><item><link>http://a/1</link></item><item>&".utf8)))
    #expect(feed.pages == ["http://a/1"])
    #expect(feed.fault?.contains("line 1") == true)
    #expect(Sitemap.read(Array("<feed><entry/></feed>".utf8)) == nil)
  }
}
