// Two properties that every character of a reply is asked for again and again. Unicode's tables are searched for each, so
// ASCII is told by its number.

extension Unicode.Scalar {
  /// White_Space.
  @inline(__always) var isSpace: Bool {
    value < 0x80 ? value == 0x20 || (0x09...0x0D).contains(value) : properties.isWhitespace
  }

  /// Alphabetic.
  @inline(__always) var isLetter: Bool {
    value < 0x80 ? (0x61...0x7A).contains(value | 0x20) : properties.isAlphabetic
  }
}
