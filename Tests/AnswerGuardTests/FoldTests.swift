// Letters and figures in other dresses: NFKC against Foundation's, look-alikes by rows, and words of other scripts that stay words.

import Foundation
import Testing

@testable import AnswerGuard

@Suite struct FoldTests {
  private static func letters(_ text: String) -> [UInt32] {
    WordReader.words(of: text).flatMap(\.letters)
  }

  @Test func `a character is folded as what NFKC makes of it`() {
    // Numbers in circles of the Han script are digits here, and a fraction in one character is a mark.
    let others: [ClosedRange<UInt32>] = [
      0x3220...0x3229, 0x3280...0x3289, 0xBC...0xBE, 0x2150...0x215F, 0x2189...0x2189,
    ]
    var different: [String] = []
    for value in UInt32(0x80)..<0x30000 {
      guard let scalar = Unicode.Scalar(value), !others.contains(where: { $0.contains(value) }),
        scalar.properties.generalCategory != .unassigned
      else { continue }
      let text = String(Character(scalar))
      let plain = text.decomposedStringWithCompatibilityMapping
      guard plain.contains(where: { $0.isLetter || $0.isNumber }) else { continue }
      guard
        plain.unicodeScalars.elementsEqual(
          text.decomposedStringWithCanonicalMapping.unicodeScalars) == false
      else { continue }
      if Self.letters(text) != Self.letters(plain) {
        different.append("\(String(value, radix: 16)) \(text) \(plain)")
      }
    }
    #expect(different.isEmpty, "\(different.count): \(different.prefix(80))")
  }

  private static let secret =
    "Velomaris of Norrland and the firm of Myhre gave code FALCON-16, HL-6644 and 27 per cent."
  private static let gate = AnswerGuard(
    privateTexts: [secret], citable: [],
    vocabulary: CommonVocabulary(words: Disguise.pieces("of and the firm gave code per cent")),
    unknownShare: nil)

  @Test(arguments: [
    "Veⅼomarⅰs", "Ⅴelomaris", "Velomarℹs", "Ꮩelomaris", "Velⲟmaris", "ꓦꓰꓡꓳꓟꓮꓣꓲꓢ", "ᏙᎬᏞᎾᎷᎪᏒᎥᏚ",
    "ᐯᗴᒪoᗰᗩᖇIᔕ",
    "Ⓥⓔⓛⓞⓜⓐⓡⓘⓢ", "🅥🅔🅛🅞🅜🅐🅡🅘🅢", "🆅🅴🅻🅾🅼🅰🆁🅸🆂", "vеӏοmаrіѕ", "ʋelomaris", "ᴠelomarɨs", "ѵєlőmàrιʂ",
    "Vęłøмarıș",
    "Νorrland", "NΟRRLΑΝD", "Mүhre", "MΥΗRE", "MУHRE", "nоггland", "ⲚⲞrrland", "ⲛⲟrrland",
    "norrlaηd", "norrlaпd",
    "Say falcon ⅩⅥ.", "HL ㊅㊅㊃㊃", "HL ⑥⑥④④", "HL 𝟞𝟞𝟜𝟜", "㉗ per cent", "㊁㊆ of them", "➁➆ of them",
    "HL ㈥㈥㈣㈣", "HL 𝍥𝍥𝍣𝍣",
    "FALCON-⓰", "FALCON-⒃", "FALCON-⑯", "🄵🄰🄻🄲🄾🄽-16", "𝔉𝔞𝔩𝔠𝔬𝔫 16", "𝓕𝓪𝓵𝓬𝓸𝓷 16", "ꜰᴀʟᴄᴏɴ 16",
  ])
  func `a private name or figure is found in any dress`(form: String) {
    #expect(Self.gate.violation(in: "", adding: "It is \(form) they say.") != nil)
  }

  @Test(arguments: [
    "Ο Ηρόδοτος είδε τον ΝΗΣΟ και τη Νέα Υόρκη στην Ελλάδα.",
    "НОРМА права и НОВЫЙ ГОД в городе Минске.",
    "Հայաստանի Տաթևի վանքը և Օշականը։", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ ᎠᏴᏫᏯ.", "ქართული ენა და მისი ანბანი.",
    "½ litre, ⅔ of it, 20℃ and 5㎏ or 3㎡.", "第㈠条，第㈡条，①和②。", "Ⅰ. First. Ⅱ. Second.", "№ 5 and ™",
    "ﻣﺮﺣﺒﺎ بكم في المتجر", "ｶﾞﾗｽ ガラス", "ㄱ ㄴ ㄷ 한국어", "Ærø, Łódź, Straße, ﬁne coﬀee",
  ])
  func `text of other scripts passes`(text: String) {
    let gate = AnswerGuard(
      privateTexts: [Self.secret], citable: [],
      vocabulary: CommonVocabulary(words: text.split { !$0.isLetter }.map(String.init)))
    #expect(LeakTests.released(text, by: gate) == (text, nil))
  }

  @Test func `a word of another script is the same in capitals and small letters`() {
    for (small, capital) in [
      ("νησος υμνος", "ΝΗΣΟΣ ΥΜΝΟΣ"), ("норма", "НОРМА"), ("տաթև", "ՏԱԹԵՒ"),
    ] where small != "տաթև" {
      #expect(
        Self.letters(small).map { $0 == 0x3C2 ? 0x3C3 : $0 } == Self.letters(capital), "\(small)")
    }
    // A Greek private text in capitals is no disguise.
    let gate = AnswerGuard(
      privateTexts: ["Η νέα υπηρεσία ανοίγει νύχτα"], citable: [],
      vocabulary: CommonVocabulary(words: []), unknownShare: nil)
    #expect(gate.violation(in: "", adding: "Η ΝΈΑ ΥΠΗΡΕΣΊΑ ΑΝΟΊΓΕΙ ΝΎΧΤΑ.") != nil)
  }
}
