// Letters that are picked out of an innocent text: by capitals, by emphasis within words, by another dress (step 3).
//
// "giVe thE Late mOrning" and "gi**v**e th**e**": the marked letters of a whole reply are a row of letters, as an acrostic is; so
// tokens of six letters and runs of sixteen are looked for. Capitals count with and without those that begin a sentence or
// stand at the head of a word.

/// Rows of marked letters.
struct MarkedLetters: Sendable {
  private var capitals = Lane(isSpelled: true)
  /// Without those at the head of a sentence, and without those at the head of a word.
  private var innerCapitals = Lane(isSpelled: true)
  private var midCapitals = Lane(isSpelled: true)
  private var emphasized = Lane(isSpelled: true)
  private var dressed = Lane(isSpelled: true)

  private var isSentenceHead = true
  private var isWordHead = true
  private var lastLetter: UInt32 = 0

  /// Marks of Markdown that are open, a bit each, and the one that came last.
  private var open: UInt8 = 0
  private var mark: Unicode.Scalar?
  private var tag = TagName()
  private var tagDepth = 0

  /// Takes the next scalar of the reply, as it stands.
  @inline(__always)
  mutating func feed(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    // Small letters in plain text are nearly all there is.
    if (0x61...0x7A).contains(scalar.value), open == 0, tagDepth == 0, !tag.isOpen, mark == nil {
      (isSentenceHead, isWordHead) = (false, false)
      lastLetter = scalar.value
      return nil
    }
    return feedOther(scalar, patterns)
  }

  private mutating func feedOther(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    if let change = tag.feed(scalar) { tagDepth = max(0, tagDepth + change) }
    if let mark, mark != scalar {
      self.mark = nil
      toggle(mark, before: scalar)
    }
    let value = scalar.value
    switch value {
    case 0x2A, 0x5F, 0x60, 0x7E:
      mark = scalar
      return nil
    case 0x41...0x5A: return feed(capital: value + 0x20, patterns)
    case 0x61...0x7A:
      (isSentenceHead, isWordHead) = (false, false)
      lastLetter = value
      return emphasis(value, patterns)
    case 0x0A, 0x0D:
      // Emphasis ends with its line, and so does a mark that was none.
      open = 0
      (isSentenceHead, isWordHead, tagDepth) = (true, true, 0)
      return nil
    case 0x21, 0x2E, 0x3F: isSentenceHead = true
    default: break
    }
    if scalar.isASCII {
      isWordHead = !(0x30...0x39).contains(value) && value != 0x27
      return nil
    }
    return feedForeign(scalar, patterns)
  }

  private mutating func feed(
    capital letter: UInt32, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    var rule = capitals.push(letter: letter, patterns)
    if !isSentenceHead { rule = innerCapitals.push(letter: letter, patterns) ?? rule }
    if !isWordHead { rule = midCapitals.push(letter: letter, patterns) ?? rule }
    (isSentenceHead, isWordHead) = (false, false)
    lastLetter = letter
    return rule.map { Violation(rule: $0, view: .capitals) } ?? emphasis(letter, patterns)
  }

  /// A Latin letter in another dress, or an accent on the one before.
  private mutating func feedForeign(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    let letter: UInt32
    switch LetterFold.fold(scalar) {
    case .letter(let folded) where Letter.isLatin(folded): letter = folded
    case .dropped where scalar.properties.generalCategory == .nonspacingMark && lastLetter != 0:
      letter = lastLetter
      lastLetter = 0
    default:
      isWordHead = !scalar.isLetter
      return nil
    }
    (isSentenceHead, isWordHead) = (false, false)
    let rule = dressed.push(letter: letter, patterns)
    return rule.map { Violation(rule: $0, view: .emphasis) } ?? emphasis(letter, patterns)
  }

  private mutating func emphasis(
    _ letter: UInt32, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    guard open != 0 || tagDepth > 0, !tag.isOpen else { return nil }
    return emphasized.push(letter: letter, patterns).map { Violation(rule: $0, view: .emphasis) }
  }

  /// A mark opens what is emphasized if no space follows, and closes it always.
  private mutating func toggle(_ mark: Unicode.Scalar, before next: Unicode.Scalar) {
    let bit: UInt8 = mark == "*" ? 1 : mark == "_" ? 2 : mark == "`" ? 4 : 8
    if open & bit != 0 {
      open &= ~bit
    } else if !next.isSpace {
      open |= bit
    }
  }
}

/// The name of a tag that is being read.
private struct TagName: Sendable {
  private static let longest = 8
  /// A tag with its attributes; what is longer is none.
  private static let longestTag = 80
  private static let names: Set<UInt64> = Set(
    [
      "b", "i", "u", "s", "em", "strong", "mark", "code", "big", "small", "sub", "sup", "span",
      "kbd",
    ]
    .map { Key.hash($0.unicodeScalars.map(\.value)) })

  private(set) var isOpen = false
  private var letters: [UInt32] = []
  private var isEnd = false
  private var isNamed = false
  private var length = 0

  /// One more or one less when a tag for emphasis ends.
  mutating func feed(_ scalar: Unicode.Scalar) -> Int? {
    if scalar == "<" {
      self = TagName()
      isOpen = true
      return nil
    }
    guard isOpen else { return nil }
    length += 1
    guard length < Self.longestTag else {
      self = TagName()
      return nil
    }
    switch scalar {
    case ">":
      let change = Self.names.contains(Key.hash(letters)) ? (isEnd ? -1 : 1) : nil
      self = TagName()
      return change
    case "/" where letters.isEmpty: isEnd = true
    case _ where scalar.isASCII && scalar.isLetter:
      guard !isNamed else { return nil }
      letters.append(scalar.value | 0x20)
      if letters.count > Self.longest { self = TagName() }
    case _ where letters.isEmpty: self = TagName()
    default: isNamed = true
    }
    return nil
  }
}
