// The marks [n] in a model's text, while it streams: those of given passages pass and are noted, others are taken out.
//
// Holds back only what may still become a mark, a dozen characters at most, so text goes on as it comes. The same text in
// other pieces gives the same result.

/// Filters marks out of a stream of text.
struct CitationMarks {
  private static let longestMark = 24

  /// Passages that may be cited: 1 to this.
  let passageCount: Int
  /// The numbers cited so far, in order of first use.
  private(set) var cited: [Int] = []
  /// What was held back: a space before a bracket, or a bracket and what followed it.
  private var held = ""

  init(passageCount: Int) { self.passageCount = passageCount }

  /// Takes the next piece and gives what may be shown.
  mutating func feed(_ piece: String) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in piece.unicodeScalars { take(scalar, &shown) }
    return String(shown)
  }

  /// What is left when the text is over.
  mutating func finish() -> String {
    defer { held = "" }
    return held
  }

  private mutating func take(_ scalar: Unicode.Scalar, _ shown: inout String.UnicodeScalarView) {
    let isOpen = held.unicodeScalars.contains("[")
    switch scalar {
    case "[":
      if isOpen { flush(&shown) }
      held.unicodeScalars.append(scalar)
    case " " where !isOpen:
      flush(&shown)
      held.unicodeScalars.append(scalar)
    case "]" where isOpen:
      held.unicodeScalars.append(scalar)
      close(&shown)
    case _ where isOpen && Self.isInside(scalar) && held.unicodeScalars.count < Self.longestMark:
      held.unicodeScalars.append(scalar)
    default:
      flush(&shown)
      shown.append(scalar)
    }
  }

  private mutating func flush(_ shown: inout String.UnicodeScalarView) {
    shown.append(contentsOf: held.unicodeScalars)
    held = ""
  }

  /// Decides on a whole bracket.
  private mutating func close(_ shown: inout String.UnicodeScalarView) {
    let parts = held.unicodeScalars.drop { $0 != "[" }.dropFirst().dropLast()
      .split { $0 == "," || $0 == " " }
    guard !parts.isEmpty else {
      flush(&shown)
      return
    }
    var marks = ""
    for part in parts {
      guard let number = Int(String(part)), (1...max(1, passageCount)).contains(number),
        passageCount > 0
      else { continue }
      marks += "[\(number)]"
      if !cited.contains(number) { cited.append(number) }
    }
    // A space before a mark that does not exist goes with it.
    if !marks.isEmpty {
      if held.hasPrefix(" ") { shown.append(" ") }
      shown.append(contentsOf: marks.unicodeScalars)
    }
    held = ""
  }

  private static func isInside(_ scalar: Unicode.Scalar) -> Bool {
    (0x30...0x39).contains(scalar.value) || scalar == "," || scalar == " "
  }
}
