// What is no word and may still be read as one by who knows how: letters drawn as symbols (Braille, an emoji a letter), signs that
// are not seen, and words broken by signs ("q**nt*n", an alphabet of all printable signs). Nothing is decoded: text for people has
// little of it, so much of it is enough (step 7).

/// Counts signs that are no text.
struct OpaqueSigns: Sendable {
  /// A piece of a text, from white space to white space, that is not as words are.
  struct Piece: Sendable {
    /// For how many unknown words it counts.
    let words: Int
    /// Stands for its scalars without the signs around them.
    let key: UInt64
  }

  /// Letters that a broken word counts for as one.
  private static let wordLength = 6
  /// ASCII signs that do not stand inside of words: hyphens, apostrophes, dots, slashes and underscores do.
  private static let odd = Set("*#~^+=|$%<>\\{}[]@?:;\"!`&()".unicodeScalars.map(\.value))
  /// Signs beyond ASCII that do: Catalan and French have the dots, dashes are told by their category.
  private static let joining = Set("’‘·‧".unicodeScalars.map(\.value))

  private enum Kind { case none, letter, digit }

  private var rows = SignRows()
  private var hidden = HiddenSigns()

  // Of the piece, up to white space.
  private var length = 0
  private var last = Kind.none
  /// Whether a letter stands before the figures that came last, with no sign between.
  private var isLetterBefore = false
  /// Since the last letter or digit.
  private var hasSign = false
  private var hasOddSign = false
  private var oddBreaks = 0
  /// Letters after figures within a word.
  private var figureBreaks = 0
  private var breaks = 0
  private var mails = 0
  private var letters = 0
  /// Letters in a row, and letters of rows of one or two.
  private var run = 0
  private var shortLetters = 0
  /// Of the piece from its first letter or digit, and of it to its last.
  private var hash = Key.seed
  private var trimmedHash = Key.seed

  /// Whether there is more of it than text for people has.
  var isTooMuch: Bool { rows.isTooMuch || hidden.isTooMuch }

  /// Takes the next scalar of the reply, as it stands.
  mutating func feed(_ scalar: Unicode.Scalar) {
    guard scalar.isASCII else { return feedForeign(scalar) }
    hidden.see(.none)
    switch scalar.value {
    case 0x41...0x5A, 0x61...0x7A: take(.letter, scalar)
    case 0x30...0x39:
      hidden.see(.symbol)
      take(.digit, scalar)
    case 0...0x20: return
    default: take(sign: scalar, isOdd: Self.odd.contains(scalar.value))
    }
    length += 1
  }

  private mutating func feedForeign(_ scalar: Unicode.Scalar) {
    let properties = scalar.properties
    guard !properties.isWhitespace else { return }
    guard !properties.isDefaultIgnorableCodePoint, properties.generalCategory != .format else {
      return hidden.hide(scalar)
    }
    // Without spaces a whole sentence is a piece, figures and all; Korean writes its figures and units together.
    guard !Letter.isUnspaced(scalar.value), !Letter.isHangul(scalar.value) else {
      rows.breakRow()
      endRun()
      (last, isLetterBefore, hasSign, hasOddSign) = (.none, false, false, false)
      (hash, trimmedHash) = (Key.seed, Key.seed)
      hidden.see(.none)
      return
    }
    length += 1
    hidden.see(.none)
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter, .nonspacingMark,
      .spacingMark:
      hidden.see(.letter)
      take(.letter, scalar)
    case .decimalNumber:
      take(.digit, scalar)
    // The circle around a figure, a superscript, a letter that modifies another.
    case .enclosingMark, .otherNumber, .letterNumber, .modifierLetter:
      rows.see(symbol: scalar)
    case .dashPunctuation:
      take(sign: scalar, isOdd: false)
    default:
      hidden.see(.symbol)
      take(sign: scalar, isOdd: !Self.joining.contains(scalar.value))
    }
  }

  private mutating func take(_ kind: Kind, _ scalar: Unicode.Scalar) {
    rows.seeLetter()
    if last != .none, kind == .letter || last == .letter {
      if hasSign {
        breaks += 1
        if hasOddSign { oddBreaks += 1 }
      } else if kind == .letter, last == .digit, isLetterBefore {
        figureBreaks += 1
      }
    }
    if kind == .digit {
      isLetterBefore = !hasSign && (last == .letter || last == .digit && isLetterBefore)
      endRun()
    } else {
      letters += 1
      run += 1
    }
    last = kind
    (hasSign, hasOddSign) = (false, false)
    hash = Key.adding(scalar.value, to: hash)
    trimmedHash = hash
  }

  private mutating func take(sign: Unicode.Scalar, isOdd: Bool) {
    rows.see(symbol: sign)
    endRun()
    hasSign = true
    hasOddSign = hasOddSign || isOdd
    if sign == "@" { mails += 1 }
    if last != .none { hash = Key.adding(sign.value, to: hash) }
  }

  private mutating func endRun() {
    if run <= 2 { shortLetters += run }
    run = 0
  }

  /// White space: what the piece counts for, nil for one that is as words are.
  mutating func endPiece() -> Piece? {
    defer {
      (length, last, isLetterBefore, hasSign, hasOddSign) = (0, .none, false, false, false)
      (oddBreaks, figureBreaks, breaks, mails, letters, run, shortLetters) = (0, 0, 0, 0, 0, 0, 0)
      (hash, trimmedHash) = (Key.seed, Key.seed)
    }
    endRun()
    if mails == 1, oddBreaks + figureBreaks == 1 { return nil }
    // "H6DE6C": figures within a word are an alphabet's; "B2B" is a name and "60x40x20" a measure.
    let isFigured = figureBreaks >= 2 && letters >= 4
    // An address, a line of code and an emphasized word have whole words between their signs.
    let isBroken = (oddBreaks > 0 || isFigured) && shortLetters * 10 >= letters * 6
    // By other signs than odd ones: "m.r.s.l", and not "we're", "Mo-Fr" or "e.g.".
    let isChopped =
      breaks >= 2 && letters >= 5 && shortLetters == letters
    guard isBroken || isChopped else { return nil }
    return Piece(words: max(1, length / Self.wordLength), key: Key.sign(trimmedHash))
  }

  /// Keys of the pieces of a text that are not as words are.
  static func keys(in text: String) -> [UInt64] {
    var signs = OpaqueSigns()
    var keys: [UInt64] = []
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        if let piece = signs.endPiece() { keys.append(piece.key) }
      } else {
        signs.feed(scalar)
      }
    }
    if let piece = signs.endPiece() { keys.append(piece.key) }
    return keys
  }
}

