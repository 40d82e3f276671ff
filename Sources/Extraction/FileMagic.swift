// What the first and last bytes of a file say. No parsing: signatures and counts only.

/// Looks at signatures.
enum FileMagic: Equatable {
  case pdf
  case zip
  /// The container of old Office files, which also wraps encrypted new ones.
  case compound
  case text
  /// Something else with a known signature.
  case binary(String)

  static func find(_ bytes: [UInt8]) -> FileMagic {
    // White space and a byte order mark before the signature are met in real PDFs.
    let start = bytes.prefix(64).drop { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
    if start.starts(with: Array("%PDF-".utf8)) { return .pdf }
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) || bytes.starts(with: [0x50, 0x4B, 0x05, 0x06])
    {
      return .zip
    }
    if bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) { return .compound }
    for (signature, name) in signatures where bytes.starts(with: signature) { return .binary(name) }
    return .text
  }

  /// An archive's directory ends exactly at the end of the file.
  static func endsAsZip(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 22 else { return false }
    let first = max(0, bytes.count - 22 - 65_535)
    var index = bytes.count - 22
    while index >= first {
      if bytes[index] == 0x50, bytes[index + 1] == 0x4B, bytes[index + 2] == 0x05,
        bytes[index + 3] == 0x06
      {
        let comment = Int(bytes[index + 20]) | Int(bytes[index + 21]) << 8
        if index + 22 + comment == bytes.count { return true }
      }
      index -= 1
    }
    return false
  }

  /// A PDF that begins late, in a file that begins as something else.
  static func hidesPDF(_ bytes: [UInt8]) -> Bool {
    contains(bytes.prefix(1_024), Array("%PDF-".utf8))
      && contains(bytes.suffix(2_048), Array("startxref".utf8))
  }

  /// The stream name `EncryptedPackage`, in UTF-16, of a protected Office file.
  static func holdsEncryptedPackage(_ bytes: [UInt8]) -> Bool {
    contains(bytes[...], Array("EncryptedPackage".utf8).flatMap { [$0, 0] })
  }

  /// More control characters than text has, and not UTF-16.
  static func looksBinary(_ bytes: [UInt8]) -> Bool {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return false }
    if CharacterDecoding.looksLikeUTF16(bytes) != nil { return false }
    let sample = bytes.prefix(64 << 10)
    // ESC belongs to ISO-2022-JP, form feed to printed text.
    let odd = sample.lazy.filter {
      $0 < 0x20 && ![0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1B].contains($0) || $0 == 0x7F
    }.count
    return odd * 100 > sample.count
  }

  static func looksLikeHTML(_ bytes: [UInt8]) -> Bool {
    let start = String(decoding: bytes.prefix(1_024).filter { $0 != 0 }, as: UTF8.self).lowercased()
    let trimmed = start.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    return trimmed.hasPrefix("<!doctype html") || trimmed.hasPrefix("<html")
      || trimmed.hasPrefix("<head") || trimmed.hasPrefix("<body")
      || trimmed.hasPrefix("<!--") && trimmed.contains("<html")
      || trimmed.hasPrefix("<?xml") && trimmed.contains("<html")
  }

  private static func contains(_ bytes: ArraySlice<UInt8>, _ word: [UInt8]) -> Bool {
    guard let first = word.first, bytes.count >= word.count else { return false }
    var index = bytes.startIndex
    while index <= bytes.endIndex - word.count {
      guard let hit = bytes[index...].firstIndex(of: first) else { return false }
      if bytes[hit...].starts(with: word) { return true }
      index = hit + 1
    }
    return false
  }

  private static let signatures: [([UInt8], String)] = [
    ([0x89, 0x50, 0x4E, 0x47], "a PNG image"), ([0xFF, 0xD8, 0xFF], "a JPEG image"),
    (Array("GIF8".utf8), "a GIF image"), ([0x1F, 0x8B], "gzip data"),
    (Array("{\\rtf".utf8), "rich text (RTF)"),
    (
      Array("7z\u{BC}\u{AF}".unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }),
      "a 7z archive"
    ),
    (Array("Rar!".utf8), "a RAR archive"), ([0x7F, 0x45, 0x4C, 0x46], "a program"),
    (Array("RIFF".utf8), "a sound, picture or video"), (Array("OggS".utf8), "sound"),
    (Array("ID3".utf8), "sound"), (Array("BZh".utf8), "bzip2 data"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz data"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd data"),
    (Array("%!PS".utf8), "PostScript"), (Array("SQLite format 3".utf8), "a database"),
    ([0x49, 0x49, 0x2A, 0x00], "a TIFF image"), ([0x4D, 0x4D, 0x00, 0x2A], "a TIFF image"),
  ]
}
