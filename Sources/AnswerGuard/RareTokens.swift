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
  let count: Int

  /// Letter tokens shorter than this must stand as whole words.
  private static let freeLength = 6
  /// A token that is longer has no pieces: a run holds it.
  private static let longestInPieces = 40

  init(
    in texts: [TextShape], isKnown: (Word) -> Bool, isExempt: (UInt64) -> Bool
  ) {
    var rare: [UInt64: JoinedToken] = [:]
    for text in texts {
      let spoken = NumberWords.figures(in: text.words, keepsSmall: true)
      for words in [text.words] + [spoken].compactMap(\.self) {
        for word in words where Self.mayBeRare(word) && (word.isNumber || !isKnown(word)) {
          let token = JoinedToken(words: [word])
          rare[token.key] = token
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
    count = tokens.count
  }

  private static func mayBeRare(_ word: Word) -> Bool {
    word.isNumber ? word.letters.count > 1 : word.letters.count > 2 && !word.isUnspaced
  }

  /// How a token may look: as it is, reversed, and in leet.
  private static func patterns(_ token: JoinedToken) -> [([UInt32], TokenPattern)] {
    let letters = token.letters
    guard let first = letters.first, let last = letters.last else { return [] }
    let isShort = letters.count < freeLength
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
    guard letters.count <= longestInPieces, !isNumber || token.words.count == 1 else { return [] }
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
