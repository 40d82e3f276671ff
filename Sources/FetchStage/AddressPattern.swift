// Patterns over addresses, as robots.txt and owners write them: `*` stands for any run of signs, a `$` at the end for the end.

/// Matches patterns; never slower than the lengths of both multiplied.
enum AddressPattern {
  /// Whether `text` begins with what the pattern describes (RFC 9309 section 2.2.3).
  static func begins(_ text: some StringProtocol, with pattern: some StringProtocol) -> Bool {
    var pattern = Array(pattern.utf8)
    let endsHere = pattern.last == UInt8(ascii: "$")
    if endsHere { pattern.removeLast() } else { pattern.append(star) }
    return matches(Array(text.utf8), pattern)
  }

  /// Whether an address holds what an owner's pattern describes.
  ///
  /// One that begins with `http://` or `https://` must stand at the address's beginning, any other anywhere in it.
  static func holds(_ address: String, _ pattern: String) -> Bool {
    let isPrefix = pattern.hasPrefix("http://") || pattern.hasPrefix("https://")
    return begins(address, with: isPrefix ? pattern : "*" + pattern)
  }

  private static let star = UInt8(ascii: "*")

  /// The usual walk with one way back: to the last star.
  private static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
    var place = 0
    var wanted = 0
    var lastStar: (wanted: Int, place: Int)?
    while place < text.count {
      if wanted < pattern.count, pattern[wanted] == star {
        lastStar = (wanted, place)
        wanted += 1
      } else if wanted < pattern.count, pattern[wanted] == text[place] {
        wanted += 1
        place += 1
      } else if let star = lastStar {
        lastStar = (star.wanted, star.place + 1)
        (wanted, place) = (star.wanted + 1, star.place + 1)
      } else {
        return false
      }
    }
    return pattern[wanted...].allSatisfy { $0 == star }
  }
}
