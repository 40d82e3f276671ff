// A private name as German spells and bends it: umlauts in two letters, endings, compounds.

import Testing

@testable import AnswerGuard

@Suite struct NameSpellingTests {
  @Test func `a name in both spellings keeps its endings, whichever passage comes first`() {
    let texts = ["The buyer is Grünwaldt.", "The buyer is Gruenwaldt."]
    for texts in [texts, texts.reversed()] {
      let gate = AnswerGuard(
        privateTexts: texts, citable: [], vocabulary: GuardFixtures.vocabulary)
      for name in ["Grünwaldts", "Gruenwaldts"] {
        #expect(
          gate.violation(in: "", adding: "You may ask for \(name) in the garden.") != nil,
          "\(name)")
      }
    }
  }

  private static let secret = """
    The buyer is Grünwaldt of Bärlingen, with Joergensen, Håkonsen, Wüst and Voigt. They want the Vexor tariff and the \
    key Köhl-77.
    """
  private static let known = CommonVocabulary(
    words: Disguise.pieces(
      """
      the buyer is of with and they want tariff key it here we know that für fuer das angebot ist neu schön schoen bauer \
      kohl our shop people
      """))

  private static func violation(_ reply: String, citable: [String] = []) -> Violation? {
    AnswerGuard(
      privateTexts: [secret], citableTexts: citable,
      vocabulary: known.union(GuardFixtures.vocabulary)
    ).violation(in: "", adding: reply)
  }

  @Test(arguments: [
    "Grünwaldt", "Gruenwaldt", "GRUENWALDT", "Gru\u{308}nwaldt", "Grunwaldt",
    "Baerlingen",
    "Barlingen", "Jörgensen", "Jørgensen", "Joergensen", "Haakonsen", "Håkonsen", "Hakonsen",
    "Wuest",
    "Koehl-77", "KÖHL77", "Kohl 77", "Gruenwaldts", "Voigts", "Voigt's", "Voigtes", "Voigten",
    "Voigtern",
    "Voigtsche", "Vexortarif", "Vexor-Tarif", "Altvexor", "Kaffeevexor", "Vexors",
  ])
  func `a private name is found in every spelling and with endings`(form: String) {
    #expect(Self.violation("We know that it is \(form) here and they want it.") != nil)
    #expect(
      Self.violation("We know that it is \(form) here and they want it.", citable: [form]) == nil
        || form.contains("7"))
  }

  @Test(arguments: [
    "Das Angebot ist neu und schön, für Bauer.", "Das Angebot ist neu, schoen und fuer Bauer.",
    "We know that the Kohl is here.",
    "We know that the Grünberg is here and they want it.", "We know that the vexing Voice is here.",
    "We know that Xavoigtor is here and they want it.",
  ])
  func `other words pass`(reply: String) {
    #expect(Self.violation(reply, citable: ["vexing Voice"]) == nil)
  }

  @Test func `a word that is shortened counts as a word alone`() {
    let gate = AnswerGuard(
      privateTexts: ["The overdue return."], citable: [],
      vocabulary: CommonVocabulary(words: ["the", "return", "over", "duplicates", "of"]))
    #expect(gate.violation(in: "", adding: "The over duplicates of the return over.") == nil)
    #expect(gate.violation(in: "", adding: "The overdü return over the return.") != nil)
  }

  @Test func `a compound that may be said passes`() {
    let reply = "We know that the Vexortarif is here."
    #expect(Self.violation(reply) == Violation(rule: .rareToken, view: .plain))
    #expect(Self.violation(reply, citable: ["Der Vexortarif"]) == nil)
  }
}
