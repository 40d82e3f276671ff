// XML is read without document types, entities, network or recovery (SECURITY.md U5).

import Testing

@testable import Markup

@Suite struct XMLReaderTests {
  private func events(_ text: String) throws -> [String] {
    let log = Log()
    try XMLReader.read(Array(text.utf8)) { event in
      log.add(event)
      return true
    }
    return log.lines
  }

  @Test func `elements, attributes and text come in order`() throws {
    let lines = try events(
      """
      <?xml version="1.0"?><w:p xmlns:w="urn:w" w:id="7" plain="a&amp;b"><w:t>one &lt; two</w:t><![CDATA[<raw>]]></w:p>
      """)
    #expect(
      lines == [
        "<urn:w p id=7 plain=a&b", "<urn:w t", "'one < two'", ">urn:w t", "'<raw>'", ">urn:w p",
      ])
  }

  @Test(arguments: [
    #"<!DOCTYPE a><a/>"#,
    #"<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>"#,
    #"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"#,
    #"<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>"#,
  ])
  func `a document type ends the reading before any text`(_ text: String) {
    let log = Log()
    #expect(throws: MarkupError.documentType) {
      try XMLReader.read(Array(text.utf8)) { event in
        log.add(event)
        return true
      }
    }
    #expect(log.lines.isEmpty)
  }

  @Test(arguments: ["", "<a>", "<a></b>", "<a>&unknown;</a>", "no markup", "<a/><b/>", "<a b=1/>"])
  func `what is not well-formed is refused`(_ text: String) {
    #expect(throws: MarkupError.self) { try events(text) }
  }

  @Test func `nesting beyond the parser's limit is refused`() {
    let deep = String(repeating: "<a>", count: 2_000) + String(repeating: "</a>", count: 2_000)
    #expect(throws: MarkupError.self) { try events(deep) }
  }

  @Test func `a visitor that has enough stops the reading without an error`() throws {
    let log = Log()
    try XMLReader.read(Array("<a><b/><c/><broken".utf8)) { event in
      log.add(event)
      return log.lines.count < 2
    }
    #expect(log.lines == ["< a", "< b"])
  }
}

/// Collects events as text; used by one thread at a time.
private final class Log {
  private(set) var lines: [String] = []

  func add(_ event: XMLEvent) {
    switch event {
    case .start(let name, let namespace, let attributes):
      lines.append(
        "<\(namespace) \(name)" + attributes.map { " \($0.name)=\($0.value)" }.joined())
    case .end(let name, let namespace): lines.append(">\(namespace) \(name)")
    case .text(let text):
      if let last = lines.last, last.hasPrefix("'") {
        lines[lines.count - 1] = last.dropLast() + text + "'"
      } else {
        lines.append("'\(text)'")
      }
    }
  }
}
