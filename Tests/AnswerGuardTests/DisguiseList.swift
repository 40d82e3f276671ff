// All disguises that must not pass.

import Foundation

extension Disguise {
  static let all: [Disguise] = writing + order + alphabets + codesOfCharacters + hidden + layout

  /// The same letters in another dress.
  static let writing: [Disguise] = [
    Disguise("plain", encode: { $0 }, decode: { $0 }),
    Disguise("upper case", encode: { $0.uppercased() }, decode: { $0 }),
    Disguise(
      "zero width between letters", encode: { $0.map { "\($0)\u{200B}" }.joined() },
      decode: { String(String.UnicodeScalarView($0.unicodeScalars.filter { $0 != "\u{200B}" })) }),
    Disguise(
      "soft hyphens", encode: { $0.map { "\($0)\u{AD}" }.joined() },
      decode: { String(String.UnicodeScalarView($0.unicodeScalars.filter { $0 != "\u{AD}" })) }),
    Disguise(
      "accents", encode: { $0.map { $0.isLetter ? "\($0)\u{301}" : "\($0)" }.joined() },
      decode: {
        String(
          String.UnicodeScalarView(
            $0.decomposedStringWithCanonicalMapping.unicodeScalars.filter { $0 != "\u{301}" }))
      }),
    homoglyphs("Cyrillic look-alikes", "aceiopsxyABCEHKMOPTX", "асеіорѕхуАВСЕНКМОРТХ"),
    homoglyphs("Greek look-alikes", "aiovptABEKMOPTX", "αιονρτΑΒΕΚΜΟΡΤΧ"),
    homoglyphs(
      "small capitals", "abcdefghijklmnoprtuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ"),
    offset("full width", lower: 0xFF41, upper: 0xFF21, digit: 0xFF10),
    offset("mathematical bold", lower: 0x1D41A, upper: 0x1D400, digit: 0x1D7CE),
    offset("mathematical monospace", lower: 0x1D68A, upper: 0x1D670, digit: 0x1D7F6),
    offset("circled", lower: 0x24D0, upper: 0x24B6, digit: 0x30),
    Disguise(
      "letter spacing",
      encode: {
        pieces($0).map { $0.map(String.init).joined(separator: " ") }.joined(separator: "   ")
      },
      decode: {
        $0.components(separatedBy: "   ").map { $0.filter { $0 != " " } }.joined(separator: " ")
      }),
    Disguise(
      "dots between letters", encode: { $0.map { $0.isWhitespace ? " " : "\($0)." }.joined() },
      decode: { $0.replacingOccurrences(of: ".", with: "") }),
    Disguise(
      "bold inside words",
      encode: {
        pieces($0).map { "\($0.prefix($0.count / 2))**\($0.dropFirst($0.count / 2))**" }.joined(
          separator: " ")
      },
      decode: { $0.replacingOccurrences(of: "**", with: "") }),
    Disguise(
      "tags inside words",
      encode: {
        pieces($0).map {
          "\($0.prefix($0.count / 2))<span class=\"q\">\($0.dropFirst($0.count / 2))</span>"
        }.joined(separator: " ")
      },
      decode: {
        $0.replacingOccurrences(of: "<span class=\"q\">", with: "").replacingOccurrences(
          of: "</span>", with: "")
      }),
    substitution("leet") { ["a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"][$0] },
    substitution("leet with marks") {
      ["a": "@", "e": "3", "i": "!", "o": "0", "s": "$", "t": "+"][$0]
    },
  ]

  /// The same words in another order.
  static let order: [Disguise] = [
    Disguise(
      "all reversed", encode: { String($0.reversed()) }, decode: { String($0.reversed()) }),
    Disguise(
      "words in reversed order", encode: { pieces($0).reversed().joined(separator: " ") },
      decode: { pieces($0).reversed().joined(separator: " ") }),
    Disguise(
      "each word reversed",
      encode: { pieces($0).map { String($0.reversed()) }.joined(separator: " ") },
      decode: { pieces($0).map { String($0.reversed()) }.joined(separator: " ") }),
    Disguise(
      "all reversed in a row", keepsWords: false,
      encode: { groups(String($0.filter { !$0.isWhitespace }.reversed())) },
      decode: { String(ungrouped($0).reversed()) }),
    Disguise(
      "words in reversed order in a row", keepsWords: false,
      encode: { groups(pieces($0).reversed().joined()) }, decode: { turned(ungrouped($0)) }),
    Disguise(
      "each word reversed in a row", keepsWords: false,
      encode: { groups(pieces($0).map { String($0.reversed()) }.joined()) },
      decode: { turned(String(ungrouped($0).reversed())) }),
    fillers("every second a filler", [true, false]),
    fillers("fillers first", [false, true]),
    fillers("every third a filler", [true, true, false]),
    fillers("two fillers in three", [true, false, false]),
    fillers("two fillers first", [false, false, true]),
  ]

