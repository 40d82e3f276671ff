// Finds any of many tokens in a stream of letters, one table look-up a letter (Aho and Corasick, 10.1145/360825.360855).
//
// The table is a full automaton over the 36 ASCII letters and digits and whatever other letters the tokens have.

/// A token to be found, and where.
struct TokenPattern: Sendable {
  let length: Int
  /// Must begin where a word begins; must end where one ends.
  let needsStart: Bool
  let needsEnd: Bool
  /// Whether it is written in leet, which only the reading of leet looks for.
  var isLeet = false
  /// Whether it is two figures with a point or comma between: "8.7" is neither "8-7" nor "8:7".
  var isDecimal = false
  /// Whether it is four digits as two pairs, "48 21", with nothing but a space between.
  var isPairs = false
  /// Where words begin inside, as bits counted from the last letter; nil when it does not matter.
  let interior: UInt64?

  /// Whether it may stand anywhere in a row of letters.
  var isFree: Bool { !needsStart && !needsEnd && interior == nil }
}

/// The automaton.
struct TokenAutomaton: Sendable {
  private let moves: [Int32]
  private let width: Int
  private let others: [UInt32: Int]
  /// Patterns that end at each state.
  private let ends: [[TokenPattern]]
  private let hasEnd: [Bool]

  init(_ tokens: [(letters: [UInt32], pattern: TokenPattern)]) {
    var others: [UInt32: Int] = [:]
    for letter in tokens.lazy.flatMap(\.letters) where Self.plainSymbol(letter) == nil {
      if others[letter] == nil { others[letter] = 36 + others.count }
    }
    let width = 36 + others.count
    var trie = Trie(width: width)
    for token in tokens {
      trie.insert(
        token.letters.map { Self.plainSymbol($0) ?? others[$0] ?? 0 }, token.pattern)
    }
    trie.close()
    self.others = others
    self.width = width
    moves = trie.moves
    ends = trie.ends
    hasEnd = trie.ends.map { !$0.isEmpty }
  }

  /// The state after one more letter.
  @inline(__always) func next(_ state: Int32, _ letter: UInt32) -> Int32 {
    guard let symbol = Self.plainSymbol(letter) ?? others[letter] else { return 0 }
    return moves[Int(state) * width + symbol]
  }

  /// The patterns that end here.
  @inline(__always) func patterns(at state: Int32) -> [TokenPattern]? {
    hasEnd[Int(state)] ? ends[Int(state)] : nil
  }

  @inline(__always) private static func plainSymbol(_ letter: UInt32) -> Int? {
    if Letter.isLatin(letter) { return Int(letter - 0x61) }
    return Letter.isDigit(letter) ? Int(26 + letter - 0x30) : nil
  }
}

/// The automaton while it is built.
private struct Trie {
  let width: Int
  var moves: [Int32]
  var ends: [[TokenPattern]] = [[]]

  init(width: Int) {
    self.width = width
    moves = [Int32](repeating: -1, count: width)
  }

  mutating func insert(_ symbols: [Int], _ pattern: TokenPattern) {
    var state = 0
    for symbol in symbols {
      let place = state * width + symbol
      if moves[place] < 0 {
        moves[place] = Int32(ends.count)
        ends.append([])
        moves.append(contentsOf: repeatElement(-1, count: width))
      }
      state = Int(moves[place])
    }
    if state > 0 { ends[state].append(pattern) }
  }

  /// Fills in where to go when a token does not go on, breadth first.
  mutating func close() {
    var fallback = [Int](repeating: 0, count: ends.count)
    var queue: [Int] = [0]
    var head = 0
    while head < queue.count {
      let state = queue[head]
      head += 1
      for symbol in 0..<width {
        let place = state * width + symbol
        let other = state == 0 ? 0 : Int(moves[fallback[state] * width + symbol])
        if moves[place] < 0 {
          moves[place] = Int32(other)
        } else {
          let child = Int(moves[place])
          fallback[child] = other
          ends[child].append(contentsOf: ends[other])
          queue.append(child)
        }
      }
    }
  }
}
