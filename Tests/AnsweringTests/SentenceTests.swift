import Testing

@testable import Answering

@Suite struct SentenceTests {
  /// Text and its sentences.
  static let cases: [(String, [String])] = [
    ("One day. Two days! Three days? Four.", ["One day.", "Two days!", "Three days?", "Four."]),
    ("Ask Dr. Haas or Mr. Venn. They know.", ["Ask Dr. Haas or Mr. Venn.", "They know."]),
    (
      "It costs 4.90 euros, e.g. for a map. Call no. 12 first.",
      ["It costs 4.90 euros, e.g. for a map.", "Call no. 12 first."]
    ),
    ("The answer is no. The rest follows.", ["The answer is no.", "The rest follows."]),
    ("It opened in 2014. The shop came later.", ["It opened in 2014.", "The shop came later."]),
    (
      "We open at 9 a.m. The shop closes at 5 p.m. Ring twice.",
      ["We open at 9 a.m.", "The shop closes at 5 p.m.", "Ring twice."]
    ),
    (
      "Fernwheel Ltd. sells bicycles. J. Smith rides one.",
      ["Fernwheel Ltd. sells bicycles.", "J. Smith rides one."]
    ),
    (
      "It was built in the U.S. by hand. Really.", ["It was built in the U.S. by hand.", "Really."]
    ),
    (
      "Der Laden öffnet am 3. März um 9 Uhr. Komm vorbei.",
      ["Der Laden öffnet am 3. März um 9 Uhr.", "Komm vorbei."]
    ),
    (
      "She said \"Stop.\" He stopped (at once.) Then he left.",
      ["She said \"Stop.\"", "He stopped (at once.)", "Then he left."]
    ),
    ("Wait... then go on. Good…", ["Wait... then go on.", "Good…"]),
    (
      "See www.fernwheel.example/a.b for more. Thanks.",
      ["See www.fernwheel.example/a.b for more.", "Thanks."]
    ),
    ("年假为二十八天。病假须当日通知！可以吗？可以。", ["年假为二十八天。", "病假须当日通知！", "可以吗？", "可以。"]),
    ("有給休暇は28日です。残りは翌年に繰り越せます。", ["有給休暇は28日です。", "残りは翌年に繰り越せます。"]),
    ("यह पहला है। यह दूसरा है।", ["यह पहला है।", "यह दूसरा है।"]),
    (
      "You need:\n- a helmet\n- gloves\n3. a lamp\nb) a bell",
      ["You need:", "a helmet", "gloves", "a lamp", "a bell"]
    ),
    (
      "Part: Frame | Years: 10\nPart: Box | Years: 5",
      ["Part: Frame | Years: 10", "Part: Box | Years: 5"]
    ),
    (
      "A line that was broken because it was full goes\non in the next one. And ends.",
      ["A line that was broken because it was full goes on in the next one.", "And ends."]
    ),
    ("Q: May I?\nA: Yes. Always.", ["May I?", "Yes.", "Always."]),
    (
      "Q: Do you take my old bicycle in part payment?\nA: We do.",
      ["Do you take my old bicycle in part payment?", "We do."]
    ),
    ("", []), (" \n\n\t", []), ("...", []), ("—", []), ("\u{FEFF}.", []),
  ]

  @Test(arguments: cases) func `text falls into its sentences`(
    text: String, expected: [String]
  ) {
    #expect(SentenceSplitter.sentences(of: text).map(\.text) == expected)
  }

  @Test func `a range holds its sentence, in scalars`() {
    let text = "Prêt 👩‍👧! Naïve café.\n\n- é. Fin."
    let scalars = Array(text.unicodeScalars)
    for sentence in SentenceSplitter.sentences(of: text) {
      let found = String(String.UnicodeScalarView(scalars[sentence.range]))
      #expect(found == sentence.text)
    }
  }

  @Test func `a heading and a line right above a text are told from sentences`() {
    let text =
      "Opening hours\n\nSunday, 13 September\nHarbour Day: we open at 11:00.\n\nWe rent bicycles."
    let found = SentenceSplitter.sentences(of: text)
    #expect(found.map(\.role) == [.heading, .lead, .text, .text])
  }

  @Test func `a text without any end mark is cut into quotable pieces`() {
    let words = Array(repeating: "word", count: 1000).joined(separator: " ")
    let found = SentenceSplitter.sentences(of: words)
    #expect(found.count > 5)
    #expect(found.allSatisfy { $0.range.count <= SentenceSplitter.longest })
    #expect(found.map(\.text).joined(separator: " ") == words)
    let unbroken = String(repeating: "あ", count: 3000)
    #expect(SentenceSplitter.sentences(of: unbroken).map(\.text).joined() == unbroken)
  }

  @Test func `any text splits without a trap and loses no letters`() {
    // Hostile mixtures: marks at ends, lone brackets, combining marks, every border near every other.
    let atoms = [
      "a", ". ", "!", "?", "\n", "\n\n", " ", "- ", "1. ", "Mr. ", "。", "\"", ")", "|", " | ",
      "\u{301}", "\u{200D}", "\r\n", "…", "A", "9", ":", "\t", "#",
    ]
    var state: UInt64 = 7
    for _ in 0..<2000 {
      var text = ""
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += atoms[Int(state >> 33) % atoms.count]
      }
      let letters = text.filter { $0 == "a" || $0 == "A" }.count
      let kept = SentenceSplitter.sentences(of: text).map(\.text).joined()
      // "A:" and "a)" at a line's start are marks of a list or of a dialogue.
      #expect(kept.filter { $0 == "a" || $0 == "A" }.count <= letters)
    }
  }

  @Test func `a passage is cut once, and another one is another`() throws {
    let memory = PassageLines(limit: 4)
    let text = "The shop opens at nine. The workshop opens at eight. Ring twice at the gate."
    let first = passage(try citable(text))
    let cut = PassageLines.cut(first)
    #expect(cut.count == 3)
    for _ in 0..<3 {
      #expect(memory.quotable(of: first).map(\.line.sentence) == cut.map(\.line.sentence))
    }
    // The same place with other words, and the same words elsewhere.
    let shorter = passage(try citable("The shop opens at nine."))
    #expect(memory.quotable(of: shorter).count == 1)
    let later = passage(try citable(text), offset: 100)
    #expect(memory.quotable(of: later).first?.line.offset != cut.first?.line.offset)
    // Whatever was let go is cut again.
    for offset in 0..<20 { _ = memory.quotable(of: passage(try citable(text), offset: offset * 7)) }
    #expect(memory.quotable(of: first).map(\.line.sentence) == cut.map(\.line.sentence))
  }
}
