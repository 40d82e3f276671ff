// Writes the blocks of a Word document: list items that follow one another are one block, tables one line a row, notes
// after the block that refers to them.

internal import Corpus

/// Writes blocks in order.
struct WordWriter {
  private let notes: [String: [String]]
  private var builder: AnchoredTextBuilder
  private var items: [String] = []
  private var waitingNotes: [String] = []

  init(notes: [String: [String]], limits: ExtractionLimits) {
    self.notes = notes
    builder = AnchoredTextBuilder(limits: limits)
  }

  mutating func write(_ block: WordBlock) throws(ExtractionError) {
    switch block {
    case .paragraph(let paragraph): try write(paragraph)
    case .table(let table):
      try flush()
      try write(table)
    }
  }

  mutating func finish() throws(ExtractionError) -> AnchoredText {
    try flush()
    return builder.finish()
  }

  private mutating func write(_ paragraph: WordParagraph) throws(ExtractionError) {
    let marked = [paragraph.mark, paragraph.text].compactMap(\.self).joined(separator: " ")
    if let level = paragraph.headingLevel {
      try flush()
      try builder.append(heading: marked, level: level)
    } else if paragraph.isListItem {
      items += TextCleaner.lines(marked)
      waitingNotes += paragraph.notes
      return
    } else {
      try flush()
      try builder.append(lines: TextCleaner.lines(marked))
    }
    waitingNotes += paragraph.notes
    try flush()
  }

  private mutating func flush() throws(ExtractionError) {
    try builder.append(lines: items)
    items = []
    for note in waitingNotes {
      for text in notes[note] ?? [] { try builder.append(paragraph: text) }
    }
    waitingNotes = []
  }

  private mutating func write(_ table: WordTable) throws(ExtractionError) {
    let columns = table.rows.map(\.count).max() ?? 0
    if columns <= 1 || table.rows.count <= 1 {
      // A frame around text, not a table.
      for cell in table.rows.joined() {
        for text in cell.paragraphs { try builder.append(lines: TextCleaner.lines(text)) }
      }
    } else {
      try builder.append(lines: lines(table))
    }
    waitingNotes += table.notes
    try flush()
  }

  private func lines(_ table: WordTable) -> [String] {
    var rows: [[String]] = []
    for row in table.rows {
      var cells: [String] = []
      for cell in row {
        let above = rows.last.map { cells.count < $0.count ? $0[cells.count] : "" } ?? ""
        cells.append(cell.isContinued && cell.text.isEmpty ? above : cell.text)
        cells += Array(repeating: "", count: cell.span - 1)
      }
      rows.append(cells)
    }
    var headerCount = min(table.headerRowCount, rows.count - 1)
    if headerCount == 0, table.namesFirstRow, let first = rows.first,
      first.allSatisfy({ !$0.isEmpty && $0.unicodeScalars.count <= 80 })
    {
      headerCount = 1
    }
    guard headerCount > 0 else { return TableRows.lines(header: [], rows: rows) }
    // Header rows one above the other name a column together.
    var names = rows[0]
    for row in rows[1..<headerCount] {
      for (column, text) in row.enumerated() where !text.isEmpty {
        if column < names.count {
          names[column] += names[column].isEmpty ? text : " " + text
        } else {
          names.append(text)
        }
      }
    }
    return TableRows.lines(header: names, rows: Array(rows[headerCount...]))
  }
}
