// Which characters text may hold: one decision, tested character by character.

import Testing

@testable import Extraction

@Suite struct TextCleanerTests {
  @Test(arguments: [
    ("  a \t\n b\u{A0}\u{3000}c  ", "a b c"),
    ("e\u{301}", "é"),
    ("\u{1100}\u{1161}", "가"),
    ("a\u{0}b\u{7}c\u{9B}d", "abcd"),
    ("abc\u{202E}fdp.exe\u{202C}", "abcfdp.exe"),
    ("\u{2066}x\u{2069}\u{200B}y\u{FEFF}", "xy"),
    ("co\u{AD}operate", "cooperate"),
    ("hid\u{E0041}\u{E0042}den", "hidden"),
    ("می\u{200C}خواهم 👩\u{200D}🚀", "می\u{200C}خواهم 👩\u{200D}🚀"),
    ("\u{FFF9}ok\u{2064}", "ok"),
    ("", ""),
  ])
  func `a line is cleaned`(_ given: String, _ expected: String) {
    #expect(Array(TextCleaner.inline(given).unicodeScalars) == Array(expected.unicodeScalars))
  }

  @Test func `every kind of line break splits once`() {
    let text = "a\nb\r\nc\rd\u{85}e\u{2028}f\u{2029}g\u{C}h"
    #expect(TextCleaner.split(text).map { String($0) } == ["a", "b", "c", "d", "e", "f", "g", "h"])
  }

  @Test func `code keeps its lines and indents`() {
    let code = "\n\nif a {\n\tb()  \n\n\n\n}\n\n"
    #expect(TextCleaner.verbatim(code) == "if a {\n    b()\n\n}")
  }
}
