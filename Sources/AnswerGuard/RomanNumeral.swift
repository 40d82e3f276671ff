// Roman numerals as figures: "XXVII" for 27, in capitals, or in small letters where there are three and more.
//
// Only the usual spelling is one, so "CIVIC" and "DIM" are none; and abbreviations and words that happen to be spelled
// so ("XL", "CD", "MIX") are not read. One letter alone is a letter.

/// Reads Roman numerals.
enum RomanNumeral {
  private static let words: Set<UInt64> = Set(
    ["mix", "xl", "cd", "cv", "cc", "dc", "mc", "md", "mm", "cm", "di", "mi", "li", "mv", "dv"]
      .map { Key.hash($0.unicodeScalars.map(\.value)) })

  private static let digits: [(letters: [UInt32], value: Int)] = [
    ("m", 1000), ("cm", 900), ("d", 500), ("cd", 400), ("c", 100), ("xc", 90), ("l", 50),
    ("xl", 40), ("x", 10), ("ix", 9), ("v", 5), ("iv", 4), ("i", 1),
  ].map { ($0.0.unicodeScalars.map(\.value), $0.1) }

  /// The number that a word is; nil when it is none, or less than four.
  static func value(of word: Word) -> Int? {
    let letters = word.letters
    guard !word.isNumber, (2...15).contains(letters.count), isNumeral(letters) else { return nil }
    // A row of one small letter holds a place, as in a form; the same row in capitals may be thirty.
    let isPlain = letters.count > 2 && letters.contains { $0 != letters.first }
    guard word.isCapital || isPlain, !words.contains(word.hash) else { return nil }
    var rest = letters[...]
    var value = 0
    for digit in digits {
      var count = 0
      while rest.starts(with: digit.letters), count < (digit.letters.count > 1 ? 1 : 3) {
        rest = rest.dropFirst(digit.letters.count)
        value += digit.value
        count += 1
      }
    }
    // "XIVI" is none, and would come out as another numeral.
    guard rest.isEmpty, value >= 4, spelling(of: value) == letters else { return nil }
    return value
  }

  private static func isNumeral(_ letters: [UInt32]) -> Bool {
    letters.allSatisfy { letter in
      switch letter {
      case 0x69, 0x76, 0x78, 0x6C, 0x63, 0x64, 0x6D: true
      default: false
      }
    }
  }

  private static func spelling(of number: Int) -> [UInt32] {
    var rest = number
    var letters: [UInt32] = []
    for digit in digits {
      while rest >= digit.value {
        letters.append(contentsOf: digit.letters)
        rest -= digit.value
      }
    }
    return letters
  }
}
