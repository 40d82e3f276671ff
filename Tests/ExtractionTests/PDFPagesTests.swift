// PDFs made for the purpose (fixtures/extract/make.py): order, hyphens, running text, tables, pages.

import Corpus
import Extraction
import Testing

@Suite struct PDFPagesTests {
  @Test func `a handbook reads in order, without its headers and page numbers`() throws {
    let text = try Fixtures.extract("handbook.pdf")
    #expect(text.title == "Harbour Library Handbook")
    #expect(text.pageCount == 4)
    #expect(!text.content.text.contains("Harbour Library Handbook"))
    #expect(!text.content.text.contains("Page 1"))
    #expect(text.droppedCharacters > 100)
    #expect(text.content.text.contains("any hour.\n\nLending\n\nLoan periods\n\nBooks are lent"))
  }

  @Test func `headings have levels by size and pages have marks`() throws {
    let content = try Fixtures.extract("handbook.pdf").content
    #expect(
      content.headings.map { "\($0.level) \($0.title)" } == [
        "1 Opening hours", "1 Lending", "2 Loan periods", "1 Fees", "1 Reading room", "1 Contact",
      ])
    let scalars = Array(content.text.unicodeScalars)
    let starts = content.pages.map { page in
      String(String.UnicodeScalarView(scalars[page.offset..<page.offset + 4]))
    }
    #expect(content.pages.map(\.number) == [1, 2, 3, 4])
    #expect(starts == ["Open", "Fees", "Read", "Cont"])
  }

  @Test func `table rows repeat the names of their columns`() throws {
    let text = try Fixtures.extract("handbook.pdf").content.text
    #expect(
      text.contains("Kind: Book | Weeks: 4 | Renewals: 2\nKind: Film | Weeks: 1 | Renewals: 0"))
  }

  @Test func `bullets are a list`() throws {
    let text = try Fixtures.extract("handbook.pdf").content.text
    #expect(text.contains("• Children pay nothing.\n• Students pay half.\n• Members"))
  }

  @Test func `columns are read one after the other`() throws {
    let text = try Fixtures.extract("columns.pdf").content.text
    #expect(text.hasPrefix("Two columns of tides\n\nThe tide tables of the harbour are printed"))
    #expect(
      text.contains("check each number before the printer sees it.\n\nThe second column begins"))
    #expect(text.hasSuffix("for a bay as wide as ours."))
  }

  @Test func `hyphenated words are joined, compounds keep their hyphen, ligatures are letters`()
    throws
  {
    let content = try Fixtures.extract("hyphens.pdf").content
    #expect(content.text.contains("and a reader joins"))
    #expect(content.text.contains("The well-known trouble"))
    #expect(content.text.contains("office or fish"))
    #expect(content.text.hasSuffix("A paragraph may run over the border of a page."))
    let cut = content.text.unicodeScalars.index(
      content.text.unicodeScalars.startIndex, offsetBy: content.pages[1].offset)
    #expect(content.text.unicodeScalars[cut...].starts(with: "graph may run".unicodeScalars))
  }

  @Test func `a page limit is kept`() {
    var limits = ExtractionLimits()
    limits.maxPages = 3
    #expect(throws: ExtractionError.tooLarge(what: "4 pages, more than 3")) {
      try Fixtures.extract("handbook.pdf", limits: limits)
    }
  }
}
