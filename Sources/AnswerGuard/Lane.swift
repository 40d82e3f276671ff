// One reading of a reply, word after word, against the private patterns. Remembers registers only, no text.
//
// A lane sees the last 16 letters, the last five words and the place in the automaton; so a run is found at the letter or
// word that completes it, however far back it began, and a copy of a lane is a copy of 120 bytes.

/// What a reading came upon.
struct Find {
  let rule: Violation.Rule
  /// How many words of the reading it reaches over, the last one included; nil for a token.
  let reach: Int?
}

/// The state of one reading.
struct Lane: Sendable {
  /// Whether letters come one by one without words, as in an acrostic; then only long tokens are looked for.
  let isSpelled: Bool
  /// Whether the letters were made from leet.
  let isLeet: Bool
  private var window = LetterWindow()
  private var row = UnspacedRow()
  private var state: Int32 = 0
  /// For the last 64 letters, the last one lowest: whether a word begins there, and whether after white space.
  private var starts: UInt64 = 0
  private var gaps: UInt64 = 0
  /// Hashes of the last four words, the last one first.
  private var recent: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  private var wordCount = 0

  init(isSpelled: Bool = false, isLeet: Bool = false) {
    self.isSpelled = isSpelled
    self.isLeet = isLeet
  }

  /// Takes a word and gives the rule it breaks; a word apart had others between it and the one before.
  mutating func push(
    _ word: Word, _ patterns: borrowing PrivatePatterns, isApart: Bool = false
  ) -> Violation.Rule? {
    find(word, patterns, isApart: isApart)?.rule
  }

  /// Takes a word and gives the find that reaches back furthest, or a token.
  ///
  /// - Parameter common: how many of the last letters are everybody's if they stand alone.
  mutating func find(
    _ word: Word, _ patterns: borrowing PrivatePatterns, isApart: Bool = false, common: Int = 0
  ) -> Find? {
    var letterRun: Int?
    var isToken = false
    let last = word.letters.count - 1
    for (place, letter) in word.letters.enumerated() {
      starts <<= 1
      gaps <<= 1
      if place == 0 {
        starts |= 1
        if word.isAfterSpace || isApart { gaps |= 1 }
      }
      window.push(letter)
      if window.isFull, patterns.runs.contains(window.key) {
        letterRun = max(letterRun ?? 0, reach(ofLetters: LetterWindow.runLength))
      }
      row.push(letter)
      if !row.isEmpty, let length = unspacedRun(patterns) {
        letterRun = max(letterRun ?? 0, reach(ofLetters: length))
      }
      state = patterns.rare.automaton.next(state, letter)
      if let found = patterns.rare.automaton.patterns(at: state),
        found.contains(where: {
          $0.length > common && isThere($0, isWordEnd: place == last, separator: word.separator)
        })
      {
        isToken = true
      }
    }
    let isRun = wordRun(word.hash, patterns)
    let short = shortRun(patterns).map { reach(ofLetters: $0) }
    guard isRun || short != nil || letterRun != nil || isToken else { return nil }
    let rule: Violation.Rule =
      isRun || short != nil ? .wordRun : isToken ? .rareToken : .letterRun
    let furthest = max(isRun ? TextShape.runLength : 0, short ?? 0, letterRun ?? 0)
    return Find(rule: rule, reach: isToken ? nil : furthest)
  }

  /// Takes a letter that is a word by itself.
  mutating func push(letter: UInt32, _ patterns: borrowing PrivatePatterns) -> Violation.Rule? {
    window.push(letter)
    if window.isFull, patterns.runs.contains(window.key) { return .letterRun }
    row.push(letter)
    if !row.isEmpty, unspacedRun(patterns) != nil { return .letterRun }
    state = patterns.rare.automaton.next(state, letter)
    if let found = patterns.rare.automaton.patterns(at: state),
      found.contains(where: { $0.isFree && !$0.isLeet })
    {
      return .rareToken
    }
    return shortRun(patterns).map { _ in .wordRun }
  }

  /// Forgets the letters, where what came before has nothing to do with what comes.
  mutating func interrupt() { self = Lane(isSpelled: isSpelled, isLeet: isLeet) }

  /// The key of the last three words.
  var threeWords: UInt64? {
    wordCount < 3
      ? nil : Key.mix(Key.mix(Key.mix(Key.Kind.threeWords.rawValue, recent.2), recent.1), recent.0)
  }

  private mutating func wordRun(
    _ hash: UInt64, _ patterns: borrowing PrivatePatterns
  ) -> Bool {
    var key = Key.mix(Key.Kind.wordRun.rawValue, recent.3)
    key = Key.mix(key, recent.2)
    key = Key.mix(key, recent.1)
    key = Key.mix(Key.mix(key, recent.0), hash)
    recent = (hash, recent.0, recent.1, recent.2)
    wordCount += 1
    return wordCount >= TextShape.runLength && patterns.runs.contains(key)
  }

  /// How many letters of a script without spaces a private run has that ends here.
  private func unspacedRun(_ patterns: borrowing PrivatePatterns) -> Int? {
    func isRun(_ length: Int) -> Bool {
      patterns.runs.contains(window.unspacedKey(length: length))
    }
    if row.isLongRun, isRun(UnspacedRow.longLength) { return UnspacedRow.longLength }
    if row.isShortRun, isRun(UnspacedRow.shortLength) { return UnspacedRow.shortLength }
    return nil
  }

  /// How many letters five private words of 10 to 15 letters have, wherever the spaces are.
  private func shortRun(_ patterns: borrowing PrivatePatterns) -> Int? {
    for length in patterns.runs.shortLengths.reversed()
    where window.count >= length && patterns.runs.contains(window.key(length: length)) {
      return length
    }
    return nil
  }

  /// The words that so many of the last letters are of, at most 63.
  private func reach(ofLetters count: Int) -> Int {
    let within = starts & ((UInt64(1) << UInt64(count)) - 1)
    // The first letter may be in the middle of its word.
    let isWhole = within >> UInt64(count - 1) & 1 == 1
    return within.nonzeroBitCount + (isWhole ? 0 : 1)
  }

  /// Whether a token that ends at the last letter is one, by where words begin and end.
  private func isThere(
    _ pattern: TokenPattern, isWordEnd: Bool, separator: UInt32
  ) -> Bool {
    if pattern.isLeet, !isLeet { return false }
    if pattern.isDecimal, !JoinedToken.isPoint(separator) { return false }
    if pattern.isFree { return true }
    let length = UInt64(pattern.length)
    guard length > 0, length <= 64, !pattern.needsEnd || isWordEnd else { return false }
    if pattern.needsStart, starts >> (length - 1) & 1 == 0 { return false }
    let inside = (UInt64(1) << (length - 1)) - 1
    if let interior = pattern.interior, starts & inside != interior { return false }
    // A short token with white space in it is one only if it is spelled out: "1 1 2", not "11 2".
    guard length < 5, gaps & inside != 0 else { return true }
    if pattern.isPairs { return separator == 0 }
    return pattern.interior == nil && length > 2 && starts & inside == inside
  }
}
