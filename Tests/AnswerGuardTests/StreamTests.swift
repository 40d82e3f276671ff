import Testing

@testable import AnswerGuard

@Suite struct StreamTests {
  /// Replies that end in a violation, and some that do not.
  static let replies: [String] = {
    let line = "The vault code of the harbour shop is ZEPHYR-4471."
    let start = "It is so. Yes!\n"
    let some = [
      "plain", "base64 in lines", "all reversed", "Morse", "entities", "tags inside words",
      "leet with marks",
    ]
    return Disguise.all.filter { some.contains($0.name) }.map {
      start + $0.encode(line) + LeakTests.after
    } + [
      LeakTests.after, "Äpfel 🚲🇩🇪 e\u{301}a\r\n\r\n  b. c! 你好。再见 d", "", "\n\n", "x",
      start + "The code is QUARTZ-7 and more.",
      start + "The code is Q\u{200B}UARTZ\u{200B}-7",
    ]
  }()

  @Test(arguments: [
    "Please ask Dr. Vandenbroucke.", "It is for adults, i.e. Vandenbroucke and his sons.",
    "It costs more, e.g. Blenkinsopp paid 40 euros.",
  ]) func `an abbreviation's full stop leaves no name to be judged alone`(reply: String) {
    #expect(LeakTests.released(reply, by: GuardFixtures.whole) == (reply, nil))
  }

  @Test func `an abbreviation does not carry anything private past its full stop`() {
    let (shown, violation) = LeakTests.released(
      "Please ask Dr. Smith, i.e. say ZEPHYR-4471.", by: GuardFixtures.whole)
    #expect(violation != nil && !shown.contains("4471"))
  }

  @Test(arguments: replies) func `the same text comes out however the reply is split`(reply: String)
  {
    let whole = LeakTests.released(reply, by: GuardFixtures.whole)
    let scalars = Array(reply.unicodeScalars)
    func text(_ range: Range<Int>) -> String {
      String(String.UnicodeScalarView(scalars[range]))
    }
    for cut in 0...scalars.count {
      var stream = GuardedStream(GuardFixtures.whole)
      let outcomes = [
        stream.feed(text(0..<cut)), stream.feed(text(cut..<scalars.count)), stream.finish(),
      ]
      #expect(outcomes.map(\.released).joined() == whole.0, "cut at \(cut)")
      #expect(outcomes.compactMap(\.violation) == [whole.1].compactMap(\.self), "cut at \(cut)")
    }
    for size in [1, 2, 3, 7] {
      var stream = GuardedStream(GuardFixtures.whole)
      var shown = ""
      var found: [Violation] = []
      for start in stride(from: 0, to: scalars.count, by: size) {
        let outcome = stream.feed(text(start..<min(start + size, scalars.count)))
        shown += outcome.released
        found += [outcome.violation].compactMap(\.self)
      }
      let last = stream.finish()
      #expect(shown + last.released == whole.0)
      #expect(found + [last.violation].compactMap(\.self) == [whole.1].compactMap(\.self))
    }
  }

  @Test(arguments: Disguise.all) func `what was released is never found wanting later`(
    disguise: Disguise
  ) {
    // Every prefix that was out, alone and before anything else, breaks no rule.
    let text = GuardFixtures.privateLines.suffix(6).joined(separator: "\n")
    let reply = LeakTests.before + disguise.encode(text)
    var stream = GuardedStream(GuardFixtures.viewsOnly)
    var shown = ""
    for scalar in reply.unicodeScalars {
      let released = stream.feed(String(Character(scalar))).released
      guard !released.isEmpty else { continue }
      shown += released
      #expect(reply.unicodeScalars.starts(with: shown.unicodeScalars))
      #expect(GuardFixtures.viewsOnly.violation(in: "", adding: shown) == nil)
    }
    shown += stream.finish().released
    #expect(GuardFixtures.viewsOnly.violation(in: "", adding: shown) == nil)
    #expect(shown.unicodeScalars.count < reply.unicodeScalars.count)
  }

