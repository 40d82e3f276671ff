// Bytes become the text that was meant, whatever the encoding, and nothing is lost for a wrong declaration.

import Testing

@testable import Extraction

@Suite struct CharacterDecodingTests {
  private func decode(_ bytes: [UInt8], _ declared: String? = nil) -> String {
    (try? CharacterDecoding.decode(bytes, declared: declared).text) ?? "no converter"
  }

  @Test func `a byte order mark beats what is declared`() {
    #expect(decode([0xEF, 0xBB, 0xBF] + Array("é".utf8), "iso-8859-1") == "é")
    #expect(decode([0xFF, 0xFE, 0xE9, 0x00], "utf-8") == "é")
    #expect(decode([0xFE, 0xFF, 0x00, 0xE9]) == "é")
  }

  @Test(arguments: [
    ("windows-1251", [0xCF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2] as [UInt8], "Привет"),
    ("Shift_JIS", [0x93, 0xFA, 0x96, 0x7B], "日本"),
    ("euc-kr", [0xC7, 0xD1, 0xB1, 0xDB], "한글"),
    ("GBK", [0xD6, 0xD0, 0xCE, 0xC4], "中文"),
    ("big5", [0xA4, 0xA4, 0xA4, 0xE5], "中文"),
    ("ISO-8859-1", [0x93, 0xE9, 0x94, 0x80], "“é”€"),
    (" \"iso-8859-15\" ", [0xA4], "€"),
    ("iso-2022-jp", [0x1B, 0x24, 0x42, 0x46, 0x7C, 0x1B, 0x28, 0x42], "日"),
  ])
  func `a declared encoding is used`(_ label: String, _ bytes: [UInt8], _ expected: String) {
    #expect(decode(bytes, label) == expected)
  }

  @Test func `UTF-8 declared as Latin-1 is still UTF-8`() {
    #expect(decode(Array("größer – 日本".utf8), "iso-8859-1") == "größer – 日本")
  }

  @Test func `an unknown label is ignored`() {
    #expect(decode(Array("plain é".utf8), "x-unknown//TRANSLIT") == "plain é")
    #expect(CharacterSet(label: "ISO-2022-CN-EXT") == nil)
  }

  @Test func `UTF-16 without a mark is found`() {
    let text = "Wind, Wellen und Meer"
    #expect(decode(text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }) == text)
    #expect(decode(text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }) == text)
  }

  @Test func `lone high bytes are Western`() {
    #expect(decode([0x46, 0x61, 0xE7, 0x61, 0x64, 0x65, 0x20, 0x96, 0x20, 0xFC]) == "Façade – ü")
  }

  @Test func `runs of high bytes are Cyrillic or East Asian`() throws {
    let russian = "Прилив приходит дважды в день, и рыбаки ждут его у причала."
    let bytes = try #require(Self.encode(russian, CharacterSet.windows1251))
    #expect(decode(bytes) == russian)
    let japanese = "これは日本語の文章です。ひらがなとカタカナもあります。"
    #expect(decode(try #require(Self.encode(japanese, CharacterSet.shiftJIS))) == japanese)
    #expect(decode(try #require(Self.encode(japanese, CharacterSet.eucJP))) == japanese)
  }

  @Test func `broken sequences become replacement characters`() {
    #expect(decode([0x61, 0x93, 0x20, 0x62], "shift_jis").contains("a"))
    #expect(decode([0x61, 0xC3, 0x28, 0x62], "utf-8").hasPrefix("a"))
  }

  /// Encodes by trying all pairs of bytes through the decoder: slow, independent of an encoder.
  private static func encode(_ text: String, _ encoding: CharacterSet) -> [UInt8]? {
    var table: [String: [UInt8]] = [:]
    for first in UInt8.min...UInt8.max {
      guard let one = try? encoding.decode([first]) else { return nil }
      if one.brokenCount == 0 { table[one.text] = table[one.text] ?? [first] }
      guard first >= 0x80, encoding != .windows1251 else { continue }
      for second in UInt8(0x40)...UInt8.max {
        if let two = try? encoding.decode([first, second]), two.brokenCount == 0,
          two.text.unicodeScalars.count == 1
        {
          table[two.text] = table[two.text] ?? [first, second]
        }
      }
    }
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let code = table[String(scalar)] else { return nil }
      bytes += code
    }
    return bytes
  }
}
