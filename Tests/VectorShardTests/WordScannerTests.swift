// Text to words, words to terms: one table each.

import Testing

@testable import VectorShard

struct WordScannerTests {
  static let texts: [(String, [String])] = [
    ("", []),
    ("The cat sat.", ["the", "cat", "sat"]),
    (
      "don't company's we'll l'avion D’accord",
      ["don", "company", "we", "l", "avion", "d", "accord"]
    ),
    ("state-of-the-art e.g. a_b", ["state", "of", "the", "art", "e", "g", "a", "b"]),
    ("1,000 and 3.5, then 2.4.1.", ["1000", "and", "3.5", "then", "2.4.1"]),
    ("mp3 B2B covid19 4x4", ["mp3", "b2b", "covid19", "4x4"]),
    ("10. Then 5.a", ["10", "then", "5", "a"]),
    ("ÉCOLE naïve Straße", ["école", "naïve", "straße"]),
    ("co\u{AD}operate", ["cooperate"]),
    ("Москва Ёлка", ["москва", "ёлка"]),
    ("北京大学 is", ["北京", "京大", "大学", "is"]),
    ("猫", ["猫"]),
    ("東京にAPIを", ["東京", "京に", "api", "を"]),
    ("서울 시청", ["서울", "시청"]),
    ("🙂 ok\u{0}\u{FFFF}", ["ok"]),
  ]

  @Test(arguments: texts)
  func `text is split into words`(text: String, expected: [String]) {
    var words: [String] = []
    WordScanner.scan(text) { word, _ in words.append(String(decoding: word, as: UTF8.self)) }
    #expect(words == expected)
  }

  @Test func `a word is cut at 64 bytes and never within a character`() {
    for letter in ["a", "é", "ж", "𝒳"] {
      var words: [[UInt8]] = []
      WordScanner.scan(String(repeating: letter, count: 500)) { word, _ in words.append(word) }
      #expect(words.count == 1)
      #expect(words[0].count <= 64 && words[0].count > 60)
      #expect(String(validating: words[0], as: UTF8.self) != nil)
    }
  }

  @Test(
    arguments: [
      ("running policies holidays", nil, ["run", "polici", "holiday"]),
      ("cafés naïve", nil, ["cafe", "naiv"]),
      ("continuellement", "fr", ["continuel"]),
      ("Häuser Straße", "de", ["haus", "strass"]),
      ("Häuser", "de-AT", ["haus"]),
      ("holidays", "pl", ["holidays"]),
      ("holidays", "ru", ["holiday"]),
      ("книги", nil, ["книг"]),
      ("книги", "uk", ["книги"]),
      ("ﬁnance", nil, ["financ"]),
    ] as [(String, String?, [String])])
  func `words become terms by the language of their script`(
    text: String, language: String?, expected: [String]
  ) {
    let query = WordQuery(text, language: language, stemmers: 0)
    #expect(query.terms.map { String(decoding: $0.bytes, as: UTF8.self) } == expected)
  }

  @Test func `stop words are dropped only beside other words`() {
    let terms = { (text: String) in
      WordQuery(text, language: "en", stemmers: 0).terms.map {
        String(decoding: $0.bytes, as: UTF8.self)
      }
    }
    #expect(terms("What is the holiday policy?") == ["holiday", "polici"])
    #expect(terms("to be or not to be") == ["to", "be", "or", "not"])
  }

  @Test func `a question of unknown language is stemmed by every language of the shard`() {
    let both: UInt32 =
      1 << UInt32(StemmingAlgorithm.english.rawValue)
      | 1 << UInt32(StemmingAlgorithm.french.rawValue)
    let terms = WordQuery("continuellement", language: nil, stemmers: both).terms
    #expect(terms.map { String(decoding: $0.bytes, as: UTF8.self) } == ["continuel"])
    let one = WordQuery("nationalities", language: nil, stemmers: both).terms
    #expect(one.map { String(decoding: $0.bytes, as: UTF8.self) } == ["nation", "nationalit"])
  }
}
