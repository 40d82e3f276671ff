// Finds out how bytes spell text: byte order mark, then what is declared, then the bytes themselves.

/// Decodes bytes of unknown encoding.
enum CharacterDecoding {
  /// The text, always valid and without NUL, and the encoding that was chosen.
  ///
  /// `declared` comes from HTTP, `inside` from the document (HTML's meta); the byte order mark beats both, and valid
  /// UTF-8 beats a declared single-byte encoding, which servers declare by habit.
  ///
  /// - Throws: `converter`.
  static func decode(
    _ bytes: [UInt8], declared: String?, inside: String? = nil
  ) throws(ExtractionError) -> (text: String, encoding: CharacterSet) {
    if let (encoding, length) = byteOrderMark(bytes) {
      return (try encoding.decode(bytes.dropFirst(length)).text, encoding)
    }
    for label in [declared, inside] {
      guard let label, let encoding = CharacterSet(label: label) else { continue }
      // HTML's meta cannot be read in UTF-16, so one that says so lies.
      let isUTF16 = encoding == .utf16LittleEndian || encoding == .utf16BigEndian
      if isUTF16 {
        guard looksLikeUTF16(bytes) != nil else { continue }
        return (try encoding.decode(bytes[...]).text, encoding)
      }
      if encoding == .iso2022JP { return (try encoding.decode(bytes[...]).text, encoding) }
      if isUTF8(bytes) { return (try CharacterSet.utf8.decode(bytes[...]).text, .utf8) }
      let decoded = try encoding.decode(bytes[...])
      // A few broken sequences are normal; more, and the declaration is wrong.
      if encoding != .utf8, decoded.brokenCount * 50 <= bytes.count {
        return (decoded.text, encoding)
      }
    }
    if let encoding = looksLikeUTF16(bytes) {
      return (try encoding.decode(bytes[...]).text, encoding)
    }
    if isUTF8(bytes) { return (try CharacterSet.utf8.decode(bytes[...]).text, .utf8) }
    let guess = try EncodingGuess.guess(bytes)
    return (try guess.decode(bytes[...]).text, guess)
  }

  private static func byteOrderMark(_ bytes: [UInt8]) -> (CharacterSet, Int)? {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
    if bytes.starts(with: [0xFF, 0xFE]) { return (.utf16LittleEndian, 2) }
    if bytes.starts(with: [0xFE, 0xFF]) { return (.utf16BigEndian, 2) }
    return nil
  }

  /// Whether the bytes are valid UTF-8 without NUL.
  static func isUTF8(_ bytes: [UInt8]) -> Bool {
    !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
  }

  /// UTF-16 without a mark: NUL bytes on one side of the pairs only, and many of them.
  static func looksLikeUTF16(_ bytes: [UInt8]) -> CharacterSet? {
    let sample = bytes.prefix(8_192)
    guard sample.count >= 4 else { return nil }
    var even = 0
    var odd = 0
    for (index, byte) in sample.enumerated() where byte == 0 {
      if index % 2 == 0 { even += 1 } else { odd += 1 }
    }
    let pairs = sample.count / 2
    if odd * 5 > pairs * 2, even * 20 <= odd { return .utf16LittleEndian }
    if even * 5 > pairs * 2, odd * 20 <= even { return .utf16BigEndian }
    return nil
  }
}
