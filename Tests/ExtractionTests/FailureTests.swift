// Each reason of the taxonomy, from a file that earns it. (timeout and memory need the child: SandboxTests.)

import Corpus
import Extraction
import Testing

@Suite struct FailureTests {
  private func reason(_ bytes: [UInt8], _ name: String?, type: String? = nil) -> String {
    do throws(ExtractionError) {
      _ = try Extractor.extract(
        bytes: bytes, fileName: name, declaredType: type, charset: nil, limits: .init())
      return "none"
    } catch {
      return error.reason
    }
  }

  @Test(arguments: [
    ("encrypted.pdf", "encrypted"), ("truncated.pdf", "malformed"), ("scanned.pdf", "no_text"),
    ("xxe.docx", "malformed"), ("laughs.docx", "malformed"), ("slip.docx", "malformed"),
  ])
  func `a file that cannot be read says why`(_ name: String, _ expected: String) throws {
    #expect(reason(try Fixtures.bytes(Fixtures.folder + "/" + name), name) == expected)
  }

  @Test(arguments: [
    ("", "a.txt", "no_text"), ("  \n\t ", "a.md", "no_text"),
    ("<html><script>x()</script></html>", "a.html", "no_text"),
    ("%PDF-1.7\nnonsense", "a.pdf", "malformed"), ("just words", "a.pdf", "malformed"),
    ("just words", "a.docx", "malformed"), ("%PDF-1.7\n", "a.txt", "malformed"),
    ("<html>%PDF-1.4 <p>x</p>\nstartxref\n0", "a.html", "malformed"),
    ("{\\rtf1 words}", "a.rtf", "unsupported"), ("words", "a.xlsx", "unsupported"),
    ("words\u{0}\u{1}\u{2}\u{3}\u{4}", "a", "unsupported"),
    ("\u{7F}ELF\u{1}", "program", "unsupported"),
  ])
  func `content and name must agree`(_ content: String, _ name: String, _ expected: String) {
    #expect(reason(Array(content.utf8), name) == expected)
  }

  @Test func `a page whose server declares HTML is HTML whatever its address ends in`() throws {
    let text = try Extractor.extract(
      bytes: Array("<p>words of a page</p>".utf8), fileName: "guide.md", declaredType: "text/html",
      charset: nil, limits: .init())
    #expect(text.mediaType == "text/html")
    #expect(text.content.text == "words of a page")
  }

  @Test func `a file beyond the limit is too large`() {
    var limits = ExtractionLimits()
    limits.maxBytes = 10
    #expect(throws: ExtractionError.self) {
      try Extractor.extract(
        bytes: Array("eleven bytes".utf8), fileName: "a.txt", declaredType: nil, charset: nil,
        limits: limits)
    }
  }

  @Test func `an archive that is something else at its start is refused`() throws {
    let archive = try Fixtures.bytes(Fixtures.folder + "/garden.docx")
    #expect(reason(Array("<html><p>words</p></html>".utf8) + archive, "a.html") == "malformed")
    #expect(reason(archive, "a.txt") == "malformed")
  }

  @Test func `an encrypted Office file is recognised by its package`() {
    let header: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]
    let name: [UInt8] = "EncryptedPackage".utf8.flatMap { [$0, 0] }
    #expect(reason(header + Array(repeating: 0, count: 600) + name, "a.docx") == "encrypted")
    #expect(reason(header + Array(repeating: 0, count: 600), "a.doc") == "unsupported")
  }

  @Test func `each failure has a sentence and a remedy`() {
    let all: [ExtractionError] = [
      .tooLarge(what: "x"), .encrypted, .malformed(what: "x"), .timeout(seconds: 60),
      .memory(mebibytes: 1024), .noText(what: "x"), .unsupported(what: "x"),
    ]
    #expect(
      all.map(\.reason) == [
        "too_large", "encrypted", "malformed", "timeout", "memory", "no_text", "unsupported",
      ])
    for error in all { #expect("\(error)".hasSuffix(error.remedy) && "\(error)".count > 40) }
  }
}
