// The tokenizer of BERT models: clean, space out Chinese, strip accents, lower case, split, longest
// match.
//
// Gives the same ids as the reference (Hugging Face `tokenizers`: BertNormalizer, BertPreTokenizer,
// WordPiece) for every text. What happens to a code point comes from a table read off the reference
// (bobbin_character), not from Swift's Unicode tables, so that ids change with neither toolchain
// nor machine. Works on bytes; makes no strings.

import CKernels

/// Turns text into token ids, exactly as the reference does.
package struct WordPiece: Sendable {
  /// Ids with a meaning to the model.
  package struct SpecialTokens: Hashable, Sendable {
    package let unknown: Int32
    package let start: Int32
    package let end: Int32
  }

  /// The special tokens' ids.
  package let special: SpecialTokens
  let vocabulary: Vocabulary
  /// Literal special tokens: a text that spells one gets its id, as with the reference.
  private let literals: [(text: [UInt8], id: Int32)]

  /// A word of more code points than this is one unknown token.
  static let maxWordLength = 100

  /// A tokenizer over a vocabulary.
  /// - Returns: nil when one of the five special tokens is not in the vocabulary.
  package init?(_ vocabulary: Vocabulary) {
    var literals: [(text: [UInt8], id: Int32)] = []
    for text in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] {
      guard let id = vocabulary.id(of: text) else { return nil }
      literals.append((Array(text.utf8), id))
    }
    special = SpecialTokens(unknown: literals[1].id, start: literals[2].id, end: literals[3].id)
    self.vocabulary = vocabulary
    self.literals = literals
  }

  /// The ids of a text between [CLS] and [SEP], at most `limit` of them; what is cut is cut at the
  /// end.
  package func encode(_ text: String, limit: Int = .max) -> [Int32] {
    var splitter = WordSplitter(vocabulary: vocabulary, unknown: special.unknown)
    splitter.ids.append(special.start)
    let limit = max(limit, 2)
    var text = text
    text.withUTF8 { bytes in
      var position = 0
      while position < bytes.count && splitter.ids.count < limit {
        let byte = bytes[position]
        if byte == UInt8(ascii: "["), let literal = literal(in: bytes, at: position) {
          splitter.endWord()
          splitter.ids.append(literal.id)
          position += literal.text.count
        } else if byte < 0x80 {
          splitter.appendASCII(byte)
          position += 1
        } else {
          let (scalar, length) = WordPiece.decode(bytes, at: position)
          splitter.append(scalar)
          position += length
        }
      }
    }
    splitter.endWord()
    if splitter.ids.count > limit - 1 { splitter.ids.removeLast(splitter.ids.count - (limit - 1)) }
    splitter.ids.append(special.end)
    return splitter.ids
  }

  private func literal(
    in bytes: UnsafeBufferPointer<UInt8>, at position: Int
  ) -> (text: [UInt8], id: Int32)? {
    literals.first { literal in
      bytes.count - position >= literal.text.count
        && bytes[position..<position + literal.text.count].elementsEqual(literal.text)
    }
  }

  /// The code point at a position that begins one.
  ///
  /// A String's UTF-8 is valid; were it not, nothing past the end is read.
  private static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, at position: Int
  ) -> (scalar: UInt32, length: Int) {
    let first = UInt32(bytes[position])
    let length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
    guard position + length <= bytes.count else { return (0xfffd, bytes.count - position) }
    var scalar = first & (0x7f >> UInt32(length))
    for offset in 1..<length { scalar = scalar << 6 | UInt32(bytes[position + offset] & 0x3f) }
    return (scalar, length)
  }
}
