// What is no word and may still be read as one by who knows how: letters drawn as symbols (Braille, an emoji a letter), signs that
// are not seen, and words broken by signs ("q**nt*n", an alphabet of all printable signs). Nothing is decoded: text for people has
// little of it, so much of it is enough (step 7).
//
// A script without spaces parts pieces as white space does: "序列号是H6DE6C".

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
  /// ASCII signs that do not stand inside of words: hyphens, apostrophes, dots, slashes and underscores do, and the sign in "H&M".
  private static let odd = Set("*#~^+=|$%<>\\{}[]@?:;\"!`()".unicodeScalars.map(\.value))
  /// Signs beyond ASCII that do: Catalan and French have the dots, Hebrew its own quotes; dashes are told by their category.
  private static let joining = Set("’‘·‧״׳".unicodeScalars.map(\.value))

  private enum Kind { case none, letter, digit }

  private var rows = SignRows()
  private var hidden = HiddenSigns()

  // Of the piece, up to white space.
  private var length = 0
  private var last = Kind.none
  private var lastLetter: UInt32 = 0
  /// Whether a letter stands before the figures that came last, with no sign between.
  private var isLetterBefore = false
  /// Since the last letter or digit.
  private var hasSign = false
  private var hasOddSign = false
  private var hasOddASCII = false
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

  /// Takes the next scalar of the reply, as it stands, and gives the piece that it ends, if that is not as words are.
  mutating func feed(_ scalar: Unicode.Scalar) -> Piece? {
    guard scalar.isASCII else { return feedForeign(scalar) }
    switch scalar.value {
    case 0x41...0x5A, 0x61...0x7A:
      hidden.see(.none)
      take(.letter, scalar)
    case 0x30...0x39:
      hidden.see(.figure)
      take(.digit, scalar)
    case 0...0x20:
      hidden.see(.none)
      return endPiece()
    default:
      hidden.see(.none)
      // Hebrew's abbreviations have a quote before their last letter.
      let isHebrew = scalar == "\"" && (0x0590...0x05FF).contains(lastLetter)
      take(sign: scalar, isOdd: Self.odd.contains(scalar.value) && !isHebrew)
    }
    length += 1
    return nil
  }

  private mutating func feedForeign(_ scalar: Unicode.Scalar) -> Piece? {
    let properties = scalar.properties
    guard !properties.isWhitespace else { return endPiece() }
    guard !properties.isDefaultIgnorableCodePoint, properties.generalCategory != .format else {
      hidden.hide(scalar)
      return nil
    }
    // Without spaces a whole sentence would be a piece, figures and all; Korean writes its figures and units together.
    guard !Letter.isUnspaced(scalar.value), !Letter.isHangul(scalar.value) else {
      rows.seeWord()
      hidden.see(.unspaced)
      return endPiece()
    }
    length += 1
    if scalar.value != 0x20E3 { hidden.see(.none) }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter, .nonspacingMark,
      .spacingMark:
      hidden.see(HiddenSigns.joins(scalar.value) ? .joined : .none)
      take(.letter, scalar)
    case .decimalNumber:
      take(.digit, scalar)
    case .enclosingMark where scalar.value == 0x20E3:
      hidden.seeKeycap()
      rows.see(scalar, isDrawn: false)
    // Small figures and letters belong to the word or the formula beside them.
    case .otherNumber where Self.isSmall(scalar.value), .modifierLetter:
      rows.seeLetter()
    case .enclosingMark, .otherNumber, .letterNumber:
      rows.see(scalar, isDrawn: false)
    case .dashPunctuation:
      take(sign: scalar, isOdd: false)
    case .otherSymbol, .privateUse, .unassigned:
      hidden.see(.symbol)
      take(sign: scalar, isOdd: true, isDrawn: true)
    default:
      hidden.see(.symbol)
      take(sign: scalar, isOdd: !Self.joining.contains(scalar.value))
    }
    return nil
  }

  /// A superscript or a subscript.
  private static func isSmall(_ value: UInt32) -> Bool {
    [0xB2, 0xB3, 0xB9].contains(value) || (0x2070...0x209F).contains(value)
  }

  private mutating func take(_ kind: Kind, _ scalar: Unicode.Scalar) {
    rows.seeLetter()
    if last != .none, kind == .letter || last == .letter {
      if hasSign {
        breaks += 1
        // With a figure on one side signs beyond ASCII are those of units, prices and measures: "30°C", "3€/kg", "40cm×60cm".
        if hasOddASCII || hasOddSign && kind == last { oddBreaks += 1 }
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
      lastLetter = scalar.value
    }
    last = kind
    (hasSign, hasOddSign, hasOddASCII) = (false, false, false)
    hash = Key.adding(scalar.value, to: hash)
    trimmedHash = hash
  }

  private mutating func take(sign: Unicode.Scalar, isOdd: Bool, isDrawn: Bool = false) {
    rows.see(sign, isDrawn: isDrawn)
    endRun()
    hasSign = true
    hasOddSign = hasOddSign || isOdd
    hasOddASCII = hasOddASCII || isOdd && sign.isASCII
    if sign == "@" { mails += 1 }
    if last != .none { hash = Key.adding(sign.value, to: hash) }
  }

  private mutating func endRun() {
    if run <= 2 { shortLetters += run }
    run = 0
  }

  /// The end of a piece, or of what was fed of it: what it counts for, nil for one that is as words are.
  mutating func endPiece() -> Piece? {
    guard length > 0 else { return nil }
    defer {
      (length, last, lastLetter, isLetterBefore) = (0, .none, 0, false)
      (hasSign, hasOddSign, hasOddASCII) = (false, false, false)
      (oddBreaks, figureBreaks, breaks, mails, letters, run, shortLetters) = (0, 0, 0, 0, 0, 0, 0)
      (hash, trimmedHash) = (Key.seed, Key.seed)
    }
    endRun()
    if mails == 1, oddBreaks + figureBreaks == 1 { return nil }
    // "H6DE6C": figures within a word are an alphabet's. "B2B", "M6x20" and "60x40x20" have not the letters of a word.
    let isBroken =
      (oddBreaks > 0 || figureBreaks > 0 && letters >= 3) && shortLetters * 10 >= letters * 6
    // By other signs than odd ones: "m.r.s.l", and not "we're", "Mo-Fr" or "e.g.".
    let isChopped = breaks >= 2 && letters >= 5 && shortLetters == letters
    guard isBroken || isChopped else { return nil }
    return Piece(words: max(1, length / Self.wordLength), key: Key.sign(trimmedHash))
  }

  /// Keys of the pieces of a text that are not as words are.
  static func keys(in text: String) -> [UInt64] {
    var signs = OpaqueSigns()
    var keys: [UInt64] = []
    for scalar in text.unicodeScalars {
      if let piece = signs.feed(scalar) { keys.append(piece.key) }
    }
    if let piece = signs.endPiece() { keys.append(piece.key) }
    return keys
  }
}

