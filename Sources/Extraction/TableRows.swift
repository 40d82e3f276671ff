// How a table stands in text: one line a row, the names of the columns repeated on each, so that a row quoted alone still
// says what its cells are. Used by every reader.

/// Writes tables as lines.
enum TableRows {
  /// One line a row: `Name: cell | Name: cell`; without names `cell | cell`.
  ///
  /// Empty cells are left out. A header without rows is a line of its own.
  static func lines(header: [String], rows: [[String]]) -> [String] {
    let names = header.map(TextCleaner.inline)
    if rows.isEmpty { return [names.filter { !$0.isEmpty }.joined(separator: " | ")] }
    return rows.compactMap { row in
      var cells: [String] = []
      for (column, cell) in row.enumerated() {
        let text = TextCleaner.inline(cell)
        guard !text.isEmpty else { continue }
        let name = column < names.count ? names[column] : ""
        cells.append(name.isEmpty || name == text ? text : "\(name): \(text)")
      }
      return cells.isEmpty ? nil : cells.joined(separator: " | ")
    }
  }
}

/// The pipe tables of Markdown.
enum MarkdownTable {
  /// Whether a line is the `|---|:--:|` under a header.
  static func isDelimiter(_ line: String) -> Bool {
    let trimmed = MarkdownLine.trimmed(line)
    return trimmed.contains("-") && trimmed.contains("|")
      && trimmed.allSatisfy { "-|: ".contains($0) }
  }

  /// The cells of a row; `\|` is a bar in a cell.
  static func cells(_ line: String) -> [String] {
    var cells = [""]
    var isEscaped = false
    for character in MarkdownLine.trimmed(line) {
      if isEscaped {
        if character != "|" { cells[cells.count - 1].append("\\") }
        cells[cells.count - 1].append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "|" {
        cells.append("")
      } else {
        cells[cells.count - 1].append(character)
      }
    }
    if cells.count > 1, MarkdownLine.trimmed(cells[0]).isEmpty { cells.removeFirst() }
    if cells.count > 1, MarkdownLine.trimmed(cells[cells.count - 1]).isEmpty { cells.removeLast() }
    return cells
  }
}
