// Which full stops, question marks and their kin end a sentence: not those of abbreviations, initials, numbers, list
// marks and dates such as "3. März".

/// Finds the ends of sentences in a stretch of text.
enum SentenceEnds {
  /// Whether a scalar can end a sentence.
  static func isEnd(_ scalar: Unicode.Scalar) -> Bool {
    isWestern(scalar) || isFullWidth(scalar)
  }

  /// The sentences of `unit`, next to one another.
  static func split(_ unit: Range<Int>, of scalars: [Unicode.Scalar]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start = unit.lowerBound
    var index = unit.lowerBound
    while index < unit.upperBound {
      guard isEnd(scalars[index]) else {
        index += 1
        continue
      }
      let mark = index
      while index < unit.upperBound, isEnd(scalars[index]) || isCloser(scalars[index]) {
        index += 1
      }
      if isBorder(mark: mark, after: index, start: start, unit: unit, scalars) {
        found.append(start..<index)
        start = index
      }
    }
    if start < unit.upperBound { found.append(start..<unit.upperBound) }
    return found
  }

  /// Whether a text that ends with an end mark, and closers at most after it, ends a sentence before `next`.
  ///
  /// Of the next word only its first sign is known, so after an abbreviation that may stand at an end the sentence goes on.
  static func isOver(_ sentence: String, before next: Unicode.Scalar) -> Bool {
    let scalars = Array(sentence.unicodeScalars) + [" ", next]
    let after = scalars.count - 2
    var mark = after
    while mark > 0, isEnd(scalars[mark - 1]) || isCloser(scalars[mark - 1]) { mark -= 1 }
    guard let end = scalars[mark..<after].firstIndex(where: isEnd) else { return true }
    return isBorder(mark: end, after: after, start: 0, unit: 0..<scalars.count, scalars)
  }

  private static func isBorder(
    mark: Int, after: Int, start: Int, unit: Range<Int>, _ scalars: [Unicode.Scalar]
  ) -> Bool {
    if isFullWidth(scalars[mark]) { return true }
    guard after < unit.upperBound else { return true }
    guard scalars[after].properties.isWhitespace else { return false }
    let next = scalars[after..<unit.upperBound].drop { $0.properties.isWhitespace }
    guard let first = next.first else { return true }
    // A sentence does not begin with a small letter; an aside in full stops or brackets goes on with one.
    if first.properties.isLowercase { return false }
    guard scalars[mark] == ".", after - mark == 1 || !isEnd(scalars[mark + 1]) else { return true }
    let token = word(before: mark, from: start, scalars)
    guard !token.isEmpty else { return true }
    if token.unicodeScalars.allSatisfy(SentenceUnits.isDigit) {
      let beginsUnit = mark - token.unicodeScalars.count == unit.lowerBound
      return !beginsUnit && !(token.utf8.count <= 2 && isMonth(next))
    }
    let lower = token.lowercased()
    if ["a.m", "p.m", "etc", "usw"].contains(lower) { return true }
    if titles.contains(lower) { return false }
    if beforeNumbers.contains(lower) { return !SentenceUnits.isDigit(first) }
    // Firms, initials and the like (Ltd., J., U.S.): an end only before a word that usually begins sentences.
    if firms.contains(lower) || token.unicodeScalars.count == 1 || token.contains(".") {
      return starters.contains(firstWord(next).lowercased())
    }
    return true
  }

  /// What stands before a full stop, back to white space or an opening bracket.
  private static func word(before mark: Int, from start: Int, _ scalars: [Unicode.Scalar]) -> String
  {
    var first = mark
    while first > start {
      let scalar = scalars[first - 1]
      if scalar.properties.isWhitespace || "([{\"'“‘„«/".unicodeScalars.contains(scalar) { break }
      first -= 1
    }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[first..<mark])
    return String(view)
  }

  private static func firstWord(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars.prefix { $0.properties.isAlphabetic }.prefix(12))
    return String(view)
  }

  private static func isMonth(_ scalars: ArraySlice<Unicode.Scalar>) -> Bool {
    months.contains(firstWord(scalars).lowercased())
  }

  private static func isWestern(_ scalar: Unicode.Scalar) -> Bool {
    ".!?…؟।॥".unicodeScalars.contains(scalar)
  }

  private static func isFullWidth(_ scalar: Unicode.Scalar) -> Bool {
    "。！？｡".unicodeScalars.contains(scalar)
  }

  private static func isCloser(_ scalar: Unicode.Scalar) -> Bool {
    "\"'”’»)]}」』）】".unicodeScalars.contains(scalar)
  }

  // Abbreviations in lower case, without their last full stop.

  /// What stands before names and never ends a sentence.
  private static let titles: Set<String> = [
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "rev", "hon", "gen", "capt", "vs", "e.g", "i.e",
    "eg", "ie", "cf", "viz", "ca", "approx", "z.b", "d.h", "u.a", "bzw", "vgl", "inkl", "zzgl",
    "evtl", "ggf", "hr", "fr", "mme", "mlle", "p.ex", "sra", "ud", "uds",
  ]

  /// What ends no sentence when a number follows.
  private static let beforeNumbers: Set<String> = [
    "no", "nos", "nr", "vol", "vols", "fig", "figs", "eq", "sec", "ch", "pp", "p", "art", "abs",
    "str", "tel", "ext", "min", "max", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep",
    "sept", "oct", "nov", "dec", "núm", "pág", "av",
  ]

  private static let firms: Set<String> = [
    "inc", "ltd", "co", "corp", "dept", "ave", "blvd", "rd", "jr", "al", "ed", "eds",
  ]

  private static let starters: Set<String> = [
    "the", "it", "in", "a", "an", "this", "that", "these", "those", "he", "she", "we", "you",
    "they", "if", "when", "for", "on", "at", "but", "and", "there", "our", "your", "please", "to",
    "all", "each", "der", "die", "das", "es", "wir", "sie", "im", "le", "la", "les", "il", "el",
  ]

  private static let months: Set<String> = [
    "januar", "jänner", "februar", "märz", "april", "mai", "juni", "juli", "august", "september",
    "oktober", "november", "dezember",
  ]
}
