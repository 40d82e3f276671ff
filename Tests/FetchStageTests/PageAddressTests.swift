import FetchStage
import Testing

@Suite struct PageAddressTests {
  @Test(
    arguments: [
      ("HTTP://Example.COM", "http://example.com/"),
      ("http://example.com:80/a", "http://example.com/a"),
      ("https://example.com:443", "https://example.com/"),
      ("http://example.com:8080/a", "http://example.com:8080/a"),
      ("http://example.com/a/./b/../c", "http://example.com/a/c"),
      ("http://example.com/a#part", "http://example.com/a"),
      ("http://example.com/%7ejoe/%41%2f", "http://example.com/~joe/A%2F"),
      ("http://example.com/a b", "http://example.com/a%20b"),
      ("http://example.com/é", "http://example.com/%C3%A9"),
      ("http://example.com/a?", "http://example.com/a"),
      ("http://example.com/?b=2&a=1", "http://example.com/?b=2&a=1"),
      ("http://example.com/?a=1&&b=", "http://example.com/?a=1&b="),
      ("http://example.com/?utm_source=x&a=1&fbclid=y", "http://example.com/?a=1"),
      ("http://example.com/?UTM_Medium=x", "http://example.com/"),
      ("http://example.com/a;jsessionid=1F?b=1", "http://example.com/a?b=1"),
      ("http://example.com/a;v=1", "http://example.com/a;v=1"),
      ("http://example.com/a/", "http://example.com/a/"),
      ("http://bücher.example/", "http://xn--bcher-kva.example/"),
      ("http://user:word@example.com/", nil),
      ("ftp://example.com/", nil),
      ("javascript:alert(1)", nil),
      ("mailto:a@example.com", nil),
    ] as [(String, String?)])
  func `an address has one spelling`(text: String, expected: String?) {
    #expect(PageAddress.normal(text) == expected)
    // What is normal stays so.
    if let expected { #expect(PageAddress.normal(expected) == expected) }
  }

  @Test func `relative references are seen from their page`() {
    let base = "http://example.com/a/b?x=1"
    #expect(PageAddress.normal("c", relativeTo: base) == "http://example.com/a/c")
    #expect(PageAddress.normal("../c?y=2", relativeTo: base) == "http://example.com/c?y=2")
    #expect(PageAddress.normal("//other.example/c", relativeTo: base) == "http://other.example/c")
    #expect(PageAddress.normal("#top", relativeTo: base) == base)
  }

  @Test func `origin and path take an address apart`() {
    #expect(PageAddress.origin(of: "http://example.com:8080/a?b") == "http://example.com:8080")
    #expect(PageAddress.path(of: "http://example.com:8080/a?b") == "/a?b")
    #expect(PageAddress.path(of: "http://example.com/") == "/")
  }

  @Test func `paths that repeat themselves are traps`() {
    #expect(AddressTraps.repeats("/a/b/a/b/a/b"))
    #expect(AddressTraps.repeats("/en/en/en/"))
    #expect(AddressTraps.repeats(Substring((1...30).map { "/s\($0)" }.joined())))
    #expect(!AddressTraps.repeats("/docs/a/docs/b"))
    #expect(!AddressTraps.repeats("/2026/1/1/1/"))
    #expect(!AddressTraps.repeats("/a?x=a/a/a"))
  }

  @Test func `an address that says nothing but a date has a pattern`() {
    #expect(AddressTraps.datePattern("/calendar/2026/11/") == "/calendar/#/#/")
    #expect(AddressTraps.datePattern("/events/2026-11-27") == "/events/#-#-#")
    #expect(AddressTraps.datePattern("/day/20261127") == "/day/#")
    #expect(AddressTraps.datePattern("/2026/11/how-we-work") == "/#/#/how-we-work")
    #expect(AddressTraps.datePattern("/article/12345") == nil)
    #expect(AddressTraps.datePattern("/v/2026/99") == nil)
    #expect(AddressTraps.datePattern("/") == nil)
  }
}
