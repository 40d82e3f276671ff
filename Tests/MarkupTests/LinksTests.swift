// Links come out absolute, without fragments, and only those that lead to the web.

import Testing

@testable import Markup

@Suite struct LinksTests {
  @Test(arguments: [
    ("page.html", "https://example.com/a/b", "https://example.com/a/page.html"),
    ("../up?q=1#part", "https://example.com/a/b/c", "https://example.com/a/up?q=1"),
    ("//other.example/x", "https://example.com/", "https://other.example/x"),
    ("?page=2", "https://example.com/list?page=1", "https://example.com/list?page=2"),
    ("  /with space ", "https://example.com/", "https://example.com/with%20space"),
    ("HTTPS://example.com/Ä", "http://example.com/", "HTTPS://example.com/%C3%84"),
  ])
  func `a reference resolves against its page`(
    _ reference: String, _ base: String, _ expected: String
  ) {
    #expect(Links.resolve(reference, against: base)?.lowercased() == expected.lowercased())
  }

  @Test(arguments: ["javascript:alert(1)", "mailto:a@example.com", "file:///etc/passwd", "data:,x"])
  func `a reference that does not lead to the web is left out`(_ reference: String) {
    #expect(Links.resolve(reference, against: "https://example.com/") == nil)
  }

  @Test func `each address stands once and a base element is honoured`() throws {
    let page = try HTMLPage(
      """
      <base href="/docs/"><a href="one">First <b>link</b></a><a href="one#x">again</a>
      <a rel="nofollow noopener" href="two">2</a><a name="no-address">x</a>
      """)
    let links = Links.all(in: page, address: "https://example.com/start")
    #expect(
      links == [
        .init(url: "https://example.com/docs/one", isNofollow: false),
        .init(url: "https://example.com/docs/two", isNofollow: true),
      ])
  }
}
