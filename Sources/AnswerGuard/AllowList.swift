// A sentence of words that nobody knows is some code (step 7), and so is an unknown word that is a piece of a secret.
//
// Stretches of scripts without spaces count neither as known nor as unknown: they are not words.

/// Counts unknown words, sentence by sentence.
struct AllowList: Sendable {
  /// The share of unknown words above which a sentence is blocked; nil for no such rules.
  let unknownShare: Double?
  private var words = 0
  private var unknown = 0
  /// Letters of the piece so far, and whether a word in it is unknown.
  private var piece: [UInt32] = []
  private var isPieceUnknown = false
  /// Words of the piece, and unknown ones among them.
  private var pieceWords = 0
  private var pieceUnknowns = 0
  private var signs = OpaqueSigns()
  private var ended: OpaqueSigns.Piece?
  private var seen: Set<UInt64> = []
  /// What pieces that are no words would change of the sentence's words and unknown ones, and how many unknown words they are
  /// in the sentence and in the reply.
  private var opaque = (words: 0, unknown: 0, count: 0, inReply: 0)
  /// One such piece is a name ("AT&T"); so many in a sentence, or in a reply, are a text.
  private static let opaqueInSentence = 3
  private static let opaqueInReply = 8
  private(set) var broken: Violation.Rule?

  init(unknownShare: Double?) { self.unknownShare = unknownShare }

  /// Takes the next scalar, before the word that it ends.
  mutating func feed(_ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns) {
    guard unknownShare != nil else { return }
    if let found = signs.feed(scalar) {
      // What white space ends is counted with its words, once the last of them is known.
      if scalar.isSpace { ended = found } else { count(found, patterns) }
    }
    if signs.isTooMuch { broken = broken ?? .unknownWords }
  }

  mutating func push(_ word: Word, _ patterns: borrowing PrivatePatterns) {
    guard !word.isUnspaced else { return pushUnspaced(word, patterns) }
    if piece.count < Word.longest { piece.append(contentsOf: word.letters) }
    if word.isNumber {
      let key = Key.mix(word.hash, Key.Kind.piece.rawValue)
      guard word.letters.count > 2, unknownShare != nil, patterns.rare.pieces.contains(key),
        !patterns.known.isExempt(Key.token(word.hash))
      else { return }
      broken = broken ?? .rarePiece
      return
    }
    words += 1
    pieceWords += 1
    guard !patterns.known.isKnown(word) else { return }
    unknown += 1
    pieceUnknowns += 1
    isPieceUnknown = true
    guard unknownShare != nil else { return }
    if patterns.rare.pieces.contains(Key.mix(word.hash, Key.Kind.piece.rawValue)) {
      broken = broken ?? .rarePiece
    }
    if patterns.rare.shifted.contains(LetterWindow.shiftedKey(word.letters))
      || NameForms.isForm(word.letters, of: patterns.rare.forms)
      || patterns.rare.hasStem(word.letters)
    {
      broken = broken ?? .rareToken
    }
  }

  /// Takes a stretch of a script without spaces; a code within it is a piece of its own.
  private mutating func pushUnspaced(_ word: Word, _ patterns: borrowing PrivatePatterns) {
    for letter in word.letters {
      if Letter.isUnspaced(letter) {
        endLetters(patterns)
      } else if piece.count < Word.longest {
        piece.append(letter)
        isPieceUnknown = true
      }
    }
  }

  private mutating func endLetters(_ patterns: borrowing PrivatePatterns) {
    lookForShifted(patterns)
    piece.removeAll(keepingCapacity: true)
    isPieceUnknown = false
  }

  /// A code in a shifted alphabet may be a whole piece, "DHNEGM-7".
  private mutating func lookForShifted(_ patterns: borrowing PrivatePatterns) {
    guard isPieceUnknown, unknownShare != nil,
      patterns.rare.shifted.contains(LetterWindow.shiftedKey(piece))
    else { return }
    broken = broken ?? .rareToken
  }

  /// White space.
  mutating func endPiece(_ patterns: borrowing PrivatePatterns) {
    settlePiece(patterns)
    endLetters(patterns)
  }

  /// A cut, which may stand within a piece where a script has no spaces: what was fed is counted, and the letters stay.
  mutating func settlePiece(_ patterns: borrowing PrivatePatterns) {
    lookForShifted(patterns)
    if unknownShare != nil, let found = ended ?? signs.endPiece() { count(found, patterns) }
    ended = nil
    (pieceWords, pieceUnknowns) = (0, 0)
  }

  /// Its parts are no words, however short and known they are; what stands in a text that may be said is one.
  private mutating func count(
    _ found: OpaqueSigns.Piece, _ patterns: borrowing PrivatePatterns
  ) {
    guard !patterns.known.isExempt(found.key) else { return }
    opaque.words += found.words - pieceWords
    opaque.unknown += max(found.words, pieceUnknowns) - pieceUnknowns
    opaque.count += found.words
    // The same again says no more.
    if seen.insert(found.key).inserted { opaque.inReply += found.words }
    (pieceWords, pieceUnknowns) = (0, 0)
  }

  mutating func endSentence() {
    if opaque.count >= Self.opaqueInSentence || opaque.inReply >= Self.opaqueInReply {
      words += opaque.words
      unknown += opaque.unknown
    }
    if let unknownShare, Double(unknown) > unknownShare * Double(words) {
      broken = broken ?? .unknownWords
    }
    (words, unknown, pieceWords, pieceUnknowns) = (0, 0, 0, 0)
    (opaque.words, opaque.unknown, opaque.count) = (0, 0, 0)
  }
}
