// The reply with figures and marks inside words read as letters (step 2). "!" at a word's end is a mark.
//
// Counts only near words that mix letters with figures or marks: "189" beside plain words is a number and no "iba".

/// Reads leet.
struct LeetView: Sendable {
  private var track = Track(.leet)
  /// Letters of marks that are letters only if another letter follows.
  private var held: [Unicode.Scalar] = []
  private var hasLetter = false
  private var hasFigure = false
  private var length = 0
  /// Letters since the last mixed word.
  private var plainLetters = Self.reach

  /// A run that begins further from a mixed word than this is no leet.
  private static let reach = 24

  /// Takes the next scalar of the reply.
  @inline(__always)
  mutating func feed(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    switch LetterFold.fold(scalar) {
    case .dropped: nil
    case .letter(let letter): feed(letter: letter, patterns)
    case .letters(let letters):
      letters.reduce(nil as Violation?) { found, letter in feed(letter: letter, patterns) ?? found }
    case .space, .separator: feed(mark: scalar, patterns)
    }
  }

  /// What would be found if the text ended here.
  func settled(_ patterns: borrowing PrivatePatterns) -> Violation? {
    var copy = self
    return copy.feed(mark: "\n", patterns)
  }

  private mutating func feed(
    letter: UInt32, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    var found: Violation?
    if !held.isEmpty {
      hasFigure = true
      for scalar in held { found = track.feed(scalar, patterns) ?? found }
      held.removeAll(keepingCapacity: true)
    }
    if Letter.isDigit(letter) { hasFigure = true } else { hasLetter = true }
    length += 1
    guard let folded = Unicode.Scalar(LeetFold.fold(letter)) else { return nil }
    return gated(track.feed(folded, patterns) ?? found)
  }

  private mutating func feed(
    mark: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    if let letter = LeetFold.letter(forMark: mark.value).flatMap(Unicode.Scalar.init),
      held.count < 4
    {
      held.append(letter)
      return nil
    }
    var found: Violation?
    if let last = held.lastIndex(where: { $0 != "i" && $0 != "c" }), length > 0 {
      hasFigure = true
      for scalar in held[...last] { found = track.feed(scalar, patterns) ?? found }
    }
    held.removeAll(keepingCapacity: true)
    plainLetters = hasLetter && hasFigure ? 0 : min(plainLetters + length, Self.reach)
    defer {
      hasLetter = false
      hasFigure = false
      length = 0
    }
    return gated(track.feed(" ", patterns) ?? found)
  }

  private func gated(_ found: Violation?) -> Violation? {
    plainLetters < Self.reach || hasLetter && hasFigure ? found : nil
  }
}
