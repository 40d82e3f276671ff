// Figures and codes in plain words, fractions of two digits and Roman numerals; and the numbers of ordinary answers beside them.

import Testing

@testable import AnswerGuard

@Suite struct FigureTests {
  static let secret = """
    Its door code is QUARTZ-7 and the cellar code is BASALT-19. The side gate opens with FALCON-16. Only 30 frames were \
    welded. In autumn it falls by 7.8 per cent, the duty is 8.7 per cent, the margin 27 per cent, the order number 6644 and \
    the seats are 11. Of a hundred and forty-four guests seventy-three came back.
    """

  /// Without step 7, so that nothing but the figures can be what stops a reply.
  private static func violation(
    _ reply: String, citable: [String] = [], visitor: [String] = []
  ) -> Violation? {
    LeakTests.released(
      reply,
      by: AnswerGuard(
        privateTexts: [secret], citableTexts: citable, visitorTexts: visitor,
        vocabulary: CommonVocabulary(words: Checker.words(of: secret)), unknownShare: nil)
    ).1
  }

  @Test(arguments: [
    "To open the door say quartz seven.", "To open the cellar say basalt nineteen.",
    "There were only thirty of them welded.", "Say falcon sixteen to the man.", "Say falcon ⅩⅥ.",
    "It is falcon, sixteen.", "The sixteenth falcon.", "Say quartz-seven there.",
    "The number is double six double four.", "It is double 6 double 4.", "Six, six, four, four.",
    "It is six double four, or rather six six double four.", "Dial double six four four now.",
    "A duty of 8.7 % is due.", "A duty of 8,7 % is due.", "A duty of 8·7 per cent is due.",
    "The cut in autumn is to be 7.8 %.", "It is seven point eight.", "It is seven comma eight.",
    "So it is XXVII in a hundred.", "So it is xxvii in a hundred.", "Say FALCON XVI.",
    "Say QUARTZ VII there.", "Take XXX frames.", "It is BASALT XIX.",
    "The twenty-seventh part of a hundred.", "It is thirty.", "144 guests", "144 of them",
    "73 of them came back.", "One hundred forty-four of them.", "It is seventy-three.",
  ])
  func `a private figure is found in words, as a fraction and in Roman numerals`(reply: String) {
    #expect(Self.violation(reply) != nil)
  }

  @Test(arguments: [
    "We have seven shops and eleven colours.", "One of the two has four wheels.",
    "There are twelve months and eleven of them are warm.", "It opens at 8:07.", "Mondays 7-8.",
    "Size XL and a CD for the mix.", "Louis IV and Henry VIII were kings.",
    "It is double the price.", "A double room, a triple room.", "Two and eight and seven.",
    "On pages 8, 7 and 6.", "1. Open it.\n2. Close it.\n8. Turn it. 7 times.",
    "A hundred of them, a thousand of them.", "Oh, six or four.", "It takes 9.7 or 8.6 litres.",
    "Chapter 18.7 or 8.75 of it", "I am civil and MILD and did MIX it.", "Quartz is a stone.",
    "Seven stones of quartz.", "The double six.", "Twenty-six point one.", "Room six, floor four.",
    "The point is that one comes first and two second.",
  ])
  func `other numbers pass`(reply: String) {
    #expect(Self.violation(reply) == nil)
  }

  @Test func `a figure that may be said may be said in words and the other way round`() {
    for (known, reply) in [
      ("We made thirty of them.", "It was 30."), ("We made 30 of them.", "It was thirty."),
      ("The code falcon sixteen is on the sign.", "Say FALCON-16."),
      ("8.7 is the rate.", "It is 8.7 or 8,7."), ("Roman XXVII.", "It is 27 or twenty-seven."),
    ] {
      #expect(Self.violation(reply) != nil, "\(reply)")
      #expect(Self.violation(reply, citable: [known]) == nil, "\(reply)")
      #expect(Self.violation(reply, visitor: [known]) == nil, "\(reply)")
    }
    // A table's neighbours are no fraction, nor is a whole number.
    #expect(Self.violation("It is 8.7.", citable: ["| 8 | 7 | and 87"]) != nil)
  }

