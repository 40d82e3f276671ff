// English numbers in words to figures, so that "two zero four one seven" is 20417, "thirteen point five" 13.5, "double six" 66
// and "XXVII" 27.
//
// A word alone ("twelve", "hundred") is everybody's as a word, and a figure beside what makes a code of it ("quartz seven"); so
// each reading is given both ways. "8 point 7" is 8.7, and what is half in words is read by ScaledFigures. Other languages are not read; their numbers in words pass: a known gap.

/// A word of a text, and what it is as a figure.
struct SpokenWord: Sendable {
  /// The word where it stands alone, a figure where several words make one.
  let plain: Word
  /// A figure wherever there is one, else the word.
  let figure: Word
  /// Whether the figure by itself is everybody's: up to twelve, in one word.
  var isSmall = false
  /// Whether it comes beside the words that it was made of: "2.4 million" and 2400000.
  var isExtra = false

  /// A word or a figure that is the same both ways.
  init(_ word: Word) { (plain, figure) = (word, word) }

  init(plain: Word, figure: Word, isSmall: Bool, isExtra: Bool = false) {
    (self.plain, self.figure) = (plain, figure)
    (self.isSmall, self.isExtra) = (isSmall, isExtra)
  }
}

/// Reads numbers in words.
struct NumberWords: Sendable {
  private enum Value {
    case unit(Int)
    case tens(Int)
    case scale(Int)
    /// "First" to "ninth": a number only after tens.
    case ordinal(Int)
  }

  /// What stands between words of a number, or before one.
  private enum Link {
    case and, point
    case times(Int)
  }

