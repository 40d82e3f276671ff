// Broken pages are repaired, metadata is found, and nesting has no power over the stack.

import Testing

@testable import Markup

@Suite struct HTMLPageTests {
  @Test func `text survives unclosed and overlapping elements`() throws {
    let page = try HTMLPage(
      "<p>One<p>Two <b>bold <i>both</b> italic</i><li>item<td>cell</html>after")
    #expect(page.text(of: 0) == "One Two bold both italic item cell after")
  }

  @Test(arguments: [
    "<!doctype html><title>T</title><main><p>Hello</main>",
    "<title>T</title><meta charset=utf-8><link rel=icon href=x><x-page>Hello</x-page>",
    "<head><title>T</title><section>Hello</section></head>",
    "<head><title>T</title></head><body><section>Hello</section></body>",
    "<title>T</title>Hello",
  ])
  func `a head whose end is left out ends where the page begins`(_ html: String) throws {
    let page = try HTMLPage(html)
    let head = try #require(page.first(.head))
    let text = try #require(page.nodes.firstIndex { $0.text == "Hello" })
    #expect(text >= page.nodes[head].end, "\(html)")
    #expect(page.title == "T")
    var parent = page.nodes[text].parent
    while parent > 0 {
      #expect(page.nodes[parent].tag != .head)
      parent = page.nodes[parent].parent
    }
  }

  @Test func `scripts, styles and templates are no text`() throws {
    let page = try HTMLPage(
      "<title>T</title><script>var a = '</b>' < 1</script><style>p{}</style><p>seen</p><template>no</template>"
    )
    #expect(page.text(of: 0) == "seen")
  }

  @Test func `entities become characters`() throws {
    #expect(
      try HTMLPage("<p>&lt;tag&gt; &eacute;&#8364;&#x1F600; a&nbsp;b").text(of: 0)
        == "<tag> é€😀 a b")
  }

  @Test func `metadata is found`() throws {
    let page = try HTMLPage(
      """
      <html lang="de-AT"><head><title> Der  Titel </title><link rel="alternate canonical" href="/seite">
      <meta name="ROBOTS" content="NoIndex, follow"><meta property="og:title" content="Geteilt">
      <script type="application/ld+json">{"a":1}</script></head><body><svg><title>Bild</title></svg>
      """)
    #expect(page.language == "de-AT")
    #expect(page.title == "Der Titel")
    #expect(page.canonical == "/seite")
    #expect(page.robots == ["noindex", "follow"])
    #expect(page.meta(property: "og:title") == "Geteilt")
    #expect(page.linkedDocuments == [#"{"a":1}"#])
  }

  @Test func `robots none means neither index nor follow`() throws {
    let page = try HTMLPage(#"<meta name="robots" content="none">"#)
    #expect(page.robots.isSuperset(of: ["noindex", "nofollow"]))
  }

  @Test func `two hundred thousand nested elements are cut, not crashed on`() throws {
    let page = try HTMLPage(
      "<p>before</p>" + String(repeating: "<div>", count: 200_000) + "<p>deep</p>")
    #expect(page.isCut)
    #expect(page.text(of: 0).hasPrefix("before"))
    #expect((page.nodes.map(\.depth).max() ?? 0) <= HTMLPage.depthLimit + 1)
  }

  @Test func `elements beyond the depth limit keep their text`() throws {
    let count = HTMLPage.depthLimit + 50
    let page = try HTMLPage(
      String(repeating: "<div>", count: count) + "deep" + String(repeating: "</div>", count: count)
        + "<p>after")
    #expect(!page.isCut)
    #expect(page.text(of: 0) == "deep after")
  }

  @Test func `subtrees are ranges`() throws {
    let page = try HTMLPage("<div><p>a</p><p>b <b>c</b></p></div><p>d</p>")
    for (index, node) in page.nodes.enumerated() where index > 0 {
      #expect(node.end > index)
      #expect(node.parent < index)
      #expect(node.end <= page.nodes[node.parent].end)
    }
    let division = try #require(page.first(.div))
    #expect(page.children(of: division).map { page.text(of: $0) } == ["a", "b c"])
  }

  @Test func `a NUL is passed over and ends nothing`() throws {
    let page = try HTMLPage("<p>be\0fore</p><a href='/a\0b'>link</a><p>after</p>\0")
    #expect(page.text(of: 0) == "beforelink after")
    #expect(page.nodes.compactMap { $0[.href] } == ["/ab"])
    #expect(try HTMLPage("\0\0").text(of: 0).isEmpty)
  }

  @Test func `nothing gives an empty page`() throws {
    #expect(try HTMLPage("").text(of: 0).isEmpty)
  }
}
