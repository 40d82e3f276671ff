// Lines into blocks: paragraphs by spacing, indent and size; list items by their bullets; runs of rows with several cells
// as tables.

/// A block of a page.
enum PDFBlock {
  case text([PDFLine])
  case table([PDFLine])
}

/// Groups a page's lines.
enum PDFParagraphs {
  static func blocks(_ lines: [PDFLine]) -> [PDFBlock] {
    let spacing = typicalSpacing(lines)
    var blocks: [PDFBlock] = []
    var paragraph: [PDFLine] = []
    var index = 0
    while index < lines.count {
      let run = tableRun(lines, from: index)
      if run >= 2 {
        if !paragraph.isEmpty { blocks.append(.text(paragraph)) }
        paragraph = []
        blocks.append(.table(Array(lines[index..<index + run])))
        index += run
        continue
      }
      let line = lines[index]
      if let last = paragraph.last, let first = paragraph.first,
        startsBlock(line, after: last, first: first, spacing: spacing)
      {
        blocks.append(.text(paragraph))
        paragraph = []
      }
      paragraph.append(line)
      index += 1
    }
    if !paragraph.isEmpty { blocks.append(.text(paragraph)) }
    return blocks
  }

  /// Rows of several cells in a row; a single cell between them is the rest of the row above.
  private static func tableRun(_ lines: [PDFLine], from start: Int) -> Int {
    guard isRow(lines[start]) else { return 0 }
    var end = start + 1
    while end < lines.count, lines[end].column == lines[start].column, isRow(lines[end]),
      lines[end].top - lines[end - 1].bottom < 3 * max(lines[end].size, 1)
    {
      end += 1
    }
    return end - start
  }

  /// Two cells or more; a bullet or number before its text is one line, not a row.
  private static func isRow(_ line: PDFLine) -> Bool {
    guard line.cells.count >= 2 else { return false }
    return line.cells.count > 2 || !isMark(line.cells[0].text)
  }

  /// Median distance between baselines of neighbouring lines, in line sizes.
  private static func typicalSpacing(_ lines: [PDFLine]) -> Double {
    var distances: [Double] = []
    for (above, below) in zip(lines, lines.dropFirst()) where above.column == below.column {
      let distance = (below.bottom - above.bottom) / max(below.size, 1)
      if distance > 0.5, distance < 3 { distances.append(distance) }
    }
    distances.sort()
    return distances.isEmpty ? 1.2 : distances[distances.count / 2]
  }

  private static func startsBlock(
    _ line: PDFLine, after last: PDFLine, first: PDFLine, spacing: Double
  ) -> Bool {
    if abs(line.size - last.size) > 0.12 * max(line.size, last.size) { return true }
    if startsItem(line) { return true }
    if line.column != last.column { return !continuesAcross(line, after: last) }
    let distance = (line.bottom - last.bottom) / max(line.size, 1)
    if distance > spacing * 1.3 + 0.05 || distance < -0.5 { return true }
    if line.isBold != last.isBold, line.cells.count == 1 { return true }
    let isItem = startsItem(first)
    let em = max(line.size, 1)
    let width = line.columnRight - line.columnLeft
    // An indented first line, in a paragraph that is not itself hanging.
    if !isItem, line.left > last.left + 0.8 * em, line.left < last.left + 5 * em,
      endsSentence(last.text), last.left < line.columnLeft + 0.5 * em
    {
      return true
    }
    // A short last line that ends a sentence.
    return last.right < line.columnLeft + width * 0.8 && endsSentence(last.text)
      && width > 15 * em
  }

  /// A paragraph that goes on in the next column or on the next page.
  static func continuesAcross(_ line: PDFLine, after last: PDFLine) -> Bool {
    guard abs(line.size - last.size) < 0.3, line.isBold == last.isBold, !endsSentence(last.text),
      let first = line.text.unicodeScalars.first
    else { return false }
    return first.properties.isLowercase
  }

  static func endsSentence(_ text: String) -> Bool {
    let end = text.unicodeScalars.last { !"\"'”’)]»".unicodeScalars.contains($0) }
    return end.map { ".!?:;…。！？".unicodeScalars.contains($0) } ?? false
  }

  static func startsItem(_ line: PDFLine) -> Bool {
    let words = line.text.split(separator: " ", maxSplits: 1)
    guard words.count == 2 else { return false }
    return isMark(String(words[0]))
  }

  /// A bullet, or a short number with a dot or bracket.
  static func isMark(_ text: String) -> Bool {
    if ["•", "◦", "‣", "·", "–", "-", "*", "○", "■", "▪", "➢", "✓"].contains(text) { return true }
    guard let last = text.last, last == "." || last == ")", (2...4).contains(text.count) else {
      return false
    }
    let body = text.dropLast().drop { $0 == "(" }
    return !body.isEmpty
      && (body.allSatisfy { $0.isASCII && $0.isNumber }
        || body.count == 1 && body.allSatisfy(\.isLetter))
  }
}
