// A guess at a legacy encoding when nothing is declared and the bytes are not UTF-8: how the high bytes stand tells
// Western text (lone accents among ASCII) from Cyrillic and East Asian text (long runs).

/// Guesses among the legacy encodings that are still met.
enum EncodingGuess {
  /// The most likely encoding; windows-1252 when nothing speaks for another.
  static func guess(_ bytes: [UInt8]) throws(ExtractionError) -> CharacterSet {
    let sample = Array(bytes.prefix(64 << 10))
    guard meanRun(of: sample) >= 1.8 else { return .windows1252 }
    var best: (encoding: CharacterSet, score: Double) = (.windows1252, 0.35)
    for encoding in [CharacterSet.shiftJIS, .eucJP, .gb18030, .big5, .eucKR, .windows1251, .koi8r] {
      let decoded = try encoding.decode(sample[...])
      // A cut at the end of the sample breaks one character; more means another encoding.
      guard decoded.brokenCount <= 1 + sample.count / 2_000 else { continue }
      let score = plausibility(decoded.text, as: encoding)
      if score > best.score { best = (encoding, score) }
    }
    return best.encoding
  }

  /// Mean length of the runs of bytes above 0x7F.
  private static func meanRun(of bytes: [UInt8]) -> Double {
    var runs = 0
    var high = 0
    var isInside = false
    for byte in bytes {
      let isHigh = byte >= 0x80
      if isHigh {
        high += 1
        if !isInside { runs += 1 }
      }
      isInside = isHigh
    }
    return runs == 0 ? 0 : Double(high) / Double(runs)
  }

  /// The share of non-ASCII characters that people who use the encoding write often, 0...1.
  private static func plausibility(_ text: String, as encoding: CharacterSet) -> Double {
    var common = 0
    var total = 0
    for scalar in text.unicodeScalars where !scalar.isASCII {
      total += 1
      if isCommon(scalar.value, in: encoding) { common += 1 }
    }
    guard total > 0 else { return 0 }
    return Double(common) / Double(total)
  }

  private static func isCommon(_ value: UInt32, in encoding: CharacterSet) -> Bool {
    switch encoding {
    case .windows1251, .koi8r:
      // Lower-case letters are the bulk of any Cyrillic text; the wrong table swaps the cases.
      (0x430...0x44F).contains(value) || value == 0x451
    case .shiftJIS, .eucJP:
      (0x3040...0x30FF).contains(value) || frequentHan.contains(value)
        || (0x3000...0x3002).contains(value)
    case .eucKR: (0xAC00...0xD7A3).contains(value)
    case .gb18030, .big5: frequentHan.contains(value) || value == 0xFF0C || value == 0x3002
    default: false
    }
  }

  /// Han characters that make up a large part of any Chinese or Japanese text, simplified and traditional.
  private static let frequentHan: Set<UInt32> = Set(
    """
    的一是不了在人有我他这这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经\
    么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又\
    關這個們來為國說時會對過發後裡經麼學現當沒動還進樣開從實軍無與長機給間點業問題務應該產電話號請選擇員資訊網頁訂單貨費
    """.unicodeScalars.map(\.value))
}
