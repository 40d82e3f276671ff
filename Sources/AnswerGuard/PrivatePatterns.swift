// All that a reply is compared with, made once an answer from the private passages that were in prompts of the chat; what depends
// on a passage alone comes from a memory, if there is one.

/// What must not come out.
struct PrivatePatterns: Sendable {
  let runs: PrivateRuns
  let rare: RareTokens
  let known: KnownWords

  init(privateTexts: [String], known: KnownWords, memory: PassageMemory? = nil) {
    let texts = privateTexts.map { TextShape($0) }
    let passages = zip(privateTexts, texts).map { text, shape in
      memory?.runs(of: text) { PassageRuns(shape) } ?? PassageRuns(shape)
    }
    runs = PrivateRuns(passages, exempt: known.exempt)
    rare = RareTokens(
      in: zip(privateTexts, texts).map { ($1, Umlauts.spelledWords(of: $0)) },
      isKnown: known.isKnown, isExempt: known.isExempt)
    self.known = known
  }
}

/// What may be said: the common vocabulary, citable texts, the visitor's words, the chatbot's name.
struct KnownWords: Sendable {
  let vocabulary: CommonVocabulary
  let names: Set<UInt64>
  var exempt: [Fingerprint]

  /// Whether a key stands in citable text or in what the visitor typed.
  func isExempt(_ key: UInt64) -> Bool { exempt.contains { $0.contains(key) } }

  /// Whether a word of letters may be read without suspicion: one or two letters, or known in any common form.
  func isKnown(_ word: Word) -> Bool {
    if word.letters.count < 3 || names.contains(word.hash) { return true }
    return forms(of: word).contains { key in vocabulary.contains(key) || isExempt(key) }
  }

  /// Keys of the word, of it without an English ending, and of its plural: short lists leave these out.
  private func forms(of word: Word) -> some Sequence<UInt64> {
    let bare = Self.endings.lazy.filter { ending in
      word.letters.count >= ending.count + 3 && word.letters.suffix(ending.count) == ending[...]
    }.map { word.letters.dropLast($0.count) }
    return [Key.token(word.hash), Key.token(Key.adding(0x73, to: word.hash))].lazy
      + bare.map { Key.token(Key.hash($0)) }
  }

  private static let endings: [[UInt32]] = ["s", "es", "d", "ed", "ing", "ly", "er"]
    .map { $0.unicodeScalars.map(\.value) }
}
