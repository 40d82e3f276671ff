import Testing

@testable import AnswerGuard

/// ROT47.
@Suite struct TurnedTests {
  private static let secret =
    "The till code is HL-2047-KX and the account 48213377, says Ottilie Thornveldt. The amber lantern polishes a hollow trumpet."
  private static let gate = AnswerGuard(
    privateTexts: [secret], citable: [], vocabulary: GuardFixtures.vocabulary)

  private static func turned(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          (33...126).contains(scalar.value)
            ? Unicode.Scalar(UInt8(33 + (scalar.value - 33 + 47) % 94)) : scalar
        }))
  }

  @Test(arguments: [
    "HL-2047-KX", "48213377", "Thornveldt", "Ottilie Thornveldt",
    "amber lantern polishes a hollow", "The amber lantern polishes a hollow trumpet.",
  ])
  func `a secret turned half-way round is read, whatever stands around it`(part: String) {
    for frame in ["It is %.", "%", "You may take it to be %, as far as I know.", "(%)\n"] {
      let text = frame.replacing("%", with: Self.turned(part))
      // The number alone turns into letters and one mark; the rest is as any word.
      #expect(Self.gate.violation(in: "", adding: text) != nil, "\(text)")
    }
  }

  @Test func `a long piece is read in parts`() {
    let text = Self.turned(
      String(repeating: "word_", count: 40) + "-Thornveldt-" + String(repeating: "x-", count: 40))
    #expect(Self.gate.violation(in: "", adding: text) != nil)
  }

  @Test func `figures that turn into letters alone are a word like others`() {
    // Two to nine turn into the letters a to h, and a word of letters alone is not turned.
    let turned = Self.turned("48293377")
    let gate = AnswerGuard(
      privateTexts: ["The account is 48293377."], citable: [],
      vocabulary: GuardFixtures.vocabulary)
    // Where little else is said, an unknown word is enough.
    #expect(gate.violation(in: "", adding: "It is \(turned).") != nil)
    withKnownIssue("among known words, one that is not may be a name") {
      // Said apart: a failure would print all of the gate.
      let isThrough =
        gate.violation(
          in: "",
          adding: "The office opens at nine and the number that you ask for is \(turned) there.")
        == nil
      #expect(!isThrough)
    }
  }

  @Test(arguments: [
    "Ask for the bad cafe, or for a bag of feed.", "Write to us@example.org or call 030/4711-0.",
    "Run `make all && echo done`, then a/b/c and e.g. d_e-f.", "It's 5% of 20 $, isn't it?",
    "x = [a, b, c]; y = {d: e}; z = (f | g) & h;",
  ])
  func `ordinary text is not`(text: String) {
    #expect(Self.gate.violation(in: "", adding: text) == nil)
  }
}
