// Fillers at regular places: every reading that keeps some words of each two, three or four (step 3).
//
// "Keep every third" and "drop every third" are different disguises, so all periods up to four are read with every choice
// of one, two neighbouring, or all but one. With a period of four only runs of five words and tokens count: 16 letters are
// three words, and common phrases with a word between them are that near. Longer periods: FarRuns. Fillers at irregular
// places are not found: a known gap.
//
// Such a reading skips words over public text, too, and now and then makes a private run of it by chance; with private and
// citable texts on one subject that stopped more honest answers than anything else. So a run is none where the reply
// under it, from the first word of the run to the last, is a quotation: ReplyWords. A token is one everywhere.

/// Readings that keep words by their number.
struct PeriodicLanes: Sendable {
  private struct Choice {
    let period: Int
    /// Bit n: the word with that remainder is kept.
    let kept: Int
  }

  private static let choices: [Choice] = {
    var choices: [Choice] = []
    for (period, masks) in [(2, [0b1]), (3, [0b1, 0b11]), (4, [0b1, 0b11, 0b111])] {
      for mask in masks {
        for turn in 0..<period {
          let turned = (mask << turn | mask >> (period - turn)) & ((1 << period) - 1)
          choices.append(Choice(period: period, kept: turned))
        }
      }
    }
    return choices
  }()

  private var lanes = [PlacedLane](repeating: PlacedLane(), count: choices.count)
  private var number = 0
  private var far = FarRuns()

  /// Takes the words that are counted as one.
  mutating func push(
    _ words: some Collection<PlacedWord>, in reply: ReplyWords,
    _ patterns: borrowing PrivatePatterns
  ) -> Violation.Rule? {
    var broken: Violation.Rule?
    for (index, choice) in Self.choices.enumerated()
    where choice.kept >> (number % choice.period) & 1 == 1 {
      var isFirst = true
      for word in words {
        let found = lanes[index].push(word, in: reply, patterns, isApart: isFirst)
        if found != .letterRun || choice.period < 4 { broken = found ?? broken }
        isFirst = false
      }
    }
    number = (number + 1) % 12
    return broken ?? far.push(wordCount: words.count, in: reply, patterns)
  }
}