/// Symbols one after another, with little between: a symbol before a word, at most two, is decoration.
private struct SignRows {
  /// Kinds of symbols in the rows of one reply, and of drawn ones anywhere in it: a table of ticks has three, an alphabet twenty.
  private static let mostKinds = 12
  private static let mostDrawnKinds = 24
  /// What the symbols of the rows, and drawn ones anywhere, could carry.
  private static let mostBits = 144
  private static let mostDrawnBits = 256
  /// How many more ASCII signs in rows, each unlike the one before, than letters and digits.
  private static let mostASCII = 48
  private static let decoration = 2
  /// Letters or digits in a row that end it.
  private static let wordLength = 3

  /// Symbols and what they could carry.
  private struct Tally: Sendable {
    private var kinds: Set<UInt32> = []
    private var count = 0

    mutating func add(_ kind: UInt32) {
      count += 1
      kinds.insert(kind)
    }

    var kindCount: Int { kinds.count }
    var bits: Int { count * (Int.bitWidth - max(0, kinds.count - 1).leadingZeroBitCount) }
  }

  private var inRows = Tally()
  private var drawn = Tally()
  private var excessASCII = 0

  private var rowSymbols = 0
  private var rowASCII = 0
  private var lettersInRow = 0
  private var lastSign: UInt32 = 0
  /// The first of the two letters that a flag is made of.
  private var halfFlag: UInt32 = 0

