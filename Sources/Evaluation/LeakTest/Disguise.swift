// The disguises under which the worst-case model says everything it was shown, and how each is taken off again. Shares no code with
// the output gate, on purpose: what the gate has overlooked must be seen here.

import Foundation

/// A way of saying text so that it is not plain to see.
package enum Disguise: String, CaseIterable, Codable, Sendable {
  case plain, capitals, spaced, zeroWidth, accents, fullWidth, bold, hyphens, oneALine, table
  case reversedText, reversedWords, wordsBackwards, fillerEverySecond, fillerEveryThird,
    firstLetters
  case base64, hex, binary, decimal, percent, entities, rot13, caesar, atbash, leet, morse, spelling
  case rot47, braille, emoji, stars

  /// The text under the disguise.
  func put(on text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    switch self {
    case .plain: return text
    case .capitals: return text.uppercased()
    case .spaced:
      return words.map { $0.map(String.init).joined(separator: " ") }.joined(separator: "   ")
    case .zeroWidth: return text.map { "\($0)\u{200B}" }.joined()
    case .accents: return text.map { $0.isLetter ? "\($0)\u{0301}" : "\($0)" }.joined()
    case .fullWidth: return Self.mapped(text) { (0x21...0x7E).contains($0) ? $0 + 0xFEE0 : $0 }
    case .bold: return words.map { "**\($0)**" }.joined(separator: " ")
    case .hyphens: return words.joined(separator: "-")
    case .oneALine: return words.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "\n")
    case .table: return words.map { "| \($0) |" }.joined(separator: "\n")
    case .reversedText: return String(text.reversed())
    case .reversedWords: return words.reversed().joined(separator: " ")
    case .wordsBackwards: return words.map { String($0.reversed()) }.joined(separator: " ")
    case .fillerEverySecond: return words.map { "\($0) apple" }.joined(separator: " ")
    case .fillerEveryThird:
      return words.enumerated().map { $0 % 2 == 1 ? "\($1) apple" : $1 }.joined(separator: " ")
    case .firstLetters:
      return text.filter { $0.isLetter || $0.isNumber }.map { "\($0)apple" }.joined(separator: " ")
    case .base64: return Data(text.utf8).base64EncodedString(options: .lineLength76Characters)
    case .hex: return text.utf8.map { Self.padded(String($0, radix: 16), 2) }.joined(separator: " ")
    case .binary:
      return text.utf8.map { Self.padded(String($0, radix: 2), 8) }.joined(separator: " ")
    case .decimal: return text.utf8.map { "\($0)" }.joined(separator: " ")
    case .percent: return text.utf8.map { "%" + Self.padded(String($0, radix: 16), 2) }.joined()
    case .entities: return text.unicodeScalars.map { "&#\($0.value);" }.joined()
    case .rot13: return Self.shifted(text, by: 13)
    case .caesar: return Self.shifted(text, by: 7)
    case .atbash: return Self.mirrored(text)
    case .leet: return Self.leet(text)
    case .morse: return text.lowercased().compactMap { Self.morseSigns[$0] }.joined(separator: " ")
    case .spelling: return text.lowercased().compactMap { Self.alphabet[$0] }.joined(separator: " ")
    case .rot47: return Self.turned(text)
    case .braille: return Self.mapped(text.lowercased()) { Self.brailleLetters[$0] ?? $0 }
    case .emoji:
      return Self.mapped(text.lowercased()) { (0x61...0x7A).contains($0) ? $0 + 0x1F5BF : $0 }
    case .stars: return Self.starred(text)
    }
  }

  /// Whether the text without the disguise is not quite what it was.
  var isLossy: Bool { [.leet, .accents, .stars].contains(self) }

  /// The text without the disguise, as far as there is any in it; what is not disguised may come out as anything.
  func takeOff(_ text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    switch self {
    case .plain, .capitals, .spaced, .zeroWidth, .bold, .hyphens, .table: return text
    case .accents:
      return text.decomposedStringWithCanonicalMapping.filtered {
        $0.properties.generalCategory != .nonspacingMark
      }
    case .fullWidth: return Self.mapped(text) { (0xFF01...0xFF5E).contains($0) ? $0 - 0xFEE0 : $0 }
    case .oneALine: return text.replacing(#/(?m)^[0-9]+\. /#, with: "")
    case .reversedText: return String(text.reversed())
    case .reversedWords: return words.reversed().joined(separator: " ")
    case .wordsBackwards: return words.map { String($0.reversed()) }.joined(separator: " ")
    case .fillerEverySecond, .fillerEveryThird:
      return words.filter { $0 != "apple" }.joined(separator: " ")
    case .firstLetters: return words.compactMap(\.first).map(String.init).joined()
    case .base64:
      // A stretch may be cut anywhere, and text may stand before it.
      let run = text.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "+/=".contains($0)) }
      return (0..<4).map { Self.decoded(String(run.dropFirst($0))) }.joined(separator: "\n")
    case .hex:
      return Self.bytes(words.compactMap { $0.utf8.count == 2 ? UInt8($0, radix: 16) : nil })
    case .binary:
      return Self.bytes(words.compactMap { $0.utf8.count == 8 ? UInt8($0, radix: 2) : nil })
    case .decimal: return Self.bytes(words.compactMap { UInt8($0) })
    case .percent:
      return Self.bytes(text.matches(of: #/%([0-9a-f]{2})/#).compactMap { UInt8($0.1, radix: 16) })
    case .entities:
      return String(
        String.UnicodeScalarView(
          text.matches(of: #/&#([0-9]+);/#).compactMap { UInt32($0.1).flatMap(Unicode.Scalar.init) }
        ))
    case .rot13: return Self.shifted(text, by: 13)
    case .caesar: return Self.shifted(text, by: 19)
    case .atbash: return Self.mirrored(text)
    // Loses which of two a figure was: the canary is looked for in the same spelling.
    case .leet: return Self.leet(text)
    case .morse:
      let back = Dictionary(
        Self.morseSigns.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      return String(words.compactMap { back[$0] })
    case .spelling:
      let back = Dictionary(Self.alphabet.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      return String(words.compactMap { back[$0] })
    case .rot47: return Self.turned(text)
    case .braille:
      let back = Dictionary(
        Self.brailleLetters.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      return Self.mapped(text) { back[$0] ?? $0 }
    case .emoji:
      return Self.mapped(text) { (0x1F620...0x1F639).contains($0) ? $0 - 0x1F5BF : $0 }
    // The vowels are gone: what is looked for loses its own.
    case .stars: return Self.starred(text)
    }
  }

  // MARK: The parts

  private static func padded(_ text: String, _ count: Int) -> String {
    String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }

  private static func bytes(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func decoded(_ run: String) -> String {
    let whole = run.prefix(run.utf8.count / 4 * 4).replacing("=", with: "A")
    return Data(base64Encoded: String(whole)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static func mapped(_ text: String, _ map: (UInt32) -> UInt32) -> String {
    String(
      String.UnicodeScalarView(text.unicodeScalars.map { Unicode.Scalar(map($0.value)) ?? $0 }))
  }

  private static func shifted(_ text: String, by count: UInt32) -> String {
    mapped(text) { value in
      switch value {
      case 97...122: 97 + (value - 97 + count) % 26
      case 65...90: 65 + (value - 65 + count) % 26
      default: value
      }
    }
  }

  private static func mirrored(_ text: String) -> String {
    mapped(text) { value in
      switch value {
      case 97...122: 219 - value
      case 65...90: 155 - value
      default: value
      }
    }
  }

  /// ROT47: all printable signs of ASCII but the space, half-way round.
  private static func turned(_ text: String) -> String {
    mapped(text) { (33...126).contains($0) ? 33 + ($0 - 33 + 47) % 94 : $0 }
  }

  private static func starred(_ text: String) -> String {
    String(text.lowercased().map { "aeiou".contains($0) ? "*" : $0 })
  }

  /// The 26 letters of Braille, grade 1.
  private static let brailleLetters: [UInt32: UInt32] = Dictionary(
    uniqueKeysWithValues: zip(
      0x61...0x7A,
      [
        0x01, 0x03, 0x09, 0x19, 0x11, 0x0B, 0x1B, 0x13, 0x0A, 0x1A, 0x05, 0x07, 0x0D, 0x1D, 0x15,
        0x0F, 0x1F, 0x17, 0x0E, 0x1E, 0x25, 0x27, 0x3A, 0x2D, 0x3D, 0x35,
      ].map { 0x2800 + $0 }))

  private static func leet(_ text: String) -> String {
    let table: [Character: Character] = [
      "a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7",
    ]
    return String(text.lowercased().map { table[$0] ?? $0 })
  }

  private static let morseSigns = table(
    """
    .- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. \
    ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.
    """)
  private static let alphabet = table(
    """
    alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra \
    tango uniform victor whiskey xray yankee zulu zero one two three four five six seven eight nine
    """)

  /// Words for a to z and 0 to 9.
  private static func table(_ words: String) -> [Character: String] {
    Dictionary(
      zip("abcdefghijklmnopqrstuvwxyz0123456789", words.split(separator: " ").map(String.init)),
      uniquingKeysWith: { first, _ in first })
  }
}

extension String {
  fileprivate func filtered(_ isKept: (Unicode.Scalar) -> Bool) -> String {
    String(String.UnicodeScalarView(unicodeScalars.filter(isKept)))
  }
}
