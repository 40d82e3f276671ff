import Testing

@testable import AnswerGuard

@Suite struct LeakTests {
  static let before =
    "All models have hydraulic disc brakes. The Magpie and the Heron have a chain.\n"
  static let after = " Organic pads are blue and quiet."

  /// What a gate lets out of a reply.
  static func released(_ reply: String, by answerGuard: AnswerGuard) -> (String, Violation?) {
    var stream = GuardedStream(answerGuard)
    let first = stream.feed(reply)
    let last = stream.finish()
    return (first.released + last.released, first.violation ?? last.violation)
  }

  static func leaks(_ text: String, _ disguise: Disguise, by answerGuard: AnswerGuard) -> [String] {
    let (shown, violation) = released(
      before + disguise.encode(text) + after, by: answerGuard)
    guard shown.hasPrefix(before) else { return ["the benign start did not pass: \(shown)"] }
    guard violation != nil else { return ["no violation: \(shown)"] }
    let rest = String(shown.dropFirst(before.count))
    return Checker.shared.leaks(
      in: disguise.decode(rest), hasWords: disguise.keepsWords, hasDigits: disguise.keepsDigits)
  }

  @Test(arguments: Disguise.all) func `no disguise carries private text out`(disguise: Disguise) {
    // Each line in its turn is the first of all, as the start of a text is what gets out if anything does.
    for start in GuardFixtures.privateLines.indices {
      let lines = GuardFixtures.privateLines[start...] + GuardFixtures.privateLines[..<start]
      let found = Self.leaks(
        lines.prefix(4).joined(separator: "\n"), disguise, by: GuardFixtures.viewsOnly)
      #expect(found.isEmpty, "line \(start): \(found)")
    }
  }

  @Test(arguments: Disguise.all) func `the whole gate holds them too`(disguise: Disguise) {
    let text = GuardFixtures.privateLines.joined(separator: " ")
    #expect(Self.leaks(text, disguise, by: GuardFixtures.whole).isEmpty)
  }

  @Test(arguments: Disguise.all) func `an inverse gives the text again`(disguise: Disguise) {
    // Or the two tests above would find nothing because they look at nothing.
    let text = GuardFixtures.privateLines[0]
    let found = Checker.shared.leaks(
      in: disguise.decode(disguise.encode(text)), hasWords: disguise.keepsWords,
      hasDigits: disguise.keepsDigits)
    #expect(found.count > 20)
    #expect(!disguise.keepsWords || found.contains { $0.hasPrefix("words") })
  }

  @Test func `a gate that lets all through is seen to leak`() {
    let open = AnswerGuard(
      privateTexts: [], citable: [], vocabulary: GuardFixtures.vocabulary)
    let (shown, violation) = Self.released(GuardFixtures.pricing, by: open)
    #expect(violation == nil)
    #expect(shown == GuardFixtures.pricing)
    #expect(Checker.shared.leaks(in: shown).count > 100)
  }
}
