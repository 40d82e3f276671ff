// A short secret in base64 or base32, alone in its stretch of letters: "NDgyMQ==" for 4821.
//
// The tracks of CodeViews read at every offset and in the midst of prose, so they must see several characters of text in a row
// before they believe them. Here both ends are known: the code is all that stands between two other characters, all of it is text,
// and only a secret in it is looked for, no run. What is longer is left to the tracks.

/// Reads single stretches of letters as base64 and as base32.
struct ShortCodes: Sendable {
  /// More characters than this are read by the tracks.
  private static let longest = 24

  private var row: [UInt8] = []
  /// Where the part begins after the last mark that is of base64 as well as of prose.
  private var partStart = 0

  /// Takes the next scalar of the reply.
  @inline(__always)
  mutating func feed(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    switch scalar.value {
    case 0x61...0x7A, 0x41...0x5A, 0x30...0x39:
      append(scalar)
      return nil
    case 0x2B, 0x2D, 0x2F, 0x5F:
      let found = row.isEmpty ? nil : read(from: partStart, isPadded: false, patterns)
      if row.count < Self.longest {
        append(scalar)
      } else {
        // As in an address: the whole is no short code, but its next part may be one.
        row.removeAll(keepingCapacity: true)
      }
      partStart = row.count
      return found
    default:
      return row.isEmpty ? nil : end(isPadded: scalar == "=", patterns)
    }
  }

  /// What would be found if the text ended here.
  func settled(_ patterns: borrowing PrivatePatterns) -> Violation? {
    guard !row.isEmpty else { return nil }
    var copy = self
    return copy.end(isPadded: false, patterns)
  }

  @inline(__always) private mutating func append(_ scalar: Unicode.Scalar) {
    // One more than the longest: then it is known to be too long.
    if row.count <= Self.longest { row.append(UInt8(truncatingIfNeeded: scalar.value)) }
  }

  private mutating func end(
    isPadded: Bool, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    var found = read(from: 0, isPadded: isPadded, patterns)
    if partStart > 0, found == nil {
      found = read(from: partStart, isPadded: isPadded, patterns)
    }
    row.removeAll(keepingCapacity: true)
    partStart = 0
    return found
  }

  private func read(
    from start: Int, isPadded: Bool, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    let count = row.count - start
    guard count > 2, row.count <= Self.longest else { return nil }
    // "MTU" is a word to engineers and 15 in base64; with its padding it is a code.
    let common = isPadded ? 1 : 2
    if Self.isText(row[start...], bitCount: 6, CodeViews.sextet),
      let found = token(from: start, bitCount: 6, CodeViews.sextet, .base64, common, patterns)
    {
      return found
    }
    guard count > 3, Self.isText(row[start...], bitCount: 5, Base32.quintet) else { return nil }
    return token(from: start, bitCount: 5, Base32.quintet, .base32, common, patterns)
  }

  /// Whether the bytes that the characters stand for may be text: most words of prose fail at their first byte or second.
  @inline(__always) private static func isText(
    _ characters: ArraySlice<UInt8>, bitCount: UInt32, _ value: (UInt32) -> UInt32?
  ) -> Bool {
    var register: UInt32 = 0
    var bits: UInt32 = 0
    var isFirst = true
    for character in characters {
      guard let value = value(UInt32(character)) else { return false }
      register = register << bitCount | value
      bits += bitCount
      guard bits >= 8 else { continue }
      bits -= 8
      let byte = (register >> bits) & 0xFF
      guard (0x20..<0x7F).contains(byte) || byte >= (isFirst ? 0xC3 : 0x80) else { return false }
      isFirst = false
    }
    // What is left of a byte is filled with zeros, and there is less of it than a character has.
    return bits < bitCount && register & ((1 << bits) - 1) == 0
  }

  /// The secret in the text that the characters stand for.
  private func token(
    from start: Int, bitCount: UInt32, _ value: (UInt32) -> UInt32?, _ view: Violation.View,
    _ common: Int, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    var bytes: [UInt8] = []
    var register: UInt32 = 0
    var bits: UInt32 = 0
    for character in row[start...] {
      register = register << bitCount | (value(UInt32(character)) ?? 0)
      bits += bitCount
      guard bits >= 8 else { continue }
      bits -= 8
      bytes.append(UInt8(truncatingIfNeeded: register >> bits))
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    return Track.token(in: text.unicodeScalars, view: view, common: common, patterns)
  }
}
