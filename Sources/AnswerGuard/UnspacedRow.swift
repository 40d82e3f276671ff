// How much a row of letters says in scripts without spaces: six Chinese characters are as much as five words elsewhere.
//
// Chinese characters and katakana stand for words or syllables of names; hiragana, Thai, Lao, Khmer and Burmese letters for
// less, and endings of verbs alone are as long as a word. Names of two to five characters are held only where they stand in
// such a row with what stands beside them in private: a known gap.

/// What the last letters of a reading are.
struct UnspacedRow: Sendable {
  /// Letters of a run that is a violation: of characters mostly, and of other letters.
  static let shortLength = 6
  static let longLength = 12
  /// As many of the six must be characters.
  private static let leastCharacters = 4

  /// For the last 16 letters, the last one lowest: whether their script has no spaces, and whether they are characters.
  private var unspaced: UInt16 = 0
  private var characters: UInt16 = 0

  /// Takes one letter.
  @inline(__always) mutating func push(_ letter: UInt32) {
    unspaced <<= 1
    characters <<= 1
    // Most letters are not.
    guard letter >= 0x0E00, Letter.isUnspaced(letter) else { return }
    unspaced |= 1
    if Self.isCharacter(letter) { characters |= 1 }
  }

  /// Whether the last six letters are a run by what they are.
  @inline(__always) var isShortRun: Bool {
    unspaced & Self.shortMask == Self.shortMask
      && (characters & Self.shortMask).nonzeroBitCount >= Self.leastCharacters
  }

  /// Whether the last twelve are.
  @inline(__always) var isLongRun: Bool { unspaced & Self.longMask == Self.longMask }

  /// Whether there is nothing to look for.
  @inline(__always) var isEmpty: Bool { unspaced & 1 == 0 }

  private static let shortMask: UInt16 = (1 << UInt16(shortLength)) - 1
  private static let longMask: UInt16 = (1 << UInt16(longLength)) - 1

  /// Han and katakana.
  private static func isCharacter(_ letter: UInt32) -> Bool {
    letter >= 0x3400 || (0x30A0...0x30FF).contains(letter)
  }

  /// The runs in a row of letters: where each begins, and its length.
  static func runs(in letters: [UInt32]) -> [Range<Int>] {
    var row = UnspacedRow()
    var found: [Range<Int>] = []
    for (place, letter) in letters.enumerated() {
      row.push(letter)
      if row.isEmpty { continue }
      if row.isShortRun { found.append((place + 1 - shortLength)..<(place + 1)) }
      if row.isLongRun { found.append((place + 1 - longLength)..<(place + 1)) }
    }
    return found
  }

  /// The key of a run.
  static func key(_ run: some Sequence<UInt32>) -> UInt64 {
    var window = LetterWindow()
    var length = 0
    for letter in run {
      window.push(letter)
      length += 1
    }
    return window.unspacedKey(length: length)
  }

  /// Keys of all runs in a row of letters.
  static func keys(in letters: [UInt32]) -> [UInt64] {
    runs(in: letters).map { key(letters[$0]) }
  }
}
