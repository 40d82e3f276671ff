// The encodings that are read, by the labels of the WHATWG Encoding Standard, and the bytes → text step.
//
// Relies on glibc's iconv, for the encodings in this table only: its other converters are rarely used code that a
// stranger's label must not reach.

internal import Glibc

/// An encoding of text.
enum CharacterSet: String, CaseIterable {
  case utf8 = "UTF-8"
  case utf16LittleEndian = "UTF-16LE"
  case utf16BigEndian = "UTF-16BE"
  case windows1250 = "CP1250"
  case windows1251 = "CP1251"
  case windows1252 = "CP1252"
  case windows1253 = "CP1253"
  case windows1254 = "CP1254"
  case windows1255 = "CP1255"
  case windows1256 = "CP1256"
  case windows1257 = "CP1257"
  case windows1258 = "CP1258"
  case iso2 = "ISO-8859-2"
  case iso4 = "ISO-8859-4"
  case iso5 = "ISO-8859-5"
  case iso6 = "ISO-8859-6"
  case iso7 = "ISO-8859-7"
  case iso8 = "ISO-8859-8"
  case iso15 = "ISO-8859-15"
  case koi8r = "KOI8-R"
  case koi8u = "KOI8-U"
  case macintosh = "MACINTOSH"
  case ibm866 = "CP866"
  case thai = "CP874"
  case shiftJIS = "CP932"
  case eucJP = "EUC-JP"
  case iso2022JP = "ISO-2022-JP"
  case gb18030 = "GB18030"
  case big5 = "BIG5-HKSCS"
  case eucKR = "CP949"

  private static let labels: [String: CharacterSet] = [
    "utf-8": .utf8, "utf8": .utf8, "unicode-1-1-utf-8": .utf8,
    "utf-16": .utf16LittleEndian, "utf-16le": .utf16LittleEndian, "unicode": .utf16LittleEndian,
    "ucs-2": .utf16LittleEndian, "utf-16be": .utf16BigEndian,
    "ascii": .windows1252, "us-ascii": .windows1252, "latin1": .windows1252,
    "latin-1": .windows1252, "l1": .windows1252, "iso-8859-1": .windows1252,
    "iso8859-1": .windows1252, "iso_8859-1": .windows1252, "cp1252": .windows1252,
    "windows-1252": .windows1252, "x-cp1252": .windows1252, "iso-8859-9": .windows1254,
    "latin5": .windows1254, "cp1254": .windows1254, "windows-1254": .windows1254,
    "windows-1250": .windows1250, "cp1250": .windows1250, "windows-1251": .windows1251,
    "cp1251": .windows1251, "windows-1253": .windows1253, "cp1253": .windows1253,
    "windows-1255": .windows1255, "cp1255": .windows1255, "windows-1256": .windows1256,
    "cp1256": .windows1256, "windows-1257": .windows1257, "cp1257": .windows1257,
    "windows-1258": .windows1258, "cp1258": .windows1258,
    "iso-8859-2": .iso2, "latin2": .iso2, "iso-8859-4": .iso4, "iso-8859-5": .iso5,
    "iso-8859-6": .iso6, "iso-8859-7": .iso7, "iso-8859-8": .iso8, "iso-8859-8-i": .iso8,
    "iso-8859-15": .iso15, "latin-9": .iso15, "koi8-r": .koi8r, "koi8": .koi8r,
    "koi8-u": .koi8u, "macintosh": .macintosh, "mac": .macintosh, "x-mac-roman": .macintosh,
    "ibm866": .ibm866, "cp866": .ibm866, "windows-874": .thai, "tis-620": .thai,
    "iso-8859-11": .thai, "shift_jis": .shiftJIS, "shift-jis": .shiftJIS, "sjis": .shiftJIS,
    "x-sjis": .shiftJIS, "windows-31j": .shiftJIS, "ms_kanji": .shiftJIS, "cp932": .shiftJIS,
    "euc-jp": .eucJP, "x-euc-jp": .eucJP, "iso-2022-jp": .iso2022JP, "gb2312": .gb18030,
    "gbk": .gb18030, "x-gbk": .gb18030, "gb18030": .gb18030, "gb_2312-80": .gb18030,
    "big5": .big5, "big5-hkscs": .big5, "x-x-big5": .big5, "euc-kr": .eucKR,
    "ks_c_5601-1987":
      .eucKR, "korean": .eucKR, "windows-949": .eucKR, "cp949": .eucKR,
  ]

  /// The encoding a label names; nil for a label that is not known.
  init?(label: String) {
    let trimmed = label.lowercased().filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
    guard let known = CharacterSet.labels[trimmed] else { return nil }
    self = known
  }

  /// Decodes, with U+FFFD for what does not belong; `brokenCount` says how often that was.
  ///
  /// - Throws: `converter` when the machine cannot load its table for the encoding just now: text that another encoding was
  ///   guessed for must not pass for the document's.
  func decode(
    _ bytes: ArraySlice<UInt8>
  ) throws(ExtractionError) -> (text: String, brokenCount: Int) {
    if self == .utf8 {
      return (String(decoding: bytes, as: UTF8.self), 0)
    }
    guard let converter = Converter(from: rawValue) else {
      throw .converter(encoding: rawValue)
    }
    return converter.decode(bytes)
  }
}

/// One iconv descriptor with its lifetime.
private final class Converter {
  private let descriptor: iconv_t

  init?(from name: String) {
    guard let descriptor = iconv_open("UTF-8", name), Int(bitPattern: descriptor) != -1 else {
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { iconv_close(descriptor) }

  func decode(_ bytes: ArraySlice<UInt8>) -> (text: String, brokenCount: Int) {
    var input = Array(bytes)
    var out: [UInt8] = []
    out.reserveCapacity(input.count + input.count / 2)
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var brokenCount = 0
    input.withUnsafeMutableBufferPointer { source in
      source.withMemoryRebound(to: CChar.self) { characters in
        var position = characters.baseAddress
        var left = characters.count
        while left > 0 {
          let result = convert(&position, &left, &buffer, &out)
          if result >= 0 { break }
          // E2BIG: the buffer was full and has been taken over; go on.
          if result == -Int(E2BIG) { continue }
          brokenCount += 1
          out.append(contentsOf: [0xEF, 0xBF, 0xBD])
          guard left > 0, let here = position else { break }
          position = here + 1
          left -= 1
        }
      }
    }
    return (String(decoding: out, as: UTF8.self), brokenCount)
  }

  /// One call of iconv; its result, or the negative error number.
  private func convert(
    _ position: inout UnsafeMutablePointer<CChar>?, _ left: inout Int, _ buffer: inout [UInt8],
    _ out: inout [UInt8]
  ) -> Int {
    buffer.withUnsafeMutableBufferPointer { target in
      target.withMemoryRebound(to: CChar.self) { characters in
        var write = characters.baseAddress
        var room = characters.count
        errno = 0
        let result = iconv(descriptor, &position, &left, &write, &room)
        let failure = errno
        let written = characters.count - room
        characters.withMemoryRebound(to: UInt8.self) { out.append(contentsOf: $0.prefix(written)) }
        // (size_t)-1 marks a failure; man 3 iconv.
        return Int(truncatingIfNeeded: result) == -1 ? -Int(failure) : 0
      }
    }
  }
}
