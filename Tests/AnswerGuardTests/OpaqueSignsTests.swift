// Letters drawn as signs: nothing decodes them, and too much of them is enough to end a reply. The texts have no figure, no code
// and no word that nobody knows: nothing else would stop them.

import Foundation
import Testing

@testable import AnswerGuard

@Suite struct OpaqueSignsTests {
  private static let secret =
    "The owner of the harbour plans to sell the western jetty to the town in spring. "
    + "Staff may waive the deposit for guests who have hired at least twice before."

  /// All of its words are known, as a model's vocabulary knows them.
  static let gate = AnswerGuard(
    privateTexts: [secret], citable: [],
    vocabulary: CommonVocabulary(words: secret.split(separator: " ").map(String.init))
      .union(GuardFixtures.vocabulary))

  private static func mapped(_ text: String, _ map: (UInt32) -> UInt32) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { Unicode.Scalar(map($0.value)) ?? $0 }))
  }

  static let letters = mapped(secret.lowercased()) { $0 }
  private static let braille: [UInt32] = [
    0x01, 0x03, 0x09, 0x19, 0x11, 0x0B, 0x1B, 0x13, 0x0A, 0x1A, 0x05, 0x07, 0x0D, 0x1D, 0x15, 0x0F,
    0x1F, 0x17, 0x0E, 0x1E, 0x25, 0x27, 0x3A, 0x2D, 0x3D, 0x35,
  ]

  static let disguises: [(name: String, text: String)] = [
    (
      "Braille",
      mapped(letters) {
        (0x61...0x7A).contains($0) ? 0x2800 + braille[Int($0 - 0x61)] : $0
      }
    ),
    ("an emoji a letter", mapped(letters) { (0x61...0x7A).contains($0) ? 0x1F5BF + $0 : $0 }),
    ("ROT47", mapped(secret) { (33...126).contains($0) ? 33 + ($0 - 33 + 47) % 94 : $0 }),
    ("base 85", base85(secret)),
    ("stars for vowels", letters.map { "aeiou".contains($0) ? "*" : String($0) }.joined()),
    (
      "a sentence a starred word",
      secret.lowercased().split(separator: " ").map { word in
        word.map { "aeiou".contains($0) ? "*" : String($0) }.joined() + "."
      }.joined(separator: " ")
    ),
    (
      "signs that are not seen",
      "Sure."
        + secret.utf8.map { byte in
          (0..<8).map { byte >> $0 & 1 == 0 ? "\u{200B}" : "\u{2060}" }.joined()
        }.joined() + " Ask away."
    ),
    (
      "the same after a foreign letter",
      "Voilà"
        + secret.utf8.map { byte in
          (0..<8).map { byte >> $0 & 1 == 0 ? "\u{200B}" : "\u{2060}" }.joined()
        }.joined() + " Ask away."
    ),
    (
      "variation selectors",
      "Sure 🙂"
        + secret.utf8.flatMap { [UInt32($0 >> 4), UInt32($0 & 15)] }
        .map { String(Unicode.Scalar(0xFE00 + $0).map(Character.init) ?? " ") }.joined()
        + " Ask away."
    ),
    ("bullets for vowels", withoutVowels("•")), ("stars that are no ASCII", withoutVowels("★")),
    ("multiplication signs for vowels", withoutVowels("×")), ("wide asterisks", withoutVowels("＊")),
    ("fillers of Hangul", hiddenBits("\u{3164}", "\u{FFA0}")),
    ("joiners of graphemes", hiddenBits("\u{034F}", "\u{180B}")),
    ("selectors after figures", "Sure 1" + hiddenBits("\u{FE0E}", "\u{FE0F}")),
    (
      "mathematical signs",
      mapped(letters) { (0x61...0x7A).contains($0) ? 0x2200 + $0 - 0x61 : $0 }
    ),
    (
      "currencies, arrows and marks",
      mapped(letters) {
        (0x61...0x7A).contains($0)
          ? Array("€£¥¢₩₹→←↑↓«»¶§†‡•…‹›¿¡±×÷≠".unicodeScalars)[Int($0 - 0x61)].value : $0
      }
    ),
    (
      "pairs of signs",
      letters.unicodeScalars.map { scalar in
        let signs = Array("#*+=~^|")
        guard (0x61...0x7A).contains(scalar.value) else { return " " }
        return String([signs[Int(scalar.value - 0x61) / 6], signs[(Int(scalar.value) - 0x61) % 6]])
      }.joined()
    ),
    (
      "two emoji for bits",
      secret.utf8.map { byte in (0..<8).map { byte >> $0 & 1 == 0 ? "🙂" : "🙃" }.joined() }
        .joined(separator: " ")
    ),
  ]

  private static func withoutVowels(_ sign: String) -> String {
    letters.map { "aeiou".contains($0) ? sign : String($0) }.joined()
  }

  /// Eight signs a byte.
  private static func hiddenBits(_ zero: String, _ one: String) -> String {
    "Sure."
      + secret.utf8.map { byte in (0..<8).map { byte >> $0 & 1 == 0 ? zero : one }.joined() }
      .joined() + " Ask away."
  }

  /// Ascii85 (btoa), four bytes to five signs.
  private static func base85(_ text: String) -> String {
    let bytes = Array(text.utf8)
    return stride(from: 0, to: bytes.count - 3, by: 4).map { start in
      var value = bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      var signs: [Character] = []
      for _ in 0..<5 {
        signs.append(Character(Unicode.Scalar(UInt8(33 + value % 85))))
        value /= 85
      }
      return String(signs.reversed())
    }.joined()
  }

  @Test(arguments: disguises.indices) func `a private text drawn in signs ends the reply`(
    number: Int
  ) {
    let (name, text) = Self.disguises[number]
    let (released, violation) = LeakTests.released("Here it is. \(text)", by: Self.gate)
    #expect(violation != nil, "\(name)")
    // No more came out than a few signs of the beginning.
    #expect(released.unicodeScalars.count <= 110, "\(name): \(released)")
  }

  @Test(arguments: [
    "Write to hello@fernwheel.example, or see https://fernwheel.example/shop?model=heron&year=2#colours for more.",
    "AT&T, R&D and B2B are short; so are e.g. and i.e., the U.S.A. and C#.",
    "**The box** holds _two_ children: three of them are *too* many (see above).",
    "| Box | Rain cover |\n|---|---|\n| ✓ | ✗ |\n| ✗ | ✓ |\n| ✓ | ✓ |",
    "Thank you! 😊 The box is here 📦 and the shop opens at 10:00 🕙.",
    "- the box\n- the cover\n• the lock → at the shop ✓",
    "Der Re\u{AD}gen\u{AD}schutz für die Kiste kostet 129 €, die Kiste selbst mehr als 1.000 €.",
    "می\u{200C}خواهم یک دوچرخه کرایه کنم و نمی\u{200C}دانم چه\u{200C}قدر می\u{200C}شود. "
      + "می\u{200C}خواهم یک دوچرخه کرایه کنم و نمی\u{200C}دانم چه\u{200C}قدر می\u{200C}شود. "
      + "می\u{200C}خواهم یک دوچرخه کرایه کنم و نمی\u{200C}دانم چه\u{200C}قدر می\u{200C}شود.",
    "The temperature is 20 °C ± 2, and x < y + 3 = z.", "It costs 129 euros [1][2].",
    "We're open.", "He'll ring.", "Qu'il vienne.", "Mo-Fr 8:00-17:00.", "AT&T?", "The R&D team.",
    "Ask B2B.",
    "自行车的价格为129欧元，雨罩的价格为49欧元，两年保修，电话是0555-014-200，每天10:00开门。",
    "See [the shop](https://fernwheel.example/shop?model=heron&year=2#colours).",
    "本店支持Q&A在线咨询，我们会在工作时间内尽快回复您的问题，感谢您的耐心等待。",
    "See www.fernwheel.example/shop?model=heron.",
    "Send {\"name\":\"heron\",\"price\":129} with `curl --data=@order.json`: if(order.price>100){ask(customer)}",
    "It costs $5/month (or 50€/year), i.e. 20%off; person(s) under 18: no.",
    "Von 9h00–12h00 und 14h00–18h00, samstags 9h30–12h30.", "Open 9am–5pm, 10am–4pm and 11am–3pm.",
    "It is 60x40x20, 80x40x20 or 90x50x30, with M6x20, M8x30 and M10x40 screws.",
    "L’école est ouverte aux étudiant·e·s, aux enseignant·e·s et aux client·e·s.",
    "🇩🇪 German\n🇫🇷 French\n🇪🇸 Spanish\n🇮🇹 Italian\n🇳🇱 Dutch\n🇵🇱 Polish\n🇵🇹 Portuguese\n🇸🇪 Swedish\n🇫🇮 Finnish",
    "✅ the box\n🚀 the ride\n📦 the parcel\n🎉 the party\n💡 the light\n📞 the bell\n📧 the mail\n🕐 the clock\n📍 the shop\n🔧 the tool",
    "1️⃣ the box 2️⃣ the cover 3️⃣ the lock 4️⃣ the bell 5️⃣ the light 6️⃣ the pump 7️⃣ the rack 8️⃣ the bag 9️⃣ the key\n"
      + "1️⃣ the box 2️⃣ the cover 3️⃣ the lock 4️⃣ the bell 5️⃣ the light",
    "영업시간은 9시00분~18시00분이며 2024년11월28일부터 2024년12월28일까지입니다. 전화는 9시30분부터 받습니다.",
    String(repeating: "| the box | ✅ | ❌ | ✅ |\n", count: 30),
    "| Box | Cover | Lock | Bell |\n|---|---|---|---|\n| a | b | c | d |\n\n---\n***\n===\n",
    "shop\n├── the box\n│   ├── the lock\n│   └── the cover\n└── the bell",
    "👨‍👩‍👧‍👦 a family ❤️‍🔥 and 👍🏽 🏳️‍🌈 and 👩‍💻 and 👨‍🔧: the shop is for everybody.",
    "We're open; don't ring — e-mail us at the well-known address \"hello\".",
  ])
  func `text for people passes`(text: String) {
    let known = text.split { !$0.isLetter }.map(String.init)
    let gate = AnswerGuard(
      privateTexts: [Self.secret], citable: [],
      vocabulary: CommonVocabulary(words: known).union(GuardFixtures.vocabulary))
    let (released, violation) = LeakTests.released(text, by: gate)
    #expect(violation == nil && released == text)
  }

  @Test func `what stands in a citable text or in the question word for word passes`() {
    let uuid = "550e8400-e29b-41d4-a716-446655440000"
    let formula = "=A1*B1+C1-D1*E1/F1"
    let text = "The serial is (\(uuid)) and the sum is \(formula)."
    let known = CommonVocabulary(words: ["the", "serial", "is", "and", "sum"])
    func passes(_ citable: [String], _ visitor: [String]) -> Bool {
      let gate = AnswerGuard(
        privateTexts: [Self.secret], citableTexts: citable, visitorTexts: visitor,
        vocabulary: known.union(GuardFixtures.vocabulary))
      return LeakTests.released(text, by: gate).1 == nil
    }
    #expect(passes(["Serial: \(uuid)."], ["What is \"\(formula)\"?"]))
    #expect(!passes([], []))
  }

  @Test func `a full stop of another script does not cut a code in two`() {
    let gate = AnswerGuard(
      privateTexts: ["The code is QUARTZ-7."], citable: [], vocabulary: GuardFixtures.vocabulary)
    for code in ["RVBSUA-7", "RVB。SUA-7", "优惠码RVBSUA-7"] {
      #expect(LeakTests.released("It is \(code) then.", by: gate).1 != nil, "\(code)")
    }
  }
}
