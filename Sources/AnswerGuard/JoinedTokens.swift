// Tokens of several words: codes, figures with separators, addresses, telephone numbers.

/// A token of one or more words.
struct JoinedToken {
  let words: [Word]
  /// Whether it counts only where it stands alone.
  var isWhole = false

  /// All letters and digits in a row.
  var letters: [UInt32] { words.flatMap(\.letters) }
  var hash: UInt64 { Key.hash(words.lazy.flatMap(\.letters)) }

  /// Whether the places of its separators matter: "6.5" is not "65" and "3-4" is not "34", but "3,118" is "3118".
  var isExact: Bool {
    guard words.count > 1, words.allSatisfy(\.isNumber) else { return false }
    let isGrouped = words.dropFirst().allSatisfy { $0.letters.count == 3 }
    return !isGrouped && words.reduce(0) { $0 + $1.letters.count } < 7
  }

  /// Whether it is one figure, a point or comma, and one figure.
  var isDecimal: Bool {
    guard words.count == 2, let last = words.last else { return false }
    return words.allSatisfy { $0.isNumber && $0.letters.count == 1 } && !last.isAfterSpace
      && Self.isPoint(last.separator)
  }

  /// Whether a mark between figures makes a fraction of them.
  static func isPoint(_ mark: UInt32) -> Bool {
    switch mark {
    case 0x2E, 0x2C, 0xB7, 0x066B, 0x2024, 0x22C5, 0x2396, 0xFF0E, 0xFF0C: true
    default: false
    }
  }

  /// The key under which a text that may be said has it: with the places of its separators where they matter.
  var key: UInt64 { Key.token(isExact ? Key.mix(hash, interior) : hash) }

  /// Where its words begin, as bits counted from its last letter, without the first word.
  var interior: UInt64 {
    var bits: UInt64 = 0
    var fromEnd = 0
    for word in words.dropFirst().reversed() {
      fromEnd += word.letters.count
      if fromEnd <= 64 { bits |= 1 << UInt64(fromEnd - 1) }
    }
    return bits
  }
}

/// Finds the tokens of several words in a text.
enum JoinedTokens {
  private static let longest = 64

  /// Every way in which neighbouring words may stand as one token in a citable text.
  static func joined(in words: [Word]) -> [JoinedToken] {
    var found = tight(in: words).filter { $0.count > 1 }.map { JoinedToken(words: Array($0)) }
    for start in words.indices {
      for length in 2...4 where start + length <= words.count {
        let part = words[start..<(start + length)]
        if part.contains(where: \.isNumber) { found.append(JoinedToken(words: Array(part))) }
      }
    }
    return found
  }

  /// The tokens of a private text that are codes, figures or addresses.
  static func codes(in words: [Word], isKnown: (Word) -> Bool) -> [JoinedToken] {
    let parts = tight(in: words).filter { isCode($0, isKnown) }
    let found = parts.map { JoinedToken(words: Array($0)) } + numbersInARow(words)
    return found.filter { (3...longest).contains($0.letters.count) || $0.isDecimal }
  }

  /// Stretches of words with no white space in them.
  private static func tight(in words: [Word]) -> [ArraySlice<Word>] {
    var parts: [ArraySlice<Word>] = []
    var start = 0
    for index in words.indices.dropFirst() where words[index].isAfterSpace {
      parts.append(words[start..<index])
      start = index
    }
    if start < words.count { parts.append(words[start...]) }
    return parts
  }

  private static func isCode(_ part: ArraySlice<Word>, _ isKnown: (Word) -> Bool) -> Bool {
    guard part.count > 1, let first = part.first, let last = part.last else { return false }
    if part.contains(where: \.isNumber) {
      // "10th", "4pm", "27-inch" are a number and a word, and the number is looked at by itself.
      let isMeasure = part.count == 2 && first.isNumber && !last.isNumber
      return !(isMeasure && (last.letters.count < 3 || isKnown(last)))
    }
    let separators = part.dropFirst().map(\.separator)
    if separators.contains(0x40) { return true }
    // An address has only such marks in it, and "e.g." is none.
    return separators.contains(0x2E) && part.reduce(0) { $0 + $1.letters.count } >= 8
      && separators.allSatisfy { [0x2E, 0x2D, 0x2F, 0x3A, 0x5F].contains($0) }
  }

  /// Telephone and account numbers: figures with only spaces between, of six digits or more in all.
  private static func numbersInARow(_ words: [Word]) -> [JoinedToken] {
    var found: [JoinedToken] = []
    var row: [Word] = []
    for word in words + [Word([0x61])] {
      if word.isNumber, row.isEmpty || word.separator == 0 {
        row.append(word)
        continue
      }
      let token = JoinedToken(words: row)
      if row.count > 1, token.letters.count >= 6 { found.append(token) }
      row = word.isNumber ? [word] : []
    }
    return found
  }
}
