// The runs of private texts, in every order in which a reply may give them, without those that are citable (steps 3 to 5).
//
// Reversal is done here and not on the reply: a text read backwards is a run of letters like any other, and its sixteenth
// letter is caught before it is out. Four orders: as written, all reversed, words reversed in place, words in reversed
// order. A run that is exempt is exempt in every order; and so is one that stands in citable text in the other order:
// who writes "including Huguenots" in private does not forbid to quote "Huguenots, including".

/// Keys of private runs.
struct PrivateRuns: Sendable {
  /// Runs of 16 letters, and of 10 to 15 that are five whole words.
  let letters: KeySet
  /// Runs of five words.
  let words: KeySet
  /// Runs of three words, in order only, for the chat's budget.
  let threes: KeySet
  /// The lengths of short runs among the letters.
  let shortLengths: [Int]

  init(of texts: [TextShape], isExempt: @escaping (UInt64) -> Bool) {
    var builder = Builder(isExempt: isExempt)
    for text in texts {
      builder.add(text)
      if let bare = text.withoutNumbers { builder.add(bare) }
    }
    letters = KeySet(builder.letters)
    words = KeySet(builder.words)
    threes = KeySet(builder.threes)
    shortLengths = builder.shortLengths.sorted()
  }

  /// A letter in the reversed alphabet.
  static func atbash(_ letter: UInt32) -> UInt32 {
    Letter.isLatin(letter) ? 0x61 + 0x7A - letter : letter
  }
}

/// Gathers the keys.
private struct Builder {
  let isExempt: (UInt64) -> Bool
  var letters: Set<UInt64> = []
  var words: Set<UInt64> = []
  var threes: Set<UInt64> = []
  var shortLengths: Set<Int> = []

  init(isExempt: @escaping (UInt64) -> Bool) { self.isExempt = isExempt }

  mutating func add(_ text: TextShape) {
    addLetterRuns(text)
    addWordRuns(text)
    for key in TextShape.wordKeys(text.words, length: 3, kind: .threeWords) where !isExempt(key) {
      threes.insert(key)
    }
  }

  private mutating func addLetterRuns(_ text: TextShape) {
    let plain = text.letters
    let keys = TextShape.letterKeys(plain)
    var isPrivate = keys.map { !isExempt($0) }
    for place in text.paragraphStarts {
      // A heading that is citable but for the last letter of the line before it is no secret.
      for offset in Self.edge {
        for start in [place - offset, place - LetterWindow.runLength + offset]
        where isPrivate.indices.contains(start) { isPrivate[start] = false }
      }
    }
    guard isPrivate.contains(true) else { return }
    let leet = plain.map(LeetFold.fold)
    let atbash = plain.map(PrivateRuns.atbash)
    // Figures would become letters, and "6 per cent" the same as "9 per cent": leet is for words.
    let isLeet = zip(isPrivate, windows(plain)).map { $0 && !$1.contains(where: Letter.isDigit) }
    for (row, flags) in [(plain, isPrivate), (atbash, isPrivate), (leet, isLeet)] {
      insert(TextShape.letterKeys(row), where: flags)
      // The window that begins at a place of the reversed row ends there in the row itself.
      insert(TextShape.letterKeys(row.reversed()), where: flags.reversed())
    }
    addReorderedRuns(text, isPrivate)
  }

  /// Runs with no more letters than this beyond a blank line are not counted.
  private static let edge = 1...2

  private func windows(_ row: [UInt32]) -> some Sequence<ArraySlice<UInt32>> {
    row.indices.lazy.map { row[$0..<min($0 + LetterWindow.runLength, row.count)] }
  }

  private mutating func insert(_ keys: [UInt64], where isPrivate: [Bool]) {
    for (key, isPrivate) in zip(keys, isPrivate) where isPrivate && !isExempt(key) {
      letters.insert(key)
    }
  }

  /// Words in reversed order, and words reversed in place, which is the same row backwards.
  private mutating func addReorderedRuns(_ text: TextShape, _ isPrivate: [Bool]) {
    // How many private runs begin before each place.
    var sums = [0]
    for flag in isPrivate { sums.append((sums.last ?? 0) + (flag ? 1 : 0)) }
    // The row of words in reversed order, and for each of its letters where its word lies in the text.
    var row: [UInt32] = []
    var spans: [Range<Int>] = []
    var end = text.words.reduce(0) { $0 + $1.letters.count }
    for word in text.words.reversed() {
      let span = (end - word.letters.count)..<end
      row.append(contentsOf: word.letters)
      spans.append(contentsOf: repeatElement(span, count: span.count))
      end = span.lowerBound
    }
    let length = LetterWindow.runLength
    guard row.count >= length else { return }
    let flags = (0...(row.count - length)).map { start in
      // Later in the row is earlier in the text.
      let first = spans[start + length - 1].lowerBound
      let last = min(spans[start].upperBound - length + 1, isPrivate.count)
      return last > first && sums[last] > sums[first]
    }
    insert(TextShape.letterKeys(row), where: flags)
    insert(TextShape.letterKeys(row.reversed()), where: flags.reversed())
  }

  private mutating func addWordRuns(_ text: TextShape) {
    let length = TextShape.runLength
    let keys = TextShape.wordKeys(text.words, length: length, kind: .wordRun)
    for (start, key) in keys.enumerated() where !isExempt(key) {
      let run = text.words[start..<(start + length)]
      let mirrored = run.map { Key.hash($0.letters.reversed()) }
      let leet = run.map { LeetFold.fold($0).hash }
      for hashes in [run.map(\.hash), mirrored, leet] {
        for key in [Key.run(.wordRun, hashes), Key.run(.wordRun, hashes.reversed())]
        where !isExempt(key) { words.insert(key) }
      }
      addShortRun(run)
    }
  }

  private mutating func addShortRun(_ run: ArraySlice<Word>) {
    let plain = run.flatMap(\.letters)
    guard TextShape.shortRun.contains(plain.count) else { return }
    shortLengths.insert(plain.count)
    let turned = run.reversed().flatMap(\.letters)
    let rows = [
      plain, plain.reversed(), turned, turned.reversed(), plain.map(PrivateRuns.atbash),
      plain.map(LeetFold.fold),
    ]
    for row in rows {
      var window = LetterWindow()
      for letter in row { window.push(letter) }
      letters.insert(window.key(length: row.count))
    }
  }
}
