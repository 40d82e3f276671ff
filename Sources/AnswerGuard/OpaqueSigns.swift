// What is no word and may still be read as one by who knows how: letters drawn as symbols (Braille, an emoji a letter), signs that
// are not seen, and words broken by signs ("q**nt*n", an alphabet of all printable signs). Nothing is decoded: text for people has
// little of it, so much of it is enough (step 7).

/// Counts signs that are no text.
struct OpaqueSigns: Sendable {
  /// Kinds of symbols in one reply, and symbols when there are two kinds or more: what text for people has, and a table of ticks.
  private static let mostKinds = 8
  private static let mostSymbols = 48
  /// Signs that are not seen, in one reply.
  private static let mostHidden = 12
  /// Letters that a broken word counts for as one.
  private static let wordLength = 6
  /// Signs that do not stand inside of words: hyphens, apostrophes, dots, slashes and underscores do.
  private static let odd = Set("*#~^+=|$%<>\\{}[]@?:;\"!`&()".unicodeScalars.map(\.value))

  private enum Kind { case none, letter, digit }

  private var symbols = 0
  private var kinds: Set<UInt32> = []
  private var hidden = 0
  private var isAfterForeignLetter = false
  private var isAfterSymbol = false

  // Of the piece, up to white space.
  private var length = 0
  private var last = Kind.none
  /// Whether a letter stands before the figures that came last, with no sign between.
  private var isLetterBefore = false
  /// Since the last letter or digit.
  private var hasSign = false
  private var hasOddSign = false
  private var oddBreaks = 0
  private var breaks = 0
  private var mails = 0
  private var letters = 0
  /// Letters in a row, and letters of rows of one or two.
  private var run = 0
  private var shortLetters = 0

  /// Whether there is more of it than text for people has.
  var isTooMuch: Bool {
    kinds.count > Self.mostKinds || kinds.count > 1 && symbols > Self.mostSymbols
      || hidden > Self.mostHidden
  }

  /// Takes the next scalar of the reply, as it stands.
  mutating func feed(_ scalar: Unicode.Scalar) {
    guard scalar.isASCII else { return feedForeign(scalar) }
    isAfterForeignLetter = false
    switch scalar.value {
    case 0x41...0x5A, 0x61...0x7A: take(.letter)
    case 0x30...0x39: take(.digit)
    case 0...0x20: return
    default:
      endRun()
      hasSign = true
      hasOddSign = hasOddSign || Self.odd.contains(scalar.value)
      if scalar == "@" { mails += 1 }
    }
    length += 1
  }

  private mutating func feedForeign(_ scalar: Unicode.Scalar) {
    // A selector that makes an emoji of the sign before it is seen by its effect; one after another, or after a letter, by nobody.
    if scalar.properties.isVariationSelector {
      if !isAfterSymbol { hidden += 1 }
      isAfterSymbol = false
      return
    }
    isAfterSymbol = false
    // Without spaces a whole sentence is a piece, figures and all.
    guard !Letter.isUnspaced(scalar.value) else {
      endRun()
      (last, isLetterBefore, hasSign, hasOddSign) = (.none, false, false, false)
      isAfterForeignLetter = false
      return
    }
    length += 1
    switch scalar.properties.generalCategory {
    case .otherSymbol, .privateUse, .unassigned:
      symbols += 1
      kinds.insert(scalar.value)
      isAfterForeignLetter = false
      isAfterSymbol = true
    case .format:
      // Persian and the scripts of India join and part their letters with them.
      let joins = scalar.value == 0x200C || scalar.value == 0x200D
      if !joins || !isAfterForeignLetter { hidden += 1 }
      isAfterForeignLetter = false
    case .uppercaseLetter, .lowercaseLetter, .otherLetter, .nonspacingMark, .spacingMark:
      isAfterForeignLetter = true
      take(.letter)
    default: isAfterForeignLetter = false
    }
  }

  private mutating func take(_ kind: Kind) {
    if last != .none, kind == .letter || last == .letter {
      if hasSign {
        breaks += 1
        if hasOddSign { oddBreaks += 1 }
      } else if kind == .letter, last == .digit, isLetterBefore {
        // "H6DE6C": figures within a word are an alphabet's, or a name's like "B2B".
        oddBreaks += 1
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
  }

  private mutating func endRun() {
    if run <= 2 { shortLetters += run }
    run = 0
  }

  /// White space: for how many unknown words the piece counts, nil for one that is as words are.
  mutating func endPiece() -> Int? {
    defer {
      (length, last, isLetterBefore, hasSign, hasOddSign) = (0, .none, false, false, false)
      (oddBreaks, breaks, mails, letters, run, shortLetters) = (0, 0, 0, 0, 0, 0)
    }
    endRun()
    if mails == 1, oddBreaks == 1 { return nil }
    // An address, a line of code and an emphasized word have whole words between their signs.
    let isBroken = oddBreaks > 0 && shortLetters * 10 >= letters * 6
    // By other signs than odd ones: "m.r.s.l", and not "we're", "Mo-Fr" or "e.g.".
    let isChopped =
      breaks >= 2 && letters >= 5 && shortLetters == letters
    guard isBroken || isChopped else { return nil }
    return max(1, length / Self.wordLength)
  }
}
