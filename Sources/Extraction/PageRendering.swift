// Writes the chosen parts of a page as text: a block per paragraph, headings with their marks, list items and table rows
// as lines, code verbatim. Walks the flat page once, without recursion.

internal import Markup

/// Writes a selection.
struct PageRendering {
  private let page: HTMLPage
  private let removed: [Bool]
  private var builder: AnchoredTextBuilder
  /// The paragraph or list item being collected.
  private var inline = ""
  /// Finished lines of the block being collected: list items.
  private var lines: [String] = []
  /// Open lists: the next number, nil for bullets.
  private var lists: [Int?] = []
  /// What stands before the next text of a list item.
  private var mark = ""
  private var headingLevel: Int?
  /// Open elements that do something at their end.
  private var open: [(index: Int, end: Int)] = []

  init(_ page: HTMLPage, removed: [Bool], limits: ExtractionLimits) {
    self.page = page
    self.removed = removed
    builder = AnchoredTextBuilder(limits: limits)
  }

  /// Writes the subtrees at `roots`.
  mutating func render(_ roots: [Int]) throws(ExtractionError) -> AnchoredTextBuilder {
    for root in roots {
      try render(from: root, to: page.nodes[root].end)
      try close(before: Int.max)
      try flushBlock()
    }
    return builder
  }

  private mutating func render(from start: Int, to end: Int) throws(ExtractionError) {
    var index = start
    while index < end {
      try close(before: index)
      let node = page.nodes[index]
      if removed[index] {
        index = node.end
        continue
      }
      switch node.tag {
      case .text:
        inline += node.text
        index += 1
      case .pre, .listing, .xmp, .plaintext:
        try flushBlock()
        try builder.append(code: rawText(index))
        index = node.end
      case .table:
        let shape = TableShape(page, index)
        if shape.isData {
          try renderTable(shape)
          index = node.end
        } else {
          try begin(index)
          index += 1
        }
      default:
        try begin(index)
        index += 1
      }
    }
  }

  private mutating func begin(_ index: Int) throws(ExtractionError) {
    let node = page.nodes[index]
    switch node.tag {
    case .br: inline += "\u{2028}"
    case .hr: try flushBlock()
    case .img:
      break
    case .ul, .menu, .dir:
      try flushInline()
      if lists.isEmpty { try flushBlock() }
      lists.append(nil)
      open.append((index, node.end))
    case .ol:
      try flushInline()
      if lists.isEmpty { try flushBlock() }
      lists.append(node[.start].flatMap { Int($0) }.map { min(max($0, -99_999), 999_999) } ?? 1)
      open.append((index, node.end))
    case .li:
      try flushInline()
      mark = "- "
      if let last = lists.indices.last, let number = lists[last] {
        let value =
          node[.value].flatMap { Int($0) }.map { min(max($0, -99_999), 999_999) } ?? number
        mark = "\(value). "
        lists[last] = value + 1
      }
      open.append((index, node.end))
    case .dt:
      if lists.isEmpty { try flushBlock() } else { try flushInline() }
      open.append((index, node.end))
    case .q:
      inline += "\""
      open.append((index, node.end))
    case let tag where tag.headingLevel != nil:
      lists.removeAll()
      try flushBlock()
      headingLevel = tag.headingLevel
      open.append((index, node.end))
    case let tag where !tag.isInline:
      try endParagraph()
      open.append((index, node.end))
    default: break
    }
  }

  /// Ends the elements that are over before `index`.
  private mutating func close(before index: Int) throws(ExtractionError) {
    while let last = open.last, last.end <= index {
      open.removeLast()
      switch page.nodes[last.index].tag {
      case .ul, .ol, .menu, .dir:
        try flushInline()
        if !lists.isEmpty { lists.removeLast() }
        if lists.isEmpty { try flushBlock() }
      case .li:
        try flushInline()
        mark = ""
      case .dt:
        // The definition follows on the next line of the same block.
        try flushInline()
      case .q: inline += "\""
      case let tag where tag.headingLevel != nil:
        let title = TextCleaner.inline(inline)
        inline = ""
        try builder.append(heading: title, level: headingLevel ?? 2)
        headingLevel = nil
      default: try endParagraph()
      }
    }
  }