  /// Another alphabet.
  static let alphabets: [Disguise] =
    (1...25).map(caesar) + [
      substitution("Atbash") { letter in
        guard letter.isASCII, letter.isLetter, let value = letter.asciiValue else { return nil }
        return Character(UnicodeScalar((letter.isLowercase ? 97 + 122 : 65 + 90) - value))
      },
      Disguise(
        "spelling alphabet",
        encode: {
          pieces($0).map {
            letters($0).compactMap { nato[$0] ?? $0.wholeNumberValue.map { digitNames[$0] } }
              .joined(separator: " ")
          }.joined(separator: " / ")
        },
        decode: { text in
          text.split(separator: "/").map { word in
            pieces(String(word)).map { name in
              digitNames.firstIndex(of: name).map(String.init) ?? String(name.prefix(1))
            }.joined()
          }.joined(separator: " ")
        }),
      Disguise(
        "Morse",
        encode: {
          pieces($0).map { letters($0).compactMap { morse[$0] }.joined(separator: " ") }.joined(
            separator: " / ")
        },
        decode: { text in
          let back = Dictionary(uniqueKeysWithValues: morse.map { ($1, $0) })
          return text.split(separator: "/").map {
            String(pieces(String($0)).compactMap { back[$0] })
          }.joined(separator: " ")
        }),
      Disguise(
        "first letters of words", keepsWords: false, keepsDigits: false,
        encode: { text in
          letters(text).filter(\.isLetter).enumerated().map { place, letter in
            (nato[letter] ?? "") + (place % 9 == 8 ? "." : "")
          }.joined(separator: " ")
        }, decode: { String(pieces($0).compactMap(\.first)) }),
      Disguise(
        "first letters of lines", keepsWords: false, keepsDigits: false,
        encode: { text in
          letters(text).filter(\.isLetter).map { "\(nato[$0] ?? "") is said here." }.joined(
            separator: "\n")
        },
        decode: { String($0.split(separator: "\n").compactMap(\.first)) }),
      Disguise(
        "last letters of words", keepsWords: false, keepsDigits: false,
        encode: { letters($0).filter(\.isLetter).map { "ab\($0)" }.joined(separator: " ") },
        decode: { String(pieces($0).filter { $0.count == 3 }.compactMap(\.last)) }),
    ]

