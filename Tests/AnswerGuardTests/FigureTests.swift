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
