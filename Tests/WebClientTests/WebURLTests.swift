// URLs: what is refused at parse, and the one spelling that everything else sees.

import Testing

@testable import WebClient

struct WebURLTests {
  @Test(arguments: [
    ("http://2130706433/", "127.0.0.1"), ("http://0x7f000001/", "127.0.0.1"),
    ("http://017700000001/", "127.0.0.1"), ("http://0177.0.0.1/", "127.0.0.1"),
    ("http://127.1/", "127.0.0.1"), ("http://127.0.1/", "127.0.0.1"),
    ("http://0x7f.1/", "127.0.0.1"), ("http://0/", "0.0.0.0"),
    ("http://0300.0250.0.1/", "192.168.0.1"), ("http://%31%32%37.0.0.1/", "127.0.0.1"),
    ("http://[0:0:0:0:0:0:0:1]/", "::1"), ("http://[::FFFF:127.0.0.1]/", "::ffff:7f00:1"),
  ])
  func `an address is itself however it is written`(text: String, expected: String) throws {
    #expect(try WebURL(parsing: text).literalAddress == IPAddress(expected))
  }

  @Test(arguments: [
    "", " ", "example.com", "//example.com/", "/path", "http://", "http:///", "https://:80/",
    "file:///etc/passwd", "gopher://127.0.0.1/", "dict://127.0.0.1/", "ftp://example.com/",
    "javascript:alert(1)", "data:,x", "http://user@example.com/", "http://user:pw@example.com/",
    "http://example.com@127.0.0.1/", "http://:pw@example.com/", "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/", "http://[::1/", "http://[1.2.3.4]/", "http://[v1.a]/",
    "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://127．0．0．1/", "http://127｡0｡0｡1/",
    "http://ⅼocalhost/", "http://ｌocalhost/", "http://example。com/", "http://example.com:0/",
    "http://example.com:65536/", "http://example.com:8o/", "http://exa mple.com/",
    "http://example.com/\r\nX: y", "http://example.com/\0",
    "http://127.0.0.1%00.example.com/", "http://127.0.0.1%2f@example.com/",
    "http://127.0.0.1\\@example.com/", "http://exa%0ample.com/", "http://a,b/", "http://*/",
  ])
  func `what is no plain http or https URL is refused`(text: String) {
    #expect(throws: WebError.self) { try WebURL(parsing: text) }
  }

  @Test func `a URL longer than the limit is refused`() throws {
    let long = "http://example.com/" + String(repeating: "a", count: 2_048 - 19)
    #expect(try WebURL(parsing: long).text == long)
    #expect(throws: WebError.badURL(why: "is longer than 2048 bytes")) {
      try WebURL(parsing: long + "a")
    }
    // Raw UTF-8 grows threefold when it is encoded.
    let growing = "http://example.com/" + String(repeating: "é", count: 600)
    #expect(throws: WebError.self) { try WebURL(parsing: growing) }
  }

  @Test func `scheme, host, port and path come out in one spelling`() throws {
    let url = try WebURL(parsing: "HTTPS://WWW.Example.COM:443/a/../b/é?q=ü#part")
    #expect(url.text == "https://www.example.com/b/%c3%a9?q=%c3%bc")
    #expect(url.scheme == "https")
    #expect(url.host == "www.example.com")
    #expect(url.port == 443)
    #expect(url.pathAndQuery == "/b/%c3%a9?q=%c3%bc")
    #expect(try WebURL(parsing: "http://example.com:8080").port == 8080)
    #expect(try WebURL(parsing: "http://example.com").pathAndQuery == "/")
    #expect(try WebURL(parsing: "http://example.com/a b").pathAndQuery == "/a%20b")
  }

  @Test func `an international name is turned into Punycode`() throws {
    #expect(try WebURL(parsing: "http://bücher.example/").host == "xn--bcher-kva.example")
    #expect(try WebURL(parsing: "http://BÜCHER.example/").host == "xn--bcher-kva.example")
    #expect(try WebURL(parsing: "http://例え.テスト/").host == "xn--r8jz45g.xn--zckzah")
  }

  @Test(arguments: [
    ("/x", "https://a.example/x"), ("x", "https://a.example/d/x"),
    ("../x", "https://a.example/x"), ("?q", "https://a.example/d/f?q"),
    ("//b.example/x", "https://b.example/x"), ("http://b.example/", "http://b.example/"),
    ("/a b", "https://a.example/a%20b"), ("/é", "https://a.example/%c3%a9"),
    ("#part", "https://a.example/d/f?old"),
  ])
  func `a reference is taken relative to its page`(text: String, expected: String) throws {
    let base = try WebURL(parsing: "https://a.example/d/f?old")
    #expect(try WebURL(parsing: text, relativeTo: base).text == expected)
  }
}