  /// A block element begins or ends: a paragraph of its own, or a line of the list item around it.
  private mutating func endParagraph() throws(ExtractionError) {
    if headingLevel != nil {
      inline += " "
    } else if lists.isEmpty, open.last.map({ page.nodes[$0.index].tag != .dd }) ?? true,
      lines.isEmpty
    {
      try flushBlock()
    } else {
      try flushInline()
      if lists.isEmpty, !(open.contains { page.nodes[$0.index].tag == .dl }) { try flushBlock() }
    }
  }

  /// The text collected becomes lines of the block.
  private mutating func flushInline() throws(ExtractionError) {
    guard !inline.isEmpty else { return }
    // Line breaks in the source are white space; only `br` breaks a line.
    for part in inline.split(separator: "\u{2028}") {
      let text = TextCleaner.inline(String(part))
      guard !text.isEmpty else { continue }
      lines.append(mark + text)
      mark = ""
    }
    inline = ""
  }

  private mutating func flushBlock() throws(ExtractionError) {
    if lines.isEmpty, inline.utf8.count > 0 {
      // Two breaks in a row separate paragraphs.
      let parts = inline.split(separator: "\u{2028}", omittingEmptySubsequences: false)
        .map { TextCleaner.inline(String($0)) }
      inline = ""
      for group in parts.split(separator: "", omittingEmptySubsequences: true) {
        try builder.append(
          lines: group.enumerated().map { $0.offset == 0 ? mark + $0.element : $0.element })
        mark = ""
      }
      return
    }
    try flushInline()
    try builder.append(lines: lines)
    lines = []
  }

  private mutating func renderTable(_ shape: TableShape) throws(ExtractionError) {
    try flushBlock()
    if let caption = shape.caption, !removed[caption] {
      try builder.append(paragraph: cellText(caption))
    }
    var header: [String] = []
    var rows: [[String]] = []
    var written: [String] = []
    for row in shape.rows {
      let cells = row.cells.flatMap { cell -> [String] in
        guard !removed[cell] else { return [] }
        let span = page.nodes[cell][.colspan].flatMap { Int($0) } ?? 1
        return [cellText(cell)] + Array(repeating: "", count: min(max(span - 1, 0), 100))
      }
      if row.isHeader, !cells.isEmpty {
        if !rows.isEmpty || !header.isEmpty {
          written += TableRows.lines(header: header, rows: rows)
          rows = []
        }
        header = cells
      } else if header.isEmpty, cells.count == 2, let name = row.cells.first,
        page.nodes[name].tag == .th, !cells[0].isEmpty
      {
        // A row that begins with its own name.
        rows.append([
          cells[0].hasSuffix(":") ? "\(cells[0]) \(cells[1])" : "\(cells[0]): \(cells[1])"
        ])
      } else {
        rows.append(cells)
      }
    }
    if !rows.isEmpty || !header.isEmpty { written += TableRows.lines(header: header, rows: rows) }
    try builder.append(lines: written)
  }

  private func cellText(_ index: Int) -> String {
    var text = ""
    var position = index
    while position < page.nodes[index].end {
      let node = page.nodes[position]
      if removed[position] {
        position = node.end
        continue
      }
      if node.tag == .text {
        text += node.text
      } else if !node.tag.isInline || node.tag == .br {
        text += " "
      }
      position += 1
    }
    return TextCleaner.inline(text)
  }

  private func rawText(_ index: Int) -> String {
    var text = ""
    var position = index
    while position < page.nodes[index].end {
      let node = page.nodes[position]
      if removed[position] {
        position = node.end
        continue
      }
      if node.tag == .text { text += node.text }
      if node.tag == .br { text += "\n" }
      position += 1
    }
    return text
  }
}
