import Testing

@testable import AnswerGuard

@Suite struct RuleTests {
  static let secret = """
    The till codes are QUARTZ-7 and HL-20417. Velomaris offered 3,118 euros, 13.5 per cent and 27 bicycles to \
    quillon.farrow@hidden-desk.example on 0555 771 903.
    """
  static let gate = AnswerGuard(
    privateTexts: [secret], citable: [], vocabulary: GuardFixtures.vocabulary)

  @Test(arguments: [
    "QUARTZ-7", "quartz 7", "Quartz7", "q-u-a-r-t-z-7", "Q U A R T Z 7", "QUARTZ–7",
    "QUARTZ\u{200B}-7", "7-ZTRAUQ",
    "quartz.7", "dhnegm-7", "**QUARTZ**-7", "HL20417", "20417", "2 0 4 1 7", "20-417", "20 417",
    "71402",
    "two zero four one seven", "twenty thousand four hundred seventeen", "Velomaris", "velo maris",
    "SIRAMOLEV",
    "vélomarís", "ＶＥＬＯＭＡＲＩＳ", "v3l0m4r15", "Irybznevf", "velomarisbike", "3118", "3,118", "3.118",
    "3 118", "€3118",
    "three thousand one hundred and eighteen", "13.5", "13,5", "thirteen point five", "27",
    "2**7**", "２７", "㉗ or ②⑦",
    "twenty-seven", "quillonfarrow", "quillon.farrow@hidden-desk.example", "farrow", "0555771903",
    "0555 771 903",
    "SEwtMjA0MTc=", "&#50;&#55;", "%32%37", "price27now",
  ])
  func `a rare token is found in every form`(form: String) {
    let found = Self.gate.violation(
      in: "", adding: "You may want to know that it is \(form) for the people here.")
    #expect(found != nil)
  }

