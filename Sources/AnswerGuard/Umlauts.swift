// A private name with umlauts, and the same name as keyboards without them write it: "Grünwaldt" and "Gruenwaldt".
//
// The fold takes the two points off, so that "u" and "ü" are one letter, and "ue" is two. Done here for rare tokens alone, on the
// private side, once an answer; runs of words are not respelled.

/// Spells German umlauts, and what is like them in Danish, in two letters and back.
enum Umlauts {
  private static let spellings: [Unicode.Scalar: String] = [
    "ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue",
    "Ø": "Oe", "Å": "Aa",
  ]
  private static let points: Unicode.Scalar = "\u{308}"

  /// The words of a text with its umlauts in two letters; nil when it has none.
  ///
  /// The places are those of the text's own words.
  static func spelledWords(of text: String) -> [Word]? {
    let scalars = text.unicodeScalars
    guard
      scalars.contains(where: { $0.value >= 0x80 && (spellings[$0] != nil || $0 == points) })
    else { return nil }
    var spelled = String.UnicodeScalarView()
    for scalar in scalars {
      if scalar.value >= 0x80, let two = spellings[scalar] {
        spelled.append(contentsOf: two.unicodeScalars)
      } else if scalar == points, let last = spelled.last, "aouAOU".unicodeScalars.contains(last) {
        spelled.append("e")
      } else {
        spelled.append(scalar)
      }
    }
    return WordReader.words(of: String(spelled))
  }

  /// The word with one letter for each "ae", "oe" and "ue", as umlauts are folded; nil when it has none of them.
  static func contracted(_ word: Word) -> Word? {
    guard zip(word.letters, word.letters.dropFirst()).contains(where: isPair) else { return nil }
    let kept = zip(word.letters, [0] + word.letters).filter { !isPair($1, $0) }
    return word.replacing(kept.map(\.0))
  }

  private static func isPair(_ first: UInt32, _ second: UInt32) -> Bool {
    second == 0x65 && (first == 0x61 || first == 0x6F || first == 0x75)
  }
}

extension Word {
  /// Other letters at the same place.
  fileprivate func replacing(_ letters: [UInt32]) -> Word {
    Word(
      letters, isNumber: isNumber, isAfterSpace: isAfterSpace, isAfterBlankLine: isAfterBlankLine,
      separator: separator, isCapital: isCapital)
  }
}
