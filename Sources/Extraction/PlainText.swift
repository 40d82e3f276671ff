// Plain text: paragraphs at blank lines, lines kept as written, underlined lines as headings.

internal import Corpus

/// Reads text without markup.
enum PlainText {
  /// Reads bytes of any common encoding.
  ///
  /// - Throws: `noText` for nothing but white space, `tooLarge`.
  static func read(
    _ bytes: [UInt8], charset: String?, limits: ExtractionLimits
  ) throws(ExtractionError) -> Reading {
    let text = try CharacterDecoding.decode(bytes, declared: charset).text
    var builder = AnchoredTextBuilder(limits: limits)
    var paragraph: [String] = []
    var firstLine: String?
    var isFirstParagraph = true
    for line in TextCleaner.split(text) {
      let cleaned = TextCleaner.inline(String(line))
      if !cleaned.isEmpty {
        if let level = underline(cleaned), paragraph.count == 1, let title = paragraph.first,
          title.count <= 120
        {
          try builder.append(heading: title, level: level)
          paragraph = []
          isFirstParagraph = false
        } else {
          paragraph.append(cleaned)
        }
        continue
      }
      if isFirstParagraph, paragraph.count == 1, paragraph[0].count <= 100,
        !isSentence(paragraph[0])
      {
        firstLine = paragraph[0]
      }
      if !paragraph.isEmpty { isFirstParagraph = false }
      try builder.append(lines: paragraph)
      paragraph = []
    }
    try builder.append(lines: paragraph)
    let title = builder.firstHeading ?? firstLine
    let content = builder.finish()
    guard !content.text.isEmpty else { throw .noText(what: "the file is empty") }
    return Reading(title: title, content: content)
  }

  /// A line that ends like a sentence says something; taken for a title it would never be quoted.
  private static func isSentence(_ line: String) -> Bool {
    let closers: Set<Character> = ["\"", "'", "”", "’", "»", ")", "]", "」"]
    return line.last { !closers.contains($0) }.map { ".!?:;…。！？؟।".contains($0) } ?? false
  }

  /// 1 for a line of `=`, 2 for a line of `-`, nil for anything else.
  private static func underline(_ line: String) -> Int? {
    guard line.utf8.count >= 3, let sign = line.utf8.first,
      sign == UInt8(ascii: "=") || sign == UInt8(ascii: "-"),
      line.utf8.allSatisfy({ $0 == sign })
    else { return nil }
    return sign == UInt8(ascii: "=") ? 1 : 2
  }
}
