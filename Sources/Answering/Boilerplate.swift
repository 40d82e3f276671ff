// What stands in documents and is no answer: page furniture, lines of a table of contents, copyright notices.

/// Tells sentences that say something from those that do not.
enum Boilerplate {
  /// Whether a sentence is worth quoting.
  static func isQuotable(_ sentence: Sentence) -> Bool {
    let text = sentence.text
    let scalars = text.unicodeScalars
    let letters = scalars.count { $0.properties.isAlphabetic }
    guard letters >= 2, letters * 3 >= scalars.count else { return isPlainFigure(text) }
    // Two words alone say nothing, unless a name and a value: "Deposit: 50 euros".
    let words = text.split(whereSeparator: \.isWhitespace).count
    let isUnspaced = scalars.contains { $0.value >= 0x2E80 }
    if words < 3, !isUnspaced, !text.contains(":"), !text.contains(where: \.isNumber) {
      return false
    }
    if text.contains(". . .") || text.contains(".....") || text.contains("……") { return false }
    let lower = text.lowercased()
    return !starts.contains { lower.hasPrefix($0) } && !phrases.contains { lower.contains($0) }
  }

  /// Rows such as "Weight: 34 kg | Price: 4,190" have more figures than letters.
  private static func isPlainFigure(_ text: String) -> Bool {
    text.contains(":") && text.contains(where: \.isNumber) && text.contains(where: \.isLetter)
  }

  private static let starts = [
    "©", "(c) ", "copyright ", "table of contents", "skip to ", "page ", "back to top",
    "read more", "click here", "share this",
  ]

  private static let phrases = [
    "all rights reserved", "we use cookies", "cookie policy", "enable javascript",
  ]
}
