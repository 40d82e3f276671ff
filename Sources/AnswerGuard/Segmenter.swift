// Where a reply may be cut: after a sentence, a line, or 400 characters, always at white space.
//
// Decides by the text alone, so that pieces of any size give the same cuts. Text without white space is cut at marks and
// characters of scripts that have none, and a word without end after 4,096 characters.

/// Finds cuts in a stream of scalars.
struct Segmenter: Sendable {
  private static let longest = 400
  private static let longestWord = 4096

  private var count = 0
  private var hasText = false
  private var isAfterEnd = false
  /// The beginning of the word that is being read, as far as it can be an abbreviation.
  private var word = ""
  /// Whether the last cut ended a sentence.
  private(set) var isSentenceEnd = false

  /// Whether the text may be cut after this scalar.
  mutating func feed(_ scalar: Unicode.Scalar) -> Bool {
    count += 1
    switch scalar {
    case "\n", "\r", "\u{2028}", "\u{2029}":
      return hasText && cut(isSentenceEnd: true)
    case ".":
      isAfterEnd = !Self.abbreviations.contains(word.lowercased())
      word.unicodeScalars.append(scalar)
    case "!", "?", "…":
      isAfterEnd = true
    case "。", "！", "？", "．":
      return cut(isSentenceEnd: true)
    case "\"", "'", ")", "]", "”", "’", "»", "*", "_":
      break
    case _ where scalar.isSpace:
      word = ""
      if isAfterEnd { return cut(isSentenceEnd: true) }
      return hasText && count >= Self.longest && cut(isSentenceEnd: false)
    default:
      isAfterEnd = false
      if word.unicodeScalars.count <= Self.longestAbbreviation {
        word.unicodeScalars.append(scalar)
      }
    }
    hasText = true
    let isUnspaced = Letter.isUnspaced(scalar.value) || scalar == "，" || scalar == "、"
    return (count >= Self.longestWord || isUnspaced && count >= Self.longest)
      && cut(isSentenceEnd: false)
  }

  private static let longestAbbreviation = 6
  /// What stands before the full stop of an abbreviation that never ends a sentence: a name after "Dr." judged without it would be
  /// stopped, and "Please ask Dr." be left.
  private static let abbreviations: Set<String> = [
    "dr", "mr", "mrs", "ms", "prof", "st", "no", "nr", "e.g", "i.e", "cf", "vs", "ca", "approx",
    "z.b", "d.h", "bzw", "vgl", "hr", "fr", "mme", "sra",
  ]

  private mutating func cut(isSentenceEnd: Bool) -> Bool {
    self = Segmenter()
    self.isSentenceEnd = isSentenceEnd
    return true
  }
}
