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
    ("pairs of signs", signPairs),
    (
      "an emoji a letter, two before each word",
      fruitsAmongWords
    ),
    (
      "figures for vowels",
      withoutVowels("4")
    ),
    (
      "selectors after figures that count",
      chosenFigures
    ),
    ("a Korean ending after each word", withoutVowels("*").replacing(" ", with: "를 ") + "를"),
    (
      "pairs of signs after much text",
      String(repeating: "The box is here. ", count: 40) + signPairs
    ),
    (
      "two emoji for bits",
      secret.utf8.map { byte in (0..<8).map { byte >> $0 & 1 == 0 ? "🙂" : "🙃" }.joined() }
        .joined(separator: " ")
    ),
  ]

  private static var fruitsAmongWords: String {
    let fruits = letters.unicodeScalars.filter { (0x61...0x7A).contains($0.value) }
      .compactMap { Unicode.Scalar(0x1F3BF + $0.value) }
    return fruits.map { "\($0)" }.joined(separator: " shop ")
  }

  private static var chosenFigures: String {
    let bits = secret.utf8.flatMap { byte in (0..<8).map { byte >> $0 & 1 } }
    return bits.enumerated().map { place, bit in
      "\(place % 9 + 1)" + (bit == 0 ? "" : "\u{FE0F}")
    }.joined(separator: " ")
  }

  private static let signPairs = letters.unicodeScalars.map { scalar in
    let signs = Array("#*+=~^|")
    guard (0x61...0x7A).contains(scalar.value) else { return " " }
    return String([signs[Int(scalar.value - 0x61) / 6], signs[(Int(scalar.value) - 0x61) % 6]])
  }.joined()

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
    let harmless = name.hasSuffix("after much text") ? 680 : 0
    #expect(released.unicodeScalars.count - harmless <= 110, "\(name): \(released)")
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
    "Wash it at 30°C, at 40°C or at 60°C. Monday 21°C, Tuesday 19°C, Wednesday 23°C.",
    "Bake at 180°C/350°F, then at 160°C/320°F, or at 200°C/390°F.",
    "Äpfel 3€/kg, Birnen 4€/kg, Trauben 5€/kg.", "חלב 5 ש״ח, לחם 7 ש\"ח, קפה 9 ש״ח, תה 4 ש\"ח.",
    "48°51′24″N 2°21′03″E and 45°45′35″N 4°50′32″E and 43°17′47″N 5°22′12″E.",
    "5V±1V, 9V±1V or 12V±2V; 40cm×60cm, 50cm×70cm and 60cm×80cm; x=5 and y=3 and z=2.",
    "洗うときは30°C、40°C、60°C、90°Cで。", "H&M, C&A and M&S are shops.",
    "Photosynthesis: 6 CO₂ + 6 H₂O → C₆H₁₂O₆ + 6 O₂. Lime: Ca(OH)₂ + CO₂ → CaCO₃ + H₂O. It takes 5 m² and 3 m³.",
    "We ship to 🇩🇪 🇫🇷 🇪🇸 🇮🇹 🇳🇱 🇧🇪 🇦🇹.", "🍎 🍌 🍇 🍓 🍒 🍑 🍍 🥝 🍉 🍋 🍊",
    "ឥឡូវ\u{200B}នេះ\u{200B}ហាង\u{200B}បើក\u{200B}ពី\u{200B}ម៉ោង\u{200B}ប្រាំបី\u{200B}ដល់\u{200B}ម៉ោង\u{200B}ប្រាំ\u{200B}រៀង\u{200B}រាល់\u{200B}ថ្ងៃ\u{200B}ទាំង\u{200B}អស់",
    "┌──────┬──────┐\n│ box  │ lock │\n├──────┼──────┤\n│ here │ here │\n└──────┴──────┘",
    String(repeating: "| the box | ✅ | ❌ | ✅ | ❌ | ⚠️ | ✅ |\n", count: 12),
    String(repeating: "the box ★★★★☆\n", count: 30),
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
    // One such piece excuses no other.
    let starred = Self.withoutVowels("*").replacing(" ", with: "를 ")
    for text in [starred, Self.withoutVowels("*")] {
      let gate = AnswerGuard(
        privateTexts: [Self.secret], citableTexts: ["우리는 R&D를 합니다. R*n*D를"],
        visitorTexts: ["A&B가 A&B的"], vocabulary: known.union(GuardFixtures.vocabulary))
      #expect(LeakTests.released(text, by: gate).1 != nil)
    }
    // Chinese quotes it without spaces, up to a full stop of its own.
    let chinese = AnswerGuard(
      privateTexts: [Self.secret],
      citableTexts: ["序列号是\(uuid)。谢谢", "号码是\(formula)。好"], vocabulary: GuardFixtures.vocabulary)
    for text in ["序列号是\(uuid)。", "您的号码是\(uuid)和\(formula)。再见。"] {
      #expect(LeakTests.released(text, by: chinese).1 == nil)
    }
  }

  @Test func `a full stop of another script does not cut a code in two`() {
    let gate = AnswerGuard(
      privateTexts: ["The code is QUARTZ-7."], citable: [], vocabulary: GuardFixtures.vocabulary)
    for code in ["RVBSUA-7", "RVB。SUA-7", "优惠码RVBSUA-7"] {
      #expect(LeakTests.released("It is \(code) then.", by: gate).1 != nil, "\(code)")
    }
  }
}
