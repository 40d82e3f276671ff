// Vocabularies written here: what is a vocabulary and what is not, and a model small enough to
// check by eye.

import Embedding
import Testing

@Suite struct VocabularyTests {
  private func vocabulary(_ tokens: [String]) -> Vocabulary? {
    Vocabulary(Array(tokens.joined(separator: "\n").utf8))
  }

  @Test func `ids are line numbers, with or without a last newline`() throws {
    for ending in ["", "\n"] {
      let vocabulary = try #require(Vocabulary(Array(("a\nbc\n##d" + ending).utf8)))
      #expect(vocabulary.count == 3)
      #expect(vocabulary.id(of: "bc") == 1)
      #expect(vocabulary.id(of: "##d") == 2)
      #expect(vocabulary.id(of: "d") == nil)
      #expect(vocabulary.id(of: "") == nil)
    }
  }

  @Test func `no tokens or the same token twice is not a vocabulary`() {
    #expect(Vocabulary([]) == nil)
    #expect(vocabulary(["a", "b", "a"]) == nil)
  }

  @Test func `a tokenizer needs its special tokens`() throws {
    let incomplete = try #require(vocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]"]))
    #expect(WordPiece(incomplete) == nil)
  }

  @Test func `the longest piece wins, and one piece missing makes the whole word unknown`() throws {
    let tokens = [
      "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "unab", "##able", "##le", "##ab",
    ]
    let small = try #require(vocabulary(tokens))
    let tokenizer = try #require(WordPiece(small))
    #expect(tokenizer.encode("unable") == [2, 6, 8, 3])
    #expect(tokenizer.encode("unabable") == [2, 6, 7, 3])
    #expect(tokenizer.encode("unx un") == [2, 1, 5, 3])
  }
}
