// What the gate found, for the owner's counter: which rule in which view, and never a word of the text.

/// Why a reply was ended.
package struct Violation: Hashable, Sendable {
  /// The rule that was broken.
  package enum Rule: String, Sendable, CaseIterable {
    case wordRun, letterRun, rareToken, unknownWords, rarePiece, chatBudget
  }

  /// The reading of the text in which it was.
  package enum View: String, Sendable, CaseIterable {
    case plain, withoutNumbers, everyFewWords, everyFewPieces, columns, numberWords, leet
    case firstLetters, lastLetters, lineStarts, lineEnds, sentenceStarts
    case capitals, emphasis
    case withoutMarkup, insideMarkup, unescaped
    case base64, base32, rot47, hexadecimal, binary, characterCodes, morse, hiddenCharacters
  }

  package let rule: Rule
  package let view: View
}