/// Symbols one after another, with little between: a symbol before a word, at most two, is decoration.
private struct SignRows {
  /// Kinds of symbols in the rows of one reply.
  private static let mostKinds = 8
  /// What the symbols of the rows could carry: twelve dozen ticks and crosses, four dozen of eight kinds.
  private static let mostBits = 144
  /// ASCII signs in rows, each unlike the one before, when there are more of them than letters and digits.
  private static let mostASCII = 48
  private static let decoration = 2
  /// Letters or digits in a row that end it.
  private static let wordLength = 3

  private var symbols = 0
  private var kinds: Set<UInt32> = []
  private var asciiSigns = 0
  private var letters = 0

  private var rowSymbols = 0
  private var rowASCII = 0
  private var lettersInRow = 0
  private var lastSign: UInt32 = 0

  var isTooMuch: Bool {
    kinds.count > Self.mostKinds
      || symbols * (Int.bitWidth - max(0, kinds.count - 1).leadingZeroBitCount) > Self.mostBits
      || asciiSigns > Self.mostASCII && asciiSigns > letters
  }

  mutating func see(symbol: Unicode.Scalar) {
    lettersInRow = 0
    defer { lastSign = symbol.value }
    if symbol.isASCII {
      rowASCII += symbol.value == lastSign ? 0 : 1
      if rowASCII > Self.decoration, symbol.value != lastSign { asciiSigns += 1 }
      return
    }
    rowSymbols += 1
    guard rowSymbols > Self.decoration else { return }
    symbols += 1
    kinds.insert(symbol.value)
  }

  mutating func seeLetter() {
    letters += 1
    lettersInRow += 1
    // A letter ends a row of ASCII signs: beside letters they break words, which are counted apart.
    rowASCII = 0
    if lettersInRow >= Self.wordLength { breakRow() }
  }

  mutating func breakRow() {
    (rowSymbols, rowASCII, lastSign) = (0, 0, 0)
  }
}

/// Signs that nobody sees.
private struct HiddenSigns {
  /// What stands before, as far as a sign that is not seen may change its look.
  enum Neighbour { case none, letter, symbol, selector }

  /// In one reply.
  private static let most = 12

  private var count = 0
  private var before = Neighbour.none

  var isTooMuch: Bool { count > Self.most }

  mutating func see(_ neighbour: Neighbour) { before = neighbour }

  /// Counts a sign but where its effect is seen.
  mutating func hide(_ scalar: Unicode.Scalar) {
    switch (scalar.value, before) {
    // Makes an emoji of a sign or a figure.
    case (0xFE0E, .symbol), (0xFE0F, .symbol): before = .selector
    // Persian and the scripts of India join and part their letters with them, an emoji may be several joined.
    case (0x200C, .letter), (0x200D, .letter), (0x200D, .symbol), (0x200D, .selector):
      before = .none
    default:
      count += 1
      before = .none
    }
  }
}
