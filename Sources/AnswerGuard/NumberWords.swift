// English numbers in words to figures, so that "two zero four one seven" is 20417 and "thirteen point five" 13.5.
//
// One word alone ("twelve", "hundred") stays a word: it is everybody's. Other languages are not read; their numbers in words pass: a known gap.

/// Reads numbers in words.
struct NumberWords: Sendable {
  private enum Value {
    case unit(Int)
    case tens(Int)
    case scale(Int)
  }

  /// Hashes of number words and what they mean.
  private static let values: [UInt64: Value] = {
    var values: [UInt64: Value] = [:]
    func add(_ words: String, _ value: (Int) -> Value) {
      for (number, word) in words.split(separator: " ").enumerated() {
        for form in word.split(separator: "/") {
          values[Key.hash(form.unicodeScalars.map(\.value))] = value(number)
        }
      }
    }
    add(
      "zero/oh/nought/null one two three/tree four/fower five/fife six seven eight/ait nine/niner ten "
        + "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    ) { .unit($0) }
    add("twenty thirty forty/fourty fifty sixty seventy eighty ninety") { .tens(20 + 10 * $0) }
    add("hundred thousand million") { .scale([100, 1000, 1_000_000][min($0, 2)]) }
    return values
  }()

  private static let and = Key.hash("and".unicodeScalars.map(\.value))
  private static let point = Key.hash("point".unicodeScalars.map(\.value))

  private var total = 0
  private var part = 0
  /// The next word must stay below this to belong to the same number.
  private var room = 0
  private var isOpen = false
  /// Whether the number stands right after another one: "twenty twenty-seven" is 2027, "two and seven" is not 27.
  private var isJoined = false
  private var sawAnd = false
  /// The only word of the number so far.
  private var only: Word?

  /// Takes a word and gives the words that stand for it, numbers as figures.
  mutating func feed(_ word: Word) -> [Word] {
    guard !word.isNumber, let value = Self.values[word.hash] else { return feedOther(word) }
    var ended: [Word] = []
    if isOpen, !fits(value) {
      let isNear = !sawAnd && (word.separator == 0 || word.separator == 0x2D)
      ended = finish(isFollowed: isNear)
      isJoined = isNear
    }
    only = isOpen ? nil : word
    switch value {
    case .unit(let number):
      part += number
      room = 0
    case .tens(let number):
      part += number
      room = 10
    case .scale(100):
      part = max(part, 1) * 100
      room = 100
    case .scale(let number):
      total = min(total + max(part, 1) * number, Self.largest)
      part = 0
      room = min(number, 1000)
    }
    isOpen = true
    sawAnd = false
    return ended
  }

  /// Ends the number that is open.
  mutating func finish(isFollowed: Bool = false) -> [Word] {
    guard isOpen else { return [] }
    if let only, !isFollowed, !isJoined {
      self = NumberWords()
      return [only]
    }
    let digits = String(total + part).unicodeScalars.map(\.value)
    let number = Word(digits, isNumber: true, isAfterSpace: !isJoined)
    self = NumberWords()
    return [number]
  }

  private func fits(_ value: Value) -> Bool {
    switch value {
    case .unit(let number), .tens(let number): return number < room
    case .scale(let number): return number == 100 ? part < 100 : part < 1000 && part > 0
    }
  }

  private mutating func feedOther(_ word: Word) -> [Word] {
    if isOpen, word.hash == Self.and {
      sawAnd = true
      return []
    }
    guard isOpen, word.hash == Self.point else {
      isJoined = isJoined && isOpen
      return finish() + [word]
    }
    // "Point" between figures is a mark.
    let ended = finish(isFollowed: true)
    isJoined = true
    return ended
  }

  /// Larger sums stay here; nobody writes them in words.
  private static let largest = 1_000_000_000_000
}
