// The words that everybody knows: what is not among them, nor in citable text, may be a secret (steps 6 and 7).
//
// Holds hashes of folded words, so "Naïve" and "naive" are one; numbers are never common. Where the lists lie is the
// caller's affair: Debian's /usr/share/dict (wamerican, wngerman …) or a model's vocab.txt.

/// A set of known words.
package struct CommonVocabulary: Sendable {
  private let keys: Set<UInt64>

  /// Known words in any case; an entry of several words counts as each of them.
  package init(words: some Sequence<String>) {
    var keys: Set<UInt64> = []
    for entry in words { Self.insert(entry, into: &keys) }
    self.keys = keys
  }

  private init(keys: Set<UInt64>) { self.keys = keys }

  /// How many different words are known.
  package var count: Int { keys.count }

  /// Reads one word a line; pieces ("##ing") and special tokens ("[CLS]") of a WordPiece vocabulary are passed over.
  package static func parse(_ text: String) -> CommonVocabulary {
    var keys: Set<UInt64> = []
    for line in text.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("##") || line.hasPrefix("[") && line.hasSuffix("]") { continue }
      insert(line, into: &keys)
    }
    return CommonVocabulary(keys: keys)
  }

  /// The words of both, as for a chatbot of two languages.
  package func union(_ other: CommonVocabulary) -> CommonVocabulary {
    CommonVocabulary(keys: keys.union(other.keys))
  }

  private static func insert(_ entry: some StringProtocol, into keys: inout Set<UInt64>) {
    for word in WordReader.words(of: String(entry)) where !word.isNumber {
      keys.insert(Key.token(word.hash))
    }
  }

  /// Whether a key of a word is in it.
  func contains(_ key: UInt64) -> Bool { keys.contains(key) }
}