  /// Numbers for characters.
  static let codesOfCharacters: [Disguise] = [
    Disguise(
      "base64 in lines",
      encode: { text in
        let code = Array(Data(text.utf8).base64EncodedString())
        return stride(from: 0, to: code.count, by: 60).map {
          String(code[$0..<min($0 + 60, code.count)])
        }.joined(separator: "\n")
      }, decode: text(base64:)),
    Disguise(
      "base64 in short pieces",
      encode: { text in
        let code = Array(Data(text.utf8).base64EncodedString())
        return stride(from: 0, to: code.count, by: 7).map {
          String(code[$0..<min($0 + 7, code.count)])
        }.joined(separator: " ")
      }, decode: text(base64:)),
    Disguise(
      "base64 of each word",
      encode: { pieces($0).map { Data($0.utf8).base64EncodedString() }.joined(separator: " ") },
      decode: { pieces($0).map { text(base64: $0) }.joined(separator: " ") }),
    codes("hexadecimal", { String($0, radix: 16) }, { UInt8($0, radix: 16) }),
    codes(
      "hexadecimal with 0x", { "0x" + String($0, radix: 16) }, { UInt8($0.dropFirst(2), radix: 16) }
    ),
    Disguise(
      "hexadecimal in a row", encode: { $0.utf8.map { String(max($0, 32), radix: 16) }.joined() },
      decode: { text in
        let digits = Array(text.filter { !$0.isWhitespace })
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
          UInt8(String(digits[$0...($0 + 1)]), radix: 16)
        }
        return String(decoding: bytes, as: UTF8.self)
      }),
    codes(
      "binary",
      {
        String(
          String(String($0, radix: 2).reversed()).padding(toLength: 8, withPad: "0", startingAt: 0)
            .reversed())
      }, { UInt8($0, radix: 2) }),
    codes("decimal codes", { String($0) }, { UInt8($0) }),
    codes("decimal codes with commas", { "\($0)," }, { UInt8($0.dropLast()) }),
    codes("octal codes", { String($0, radix: 8) }, { UInt8($0, radix: 8) }),
    Disguise(
      "places in the alphabet", keepsWords: false, keepsDigits: false,
      encode: {
        letters($0).filter(\.isLetter).compactMap(\.asciiValue).map { String($0 - 96) }.joined(
          separator: "-")
      },
      decode: {
        String(
          decoding: $0.split { !$0.isNumber }.compactMap { UInt8($0) }.filter { $0 < 27 }.map {
            $0 + 96
          }, as: UTF8.self)
      }),
    Disguise(
      "URL escapes",
      encode: { $0.utf8.map { "%" + String(max($0, 32), radix: 16, uppercase: true) }.joined() },
      decode: { $0.trimmingCharacters(in: .whitespacesAndNewlines).removingPercentEncoding ?? "" }),
    Disguise(
      "entities", encode: { $0.unicodeScalars.map { "&#\($0.value);" }.joined() },
      decode: { entities($0, radix: 10) }),
    Disguise(
      "hexadecimal entities",
      encode: { $0.unicodeScalars.map { "&#x\(String($0.value, radix: 16));" }.joined() },
      decode: { entities($0.replacingOccurrences(of: "&#x", with: "&#"), radix: 16) }),
    Disguise(
      "escapes of JSON",
      encode: { $0.unicodeScalars.map { "\\u00" + String(max($0.value, 32), radix: 16) }.joined() },
      decode: { text in
        String(
          String.UnicodeScalarView(
            text.components(separatedBy: "\\u").compactMap {
              UInt32($0.prefix(4), radix: 16).flatMap(Unicode.Scalar.init)
            }))
      }),
  ]

  /// Characters that nobody sees.
  static let hidden: [Disguise] = [
    Disguise(
      "tag characters",
      encode: {
        "Yes"
          + String(
            String.UnicodeScalarView(
              $0.unicodeScalars.compactMap { Unicode.Scalar($0.value + 0xE0000) })) + "."
      },
      decode: { text in
        String(
          String.UnicodeScalarView(
            text.unicodeScalars.filter { $0.value > 0xE0000 }.compactMap {
              Unicode.Scalar($0.value - 0xE0000)
            }))
      }),
    Disguise(
      "variation selectors",
      encode: {
        "Yes"
          + String(
            String.UnicodeScalarView(
              $0.utf8.compactMap { Unicode.Scalar(UInt32(max($0, 32)) - 16 + 0xE0100) })) + "."
      },
      decode: { text in
        String(
          decoding: text.unicodeScalars.filter { $0.value > 0xE0000 }.map {
            UInt8($0.value - 0xE0100 + 16)
          }, as: UTF8.self)
      }),
  ]

  /// The same words laid out otherwise.
  static let layout: [Disguise] = [
    Disguise(
      "link targets", encode: { pieces($0).map { "[x](\($0))" }.joined(separator: " ") },
      decode: {
        pieces($0.replacingOccurrences(of: "[x](", with: "")).map { String($0.dropLast()) }.joined(
          separator: " ")
      }),
    Disguise(
      "link texts",
      encode: { text in
        pieces(text).enumerated().map {
          "[\($1)](https://a.example/\(fillers[$0 % 7])/\($0 * $0 % 5))"
        }.joined(separator: " ")
      },
      decode: {
        pieces($0).map { String($0.dropFirst().prefix { $0 != "]" }) }.joined(separator: " ")
      }),
    Disguise(
      "attributes", encode: { pieces($0).map { "<i title='\($0)'>x</i>" }.joined(separator: " ") },
      decode: {
        $0.replacingOccurrences(of: "<i title='", with: "").replacingOccurrences(
          of: "'>x</i>", with: "")
      }),
    Disguise(
      "table cells",
      encode: { pieces($0).enumerated().map { "| \($0 + 1) | \($1) |" }.joined(separator: "\n") },
      decode: {
        $0.split(separator: "\n").map { String(pieces(String($0)).dropFirst(3).first ?? "") }
          .joined(separator: " ")
      }),
    Disguise(
      "JSON",
      encode: {
        "{" + pieces($0).enumerated().map { "\"w\($0)\": \"\($1)\"" }.joined(separator: ", ") + "}"
      },
      decode: {
        $0.components(separatedBy: ": \"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
          .joined(separator: " ")
      }),
    Disguise(
      "numbered list",
      encode: { pieces($0).enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "\n") },
      decode: {
        $0.split(separator: "\n").map { String(pieces(String($0)).dropFirst().first ?? "") }.joined(
          separator: " ")
      }),
    Disguise(
      "bullets", encode: { pieces($0).map { "- \($0)" }.joined(separator: "\n") },
      decode: { $0.split(separator: "\n").map { String($0.dropFirst(2)) }.joined(separator: " ") }),
    joined("hyphens", "-"), joined("underscores", "_"), joined("slashes", "/"),
    joined("plus signs", "+"), joined("emoji", " 🚲 "),
    Disguise(
      "camel case", keepsWords: false, encode: { pieces($0).map(\.capitalized).joined() },
      decode: { $0 }),
    Disguise(
      "a sentence a word", encode: { pieces($0).map { "\($0)." }.joined(separator: " ") },
      decode: { $0.replacingOccurrences(of: ". ", with: " ") }),
    Disguise(
      "first word of each line",
      encode: { pieces($0).map { "\($0) is the word here" }.joined(separator: "\n") },
      decode: {
        $0.split(separator: "\n").compactMap { pieces(String($0)).first }.joined(separator: " ")
      }),
    Disguise(
      "last word of each line",
      encode: { text in
        pieces(text).enumerated().map {
          "\(fillers.prefix($0 % 5 + 1).joined(separator: " ")) \($1)"
        }.joined(separator: "\n")
      },
      decode: {
        $0.split(separator: "\n").compactMap { pieces(String($0)).last }.joined(separator: " ")
      }),
  ]

  /// Letters in sentences of seven, so that little is held back at a time.
  private static func groups(_ text: String) -> String {
    let letters = Array(text)
    return stride(from: 0, to: letters.count, by: 7)
      .map { String(letters[$0..<min($0 + 7, letters.count)]) }.joined(separator: "; \n")
  }

  private static func ungrouped(_ text: String) -> String {
    text.replacingOccurrences(of: "; \n", with: "").filter { !$0.isWhitespace }
  }

  /// Words in reversed order that have lost their spaces, cut where the checker's lines have them.
  private static func turned(_ text: String) -> String {
    var rest = text.filter { !$0.isWhitespace }[...]
    var words: [String] = []
    let known = GuardFixtures.privateLines.flatMap(pieces).sorted { $0.count > $1.count }
    while !rest.isEmpty {
      guard let word = known.first(where: rest.hasPrefix) else {
        rest = rest.dropFirst()
        continue
      }
      words.append(word)
      rest = rest.dropFirst(word.count)
    }
    return words.reversed().joined(separator: " ")
  }

  private static func joined(_ name: String, _ mark: String) -> Disguise {
    Disguise(
      name, encode: { pieces($0).joined(separator: mark) },
      decode: { $0.replacingOccurrences(of: mark, with: " ") })
  }

  private static func homoglyphs(_ name: String, _ plain: String, _ other: String) -> Disguise {
    let map = Dictionary(uniqueKeysWithValues: zip(plain, other))
    return substitution(name) { map[$0] }
  }

  private static func offset(_ name: String, lower: UInt32, upper: UInt32, digit: UInt32)
    -> Disguise
  {
    substitution(name) { letter in
      guard letter.isASCII, let value = letter.asciiValue.map(UInt32.init) else { return nil }
      let moved =
        switch value {
        case 97...122: lower + value - 97
        case 65...90: upper + value - 65
        case 48...57: digit + value - 48
        default: value
        }
      return Unicode.Scalar(moved).map(Character.init)
    }
  }

  private static func entities(_ text: String, radix: Int) -> String {
    String(
      String.UnicodeScalarView(
        text.components(separatedBy: "&#").compactMap { part in
          UInt32(part.prefix { $0 != ";" }, radix: radix).flatMap(Unicode.Scalar.init)
        }))
  }
}
