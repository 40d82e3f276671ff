// Gates that share what was made of a passage, and gates that made all of it themselves: the same decisions, and bounded.

import Testing

@testable import AnswerGuard

@Suite struct SharedGateTests {
  static let citable = Array(GuardFixtures.citable.dropFirst(2))

  /// Replies that hold private text, citable text, both in one sentence, and neither.
  static let replies: [String] = {
    let start = GuardFixtures.privateLines.suffix(3).joined(separator: " ")
    let shared = GuardFixtures.citable[1].split(separator: "\n").map(String.init)
    return Disguise.all.map { LeakTests.before + $0.encode(start) }
      + BenignTests.sentences + shared.filter { $0.count > 80 }
      + shared.filter { $0.count > 80 }.map { String($0.reversed()) }
  }()

  static func gate(
    _ hidden: [String], _ citable: [String], _ memory: PassageMemory?
  ) -> AnswerGuard {
    AnswerGuard(
      privateTexts: hidden, citableTexts: citable, visitorTexts: ["What is QUARTZ-7?"],
      names: ["Fernwheel"], vocabulary: GuardFixtures.vocabulary, memory: memory)
  }

  @Test func `a shared gate and one built alone decide the same`() {
    let memory = PassageMemory()
    // The second private text is citable in part for the first gate and not at all for the second: a passage's runs are
    // the same for both, and what excuses them is not.
    let papers = [GuardFixtures.pricing, GuardFixtures.citable[1]]
    let lines = GuardFixtures.privateLines
    for (hidden, citable) in [
      (papers + lines, Self.citable + [String(GuardFixtures.citable[1].prefix(6_000))]),
      (papers + lines, Self.citable), (lines, GuardFixtures.citable), (papers, []),
    ] {
      let alone = Self.gate(hidden, citable, nil)
      let shared = [Self.gate(hidden, citable, memory), Self.gate(hidden, citable, memory)]
      for gate in shared { #expect(gate.rareTokenCount == alone.rareTokenCount) }
      for reply in Self.replies {
        let (text, violation) = LeakTests.released(reply, by: alone)
        for gate in shared { #expect(LeakTests.released(reply, by: gate) == (text, violation)) }
      }
    }
  }

  @Test func `what was citable for one answer is not for the next`() {
    let memory = PassageMemory()
    let secret = "the harbour shop opens its back door at night"
    let reply = "I think \(secret)."
    func violation(_ citable: [String]) -> Violation? {
      LeakTests.released(reply, by: Self.gate([secret], citable, memory)).1
    }
    #expect(violation([]) != nil)
    #expect(violation([secret]) == nil)
    #expect(violation([]) != nil)
    #expect(violation(["The " + secret.dropFirst(4)]) == nil)
    #expect(violation([String(secret.dropFirst(4))]) != nil)
  }

  @Test func `a memory keeps to its bytes and forgets the longest unused`() {
    let memory = PassageMemory(byteLimit: 400_000)
    for number in 0..<40 {
      let text = "Passage \(number): \(GuardFixtures.pricing.prefix(900))"
      var makings = 0
      for _ in 0..<2 {
        _ = memory.runs(of: text) {
          makings += 1
          return PassageRuns(TextShape(text))
        }
      }
      #expect(makings == 1)
      _ = memory.fingerprint(of: text)
      #expect(memory.byteCount <= 800_000)
    }
    #expect(memory.byteCount > 100_000)
    // Larger than the whole memory: made, and not kept.
    let before = memory.byteCount
    _ = memory.runs(of: GuardFixtures.citable[3]) {
      PassageRuns(TextShape(GuardFixtures.citable[3]))
    }
    #expect(memory.byteCount == before)
  }

  @Test func `texts that are equal but not the same bytes are two`() {
    let memory = PassageMemory()
    let (one, other) = ("caf\u{E9} by the quay", "cafe\u{301} by the quay")
    #expect(one == other)
    var makings = 0
    for text in [one, other, one] {
      _ = memory.runs(of: text) {
        makings += 1
        return PassageRuns(TextShape(text))
      }
    }
    #expect(makings == 2)
  }
}