  var isTooMuch: Bool {
    inRows.kindCount > Self.mostKinds || inRows.bits > Self.mostBits
      || drawn.kindCount > Self.mostDrawnKinds || drawn.bits > Self.mostDrawnBits
      || excessASCII > Self.mostASCII
  }

  /// - Parameter isDrawn: for what is a picture, and not punctuation or a formula's.
  mutating func see(_ sign: Unicode.Scalar, isDrawn: Bool) {
    lettersInRow = 0
    let before = lastSign
    lastSign = sign.value
    if sign.isASCII {
      guard sign.value != before else { return }
      rowASCII += 1
      if rowASCII > Self.decoration { excessASCII += 1 }
      return
    }
    var kind = sign.value
    switch kind {
    case 0x1F1E6...0x1F1FF:
      guard halfFlag != 0 else {
        halfFlag = kind
        return
      }
      kind = halfFlag << 16 ^ kind
      halfFlag = 0
    // The lines of a box are one drawing.
    case 0x2500...0x257F: kind = 0x2500
    default: break
    }
    rowSymbols += 1
    // A line, or one sign for how often.
    guard sign.value != before else { return }
    if isDrawn { drawn.add(kind) }
    if rowSymbols > Self.decoration { inRows.add(kind) }
  }

  mutating func seeLetter() {
    lettersInRow += 1
    excessASCII = max(0, excessASCII - 1)
    // A letter ends a row of ASCII signs: beside letters they break words, which are counted apart.
    (rowASCII, halfFlag) = (0, 0)
    if lettersInRow >= Self.wordLength { (rowSymbols, lastSign) = (0, 0) }
  }

  /// A character that is a word.
  mutating func seeWord() {
    excessASCII = max(0, excessASCII - 1)
    (rowSymbols, rowASCII, lastSign, halfFlag) = (0, 0, 0, 0)
  }
}

/// Signs that nobody sees.
private struct HiddenSigns {
  /// What stands before, as far as a sign that is not seen may change its look.
  enum Neighbour { case none, joined, unspaced, figure, symbol, selector }

  /// In one reply.
  private static let most = 12

  private var count = 0
  private var before = Neighbour.none
  /// Whether the last one stands between a figure and what may be a key's cap.
  private var isWaiting = false

  var isTooMuch: Bool { count - (isWaiting ? 1 : 0) > Self.most }

  mutating func see(_ neighbour: Neighbour) {
    before = neighbour
    isWaiting = false
  }

  /// A key's cap around a figure and its selector.
  mutating func seeKeycap() {
    if isWaiting { count -= 1 }
    see(.none)
  }

  /// Counts a sign but where its effect is seen.
  mutating func hide(_ scalar: Unicode.Scalar) {
    isWaiting = false
    switch (scalar.value, before) {
    // Makes an emoji of a sign.
    case (0xFE0E, .symbol), (0xFE0F, .symbol): before = .selector
    // An emoji may be several joined.
    case (0x200D, .symbol), (0x200D, .selector): before = .none
    // Arabic and the scripts of India join and part letters with them, and turn the line's direction.
    case (0x200C, .joined), (0x200D, .joined), (0x200E, .joined), (0x200F, .joined):
      before = .none
    // Khmer and Thai may part words with it.
    case (0x200B, .unspaced): before = .none
    default:
      count += 1
      isWaiting = scalar.value == 0xFE0F && before == .figure
      before = .none
    }
  }

  /// Whether letters of its script are joined, or run from right to left: Hebrew to Arabic, India to Sri Lanka.
  static func joins(_ letter: UInt32) -> Bool {
    (0x0590...0x0DFF).contains(letter) || (0xFB1D...0xFEFC).contains(letter)
  }
}
