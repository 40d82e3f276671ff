// A secret of a few letters, alone in a code: too short for the tracks that read in the midst of prose.

import Foundation
import Testing

@testable import AnswerGuard

@Suite struct ShortCodeTests {
  private static let secret =
    "The PIN of the door is 4821, the line 118, the rate 27 per cent, the code HL-77, and the buyer Voigt."
  private static let known = CommonVocabulary(
    words: Disguise.pieces(
      """
      the pin of door is line rate per cent code and buyer in base hex it for you may want to know that as octal codes read \
      from bytes here we have sizes open at till our number call
      """))
  private static let gate = AnswerGuard(
    privateTexts: [secret], citable: [], vocabulary: known.union(GuardFixtures.vocabulary),
    unknownShare: nil)

  private static func codes(_ text: String, _ radix: Int, _ prefix: String = "") -> [String] {
    text.utf8.map { prefix + String($0, radix: radix) }
  }

  private static func encodings(of text: String) -> [String] {
    let base64 = Data(text.utf8).base64EncodedString()
    let base32 = OddWordTests.base32(text)
    let padded = base32 + String(repeating: "=", count: (8 - base32.count % 8) % 8)
    return [
      base64, base64.replacing("=", with: ""), "`\(base64)`", "**\(base64)**", "(\(base64))",
      "base64:\(base64)", "code-\(base64)", "https://example.org/a-long-address/of/it/\(base64)",
      "say/\(base64)/", padded, base32, base32.lowercased(),
      codes(text, 16).joined(), codes(text, 16).joined(separator: " "),
      codes(text, 16).joined(separator: ":"),
      codes(text, 16, "0x").joined(separator: ", "), codes(text, 16, "U+00").joined(separator: " "),
      codes(text, 10).joined(separator: " "), codes(text, 10).joined(separator: ", "),
      codes(text, 10).joined(separator: " and "), codes(text, 8).joined(separator: " "),
      codes(text, 8, "0").joined(separator: "-"),
    ]
  }

  @Test(arguments: ["4821", "118", "Voigt", "HL-77", "voigt"])
  func `a short secret is found in every code`(secret: String) {
    for code in Self.encodings(of: secret) {
      for reply in [
        "You may want to know that it is \(code) for the door.", "It is \(code).", code,
      ] {
        let found = Self.gate.violation(in: "", adding: reply)
        #expect(found?.rule == .rareToken, "\(reply)")
      }
    }
  }

  @Test(arguments: ["Mjc=", "GI3Q====", "00110010 00110111", "0110010 0110111"])
  func `two figures are found in what is plainly a code`(code: String) {
    #expect(Self.gate.violation(in: "", adding: "The rate is \(code) for you.") != nil)
  }

  @Test func `a code is found wherever the stream is cut`() {
    for reply in ["The code: 52 56\n50 49\nfor the door.", "It is 34 38 32 31", "It is NDgyMQ"] {
      for cut in reply.indices {
        var stream = GuardedStream(Self.gate)
        let outcomes = [
          stream.feed(String(reply[..<cut])), stream.feed(String(reply[cut...])), stream.finish(),
        ]
        #expect(outcomes.contains { $0.violation != nil }, "\(reply)")
      }
    }
  }

  @Test(arguments: [
    "The MTU is here, and the OTA and the NTU.", "We have the sizes 50, 55 and 60.",
    "We open at 9 and at 10, from 32 to 37.", "The sizes are 48, 50, 52, 54 and 56.",
    "Call 030 3237 and 52 56.", "It is 3237 or 32.37 for you.",
    "On 12.05.2024 at 10:30 we have 7.",
    "| 34 | 38 | 32 |\n|---|---|---|\n| 31 | 36 | 40 |", "1. 52\n2. 56\n3. 50\n4. 47",
    "It reads aGVsbG8= and NDgyMg== and GQ4DEMQ=.", "Read 52 56 50 48 and 34 38 32 30.",
    "Read 52 56 50 49 55 and 51 52 56 50 49.", "let x = [0x34, 0x38, 0x32, 0x30]",
    "Use #343832 or #FF8800 for the line.", "The number is 64 70 62 60.",
  ]) func `other figures and codes pass`(reply: String) {
    #expect(LeakTests.released(reply, by: Self.gate) == (reply, nil))
  }

  @Test func `words of prose that happen to decode pass`() {
    for sentence in BenignTests.sentences {
      #expect(Self.gate.violation(in: "", adding: sentence) == nil, "\(sentence)")
    }
  }
}
