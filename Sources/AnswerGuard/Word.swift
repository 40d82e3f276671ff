// Scalars to words: the longest stretches of letters alone or of digits alone, folded.
//
// "HL-20417", "hl20417" and "HL 20417" are the same two words, so a code is found however its parts are joined. Scripts
// written without spaces give one word for each stretch between marks: five single characters in a row mean nothing,
// so their text is held by shorter runs of letters (UnspacedRow), and no rare words are looked for in it.

/// A folded word.
struct Word: Sendable {
  /// More letters than this are two words.
  static let longest = 64

  /// Lower-case letters, or digits; never empty.
  let letters: [UInt32]
  let hash: UInt64
  let isNumber: Bool
  /// Whether white space or the start of the text stands before it.
  let isAfterSpace: Bool
  /// Whether a blank line stands before it.
  let isAfterBlankLine: Bool
  /// The last mark between this word and the one before, 0 for none.
  let separator: UInt32
  /// Whether all its letters are capitals.
  let isCapital: Bool

  /// A word of letters that are folded already.
  init(
    _ letters: [UInt32], isNumber: Bool = false, isAfterSpace: Bool = true,
    isAfterBlankLine: Bool = false, separator: UInt32 = 0, isCapital: Bool = false
  ) {
    self.letters = letters
    hash = Key.hash(letters)
    self.isNumber = isNumber
    self.isAfterSpace = isAfterSpace
    self.isAfterBlankLine = isAfterBlankLine
    self.separator = separator
    self.isCapital = isCapital
  }

  /// Whether it is a stretch of a script without spaces.
  var isUnspaced: Bool { letters.contains(where: Letter.isUnspaced) }
}

/// Reads words from single scalars.
struct WordReader: Sendable {
  private var letters: [UInt32] = []
  private var isNumber = false
  private var isAfterSpace = true
  private var lineEnds = 0
  private var separator: UInt32 = 0
  private var isCapital = true
  /// Places of capitals of other scripts that look like another letter than their small ones, and what they look like.
  private var shapes: [(place: Int, letter: UInt32)] = []
  private var hasPlainLetter = false

  /// Whether a word has begun and not ended.
  var isInWord: Bool { !letters.isEmpty }

  /// Takes one scalar and gives the word that ended before it.
  @inline(__always) mutating func feed(_ scalar: Unicode.Scalar) -> Word? {
    switch LetterFold.fold(scalar) {
    case .dropped: return nil
    case .letter(let letter):
      let ended = take(letter)
      if letter == scalar.value { isCapital = false } else { seeCase(scalar) }
      if scalar.isASCII {
        hasPlainLetter = true
      } else if let shape = Self.shape(scalar) {
        shapes.append((letters.count - 1, shape))
      }
      return ended
    case .letters(let several):
      var ended: Word?
      for letter in several { ended = take(letter) ?? ended }
      seeCase(scalar)
      return ended
    case .space:
      let ended = finish()
      isAfterSpace = true
      if scalar == "\n" { lineEnds += 1 }
      return ended
    case .separator:
      let ended = finish()
      separator = scalar.value
      return ended
    }
  }

  /// Ends the word that is open.
  mutating func finish() -> Word? {
    guard !letters.isEmpty else { return nil }
    if !shapes.isEmpty {
      if hasPlainLetter { for (place, letter) in shapes { letters[place] = letter } }
      shapes.removeAll(keepingCapacity: true)
    }
    let word = Word(
      letters, isNumber: isNumber, isAfterSpace: isAfterSpace,
      isAfterBlankLine: lineEnds > 1, separator: separator, isCapital: isCapital)
    letters.removeAll(keepingCapacity: true)
    isAfterSpace = false
    lineEnds = 0
    separator = 0
    isCapital = true
    hasPlainLetter = false
    return word
  }

  /// What a Greek or an Armenian capital looks like, if its small letter looks like another one.
  private static func shape(_ scalar: Unicode.Scalar) -> UInt32? {
    (0x0386...0x0556).contains(scalar.value) ? FoldTable.capitalShapes[scalar.value] : nil
  }

  /// Roman numerals that are one character are numerals in small letters, too.
  private mutating func seeCase(_ scalar: Unicode.Scalar) {
    if scalar.isASCII || (0x2160...0x217F).contains(scalar.value) { return }
    isCapital = isCapital && scalar.properties.isUppercase
  }

  private mutating func take(_ letter: UInt32) -> Word? {
    let isDigit = Letter.isDigit(letter)
    var ended: Word?
    if !letters.isEmpty, isDigit != isNumber || letters.count >= Word.longest { ended = finish() }
    isNumber = isDigit
    letters.append(letter)
    return ended
  }

  /// The words of a whole text.
  static func words(of text: String) -> [Word] {
    var reader = WordReader()
    var words: [Word] = []
    for scalar in text.unicodeScalars {
      if let word = reader.feed(scalar) { words.append(word) }
    }
    if let word = reader.finish() { words.append(word) }
    return words
  }
}
