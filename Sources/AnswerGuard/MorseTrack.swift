// Morse code: a letter is a stretch of dots and dashes, a word ends at "/", at "|", at a line's end or at three spaces.

/// Reads Morse code.
struct MorseTrack: Sendable {
  private var track = Track(.morse)
  /// Dots and dashes so far, a leading 1 and then a bit each.
  private var code = 1
  private var spaces = 0

  /// Takes the next scalar of the reply.
  @inline(__always)
  mutating func feed(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    guard let bit = Self.bit(scalar) else {
      return code == 1 && scalar != " " ? endWord(scalar, patterns) : end(scalar, patterns)
    }
    add(bit)
    spaces = 0
    return nil
  }

  /// Zero for a dot and one for a dash; nil for what is neither.
  @inline(__always) static func bit(_ scalar: Unicode.Scalar) -> Int? {
    switch scalar {
    case ".", "·", "•", "∙", "●": 0
    case "-", "–", "—", "−", "_", "‐", "‑", "▬": 1
    default: nil
    }
  }

  /// What would be found if the text ended here.
  func settled(_ patterns: borrowing PrivatePatterns) -> Violation? {
    var copy = self
    return copy.end("\n", patterns) ?? copy.track.settled(patterns)
  }

  private mutating func add(_ bit: Int) {
    if code < 1 << 8 { code = code << 1 | bit }
  }

  private mutating func end(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    var found: Violation?
    if let letter = Self.letters[code] { found = track.feed(letter, patterns) }
    code = 1
    spaces = scalar == " " ? spaces + 1 : 0
    return found ?? endWord(scalar, patterns)
  }

  private mutating func endWord(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    guard scalar == "/" || scalar == "|" || scalar == "\n" || spaces >= 3 else { return nil }
    spaces = 0
    return track.feed(" ", patterns)
  }

  private static let letters: [Int: Unicode.Scalar] = {
    let codes = """
      a .- b -... c -.-. d -.. e . f ..-. g --. h .... i .. j .--- k -.- l .-.. m -- n -. o --- p .--. q --.- r .-. \
      s ... t - u ..- v ...- w .-- x -..- y -.-- z --.. 0 ----- 1 .---- 2 ..--- 3 ...-- 4 ....- 5 ..... 6 -.... \
      7 --... 8 ---.. 9 ----.
      """.split(separator: " ")
    var letters: [Int: Unicode.Scalar] = [:]
    for (letter, code) in zip(codes, codes.dropFirst()) where code.allSatisfy({ ".-".contains($0) })
    {
      letters[code.reduce(1) { $0 << 1 | ($1 == "-" ? 1 : 0) }] = letter.unicodeScalars.first
    }
    return letters
  }()
}