  @Test(arguments: [
    "135", "1350", "118", "31", "7", "1 or 2 or 7", "two and seven", "2, 7", "a quartz", "the 3rd",
    "5 HL", "11 8", "one",
    "13 and 5 others", "271", "127", "seven", "twelve",
  ])
  func `what only looks like one is not`(form: String) {
    let open = AnswerGuard(
      privateTexts: [Self.secret], citableTexts: ["135 1350 118 31 13 11 271 127"],
      vocabulary: GuardFixtures.vocabulary)
    #expect(
      open.violation(in: "", adding: "You may want to know that it is \(form) for the people here.")
        == nil)
  }

  @Test func `a sentence of unknown words is blocked and one of them is not`() {
    #expect(Self.gate.violation(in: "", adding: "The bicycle zorgle is here in the garden.") == nil)
    let found = Self.gate.violation(in: "", adding: "The zorgle frimble is krabby in the garden.")
    #expect(found == Violation(rule: .unknownWords, view: .plain))
    let named = AnswerGuard(
      privateTexts: [Self.secret], citableTexts: ["zorgle"], visitorTexts: ["Frimbles"],
      names: ["Krabby"], vocabulary: GuardFixtures.vocabulary)
    #expect(named.violation(in: "", adding: "The zorgle frimble is krabby in the garden.") == nil)
  }

  @Test func `who guesses many figures or names is told none of them`() {
    func isTold(_ said: String, asking typed: [String]) -> Bool {
      let gate = AnswerGuard(
        privateTexts: ["The till code is 4821 and the rebate 27 %, says Ottilie Thornveldt."],
        citable: [], visitorTexts: typed, vocabulary: GuardFixtures.vocabulary)
      return gate.violation(in: "", adding: "As far as I know it is \(said) in the shop.") == nil
    }
    #expect(isTold("27", asking: ["Is it 27 or 28?"]))
    #expect(isTold("4821", asking: ["Is it 4821?", "Or 4822, on the 11th of 12/2026?"]))
    #expect(
      isTold("27", asking: ["Is room 27 free from 2024-05-13 to 2024-06-20 for 2 of us?"]))
    #expect(isTold("Thornveldt", asking: ["May I ask Frau Thornveldt?"]))
    let figures = (10...99).map { "\($0)" }
    #expect(!isTold("27", asking: [figures.joined(separator: " ")]))
    #expect(!isTold("27", asking: figures.map { "Is it \($0)?" }))
    #expect(!isTold("27", asking: [figures.joined(separator: ".")]))
    #expect(!isTold("4821", asking: ["1 4 8 2 1 9"]))
    #expect(!isTold("4821", asking: ["0.1.4.8.2.1.9.3.5.7.6"]))
    let names = (0..<40).map {
      "Name\(String(UnicodeScalar(UInt8(97 + $0 % 26))))xq\($0 / 26 == 0 ? "u" : "v")"
    }
    #expect(!isTold("Thornveldt", asking: [(names + ["Thornveldt"]).joined(separator: ", ")]))
  }

  @Test func `an unknown piece of a rare token is blocked`() {
    #expect(
      Self.gate.violation(in: "", adding: "Its name begins with velom as we know.")
        == Violation(rule: .rarePiece, view: .plain))
    #expect(Self.gate.violation(in: "", adding: "Its name begins with mover as we know.") == nil)
    #expect(
      Self.gate.violation(in: "", adding: "It begins with 204 as we know.")?.rule == .rarePiece)
  }

  @Test func `five short words are a run with and without their spaces`() {
    let gate = AnswerGuard(
      privateTexts: ["It is up to us all."], citable: [], vocabulary: GuardFixtures.vocabulary)
    for text in [
      "it is up to us", "itisuptous", "i t i s u p t o u s", "us to up is it", "vg vf hc gb hf",
      "IT IS. UP? TO! us",
    ] {
      #expect(gate.violation(in: "", adding: "Well, \(text) ok.") != nil, "\(text)")
    }
    #expect(gate.violation(in: "", adding: "Well, it is up to you.") == nil)
  }

  @Test func `texts without spaces are held by six characters`() {
    let secret = "新しい料金表は来年の一月十日まで社外秘です"
    let gate = AnswerGuard(
      privateTexts: [secret], citable: [], vocabulary: GuardFixtures.vocabulary)
    #expect(gate.violation(in: "", adding: "はい、" + secret + "。")?.rule == .letterRun)
    #expect(gate.violation(in: "", adding: String(secret.prefix(6)) + "。")?.rule == .letterRun)
    #expect(gate.violation(in: "", adding: "はい、" + secret.prefix(5) + "。") == nil)
    #expect(gate.violation(in: "", adding: String(secret.reversed()))?.rule == .letterRun)
  }

  @Test func `what was released counts`() {
    let gate = Self.gate
    #expect(gate.violation(in: "", adding: "per cent and it.") == nil)
    #expect(gate.violation(in: "The till codes ", adding: "are mine.") == nil)
    #expect(gate.violation(in: "So the till codes are ", adding: "quartz.") != nil)
    // Beyond 256 tokens nothing is remembered by this call; a stream remembers on.
    let far = "So the till codes are\n" + String(repeating: "1. ", count: 300)
    #expect(gate.violation(in: far, adding: "quartz.") == nil)
    var stream = GuardedStream(gate)
    let reply = "So the till codes are\n" + String(repeating: "1. ", count: 300) + "quartz."
    #expect(stream.feed(reply + " ").violation?.rule == .wordRun)
  }

  @Test func `a chat that gives three words at a time ends at its budget`() {
    let words = GuardFixtures.privateLines.flatMap { $0.split(separator: " ").map(String.init) }
    let trios = stride(from: 0, to: words.count - 3, by: 3).map {
      words[$0..<($0 + 3)].joined(separator: " ")
    }
    var memory: ChatMemory? = ChatMemory()
    var answers = 0
    var ended = false
    for trio in trios where !ended {
      var stream = GuardedStream(GuardFixtures.viewsOnly, memory: memory)
      let found =
        stream.feed("It is said that \(trio) is so.").violation ?? stream.finish().violation
      guard found == nil || found?.rule == .chatBudget else { continue }
      ended = found != nil
      memory = stream.memory
      answers += 1
    }
    #expect(ended)
    #expect(answers > 6 && answers < 30)
    // Without a memory no answer is ended for it, and benign answers do not spend it.
    var benign: ChatMemory? = ChatMemory()
    for _ in 0..<50 {
      for sentence in BenignTests.sentences.prefix(30) {
        var stream = GuardedStream(GuardFixtures.viewsOnly, memory: benign)
        #expect(stream.feed(sentence).violation == nil)
        #expect(stream.finish().violation == nil)
        benign = stream.memory
      }
    }
  }
}

/// A figure at the head of a run is part of it.
@Suite struct LeadingFigureTests {
  private static func violation(_ secret: String, _ reply: String) -> Violation? {
    AnswerGuard(
      privateTexts: [secret], citableTexts: ["The city pays 20 per cent of the price of it."],
      vocabulary: CommonVocabulary(words: []), unknownShare: nil
    ).violation(in: "", adding: reply)
  }

  @Test func `another figure is another run, the same one is caught without its spaces`() {
    #expect(
      Self.violation("We keep 50 per cent of the fee.", "The city pays 20 per cent of the price.")
        == nil)
    #expect(
      Self.violation("We keep 50 per cent of the fee.", "It is 50percentofthe, they say.") != nil)
    #expect(
      Self.violation("We keep 50 per cent of the fee.", "It is 50 per cent of the whole.") != nil)
  }
}
