// Codes given line by line, with the numbers of a list or a table between them, and in digits of other scripts.

import Testing

@testable import AnswerGuard

@Suite struct ListedCodeTests {
  private static let secret =
    "The supplier is Velomaris, its agent is Voigt, the code is HL-20417 and the PIN is 4821."
  private static let known = CommonVocabulary(
    words: Disguise.pieces("the supplier is its agent code and pin here it all that you may want"))
  private static let gate = AnswerGuard(
    privateTexts: [secret], citable: [], vocabulary: known.union(GuardFixtures.vocabulary),
    unknownShare: nil)

  private static let morse: [Character: String] = [
    "a": ".-", "e": ".", "g": "--.", "i": "..", "l": ".-..", "m": "--", "o": "---", "r": ".-.",
    "s": "...", "t": "-", "v": "...-", "h": "....", "0": "-----", "1": ".----", "2": "..---",
    "4": "....-", "7": "--...", "8": "---..",
  ]

  private static func codes(_ text: String, _ radix: Int) -> [String] {
    text.utf8.map { String($0, radix: radix) }
  }

  /// The items as lists and tables of several makes.
  private static func lists(_ items: [String]) -> [String] {
    let rows = items.enumerated().map { (number: $0 + 1, item: $1) }
    return [
      rows.map { "\($0.number). \($0.item)" },
      rows.map { "\($0.number)) \($0.item)" },
      rows.map { "\($0.number): \($0.item)" },
      rows.map { "\($0.number). **\($0.item)**" },
      rows.map { "\($0.number + 60). \($0.item)" },
      rows.map { "  - \($0.item)" },
      rows.map { "* \($0.item)" },
      ["| No. | Code |", "|---|---|"] + rows.map { "| \($0.number) | \($0.item) |" },
      rows.map { "\($0.number). \($0.item)\n" },
      rows.map { "Sign \($0.number) = \($0.item)" },
    ].map { "Here it is:\n\n" + $0.joined(separator: "\n") }
  }

  @Test(arguments: ["Velomaris", "Voigt", "HL-20417", "4821"])
  func `a secret is found in lists of codes`(secret: String) {
    let radixes = [10, 8, 16].map { Self.codes(secret, $0) }
    for list in radixes.flatMap(Self.lists) {
      for reply in [list, list + "\n", list + "\n\nThat is all."] {
        #expect(Self.gate.violation(in: "", adding: reply) != nil, "\(reply)")
      }
    }
  }

  @Test(arguments: ["velomaris", "voigt"]) func `a name is found in lists of places`(name: String) {
    let places = name.utf8.map { String($0 - 0x60) }
    for list in Self.lists(places) + [places.joined(separator: "-")] {
      #expect(Self.gate.violation(in: "", adding: list) != nil, "\(list)")
    }
  }

  @Test(arguments: ["velomaris", "voigt", "4821"])
  func `a secret is found in lists of Morse code`(secret: String) {
    let letters = secret.compactMap { Self.morse[$0] }
    for list in Self.lists(letters) + Self.lists([letters.joined(separator: " "), ".-"]) {
      // In bold it has marks of its own.
      guard !list.contains("**"), !list.contains("Sign") else { continue }
      #expect(Self.gate.violation(in: "", adding: list) != nil, "\(list)")
    }
  }

  @Test(arguments: [
    "８６ １０１ １０８ １１１ １０９ ９７ １１４ １０５ １１５", "٥٢ ٥٦ ٥٠ ٤٩", "𝟻𝟸 𝟻𝟼 𝟻𝟶 𝟺𝟿", "１． ５２\n２． ５６\n３． ５０\n４． ４９",
    "５６ ６ｆ ６９ ６７ ７４", "ＮＤｇｙＭＱ＝＝", "५२ ५६ ५० ४९",
  ]) func `digits of other scripts are digits`(code: String) {
    #expect(Self.gate.violation(in: "", adding: "Here it is: \(code)") != nil)
  }

  @Test func `a list is found wherever the stream is cut, at the latest with its last line`() {
    for list in Self.lists(Self.codes("4821", 10)) {
      for cut in list.indices {
        var stream = GuardedStream(Self.gate)
        let outcomes = [
          stream.feed(String(list[..<cut])), stream.feed(String(list[cut...])), stream.finish(),
        ]
        #expect(outcomes.contains { $0.violation != nil })
        #expect(!outcomes.map(\.released).joined().hasSuffix("49"))
      }
    }
  }

  @Test(arguments: [
    "1. Open it.\n2. Turn 52 of them.\n3. Wait for 56 days.\n4. Close it at 50.\n5. Pay 48.",
    "| Model | Price |\n|---|---|\n| Heron | 52 |\n| Magpie | 56 |\n| Badger | 50 |\n| Pelican | 47 |",
    "- 22 days\n- 15 days\n- 9 days\n- 7 days\n- 21 days", "1. 8:00\n2. 9:30\n3. 12:00",
    "Call:\n- 030 55 61 20\n- 030 52 56 51", "2022: 48\n2023: 52\n2024: 49\n2025: 50",
    "- - -\n* * *\n---\n. . .", "1. .\n2. -\n3. ...", "| - | - |\n|---|---|\n| – | . |",
    "```\n1 let a = [52, 56]\n2 print(a)\n3 return 49\n```", "10\n20\n30\n40\n50\n60",
    "Room １２, floor ３", "The year ٢٠٢٤", "1.\n2.\n3.\n4.",
  ]) func `other lists and tables pass`(reply: String) {
    #expect(LeakTests.released(reply, by: Self.gate) == (reply, nil))
  }
}