  /// Hashes of number words and what they mean.
  private static let values: [UInt64: Value] = {
    var values: [UInt64: Value] = [:]
    func add(_ words: String, _ value: (Int) -> Value) {
      for (number, word) in words.split(separator: " ").enumerated() {
        for form in word.split(separator: "/") { values[hash(form)] = value(number) }
      }
    }
    add(
      "zero/oh/nought/naught/null one two three/tree four/fower five/fife six seven eight/ait "
        + "nine/niner ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    ) { .unit($0) }
    add("thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth") {
      .unit(13 + $0)
    }
    for ending in ["y", "ieth"] {
      let stems = ["twent", "thirt", "fort", "fift", "sixt", "sevent", "eight", "ninet"]
      add(stems.map { $0 + ending }.joined(separator: " ")) { .tens(20 + 10 * $0) }
    }
    add("_ _ fourty") { .tens(20 + 10 * $0) }
    add("hundred thousand million") { .scale([100, 1000, 1_000_000][min($0, 2)]) }
    add("_ first second third fourth fifth sixth seventh eighth ninth") { .ordinal($0) }
    values[hash("_")] = nil
    return values
  }()

  private static let links: [UInt64: Link] = [
    hash("and"): .and, hash("point"): .point, hash("comma"): .point, hash("komma"): .point,
    hash("punkt"): .point, hash("double"): .times(2),
    hash("triple"): .times(3), hash("treble"): .times(3), hash("quadruple"): .times(4),
  ]

  private static func hash(_ word: some StringProtocol) -> UInt64 {
    Key.hash(word.unicodeScalars.map(\.value))
  }

  private var total = 0
  private var part = 0
  /// The next word must stay below this to belong to the same number.
  private var room = 0
  private var isOpen = false
  /// Whether the number stands right after another one: "twenty twenty-seven" is 2027, "two and seven" is not 27.
  private var isJoined = false
  /// Whether a point stands between it and the one before.
  private var isAfterPoint = false
  /// The only word of the number so far, and whether it is one of a scale.
  private var only: Word?
  private var isScale = false
  /// A word that belongs to the number if another one follows.
  private var held: (link: Link, word: Word)?
  /// Whether the last word was one of digits.
  private var isAfterDigits = false
  private var scaled = ScaledFigures()

  /// The least number that is a secret by one word.
  private static let leastAlone = 13

  /// Takes a word and gives the words that stand for it and for those held back.
  mutating func feed(_ word: Word) -> [SpokenWord] {
    let read = read(word)
    isAfterDigits = word.isNumber
    let figures = scaled.feed(word)
    guard !figures.isEmpty else { return read }
    return read
      + figures.map { SpokenWord(plain: $0, figure: $0, isSmall: false, isExtra: true) }
  }

  private mutating func read(_ word: Word) -> [SpokenWord] {
    if let value = value(of: word) { return feed(value, word) }
    if word.isNumber, word.separator == 0, case .point? = held?.link {
      let ended = endNumber(isFollowed: true)
      held = nil
      return ended + [SpokenWord(Self.afterPoint(word))]
    }
    if let link = Self.links[word.hash], mayHold(link, word) {
      let ended = held == nil ? [] : finish()
      held = (link, word)
      return ended
    }
    let ended = finish()
    guard let roman = RomanNumeral.value(of: word) else { return ended + [SpokenWord(word)] }
    let figure = Self.figure(roman, like: word, isAfterSpace: true)
    return ended + [SpokenWord(plain: word, figure: figure, isSmall: roman < 10)]
  }

  /// Ends the number that is open, and gives what was held.
  mutating func finish() -> [SpokenWord] {
    guard isOpen || held != nil else { return [] }
    let last = held.map { SpokenWord($0.word) }
    let ended = endNumber(isFollowed: false)
    restart()
    return ended + [last].compactMap(\.self)
  }

  /// Begins anew, with the digits that were read.
  private mutating func restart() {
    let (digits, isAfter) = (scaled, isAfterDigits)
    self = NumberWords()
    (scaled, isAfterDigits) = (digits, isAfter)
  }

  private static func afterPoint(_ word: Word) -> Word {
    Word(
      word.letters, isNumber: true, isAfterSpace: false, isAfterBlankLine: word.isAfterBlankLine,
      separator: 0x2E)
  }

  private func value(of word: Word) -> Value? {
    guard !word.isNumber else {
      guard case .times? = held?.link, word.letters.count == 1, let digit = word.letters.first
      else { return nil }
      return .unit(Int(digit) - 0x30)
    }
    guard let value = Self.values[word.hash] else { return nil }
    guard case .ordinal(let number) = value else { return value }
    guard isOpen, held == nil, number < room else { return nil }
    return .unit(number)
  }

  /// "And" and "point" stand between numbers, "double" before one; a mark before "point" makes a list of it.
  private func mayHold(_ link: Link, _ word: Word) -> Bool {
    switch link {
    case .point where isAfterDigits: word.separator == 0 && held == nil
    case .and, .point: isOpen && held == nil
    case .times: true
    }
  }

  private mutating func feed(_ value: Value, _ word: Word) -> [SpokenWord] {
    let isNear = word.separator == 0 || word.separator == 0x2D
    var ended: [SpokenWord] = []
    switch held?.link {
    case .and where !fits(value): ended = finish()
    case .point:
      ended = endNumber(isFollowed: true)
      (isJoined, isAfterPoint) = (true, true)
    case .times(let count):
      guard case .unit(let number) = value, number < 10 else {
        ended = finish()
        break
      }
      let isFollowing = isOpen
      ended = endNumber(isFollowed: true)
      isJoined = isFollowing
      for _ in 1..<count {
        ended.append(
          SpokenWord(Self.figure(number, like: word, isAfterSpace: !isJoined)))
        isJoined = true
      }
    case .and: break
    case nil where isOpen && !fits(value):
      ended = endNumber(isFollowed: isNear)
      isJoined = isNear
    case nil: break
    }
    held = nil
    add(value, word)
    return ended
  }

  private mutating func add(_ value: Value, _ word: Word) {
    only = isOpen ? nil : word
    isScale = false
    switch value {
    case .unit(let number), .ordinal(let number):
      part += number
      room = 0
    case .tens(let number):
      part += number
      room = 10
    case .scale(100):
      part = max(part, 1) * 100
      room = 100
      isScale = true
    case .scale(let number):
      total = min(total + max(part, 1) * number, Self.largest)
      part = 0
      room = min(number, 1000)
      isScale = true
    }
    isOpen = true
  }

  /// Ends the number but not what was held.
  private mutating func endNumber(isFollowed: Bool) -> [SpokenWord] {
    guard isOpen else { return [] }
    let number = total + part
    let ended: SpokenWord
    if let only, !isFollowed, !isJoined {
      let figure = Self.figure(number, like: only, isAfterSpace: true)
      ended =
        isScale
        ? SpokenWord(only)
        : SpokenWord(plain: only, figure: figure, isSmall: number < Self.leastAlone)
    } else {
      ended = SpokenWord(
        Self.figure(
          number, like: only, isAfterSpace: !isJoined, separator: isAfterPoint ? 0x2E : 0))
    }
    let link = held
    restart()
    held = link
    return [ended]
  }

  private static func figure(
    _ number: Int, like word: Word?, isAfterSpace: Bool, separator: UInt32 = 0
  ) -> Word {
    Word(
      String(number).unicodeScalars.map(\.value), isNumber: true, isAfterSpace: isAfterSpace,
      isAfterBlankLine: word?.isAfterBlankLine ?? false, separator: separator)
  }

  private func fits(_ value: Value) -> Bool {
    guard isOpen else { return false }
    switch value {
    case .unit(let number), .tens(let number), .ordinal(let number): return number < room
    case .scale(let number): return number == 100 ? part < 100 : part < 1000 && part > 0
    }
  }

  /// Larger sums stay here; nobody writes them in words.
  private static let largest = 1_000_000_000_000

  /// The words of a whole text with figures for its numbers, nil when it has none in words.
  ///
  /// - Parameter keepsSmall: whether a number up to twelve in one word stays a word.
  static func figures(in words: [Word], keepsSmall: Bool) -> [Word]? {
    var reader = NumberWords()
    var spoken: [SpokenWord] = []
    for word in words { spoken.append(contentsOf: reader.feed(word)) }
    spoken.append(contentsOf: reader.finish())
    let read = spoken.map { keepsSmall && $0.isSmall ? $0.plain : $0.figure }
    let isSame =
      read.count == words.count
      && read.count(where: \.isNumber) == words.count(where: \.isNumber)
    return isSame ? nil : read
  }
}
