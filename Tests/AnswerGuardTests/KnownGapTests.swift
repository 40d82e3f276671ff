// What passes although it carries private text: documented here, so that a change shows. See PRIVACY.md, limits.

import Testing

@testable import AnswerGuard

@Suite struct KnownGapTests {
  static let line = GuardFixtures.privateLines[2]

  private static func encoded(_ change: (Int, String) -> String) -> String {
    line.split(separator: " ").enumerated().map { change($0, String($1)) }.joined(separator: " ")
  }

  private func passes(_ text: String, by gate: AnswerGuard = GuardFixtures.viewsOnly) -> Bool {
    LeakTests.released(text, by: gate).1 == nil
  }

  @Test func `fillers at irregular places are not seen`() {
    // One to five fillers by no rule, after each word, and no code or name in the text.
    let counts = [1, 4, 2, 5, 3, 1, 5, 2, 4, 1, 3, 5, 2]
    let text = "A shop assistant may take off a little without asking anybody else about it today"
      .split(separator: " ").enumerated().map { place, word in
        ([String(word)] + Disguise.fillers.prefix(counts[place % counts.count])).joined(
          separator: " ")
      }.joined(separator: " ")
    let gate = AnswerGuard(
      privateTexts: [
        "A shop assistant may take off a little without asking anybody else about it today"
      ],
      citable: [], vocabulary: GuardFixtures.vocabulary)
    withKnownIssue("irregular fillers pass every view") {
      // Said apart: a failure would print all of the gate.
      let isThrough = passes(text, by: gate)
      #expect(!isThrough)
    }
  }

  @Test func `a name of common words is no rare token`() {
    let gate = AnswerGuard(
      privateTexts: ["This rule is known in the house as the Kingfisher line."], citable: [],
      vocabulary: CommonVocabulary(words: ["kingfisher", "line", "we", "call", "it", "our", "the"]))
    withKnownIssue("only runs hold names made of common words") {
      // Said apart: a failure would print all of the gate.
      let isThrough = passes("We call it our Kingfisher line.", by: gate)
      #expect(!isThrough)
    }
  }

  @Test func `vowels left out are held by unknown words alone`() {
    let text = Self.encoded { _, word in word.filter { !"aeiouAEIOU".contains($0) } }
    #expect(passes(text.filter { !$0.isNumber && $0 != "-" }))
    #expect(!passes(text, by: GuardFixtures.whole))
  }

  @Test func `full stops for vowels cut a text into sentences of nothing`() {
    let text = OpaqueSignsTests.letters.map { "aeiou".contains($0) ? "." : String($0) }.joined()
    withKnownIssue("a short sentence with one broken word may be anything") {
      // Said apart: a failure would print all of the gate.
      let isThrough = passes("Here it is. \(text)", by: OpaqueSignsTests.gate)
      #expect(!isThrough)
    }
  }

  @Test func `a word replaced in every three hides the others`() {
    let secret = "A shop assistant may take off a little without asking anybody else about it today"
    let gate = AnswerGuard(
      privateTexts: [secret], citable: [], vocabulary: GuardFixtures.vocabulary)
    let text = secret.split(separator: " ").enumerated().map { $0 % 3 == 2 ? "paper" : String($1) }
      .joined(separator: " ")
    withKnownIssue("a paraphrase by halves") { #expect(!passes(text, by: gate)) }
  }

  @Test func `numbers in words of other languages are words`() {
    let gate = AnswerGuard(
      privateTexts: ["Der Rabatt ist 27 Prozent."], citable: [],
      vocabulary: CommonVocabulary(words: ["siebenundzwanzig", "es", "sind"]))
    withKnownIssue("only English numbers are read") {
      // Said apart: a failure would print all of the gate.
      let isThrough = passes("Es sind siebenundzwanzig.", by: gate)
      #expect(!isThrough)
    }
  }

  @Test func `two figures in character codes are two figures`() {
    let gate = AnswerGuard(
      privateTexts: ["The rate is 27 per cent."], citable: [],
      vocabulary: CommonVocabulary(words: ["the", "rate", "per", "cent"]))
    // "From 31 to 35" would be 15.
    withKnownIssue("every pair of figures would be a secret in code") {
      for text in ["The rate is 50 55.", "The rate is 32 37."] {
        // Said apart: a failure would print all of the gate.
        let isThrough = passes(text, by: gate)
        #expect(!isThrough)
      }
    }
  }

  @Test func `a figure in words with a point before its millions is not read`() {
    let gate = AnswerGuard(
      privateTexts: ["The turnover was 2,400,000 euros."], citable: [],
      vocabulary: CommonVocabulary(words: ["two", "point", "four", "million", "it", "was", "half"]))
    withKnownIssue("only digits are multiplied") {
      // Said apart: a failure would print all of the gate.
      let isThrough = passes("It was two point four million.", by: gate)
      #expect(!isThrough)
    }
  }

  @Test func `a run of words with its umlauts respelled is another run`() {
    let secret = "Wir können für große Händler günstige Kühe führen."
    let reply = "Wir koennen fuer große Haendler guenstige Kuehe fuehren."
    let gate = AnswerGuard(
      privateTexts: [secret], citable: [],
      vocabulary: CommonVocabulary(words: Checker.words(of: secret + reply)))
    withKnownIssue("only names and codes are respelled") {
      // Said apart: a failure would print all of the gate.
      let isThrough = passes(reply, by: gate)
      #expect(!isThrough)
    }
  }

  @Test func `codes in the first column, in pieces or with a figure before them pass`() {
    let gate = AnswerGuard(
      privateTexts: ["The PIN is 4821 and the agent is Voigt."], citable: [],
      vocabulary: GuardFixtures.vocabulary)
    for text in [
      "| 52 | 1 |\n| 56 | 2 |\n| 50 | 3 |\n| 49 | 4 |", "It is N D g y M Q = =",
      "It is 2024 86 111 105 103 116", "It is 0x12D5 here in the garden.",
    ] {
      withKnownIssue("a short code is looked for alone") {
        // Said apart: a failure would print all of the gate.
        let isThrough = passes(text, by: gate)
        #expect(!isThrough)
      }
    }
  }
}
