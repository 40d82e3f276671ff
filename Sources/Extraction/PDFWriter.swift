// Writes the blocks of a PDF's pages, joining a paragraph or a word that a page border cuts.

internal import Corpus

/// Writes pages in order.
struct PDFWriter {
  private let words: PDFWords
  private let headings: PDFHeadings
  private var builder: AnchoredTextBuilder
  /// The last paragraph's last line and text, when text may go on from it.
  private var open: (line: PDFLine, text: String)?

  init(words: PDFWords, headings: PDFHeadings, limits: ExtractionLimits) {
    self.words = words
    self.headings = headings
    builder = AnchoredTextBuilder(limits: limits)
  }

  /// Writes one page.
  mutating func write(_ lines: [PDFLine], number: Int) throws(ExtractionError) {
    builder.beginPage(number)
    var items: [String] = []
    for block in PDFParagraphs.blocks(lines) {
      switch block {
      case .table(let rows):
        try flush(&items)
        open = nil
        try builder.append(lines: tableLines(rows))
      case .text(let paragraph):
        guard let first = paragraph.first, let last = paragraph.last else { continue }
        let text = words.joined(paragraph)
        if let level = headings.level(of: paragraph, page: number) {
          try flush(&items)
          open = nil
          try builder.append(heading: text, level: level)
        } else if PDFParagraphs.startsItem(first) {
          open = nil
          items.append(text)
        } else {
          try flush(&items)
          try write(text, first: first)
          open = (last, text)
        }
      }
    }
    try flush(&items)
  }

  mutating func finish() -> AnchoredText { builder.finish() }

  private mutating func flush(_ items: inout [String]) throws(ExtractionError) {
    guard !items.isEmpty else { return }
    try builder.append(lines: items)
    items = []
  }

  private mutating func write(_ text: String, first: PDFLine) throws(ExtractionError) {
    guard let open, !builder.isEmpty, PDFParagraphs.continuesAcross(first, after: open.line) else {
      return try builder.append(paragraph: text)
    }
    switch words.seam(open.text, text) {
    case .hyphenated: try builder.joinHyphenated(text)
    case .kept: try builder.join(text, separator: "")
    case .space: try builder.join(text, separator: " ")
    }
  }

  /// Rows as lines; the first row names the columns when it is bold or when only it has no digits.
  private func tableLines(_ rows: [PDFLine]) -> [String] {
    let cells = rows.map { $0.cells.map(\.text) }
    guard let header = rows.first, rows.count >= 2, let names = cells.first,
      cells.dropFirst().allSatisfy({ $0.count == names.count })
    else { return cells.map { $0.joined(separator: " | ") } }
    let hasDigits = { (row: [String]) in row.contains { $0.contains(where: \.isNumber) } }
    let namesColumns =
      header.isBold && !rows.dropFirst().allSatisfy(\.isBold)
      || !hasDigits(names) && cells.dropFirst().allSatisfy(hasDigits)
    return namesColumns
      ? TableRows.lines(header: names, rows: Array(cells.dropFirst()))
      : cells.map { $0.joined(separator: " | ") }
  }
}
