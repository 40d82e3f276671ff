// Markdown (CommonMark with tables, front matter and footnotes) as text: headings become anchors, marks of emphasis go,
// code stays verbatim, tables become one line a row. Not a renderer: what cannot be told apart cheaply is left as written.

internal import Corpus

/// Reads Markdown.
enum MarkdownText {
  /// Reads bytes of any common encoding.
  ///
  /// - Throws: `noText` when nothing but markup is there, `tooLarge`.
  static func read(
    _ bytes: [UInt8], charset: String?, limits: ExtractionLimits
  ) throws(ExtractionError) -> Reading {
    let text = try CharacterDecoding.decode(bytes, declared: charset).text
    var parser = MarkdownParser(
      lines: TextCleaner.split(text).map { String($0) }, limits: limits)
    try parser.parse()
    let content = parser.builder.finish()
    guard !content.text.isEmpty else { throw .noText(what: "the file is empty") }
    return Reading(
      title: parser.frontMatter["title"]
        ?? content.headings.first { $0.level == 1 }?.title ?? content.headings.first?.title,
      language: parser.frontMatter["lang"] ?? parser.frontMatter["language"],
      content: content)
  }
}

/// The state of one pass over the lines.
private struct MarkdownParser {
  private let lines: [String]
  private var position = 0
  /// Lines of the block being collected, and whether it is a list.
  private var block: [String] = []
  private var isList = false
  var builder: AnchoredTextBuilder
  private(set) var frontMatter: [String: String] = [:]

  init(lines: [String], limits: ExtractionLimits) {
    self.lines = lines
    builder = AnchoredTextBuilder(limits: limits)
  }

  mutating func parse() throws(ExtractionError) {
    readFrontMatter()
    while position < lines.count {
      let line = unquoted(lines[position])
      position += 1
      try read(line)
    }
    try flush()
  }

  private mutating func read(_ line: String) throws(ExtractionError) {
    let trimmed = MarkdownLine.trimmed(line)
    if trimmed.isEmpty { return try readBlank() }
    if let fence = MarkdownLine.fence(trimmed) { return try readFencedCode(fence) }
    if let heading = MarkdownLine.heading(trimmed) {
      try flush()
      return try builder.append(heading: MarkdownInline.text(heading.title), level: heading.level)
    }
    if !block.isEmpty, !isList, let level = MarkdownLine.setext(trimmed) {
      let title = block.joined(separator: " ")
      block = []
      return try builder.append(heading: MarkdownInline.text(title), level: level)
    }
    if MarkdownLine.isRule(trimmed) { return try flush() }
    if trimmed.hasPrefix("<!--") { return try skipComment(trimmed) }
    if MarkdownLine.isReferenceDefinition(trimmed) { return }
    if block.isEmpty, !isList, line.hasPrefix("    ") || line.hasPrefix("\t") {
      return try readIndentedCode(line)
    }
    if trimmed.contains("|"), position < lines.count,
      MarkdownTable.isDelimiter(unquoted(lines[position]))
    {
      return try readTable(header: trimmed)
    }
    if let item = MarkdownLine.listItem(trimmed) {
      if !isList { try flush() }
      isList = true
      block.append(item)
    } else if isList, let last = block.indices.last {
      block[last] += " " + trimmed
    } else {
      // Two spaces or a backslash at the end keep the line break; otherwise lines of a paragraph are one.
      block.append(line.hasSuffix("  ") || trimmed.hasSuffix("\\") ? trimmed + "\u{2028}" : trimmed)
    }
  }

  /// A blank line ends a paragraph; a list goes on when an item or an indented line follows.
  private mutating func readBlank() throws(ExtractionError) {
    if isList {
      let next = lines[position...].first { !MarkdownLine.trimmed($0).isEmpty } ?? ""
      let isContinued =
        MarkdownLine.listItem(MarkdownLine.trimmed(next)) != nil || next.hasPrefix("  ")
        || next.hasPrefix("\t")
      if isContinued, MarkdownLine.fence(MarkdownLine.trimmed(next)) == nil { return }
    }
    try flush()
  }

  private mutating func flush() throws(ExtractionError) {
    defer {
      block = []
      isList = false
    }
    if isList { return try builder.append(lines: block.map { MarkdownInline.text($0) }) }
    let joined = block.joined(separator: " ")
    let text = MarkdownInline.text(joined)
    try builder.append(lines: TextCleaner.split(text).map { String($0) })
  }

  private mutating func readFencedCode(
    _ fence: MarkdownLine.Fence
  ) throws(ExtractionError) {
    try flush()
    var code: [String] = []
    while position < lines.count {
      let line = unquoted(lines[position])
      position += 1
      if MarkdownLine.closes(MarkdownLine.trimmed(line), fence) { break }
      code.append(line)
    }
    try builder.append(code: code.joined(separator: "\n"))
  }

  private mutating func readIndentedCode(_ first: String) throws(ExtractionError) {
    var code = [first]
    while position < lines.count {
      let line = lines[position]
      guard line.hasPrefix("    ") || line.hasPrefix("\t") || MarkdownLine.trimmed(line).isEmpty
      else { break }
      code.append(line)
      position += 1
    }
    try builder.append(
      code: code.map { $0.hasPrefix("    ") ? String($0.dropFirst(4)) : $0 }
        .joined(separator: "\n"))
  }

  private mutating func readTable(header: String) throws(ExtractionError) {
    try flush()
    position += 1
    var rows: [[String]] = []
    while position < lines.count {
      let line = MarkdownLine.trimmed(unquoted(lines[position]))
      guard !line.isEmpty, line.contains("|") else { break }
      rows.append(MarkdownTable.cells(line).map { MarkdownInline.text($0) })
      position += 1
    }
    let names = MarkdownTable.cells(header).map { MarkdownInline.text($0) }
    try builder.append(lines: TableRows.lines(header: names, rows: rows))
  }

  private mutating func skipComment(_ first: String) throws(ExtractionError) {
    try flush()
    var line = first
    while !line.contains("-->"), position < lines.count {
      line = lines[position]
      position += 1
    }
    let rest = line.split(separator: "-->", maxSplits: 1, omittingEmptySubsequences: false)
    if rest.count == 2, !MarkdownLine.trimmed(String(rest[1])).isEmpty {
      block.append(String(rest[1]))
    }
  }

  /// A block between two lines of `---` at the very start: only plain `key: value` lines are used.
  private mutating func readFrontMatter() {
    guard let first = lines.first, MarkdownLine.trimmed(first) == "---" else { return }
    guard
      let end = lines.dropFirst().prefix(200).firstIndex(where: {
        MarkdownLine.trimmed($0) == "---" || MarkdownLine.trimmed($0) == "..."
      })
    else { return }
    for line in lines[1..<end] {
      let parts = line.split(separator: ":", maxSplits: 1).map { TextCleaner.inline(String($0)) }
      guard parts.count == 2, !line.hasPrefix(" ") else { continue }
      var value = parts[1]
      for quote in ["\"", "'"]
      where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
        value = String(value.dropFirst().dropLast())
      }
      if !value.isEmpty { frontMatter[parts[0].lowercased()] = value }
    }
    position = end + 1
  }

  /// The line without the marks of quotation.
  private func unquoted(_ line: String) -> String {
    var rest = line[...]
    while let first = rest.drop(while: { $0 == " " }).first, first == ">" {
      rest = rest.drop(while: { $0 == " " }).dropFirst()
      if rest.first == " " { rest = rest.dropFirst() }
    }
    return String(rest)
  }
}