  /// Figures that replies give half in words, and codes of digits that they join or part.
  private static func halves(_ reply: String, citable: [String] = []) -> Violation? {
    let secret = """
      The turnover was 2,400,000 euros, the loan 12000, the fine 1.25 billion, the rent 3 thousand, the interest 8.7 and \
      the code of the safe 20-45-17. The guard comes at 14:30 and the PIN is 4821.
      """
    return LeakTests.released(
      reply,
      by: AnswerGuard(
        privateTexts: [secret], citableTexts: citable,
        vocabulary: CommonVocabulary(words: Checker.words(of: secret)), unknownShare: nil)
    ).1
  }

  @Test(arguments: [
    "It is 2.4 million euros.", "It is 2,4 Mio.", "It is 2.4m", "A 2.4-million deal", "€2.4M",
    "2.40 million",
    "2,4 Millionen",
    "About 2,400 thousand.", "2400 Tsd. Euro", "12k", "12K euros", "12 thousand", "12 Tausend",
    "12,0 Tsd",
    "1.25 bn", "1,25 Mrd. Euro", "1,250 million", "1.250 Mio.", "1 milliarde 1250 million",
    "3000 a month",
    "3k a month", "8 point 7", "8 Komma 7", "8 comma seven", "eight point 7", "8 Punkt 7", "204517",
    "204 517", "20 45 17", "twenty forty-five seventeen", "1430", "48 21", "48-21", "4 8 2 1",
    "forty-eight twenty-one",
  ])
  func `a private figure is found half in words and a code without its separators`(form: String) {
    #expect(Self.halves("They say it is \(form) now.") != nil)
    #expect(Self.halves(form) != nil)
    // What may be said in any form may be said in this one.
    #expect(Self.halves("They say it is \(form) now.", citable: ["See \(form)."]) == nil)
  }

  @Test(arguments: [
    "2.5 million people", "13k runners", "2 million", "12 m and 2.4 m of it", "12 km",
    "1,430 euros",
    "1 430 euros", "48, 21 and 9", "| 48 | 21 |", "48 - 21", "1. 48\n2. 21", "8. Point 7 says so.",
    "8 points, 7 of them", "Page 8, comma 7", "8 point", "point 7", "4.82 or 48.2",
    "20 45 18",
    "143 and 0", "two hundred", "2 hundred", "24k gold", "a 4K video, 5G and 2b", "0 million",
    "1 m 20",
    "The ratio is 8 to 7.", "Call 030 204 51 72.", "12 thousandths", "12, thousand thanks",
  ])
  func `other figures half in words pass`(form: String) {
    // Parts of the private figures that are figures by themselves.
    let citable = ["Of 25 there are 20 here, and of 45 some are new."]
    #expect(Self.halves("They say it is \(form) now.", citable: citable) == nil)
    #expect(Self.halves(form, citable: citable) == nil)
  }

  @Test func `a part of a figure that was made is no piece of it`() {
    let gate = AnswerGuard(
      privateTexts: ["We lost 1.8 million and 12 thousand."], citable: [],
      vocabulary: GuardFixtures.vocabulary)
    for reply in ["It is for 800 of the people.", "There are 200 and 120 of the bicycles."] {
      #expect(gate.violation(in: "", adding: reply) == nil)
    }
  }

  @Test func `a figure half in words is private, too`() {
    let gate = AnswerGuard(
      privateTexts: ["We lost 2.4 million, then 12k, and 8 point 7 of the rest."], citable: [],
      vocabulary: GuardFixtures.vocabulary, unknownShare: nil)
    for reply in ["It is 2,400,000.", "It is 12,000.", "It is 12 thousand.", "It is 8.7 of it."] {
      #expect(gate.violation(in: "", adding: reply) != nil, "\(reply)")
    }
    #expect(gate.violation(in: "", adding: "It is 4,000,000 or 87, and 24 million.") == nil)
  }

  @Test func `a link word between numbers is not lost to a run`() {
    let gate = AnswerGuard(
      privateTexts: ["Take one point and two stones from 99 of them."], citable: [],
      vocabulary: CommonVocabulary(words: []), unknownShare: nil)
    let read = { (text: String) in
      NumberWords.figures(in: WordReader.words(of: text), keepsSmall: false)?.map(\.letters.count)
    }
    #expect(read("one point and two") == [1, 5, 3, 1])
    #expect(read("two and seven") == [1, 3, 1])
    #expect(read("double the six") == [6, 3, 1])
    #expect(read("a hundred and five") == [1, 3])
    #expect(read("no number here") == nil)
    #expect(gate.violation(in: "", adding: "They take one point and two then.") != nil)
  }
}
