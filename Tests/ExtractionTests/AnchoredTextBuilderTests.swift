// Marks are right by construction, in Unicode scalars, also where graphemes and bytes count otherwise.

import Corpus
import Testing

@testable import Extraction

@Suite struct AnchoredTextBuilderTests {
  @Test func `marks count scalars, not bytes or graphemes`() throws {
    var builder = AnchoredTextBuilder(limits: .init())
    builder.beginPage(1)
    try builder.append(paragraph: "👩‍🚀 naïve")
    builder.beginPage(2)
    try builder.append(heading: "  Two  ", level: 9)
    let content = builder.finish()
    #expect(content.text == "👩‍🚀 naïve\n\nTwo")
    #expect(content.headings == [.init(offset: 11, level: 6, title: "Two")])
    #expect(content.pages == [.init(offset: 0, number: 1), .init(offset: 11, number: 2)])
  }

  @Test func `a page without text begins where the next text does`() throws {
    var builder = AnchoredTextBuilder(limits: .init())
    for page in 1...3 {
      builder.beginPage(page)
      if page != 2 { try builder.append(paragraph: "text") }
    }
    builder.beginPage(4)
    #expect(builder.finish().pages.map(\.offset) == [0, 6, 6, 10])
  }

  @Test func `a word cut by a page is one word with the mark inside`() throws {
    var builder = AnchoredTextBuilder(limits: .init())
    builder.beginPage(1)
    try builder.append(paragraph: "a para-")
    builder.beginPage(2)
    try builder.joinHyphenated("graph")
    let content = builder.finish()
    #expect(content.text == "a paragraph")
    #expect(content.pages.map(\.offset) == [0, 6])
  }

  @Test func `text beyond the limit is refused`() throws {
    var limits = ExtractionLimits()
    limits.maxTextBytes = 10
    var builder = AnchoredTextBuilder(limits: limits)
    try builder.append(paragraph: "0123456789")
    #expect(throws: ExtractionError.self) { try builder.append(paragraph: "x") }
  }

  @Test func `empty blocks leave no trace`() throws {
    var builder = AnchoredTextBuilder(limits: .init())
    try builder.append(paragraph: " \u{200B} ")
    try builder.append(heading: "", level: 1)
    try builder.append(lines: ["", " "])
    #expect(builder.finish() == AnchoredText(text: ""))
  }
}
