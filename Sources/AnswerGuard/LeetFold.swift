// Figures and marks that stand for letters: "k1n6f1$h3r". Both sides are folded, so that i, l and 1 are one letter.

/// Folds leet.
enum LeetFold {
  /// The letter that a folded letter or digit becomes.
  @inline(__always) static func fold(_ letter: UInt32) -> UInt32 {
    switch letter {
    case 0x30: 0x6F  // 0 o
    case 0x31, 0x6C: 0x69  // 1 l i
    case 0x32: 0x7A  // 2 z
    case 0x33: 0x65  // 3 e
    case 0x34: 0x61  // 4 a
    case 0x35: 0x73  // 5 s
    case 0x36, 0x39: 0x67  // 6 9 g
    case 0x37: 0x74  // 7 t
    case 0x38: 0x62  // 8 b
    default: letter
    }
  }

  /// The letter that a mark inside a word stands for.
  static func letter(forMark mark: UInt32) -> UInt32? {
    switch mark {
    case 0x40: 0x61  // @
    case 0x24: 0x73  // $
    case 0x21, 0x7C: 0x69  // ! |
    case 0x2B: 0x74  // +
    case 0x28: 0x63  // (
    case 0x20AC: 0x65  // €
    case 0xA3: 0x69  // £
    default: nil
    }
  }

  static func fold(_ word: Word) -> Word { Word(word.letters.map(fold)) }
}
