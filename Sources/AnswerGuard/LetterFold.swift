// One form for the same letter however it is written: case, accents, width, style and look-alikes folded away (step 1).
//
// Works on single scalars, so that a stream may be cut anywhere. The standard library has no compatibility
// decomposition; FoldTable holds it. Look-alikes of other scripts are folded
// always, on both sides of every comparison: a Russian word becomes odd letters, but the same odd letters each time.
// Does not fold leet ("4" for "a"): LeetFold, a view of its own, since it would make words of numbers.

@_spi(_Unicode) import Swift

/// What one scalar is in the folded text.
enum FoldedScalar {
  /// Nothing: accents, zero-width and other format characters.
  case dropped
  /// White space.
  case space
  /// Anything else that is neither letter nor digit.
  case separator
  /// A lower-case letter or an ASCII digit.
  case letter(UInt32)
  /// Ligatures and enclosed figures.
  case letters([UInt32])
}

/// Folds scalars.
enum LetterFold {
  /// The folded form of one scalar.
  @inline(__always) static func fold(_ scalar: Unicode.Scalar) -> FoldedScalar {
    let value = scalar.value
    guard value < 0x80 else { return foldBeyondASCII(scalar) }
    switch value {
    case 0x61...0x7A, 0x30...0x39: return .letter(value)
    case 0x41...0x5A: return .letter(value + 0x20)
    case 0x20, 0x09...0x0D: return .space
    default: return .separator
    }
  }

  private static func foldBeyondASCII(_ scalar: Unicode.Scalar) -> FoldedScalar {
    if let plain = FoldTable.compatible(scalar.value) {
      return folded(plain.flatMap(FoldTable.plain))
    }
    let properties = scalar.properties
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control, .privateUse, .unassigned:
      return scalar.value == 0x85 ? .space : .dropped
    case .spaceSeparator, .lineSeparator, .paragraphSeparator:
      return .space
    case .decimalNumber:
      guard let number = properties.numericValue, (0...9).contains(number) else {
        return .separator
      }
      return .letter(0x30 + UInt32(number))
    case _ where properties.isAlphabetic:
      return alphabetic(scalar)
    case .otherNumber:
      return numeral(properties.numericValue)
    default:
      return .separator
    }
  }

  /// Numerals in one character, as those in circles and of counting rods; a fraction is a mark.
  private static func numeral(_ number: Double?) -> FoldedScalar {
    guard let number, (0...9999).contains(number), number == number.rounded() else {
      return .separator
    }
    return folded(String(Int(number)).unicodeScalars.map(\.value))
  }

  /// Takes accents off, lowers the case, maps look-alikes.
  private static func alphabetic(_ scalar: Unicode.Scalar) -> FoldedScalar {
    // Hangul syllables and ideographs have neither case nor accents.
    if (0x3400...0x9FFF).contains(scalar.value) || (0xAC00...0xD7A3).contains(scalar.value) {
      return .letter(scalar.value)
    }
    var letters: [UInt32] = []
    for part in String(Character(scalar))._nfd where !isMark(part) {
      for lower in part.properties.lowercaseMapping.unicodeScalars where !isMark(lower) {
        letters.append(contentsOf: FoldTable.plain(lower.value))
      }
    }
    return folded(letters)
  }

  private static func folded(_ letters: [UInt32]) -> FoldedScalar {
    if letters.count == 1, let only = letters.first { return .letter(only) }
    return letters.isEmpty ? .dropped : .letters(letters)
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: true
    default: false
    }
  }
}

/// What letters and digits are.
enum Letter {
  /// Whether a folded letter is an ASCII digit.
  @inline(__always) static func isDigit(_ letter: UInt32) -> Bool { letter &- 0x30 < 10 }

  /// Whether a folded letter is one of a to z.
  @inline(__always) static func isLatin(_ letter: UInt32) -> Bool { letter &- 0x61 < 26 }

  /// Whether it is of the Korean script.
  static func isHangul(_ letter: UInt32) -> Bool {
    (0xAC00...0xD7A3).contains(letter) || (0x1100...0x11FF).contains(letter)
      || (0x3130...0x318F).contains(letter)
  }

  /// Whether words of its script stand without spaces between them: Han, Kana, Thai, Lao, Khmer, Burmese.
  static func isUnspaced(_ letter: UInt32) -> Bool {
    switch letter {
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x3400...0x4DBF,
      0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF:
      true
    default: false
    }
  }
}
