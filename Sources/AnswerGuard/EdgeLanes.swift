// The first or last words of lines or sentences, and their letters: with numbers, and without, for numbered lists.

/// Readings of the words at an edge.
struct EdgeLanes: Sendable {
  private var all = Lane()
  private var plain = Lane()
  private var letters = Lane(isSpelled: true)
  private var awaitsAny = true
  private var awaitsPlain = true

  /// A line or sentence begins.
  mutating func begin() {
    awaitsAny = true
    awaitsPlain = true
  }

  /// Takes a word if it is the first since the beginning, or the first that is no number.
  mutating func pushFirst(
    _ word: Word, _ patterns: borrowing PrivatePatterns
  ) -> Violation.Rule? {
    let any = awaitsAny ? word : nil
    let plain = awaitsPlain && !word.isNumber ? word : nil
    awaitsAny = false
    if plain != nil { awaitsPlain = false }
    return push(any, plain, plain?.letters.first, patterns)
  }

  /// Takes the last words of a line.
  mutating func pushLast(
    _ any: Word?, _ plain: Word?, _ patterns: borrowing PrivatePatterns
  ) -> Violation.Rule? {
    push(any, plain, plain?.letters.last, patterns)
  }

  private mutating func push(
    _ any: Word?, _ plain: Word?, _ letter: UInt32?, _ patterns: borrowing PrivatePatterns
  ) -> Violation.Rule? {
    var broken: Violation.Rule?
    if let any { broken = all.push(any, patterns, isApart: true) }
    if let plain { broken = self.plain.push(plain, patterns, isApart: true) ?? broken }
    if let letter { broken = letters.push(letter: letter, patterns) ?? broken }
    return broken
  }
}
