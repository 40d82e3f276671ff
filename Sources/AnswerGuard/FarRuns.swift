// Fillers at regular places that are further apart: readings that keep one to four neighbouring words of each five to twelve
// (step 3). Longer groups hold a run by themselves; longer periods are a known gap.
//
// No lanes: of the last words each reading's last five are put together and asked for at every word, and nearly all of that is
// saved, since a run ends in a private word and so do its first four. Only runs of five words are looked for, and, where
// words of one or two letters stand at a period, the token or the run of letters that they spell.

/// Readings of words, or of pieces between spaces, by long periods.
struct FarRuns: Sendable {
  /// How far back the four words before the last one are of each reading.
  private static let ways: [SIMD4<UInt32>] = (5...12).flatMap { period in
    (1...4).flatMap { kept in
      (0..<kept).map { place in
        let offsets = (1...).lazy.filter { offset in
          let turned = (place - offset) % period
          return (turned < 0 ? turned + period : turned) < kept
        }
        return SIMD4(offsets.prefix(TextShape.runLength - 1).map { UInt32($0) })
      }
    }
  }
  /// Bits of the last word and of the two or four before it, for each reading.
  private static let near: [UInt64] = ways.map { way in
    bit(0) | bit(way.x) | bit(way.y)
  }
  private static let all: [UInt64] = ways.map { way in
    bit(0) | bit(way.x) | bit(way.y) | bit(way.z) | bit(way.w)
  }

  private static func bit(_ offset: UInt32) -> UInt64 { 1 << UInt64(offset) }

  private static let periods: ClosedRange<UInt32> = 5...12
  private static let capacity: UInt32 = 256
  /// A spelled token or run of letters is no longer, and a token no shorter.
  private static let longestSpelled = 32
  private static let shortestSpelled = 5

  /// By the number of the piece modulo 256: the number of its last word, and how many words it has.
  private var ends = [UInt32](repeating: 0, count: Int(capacity))
  private var counts = [UInt8](repeating: 0, count: Int(capacity))
  private var count: UInt32 = 0
  /// For the last 64 pieces, the last one lowest: whether it may be one of a run, or has no words; and whether it has one word.
  private var mayBe: UInt64 = 0
  private var isWord: UInt64 = .max

  /// Takes the words that are counted as one, the last of those that a reply has.
  mutating func push(
    wordCount: Int, in reply: ReplyWords, _ patterns: borrowing PrivatePatterns
  ) -> Violation.Rule? {
    count &+= 1
    let place = Int(count % Self.capacity)
    ends[place] = reply.count
    counts[place] = UInt8(clamping: wordCount)
    let isSecret = wordCount == 0 || reply.secret(at: reply.count) != 0
    mayBe = mayBe << 1 | (isSecret ? 1 : 0)
    isWord = isWord << 1 | (wordCount == 1 ? 1 : 0)
    guard wordCount > 0, isSecret else { return nil }
    if isAnyRun(in: reply, patterns) { return .wordRun }
    return wordCount == 1 ? spelled(in: reply, patterns) : nil
  }

  private func isAnyRun(in reply: ReplyWords, _ patterns: borrowing PrivatePatterns) -> Bool {
    let (near, all) = (Self.near, Self.all)
    let (mayBe, isWord) = (mayBe, isWord)
    var number = 0
    // By hand: this is asked of every word, and slow where nothing is optimised.
    while number < all.count {
      // A piece of several words may be more than one of the five.
      let mask = isWord & all[number] == all[number] ? all[number] : near[number]
      if mayBe & mask == mask, isRun(Self.ways[number], in: reply, patterns) { return true }
      number += 1
    }
    return false
  }

  private func isRun(
    _ offsets: SIMD4<UInt32>, in reply: ReplyWords, _ patterns: borrowing PrivatePatterns
  ) -> Bool {
    var hashes = SIMD8<UInt64>()
    var numbers = SIMD8<UInt32>()
    var found = 0
    var first: UInt32 = 0
    for index in 0...4 {
      let offset = index == 0 ? 0 : offsets[index - 1]
      guard offset < count else { return false }
      let place = Int((count &- offset) % Self.capacity)
      for step in 0..<UInt32(counts[place]) where found < TextShape.runLength {
        guard ends[place] > step else { return false }
        first = ends[place] - step
        let hash = reply.secret(at: first)
        if hash == 0 { return false }
        hashes[found] = hash
        numbers[found] = first
        found += 1
      }
    }
    guard found == TextShape.runLength else { return false }
    var key = Key.Kind.wordRun.rawValue
    for index in (0..<found).reversed() { key = Key.mix(key, hashes[index]) }
    guard patterns.runs.contains(key),
      !reply.isQuotation(from: first, to: reply.count, patterns)
    else { return false }
    // Three neighbours that are citable, and by chance one of the private words before or after them further off.
    return !(0..<(TextShape.runLength - 2)).contains {
      numbers[$0] == numbers[$0 + 2] + 2
        && reply.isQuotation(from: numbers[$0 + 2], to: numbers[$0], patterns)
    }
  }

  /// What words of one or two letters at a period spell.
  private func spelled(
    in reply: ReplyWords, _ patterns: borrowing PrivatePatterns
  ) -> Violation.Rule? {
    guard reply.short(at: reply.count) != 0 else { return nil }
    for period in Self.periods {
      // From the last letter to the first.
      var letters: [UInt32] = []
      var offset: UInt32 = 0
      while offset < min(count, Self.capacity), letters.count < Self.longestSpelled {
        let place = Int((count &- offset) % Self.capacity)
        let short = counts[place] == 1 ? reply.short(at: ends[place]) : 0
        if short == 0 { break }
        if short >> 32 != 0 { letters.append(UInt32(short >> 32)) }
        letters.append(UInt32(truncatingIfNeeded: short))
        offset += period
      }
      if letters.count >= Self.shortestSpelled, let rule = rule(letters, patterns) { return rule }
    }
    return nil
  }

  private func rule(
    _ letters: [UInt32], _ patterns: borrowing PrivatePatterns
  ) -> Violation.Rule? {
    for length in Self.shortestSpelled...letters.count {
      let hash = Key.hash(letters[..<length].reversed())
      if patterns.rare.whole.contains(Key.token(hash)) { return .rareToken }
    }
    guard letters.count >= LetterWindow.runLength else { return nil }
    let run = Array(letters[..<LetterWindow.runLength].reversed())
    return TextShape.letterKeys(run).contains(where: patterns.runs.contains) ? .letterRun : nil
  }
}
