// The figures, codes, names and addresses of private texts that stand in no citable text and that nobody knows (step 6).
//
// A figure of one digit is everybody's; every longer one is rare unless it is citable or the visitor's, in digits or in words.
// Names made of common words ("Kingfisher line") are not found here: only runs hold them.

/// The rare tokens of the private texts.
struct RareTokens: Sendable {
  /// Finds them in a row of letters.
  let automaton: TokenAutomaton
  /// Keys of all their pieces of three letters or more.
  let pieces: KeySet
  /// Their keys under any shift of the alphabet, forward and reversed, and in Atbash.
  let shifted: KeySet
  /// Their keys as they are and reversed.
  let whole: KeySet
  /// Keys of the names among them as word games change them.
  let forms: KeySet
  /// Keys of short names, with which an unknown word may begin or end: "Voigts", "Vexortarif".
  let stems: KeySet
  let count: Int

  /// Letter tokens shorter than this must stand as whole words, or at an end of words that nobody knows.
  private static let freeLength = 6
  /// How many letters such a token must have to count at the end of a word.
  static let stemLengths = 4..<freeLength
  /// A token that is longer has no pieces: a run holds it.
  private static let longestInPieces = 40

  init(
    in texts: [(shape: TextShape, spelled: [Word]?)], isKnown: (Word) -> Bool,
    isExempt: (UInt64) -> Bool
  ) {
    var rare: [UInt64: JoinedToken] = [:]
    for (text, spelled) in texts {
      let spoken = NumberWords.figures(in: text.words, keepsSmall: true)
      let respelled = Self.respelled(text.words, spelled, isKnown)
      for word in respelled.shorter where Self.mayBeRare(word) && !isKnown(word) {
        // "Overdu" stands in "over, duplicates": what is no name of the text is looked for as a word.
        let token = JoinedToken(words: [word], isWhole: true)
        // A name of another passage keeps its parts.
        rare[token.key] = rare[token.key] ?? token
      }
      for words in [text.words, spoken, respelled.longer].compactMap(\.self) {
        for word in words where Self.mayBeRare(word) && (word.isNumber || !isKnown(word)) {
          let token = JoinedToken(words: [word])
          // What stands there itself is looked for in parts, too; a figure that was made of words is not.
          if word.separator != ScaledFigures.mark || rare[token.key] == nil {
            rare[token.key] = token
          }
        }
        for code in JoinedTokens.codes(in: words, isKnown: isKnown) { rare[code.key] = code }
      }
    }
    let tokens = rare.sorted { $0.key < $1.key }.map(\.value).filter { !isExempt($0.key) }
    automaton = TokenAutomaton(
      tokens.flatMap { token in
        let isBareExempt = isExempt(Key.token(token.hash))
        return Self.patterns(token) + (isBareExempt ? [] : Self.barePatterns(token))
      })
    pieces = KeySet(Set(tokens.lazy.flatMap(Self.pieces)))
    shifted = KeySet(Set(tokens.lazy.flatMap(Self.shiftedKeys)))
    whole = KeySet(
      Set(
        tokens.lazy.map(\.letters).flatMap { [$0, $0.reversed()] }
          .map { Key.token(Key.hash($0)) }))
    forms = KeySet(Set(tokens.lazy.map(\.letters).flatMap(NameForms.keys)))
    stems = KeySet(
      Set(
        tokens.lazy.map(\.letters).filter {
          Self.stemLengths.contains($0.count) && !$0.contains(where: Letter.isDigit)
        }.map { Key.token(Key.hash($0)) }))
    count = tokens.count
  }

  /// The words with those that nobody knows in two letters for each umlaut, nil when there are none; and those with two such letters
  /// in one for each.
  private static func respelled(
    _ words: [Word], _ spelled: [Word]?, _ isKnown: (Word) -> Bool
  ) -> (longer: [Word]?, shorter: [Word]) {
    let shorter = words.compactMap { word in
      Umlauts.contracted(word).flatMap { isKnown(word) ? nil : $0 }
    }
    // A word of more letters than words have is cut in two: then the places are others.
    guard let spelled, spelled.count == words.count else { return (nil, shorter) }
    let longer = zip(words, spelled).map { word, spelled in
      spelled.hash == word.hash || isKnown(word) ? word : spelled
    }
    return (longer, shorter)
  }

