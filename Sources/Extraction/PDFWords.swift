// Joins the lines of a paragraph, and words that were hyphenated at a line's end. The document's own words decide whether
// a hyphen belongs to the word: "well-known" stays, "hyphen-ation" does not.

/// The words of one document.
struct PDFWords {
  private var whole: Set<String> = []
  private var hyphenated: Set<String> = []

  init(_ pages: [[PDFLine]]) {
    for line in pages.joined() {
      for word in line.text.lowercased().split(whereSeparator: { !$0.isLetter && $0 != "-" }) {
        if word.dropFirst().dropLast().contains("-") {
          hyphenated.insert(String(word))
        } else if word.last != "-", word.first != "-" {
          whole.insert(String(word))
        }
      }
    }
  }

  /// Lines as running text.
  func joined(_ lines: [PDFLine]) -> String {
    var text = ""
    for line in lines {
      guard !text.isEmpty else {
        text = line.text
        continue
      }
      switch seam(text, line.text) {
      case .hyphenated:
        text.unicodeScalars.removeLast()
        text += line.text
      case .kept: text += line.text
      case .space: text += " " + line.text
      }
    }
    if text.unicodeScalars.last == "\u{2010}" { text = text.dropLast() + "-" }
    return text
  }

  enum Seam { case hyphenated, kept, space }

  /// How text goes on from one line to the next.
  func seam(_ above: String, _ below: String) -> Seam {
    guard let last = above.unicodeScalars.last, let first = below.unicodeScalars.first else {
      return .space
    }
    // Scripts without spaces.
    if PDFWords.isUnspaced(last), PDFWords.isUnspaced(first) { return .kept }
    guard last == "-" || last == "\u{2010}", first.properties.isAlphabetic else { return .space }
    let head = above.dropLast().reversed().prefix { $0.isLetter || $0 == "-" }
    let tail = below.prefix { $0.isLetter }
    guard !head.isEmpty else { return .space }
    let start = String(head.reversed()).lowercased()
    let end = tail.lowercased()
    if last == "\u{2010}" { return .hyphenated }
    if hyphenated.contains(start + "-" + end) { return .kept }
    if whole.contains(start + end) { return .hyphenated }
    // A capital after the hyphen is a name of two parts, and so are parts that already hold one.
    if !first.properties.isLowercase || start.contains("-") { return .kept }
    // Both halves being words of the document speaks for a compound.
    if start.count >= 3, whole.contains(start), whole.contains(end) { return .kept }
    return .hyphenated
  }

  private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x3000...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0xFF00...0xFF60,
      0x20000...0x2FFFF, 0x0E00...0x0E7F:
      true
    default: false
    }
  }
}