  @Test func `a run across the border of sentences is ended at its fifth word`() {
    let secret = "A team leader may take off up to nine per cent"
    let gate = AnswerGuard(
      privateTexts: [secret], citable: [], vocabulary: GuardFixtures.vocabulary, unknownShare: nil)
    // Both halves are innocent: two words here, three there.
    for words in [["up to", "nine per cent"], ["cent per nine", "to up"]] {
      var stream = GuardedStream(gate)
      #expect(stream.feed("It goes \(words[0]). ").released == "It goes \(words[0]). ")
      let second = stream.feed("\(words[1]) it is. ")
      #expect(second.released == "")
      #expect(second.violation == Violation(rule: .wordRun, view: .plain))
      #expect(stream.isEnded)
      #expect(stream.feed("More. ") == .init(released: "", violation: nil))
      #expect(stream.finish() == .init(released: "", violation: nil))
    }
  }

  @Test func `sixteen letters across the border of sentences are too many`() {
    let gate = AnswerGuard(
      privateTexts: ["garden and battery"], citable: [], vocabulary: GuardFixtures.vocabulary,
      unknownShare: nil)
    #expect(gate.violation(in: "It is g a r d e n a. ", adding: "n d b a t t e r.") == nil)
    #expect(gate.violation(in: "It is g a r d e n a. ", adding: "n d b a t t e r y.") != nil)
  }

  @Test func `a text waits for the end of its sentence and no longer than 400 characters`() {
    var stream = GuardedStream(GuardFixtures.whole)
    #expect(stream.feed("The Magpie and").released == "")
    #expect(stream.feed(" the Heron.").released == "")
    #expect(stream.feed(" ").released == "The Magpie and the Heron. ")
    let long = String(repeating: "the chain and ", count: 40)
    let released = stream.feed(long).released
    #expect(released.count >= 400 && released.count < 420)
    #expect(released.hasSuffix(" "))
    #expect(stream.finish().released == String(long.dropFirst(released.count)))
  }

  @Test func `a text without spaces is not held for ever`() {
    var stream = GuardedStream(GuardFixtures.viewsOnly)
    #expect(stream.feed("自転車は速い。").released == "自転車は速い。")
    let released = stream.feed(String(repeating: "車", count: 900)).released
    #expect(released.count == 800)
    #expect(stream.feed(String(repeating: "b", count: 9000)).released.count > 8000)
  }

  @Test func `nothing and white space pass`() {
    #expect(LeakTests.released("", by: GuardFixtures.whole) == ("", nil))
    #expect(LeakTests.released(" \n\t\r\n", by: GuardFixtures.whole) == (" \n\t\r\n", nil))
    #expect(GuardFixtures.whole.violation(in: "", adding: "") == nil)
    let none = AnswerGuard(
      privateTexts: ["", " \n"], citableTexts: [""], visitorTexts: [""], names: [""],
      vocabulary: CommonVocabulary(words: []))
    #expect(none.rareTokenCount == 0)
  }

  @Test func `a reply of a megabyte passes in time that grows with its length`() {
    let paper = GuardFixtures.citable[0]
    func time(_ copies: Int) -> Duration {
      let reply = String(repeating: paper + "\n", count: copies)
      return ContinuousClock().measure {
        #expect(LeakTests.released(reply, by: GuardFixtures.whole).0.utf8.count == reply.utf8.count)
      }
    }
    // Unoptimised code takes a minute for a megabyte, optimised code a second.
    #if DEBUG
      let copies = 24
    #else
      let copies = 240
      #expect(paper.utf8.count * copies > 1_000_000)
    #endif
    let short = time(copies / 12)
    let long = time(copies)
    #expect(long < short * 36)
  }

  @Test func `hostile replies of 60,000 characters end`() async {
    for unit in [
      "<", "](", "&#1", "%4", "\\u", "((((@", "....", "٣", "\u{301}", "é", "a", "0", "\u{E0041}",
      "\u{10FFFF}", "$!", "1.", "1,1k", "a-", "1. .-\n", "1\n",
    ] {
      let reply = String(repeating: unit, count: 60_000 / unit.unicodeScalars.count)
      _ = LeakTests.released(reply, by: GuardFixtures.whole)
      await Task.yield()
    }
  }
}
