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

  // Of the piece, up to white space.
  private var length = 0
  private var last = Kind.none
  private var beforeLast = Kind.none
  /// Since the last letter or digit.
  private var hasSign = false
  private var hasOddSign = false
  private var oddBreaks = 0
  private var breaks = 0
  private var mails = 0
  private var letters = 0
  private var partLength = 0
  private var longestPart = 0
  private var head = ""

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
      hasSign = true
      hasOddSign = hasOddSign || Self.odd.contains(scalar.value)
      if scalar == "@" { mails += 1 }
    }
    if length < 8 { head.unicodeScalars.append(scalar) }
    length += 1
  }

  private mutating func feedForeign(_ scalar: Unicode.Scalar) {
    let category = scalar.properties.generalCategory
    switch category {
    case .otherSymbol, .privateUse, .unassigned:
      symbols += 1
      kinds.insert(scalar.value)
    case .format:
      // Persian and the scripts of India join and part their letters with them.
      if !isAfterForeignLetter { hidden += 1 }
    case .uppercaseLetter, .lowercaseLetter, .otherLetter, .nonspacingMark, .spacingMark:
      isAfterForeignLetter = true
      take(.letter)
    default: isAfterForeignLetter = false
    }
    length += 1
  }

  private mutating func take(_ kind: Kind) {
    if last != .none, kind == .letter || last == .letter {
      if hasSign {
        breaks += 1
        if hasOddSign { oddBreaks += 1 }
        longestPart = max(longestPart, partLength)
        partLength = 0
      } else if kind == .letter, last == .digit, beforeLast == .letter {
        // "H6DE6C": figures within a word are an alphabet's, or a name's like "B2B".
        oddBreaks += 1
      }
    }
    if kind != last || hasSign { (beforeLast, last) = (hasSign ? .none : last, kind) }
    if kind == .letter {
      letters += 1
      partLength += 1
    }
    (hasSign, hasOddSign) = (false, false)
  }

  /// White space: for how many unknown words the piece counts, nil for one that is as words are.
  mutating func endPiece() -> Int? {
    defer {
      (length, last, beforeLast, hasSign, hasOddSign) = (0, .none, .none, false, false)
      (oddBreaks, breaks, mails, letters, partLength, longestPart) = (0, 0, 0, 0, 0, 0)
      head = ""
    }
    // An address is read word by word, as the rest is.
    if head.hasPrefix("http://") || head.hasPrefix("https://") { return nil }
    if mails == 1, oddBreaks == 1 { return nil }
    let isChopped = breaks > 0 && letters >= 4 && max(longestPart, partLength) <= 2
    guard oddBreaks > 0 || isChopped else { return nil }
    return max(1, length / Self.wordLength)
  }
}
