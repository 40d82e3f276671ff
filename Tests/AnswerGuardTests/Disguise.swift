// Ways in which a model may be told to give its context away, each with its exact inverse. Shares no code with the gate.

import Foundation
import Testing

/// A disguise.
struct Disguise: Sendable, CustomTestStringConvertible {
  let name: String
  let encode: @Sendable (String) -> String
  /// The text again, as far as the disguised text goes.
  let decode: @Sendable (String) -> String
  var keepsWords = true
  var keepsDigits = true

  var testDescription: String { name }

  init(
    _ name: String, keepsWords: Bool = true, keepsDigits: Bool = true,
    encode: @escaping @Sendable (String) -> String,
    decode: @escaping @Sendable (String) -> String
  ) {
    self.name = name
    self.encode = encode
    self.decode = decode
    self.keepsWords = keepsWords
    self.keepsDigits = keepsDigits
  }

  /// A letter for a letter.
  static func substitution(_ name: String, _ map: @escaping @Sendable (Character) -> Character?)
    -> Disguise
  {
    let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return Disguise(
      name, encode: { String($0.map { map($0) ?? $0 }) },
      decode: { text in
        var back: [Character: Character] = [:]
        for letter in letters {
          if let other = map(letter), back[other] == nil { back[other] = letter }
        }
        return String(text.map { back[$0] ?? $0 })
      })
  }

  static func pieces(_ text: String) -> [String] {
    text.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  static let fillers = ["apple", "window", "garden", "river", "stone", "paper", "silver"]

  /// Words of the text where the pattern has true, fillers where it has false.
  static func fillers(_ name: String, _ pattern: [Bool]) -> Disguise {
    Disguise(
      name,
      encode: { text in
        var out: [String] = []
        for piece in pieces(text) {
          while !pattern[out.count % pattern.count] { out.append(fillers[out.count % 7]) }
          out.append(piece)
        }
        return out.joined(separator: " ")
      },
      decode: { text in
        pieces(text).enumerated().filter { pattern[$0.offset % pattern.count] }.map(\.element)
          .joined(separator: " ")
      })
  }

  /// Each character as a code with a space after it.
  static func codes(
    _ name: String, _ code: @escaping @Sendable (UInt8) -> String,
    _ value: @escaping @Sendable (String) -> UInt8?
  ) -> Disguise {
    Disguise(
      name, encode: { $0.utf8.map(code).joined(separator: " ") },
      decode: { String(decoding: pieces($0).compactMap(value), as: UTF8.self) })
  }

  static func caesar(_ shift: Int) -> Disguise {
    substitution("Caesar \(shift)") { shifted($0, shift) }
  }

  private static func shifted(_ letter: Character, _ shift: Int) -> Character? {
    guard letter.isASCII, letter.isLetter, let value = letter.asciiValue else { return nil }
    let base: UInt8 = letter.isLowercase ? 97 : 65
    return Character(UnicodeScalar(base + UInt8((Int(value - base) + shift) % 26)))
  }

  static let nato: [Character: String] = {
    let names = """
      alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo
      sierra tango uniform victor whiskey xray yankee zulu
      """
    return Dictionary(
      uniqueKeysWithValues: pieces(names).compactMap { name in name.first.map { ($0, name) } })
  }()

  static let digitNames = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
  ]

  static let morse: [Character: String] = {
    let codes = """
      .- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..
      ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.
      """
    return Dictionary(
      uniqueKeysWithValues: zip("abcdefghijklmnopqrstuvwxyz0123456789", pieces(codes)))
  }()

  /// The letters and digits of a text, lower case.
  static func letters(_ text: String) -> [Character] {
    text.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.map { $0 }
  }

  /// The text before what is left of a code that was cut.
  static func text(base64: String) -> String {
    var clean = base64.filter { !$0.isWhitespace && $0 != "=" }
    while clean.count % 4 == 1 { clean.removeLast() }
    clean += String(repeating: "=", count: (4 - clean.count % 4) % 4)
    return String(decoding: Data(base64Encoded: clean) ?? Data(), as: UTF8.self)
  }
}
