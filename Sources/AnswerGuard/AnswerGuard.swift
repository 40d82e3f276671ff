// The gate of the blended mode (PRIVACY.md, layer 3): private text that a model has seen does not come out verbatim.
//
// Relies on nothing but the standard library. What it is not for: ideas in other words, yes or no to a guess, data hidden
// in the choice of ordinary words, fillers at irregular places. Step 8 (meaning) is not here.

/// What a reply of one answer is compared with.
package struct AnswerGuard: Sendable {
  let patterns: PrivatePatterns
  let unknownShare: Double?

  /// A gate for the private passages that were in prompts of a chat.
  ///
  /// - Parameters:
  ///   - privateTexts: The passages; without any, the gate lets everything through.
  ///   - citable: Fingerprints of citable texts: spans and words in them are exempt.
  ///   - visitorTexts: What the visitor typed in this chat, exempt too unless it is a list of guesses.
  ///   - names: Names of the chatbot and its owner, known words.
  ///   - vocabulary: Known words of the languages of the chatbot.
  ///   - unknownShare: The share of unknown words that blocks a sentence; nil leaves step 7 out, for tests.
  ///   - memory: What was made of passages before, shared by gates; a gate decides the same with and without.
  package init(
    privateTexts: [String], citable: [Fingerprint], visitorTexts: [String] = [],
    names: [String] = [], vocabulary: CommonVocabulary, unknownShare: Double? = 0.3,
    memory: PassageMemory? = nil
  ) {
    var known = KnownWords(
      vocabulary: vocabulary,
      names: Set(names.lazy.flatMap { WordReader.words(of: $0) }.map(\.hash)), exempt: citable)
    if !visitorTexts.isEmpty {
      known.exempt.append(Fingerprint(typed: visitorTexts, isKnown: known.isKnown))
    }
    patterns = PrivatePatterns(privateTexts: privateTexts, known: known, memory: memory)
    self.unknownShare = privateTexts.isEmpty ? nil : unknownShare
  }

  /// A gate with the citable texts themselves.
  package init(
    privateTexts: [String], citableTexts: [String], visitorTexts: [String] = [],
    names: [String] = [], vocabulary: CommonVocabulary, unknownShare: Double? = 0.3,
    memory: PassageMemory? = nil
  ) {
    let prints =
      memory.map { citableTexts.map($0.fingerprint) } ?? [Fingerprint(texts: citableTexts)]
    self.init(
      privateTexts: privateTexts, citable: prints,
      visitorTexts: visitorTexts, names: names, vocabulary: vocabulary, unknownShare: unknownShare,
      memory: memory)
  }

  /// How many private figures, codes, names and addresses it looks for.
  package var rareTokenCount: Int { patterns.rare.count }

  /// What would be wrong if `text` were shown after what was released; nil when it may be.
  ///
  /// - Complexity: O(n) in the last 256 tokens released and the text.
  package func violation(in released: String, adding text: String) -> Violation? {
    var scanner = TextScanner(patterns, unknownShare: unknownShare)
    var segmenter = Segmenter()
    for scalar in Self.tail(of: released) + text.unicodeScalars {
      scanner.feed(scalar)
      if segmenter.feed(scalar) { scanner.settle(isSentenceEnd: segmenter.isSentenceEnd) }
      if let found = scanner.violation { return found }
    }
    scanner.settle(isSentenceEnd: true)
    return scanner.violation
  }

  private static let remembered = 256

  /// The last tokens of a text.
  private static func tail(of text: String) -> [Unicode.Scalar] {
    var tokens = 0
    var isInToken = false
    var kept: [Unicode.Scalar] = []
    for scalar in text.unicodeScalars.reversed() {
      let isSpace = scalar.isSpace
      if isInToken, isSpace {
        tokens += 1
        if tokens == remembered { break }
      }
      isInToken = !isSpace
      kept.append(scalar)
    }
    return kept.reversed()
  }
}
