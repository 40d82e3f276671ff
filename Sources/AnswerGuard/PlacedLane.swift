// A lane that asks, for what it finds, whether the reply under it is a quotation: readings that leave words out make private
// runs of public text by chance.

/// A reading that knows where its last words stand in the reply.
struct PlacedLane: Sendable {
  private var lane = Lane()
  /// The numbers in the reply of the last eight words, each at its own number here modulo eight.
  private var numbers = SIMD8<UInt32>()
  private var count = 0

  /// Takes a word and gives the rule it breaks.
  ///
  /// - Parameter leastLetterReach: how many words a run of letters must reach over.
  mutating func push(
    _ placed: PlacedWord, in reply: ReplyWords, _ patterns: borrowing PrivatePatterns,
    isApart: Bool, leastLetterReach: Int = 0
  ) -> Violation.Rule? {
    numbers[count % numbers.scalarCount] = placed.number
    count += 1
    guard let found = lane.find(placed.word, patterns, isApart: isApart) else { return nil }
    guard let reach = found.reach, (1...min(count, numbers.scalarCount)).contains(reach) else {
      return found.rule
    }
    if found.rule == .letterRun, reach < leastLetterReach { return nil }
    let first = numbers[(count - reach) % numbers.scalarCount]
    return reply.isQuotation(from: first, to: placed.number, patterns) ? nil : found.rule
  }
}
