// Figures half in words to figures: "2.4 million" and "2,4 Mio." are 2400000, "12k" and "12 Tausend" are 12000.
//
// The digits are words of the text as well; so the whole figure comes beside them, at the word that says what they are times.
// Digits after a point are a fraction, and where there are three of them, also thousands: "1,250 million" may be either.

/// Reads digits with a word for hundreds, thousands, millions and more after them.
struct ScaledFigures: Sendable {
  /// How many zeros each word stands for, a billion in English.
  private static let zeros: [UInt64: Int] = {
    var zeros: [UInt64: Int] = [:]
    for (count, words) in [
      2: "hundred hundert", 3: "thousand thousands tausend tsd k grand",
      6: "million millions millionen mio mill mln mn m",
      9: "billion billions bn milliarde milliarden mrd b", 12: "trillion trillions tn",
    ] {
      for word in words.split(separator: " ") {
        zeros[Key.hash(word.unicodeScalars.map(\.value))] = count
      }
    }
    return zeros
  }()

  /// The mark before a figure that was made, which keeps it apart from the digits that it was made of.
  static let mark: UInt32 = 0xD7

  /// More digits than this are no figure that somebody says.
  private static let longest = 20

  private var whole: [UInt32] = []
  private var fraction: [UInt32] = []

  /// Takes the next word and gives the figures that end with it, mostly none.
  @inline(__always)
  mutating func feed(_ word: Word) -> [Word] {
    guard word.isNumber else {
      guard !whole.isEmpty else { return [] }
      defer { (whole, fraction) = ([], []) }
      return figures(at: word)
    }
    let isJoined = !whole.isEmpty && !word.isAfterSpace && JoinedToken.isPoint(word.separator)
    // What is too long already grows no more: a reply may be one figure of a megabyte.
    whole = isJoined ? whole + (whole.count > Self.longest ? [] : fraction) : []
    if isJoined { fraction = word.letters } else { (whole, fraction) = (word.letters, []) }
    return []
  }

  private func figures(at word: Word) -> [Word] {
    // "12m" may be millions, "12 m" are metres.
    let isClose = !word.isAfterSpace && word.separator == 0
    let isHyphened = !word.isAfterSpace && word.separator == 0x2D
    guard let zeros = Self.zeros[word.hash], word.separator == 0 || isHyphened,
      isClose || word.letters.count > 1, whole.count + fraction.count + zeros <= Self.longest
    else { return [] }
    var figures: [[UInt32]] = []
    if fraction.count <= zeros {
      let padding = repeatElement(UInt32(0x30), count: zeros - fraction.count)
      figures.append(whole + fraction + padding)
    }
    if fraction.count == 3 {
      figures.append(whole + fraction + repeatElement(UInt32(0x30), count: zeros))
    }
    return figures.compactMap { digits in
      let kept = Array(digits.drop { $0 == 0x30 })
      return kept.isEmpty ? nil : Word(kept, isNumber: true, separator: Self.mark)
    }
  }
}
