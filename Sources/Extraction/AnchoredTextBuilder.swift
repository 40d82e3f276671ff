// Builds text and its marks together, so that an offset is right because it was the length at that moment. Nothing else
// in Extraction counts scalars.

internal import Corpus

/// Appends cleaned blocks, separated by one blank line, and remembers where headings and pages begin.
struct AnchoredTextBuilder {
  private var text = ""
  /// Unicode scalars so far.
  private(set) var count = 0
  private var headings: [AnchoredText.Heading] = []
  private var pages: [AnchoredText.Mark] = []
  private var times: [AnchoredText.Mark] = []
  private var waitingPages: [Int] = []
  private let maxBytes: Int

  /// Text beyond `limits.maxTextBytes` is refused.
  init(limits: ExtractionLimits) { maxBytes = limits.maxTextBytes }

  var isEmpty: Bool { count == 0 }
  var hasHeadings: Bool { !headings.isEmpty }
  var firstHeading: String? { headings.first?.title }

  /// Appends one paragraph; white space inside is collapsed, an empty one is ignored.
  mutating func append(paragraph: String) throws(ExtractionError) {
    try append(cleaned: TextCleaner.inline(paragraph), separator: "\n\n")
  }

  /// Appends a block of several lines: list items, table rows, verses.
  mutating func append(lines: [String]) throws(ExtractionError) {
    let cleaned = lines.map(TextCleaner.inline).filter { !$0.isEmpty }
    try append(cleaned: cleaned.joined(separator: "\n"), separator: "\n\n")
  }

  /// Appends code as it stands.
  mutating func append(code: String) throws(ExtractionError) {
    try append(cleaned: TextCleaner.verbatim(code), separator: "\n\n")
  }

  /// Appends a heading as a block of its own and marks it; `level` is brought into 1...6.
  mutating func append(heading: String, level: Int) throws(ExtractionError) {
    let title = TextCleaner.inline(heading)
    guard !title.isEmpty else { return }
    let start = count + (isEmpty ? 0 : 2)
    try append(cleaned: title, separator: "\n\n")
    headings.append(.init(offset: start, level: min(max(level, 1), 6), title: title))
  }

  /// Appends one paragraph of speech, each piece of it at its second.
  mutating func append(
    spoken pieces: [(second: Int, text: String)]
  ) throws(ExtractionError) {
    var separator = "\n\n"
    for piece in pieces {
      let cleaned = TextCleaner.inline(piece.text)
      guard !cleaned.isEmpty else { continue }
      let start = count + (isEmpty ? 0 : separator.unicodeScalars.count)
      try append(cleaned: cleaned, separator: separator)
      if piece.second != times.last?.number {
        times.append(.init(offset: start, number: piece.second))
      }
      separator = " "
    }
  }

  /// Continues the last block, as a paragraph that runs over a page border does.
  mutating func join(_ rest: String, separator: String) throws(ExtractionError) {
    try append(cleaned: TextCleaner.inline(rest), separator: separator)
  }

  /// Continues the last block after taking its final hyphen away; only before a letter.
  mutating func joinHyphenated(_ rest: String) throws(ExtractionError) {
    if text.unicodeScalars.last == "-" || text.unicodeScalars.last == "\u{2010}" {
      text.unicodeScalars.removeLast()
      count -= 1
    }
    try append(cleaned: TextCleaner.inline(rest), separator: "")
  }

  /// The next text appended begins page `number`; a page without text begins where the next text does.
  mutating func beginPage(_ number: Int) { waitingPages.append(number) }

  /// The text and its marks.
  mutating func finish() -> AnchoredText {
    for page in waitingPages { pages.append(.init(offset: count, number: page)) }
    waitingPages = []
    return AnchoredText(text: text, headings: headings, pages: pages, times: times)
  }

  private mutating func append(
    cleaned: String, separator: String
  ) throws(ExtractionError) {
    guard !cleaned.isEmpty else { return }
    if !isEmpty {
      text += separator
      count += separator.unicodeScalars.count
    }
    for page in waitingPages { pages.append(.init(offset: count, number: page)) }
    waitingPages = []
    text += cleaned
    count += cleaned.unicodeScalars.count
    guard text.utf8.count <= maxBytes else {
      throw .tooLarge(what: "its text is more than \(maxBytes >> 20) MiB")
    }
  }
}
