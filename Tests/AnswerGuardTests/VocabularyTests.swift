import Testing

@testable import AnswerGuard

@Suite struct VocabularyTests {
  private func knows(_ vocabulary: CommonVocabulary, _ text: String) -> Bool {
    let known = KnownWords(vocabulary: vocabulary, names: [], exempt: [])
    return WordReader.words(of: text).allSatisfy(known.isKnown)
  }

  @Test func `a word list is one word a line`() {
    let list = CommonVocabulary.parse("Apple\nnaïve\r\ndon't\n\nwell-being\nÉcole\n2027\n")
    for word in ["apple", "APPLE", "naive", "NAÏVE", "don", "well", "being", "ecole", "apples"] {
      #expect(knows(list, word), "\(word)")
    }
    for word in ["appl", "2027", "naïf"] where word != "2027" {
      #expect(!knows(list, word), "\(word)")
    }
    #expect(list.count == 7)
  }

  @Test func `pieces and special tokens of a model's vocabulary are no words`() {
    let list = CommonVocabulary.parse(
      "[PAD]\n[unused0]\n[CLS]\nthe\n##ing\n##zorg\nhouse\n!\n1990\n")
    #expect(list.count == 2)
    #expect(knows(list, "the house"))
    #expect(!knows(list, "zorg"))
    #expect(!knows(list, "unused"))
  }

  @Test func `two lists are joined`() {
    let both = CommonVocabulary(words: ["house"]).union(CommonVocabulary(words: ["Straße"]))
    #expect(knows(both, "HOUSE strasse"))
    #expect(!knows(CommonVocabulary(words: []), "house"))
  }

  @Test func `a stored fingerprint is the same again`() throws {
    let print = Fingerprint(texts: GuardFixtures.citable)
    let again = try #require(Fingerprint(sortedKeys: print.keys))
    #expect(again.keys == print.keys)
    #expect(Fingerprint(sortedKeys: [2, 1]) == nil)
    #expect(Fingerprint(sortedKeys: [1, 1]) == nil)
    #expect(Fingerprint("").keys.isEmpty)
  }

  @Test func `keys are those of stored fingerprints`() {
    // A change of these numbers makes every stored fingerprint useless.
    #expect(Fingerprint("Heron").keys == [GoldenKeys.heron])
    #expect(Fingerprint("In the spring of 2011 Marta Lindqvist").keys.count == GoldenKeys.count)
    #expect(Fingerprint("In the spring of 2011 Marta Lindqvist").keys.first == GoldenKeys.first)
  }

  @Test(arguments: [
    ("Ｈéron", "heron"), ("𝐇𝐞𝐫𝐨𝐧", "heron"), ("ʜᴇʀᴏɴ", "heron"), ("Нerоn", "heron"), ("ﬁne", "fine"),
    ("Straße", "strasse"),
    ("①②", "12"), ("x²", "x 2"), ("٣", "3"), ("a\u{200B}b", "ab"), ("a\u{AD}b", "ab"),
    ("a_b", "a b"), ("İ", "i"), ("Łódź", "lodz"),
    ("🄷🄴", "he"), ("ⓗⓔ", "he"), ("ｈ　ｅ", "h e"), ("ℋ", "h"), ("ªº", "ao"),
  ])
  func `letters are folded`(text: String, folded: String) {
    let words = WordReader.words(of: text).map { word in
      String(String.UnicodeScalarView(word.letters.compactMap(Unicode.Scalar.init)))
    }
    #expect(words.joined(separator: " ") == folded)
  }
}

private enum GoldenKeys {
  static let heron: UInt64 = 489_837_469_431_890_267
  static let count = 55
  static let first: UInt64? = 109_559_186_367_413_065
}