  /// Whether a word that nobody knows begins or ends with a short private name.
  func hasStem(_ letters: [UInt32]) -> Bool {
    guard stems.count > 0 else { return false }
    return Self.stemLengths.contains { length in
      guard letters.count > length else { return false }
      return stems.contains(Key.token(Key.hash(letters.prefix(length))))
        || stems.contains(Key.token(Key.hash(letters.suffix(length))))
    }
  }

  private static func mayBeRare(_ word: Word) -> Bool {
    word.isNumber ? word.letters.count > 1 : word.letters.count > 2 && !word.isUnspaced
  }

  /// How a token may look: as it is, reversed, and in leet.
  private static func patterns(_ token: JoinedToken) -> [([UInt32], TokenPattern)] {
    let letters = token.letters
    guard let first = letters.first, let last = letters.last else { return [] }
    let isShort = letters.count < freeLength || token.isWhole
    let pattern = TokenPattern(
      length: letters.count, needsStart: isShort || Letter.isDigit(first),
      needsEnd: isShort || Letter.isDigit(last), isDecimal: token.isDecimal,
      interior: token.isExact ? token.interior : nil)
    var found = [(letters, pattern)]
    if letters.count >= 4, pattern.interior == nil {
      let reversed = TokenPattern(
        length: letters.count, needsStart: pattern.needsEnd, needsEnd: pattern.needsStart,
        interior: nil)
      found.append((letters.reversed(), reversed))
    }
    let leet = letters.map(LeetFold.fold)
    if !isShort, leet != letters, !letters.allSatisfy(Letter.isDigit) {
      found.append(
        (
          leet,
          TokenPattern(
            length: leet.count, needsStart: false, needsEnd: false, isLeet: true, interior: nil)
        ))
    }
    return found
  }

  /// A code of digits with other separators, or without: "204517" for 20-45-17, "48 21" for 4821.
  private static func barePatterns(_ token: JoinedToken) -> [([UInt32], TokenPattern)] {
    let letters = token.letters
    guard letters.count >= 4 else { return [] }
    func pattern(interior: UInt64?, isPairs: Bool = false) -> ([UInt32], TokenPattern) {
      (
        letters,
        TokenPattern(
          length: letters.count, needsStart: true, needsEnd: true, isPairs: isPairs,
          interior: interior)
      )
    }
    if token.isExact {
      // "14.30" may be a price, and 1430 is another.
      let isFraction = token.words.dropFirst().contains { JoinedToken.isPoint($0.separator) }
      guard !isFraction else { return [] }
      return [pattern(interior: letters.count < 6 ? 0 : nil)]
    }
    guard token.words.count == 1, letters.count == 4, letters.allSatisfy(Letter.isDigit) else {
      return []
    }
    return [pattern(interior: 0b10, isPairs: true)]
  }

  private static func pieces(_ token: JoinedToken) -> [UInt64] {
    let letters = token.letters
    let isNumber = letters.allSatisfy(Letter.isDigit)
    // "800" is no piece of 1.8 million.
    let isMade = token.words.first?.separator == ScaledFigures.mark
    guard letters.count <= longestInPieces, !isMade, !token.isWhole,
      !isNumber || token.words.count == 1
    else { return [] }
    var keys: [UInt64] = []
    for start in letters.indices {
      var hash = Key.seed
      for (offset, letter) in letters[start...].enumerated() {
        hash = Key.adding(letter, to: hash)
        if offset >= 2 { keys.append(Key.mix(hash, Key.Kind.piece.rawValue)) }
      }
    }
    return keys
  }

  private static func shiftedKeys(_ token: JoinedToken) -> [UInt64] {
    let letters = token.letters
    guard letters.count >= 4, letters.count(where: Letter.isLatin) >= 3 else { return [] }
    let atbash = letters.map(PassageRuns.atbash)
    return [letters, letters.reversed(), atbash, atbash.reversed()].map(LetterWindow.shiftedKey)
  }
}
