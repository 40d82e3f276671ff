// The last words of a reply, to ask whether it quotes citable text there.
//
// What stands in citable text is exempt, and a reading that leaves words out must not take that back: the run it makes of a
// quotation stands in the quotation. So the question is put to the reply itself, the words between included. Words that
// are each in a quotation of their own are not excused: who may choose the quotations chooses the words.

/// A word and its number in the reply.
struct PlacedWord: Sendable {
  let word: Word
  let number: UInt32
}

/// The last 256 words of a reply.
struct ReplyWords: Sendable {
  private static let capacity: UInt32 = 256
  private static let longRun = UInt32(TextShape.runLength)
  private static let shortRun: UInt32 = 3

  /// By the number of the word modulo 256.
  private var hashes = [UInt64](repeating: 0, count: Int(capacity))
  /// Words so far; a reply of four thousand million words begins anew.
  private(set) var count: UInt32 = 0
  /// The same, but zero for words that are in no private text.
  private var secrets = [UInt64](repeating: 0, count: Int(capacity))
  /// Words of one or two letters, the second one higher; zero for others.
  private var shorts = [UInt64](repeating: 0, count: Int(capacity))

  /// Takes the next word.
  mutating func push(_ word: Word, _ patterns: borrowing PrivatePatterns) -> PlacedWord {
    count &+= 1
    let place = Int(count % Self.capacity)
    hashes[place] = word.hash
    let short = Self.short(word)
    shorts[place] = short
    // What may spell something is not passed over.
    secrets[place] = short != 0 || patterns.runs.mayHaveWord(word.hash) ? word.hash : 0
    return PlacedWord(word: word, number: count)
  }

  private static func short(_ word: Word) -> UInt64 {
    guard word.letters.count <= 2, let first = word.letters.first, let last = word.letters.last
    else { return 0 }
    return word.letters.count == 1 ? UInt64(first) : UInt64(last) << 32 | UInt64(first)
  }

  /// The hash of a word if it may be in a private text; zero if not, and for what is no longer known.
  @inline(__always) func secret(at number: UInt32) -> UInt64 {
    count &- number < Self.capacity ? secrets[Int(number % Self.capacity)] : 0
  }

  /// A word of one or two letters, the second one higher; zero for others.
  @inline(__always) func short(at number: UInt32) -> UInt64 {
    count &- number < Self.capacity ? shorts[Int(number % Self.capacity)] : 0
  }

  /// Whether all words from one to another are in one quotation: each five in a row citable, or each three if they are but
  /// three or four.
  ///
  /// Shorter ones count, or no quotation could begin with them. They let no run grow: with its next word it has five.
  func isQuotation(
    from first: UInt32, to last: UInt32, _ patterns: borrowing PrivatePatterns
  ) -> Bool {
    guard first <= last, last <= count else { return false }
    let isLong = last - first + 1 >= Self.longRun
    let length = isLong ? Self.longRun : Self.shortRun
    guard last >= length else { return false }
    let start = min(first, last - length + 1)
    guard start > 0, count - start < Self.capacity else { return false }
    for place in start...(last - length + 1) {
      let run = (0..<length).lazy.map { hashes[Int((place &+ $0) % Self.capacity)] }
      guard patterns.known.isExempt(Key.run(isLong ? .wordRun : .threeWords, run)) else {
        return false
      }
    }
    return true
  }
}
