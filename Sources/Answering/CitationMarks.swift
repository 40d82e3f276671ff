// The marks [n] in a model's text, while it streams: those of given passages are told apart from the text, others are taken out.
//
// Holds back only what may still become a mark, two dozen characters at most, so text goes on as it comes. The same text in
// other pieces gives the same parts.

/// Finds marks in a stream of text.
struct CitationMarks {
  /// A piece of the text.
  enum Part: Hashable {
    case text(Unicode.Scalar)
    /// A piece of code, which has no marks.
    case code(Unicode.Scalar, isBlock: Bool)
    /// Numbers of passages that were cited, and whether a space stood before them.
    case marks([Int], isSpaced: Bool)
  }

  private static let longestMark = 24

  /// Passages that may be cited: 1 to this.
  let passageCount: Int
  /// A mark that another may follow.
  private var pending: (numbers: [Int], isSpaced: Bool)?
  /// What was held back: a space before a bracket, what stands between two, or a bracket and what followed it.
  private var held = ""
  private var code = CodeSpans()

  init(passageCount: Int) { self.passageCount = passageCount }

  /// Takes the next piece and gives what is known of it.
  mutating func parts(_ piece: String) -> [Part] {
    var parts: [Part] = []
    for scalar in piece.unicodeScalars { take(code.parts(scalar), &parts) }
    return parts
  }

  /// What is left when the text is over.
  mutating func lastParts() -> [Part] {
    var parts: [Part] = []
    take(code.lastParts(), &parts)
    flush(&parts)
    return parts
  }

  private mutating func take(_ spans: [CodeSpans.Part], _ parts: inout [Part]) {
    for span in spans {
      switch span {
      case .text(let scalar): take(scalar, &parts)
      case .inline(let scalar):
        flush(&parts)
        parts.append(.code(scalar, isBlock: false))
      case .block(let scalar):
        flush(&parts)
        parts.append(.code(scalar, isBlock: true))
      }
    }
  }

  private mutating func take(_ scalar: Unicode.Scalar, _ parts: inout [Part]) {
    let isOpen = held.unicodeScalars.contains(where: Self.isOpening)
    switch scalar {
    case _ where Self.isOpening(scalar):
      if isOpen { flush(&parts) }
      held.unicodeScalars.append(scalar)
    // "[1][2]", "[1] [2]" and "[1], [2]" are one mark.
    case " " where pending != nil && (held.isEmpty || held == ","),
      "," where pending != nil && held.isEmpty:
      held.unicodeScalars.append(scalar)
    case " " where !isOpen:
      flush(&parts)
      held.unicodeScalars.append(scalar)
    case "]" where isOpen, "】" where isOpen:
      held.unicodeScalars.append(scalar)
      close(&parts)
    case _ where isOpen && Self.isInside(scalar) && held.unicodeScalars.count < Self.longestMark:
      held.unicodeScalars.append(scalar)
    default:
      flush(&parts)
      parts.append(.text(scalar))
    }
  }

  private mutating func flush(_ parts: inout [Part]) {
    if let mark = pending, !mark.numbers.isEmpty {
      parts.append(.marks(mark.numbers, isSpaced: mark.isSpaced))
    }
    pending = nil
    parts += held.unicodeScalars.map(Part.text)
    held = ""
  }

  /// Decides on a whole bracket.
  private mutating func close(_ parts: inout [Part]) {
    let inside = held.unicodeScalars.drop { !Self.isOpening($0) }.dropFirst().dropLast()
      .split { $0 == "," || $0 == " " }
    guard !inside.isEmpty else {
      flush(&parts)
      return
    }
    var numbers = pending?.numbers ?? []
    for part in inside {
      guard let number = Int(String(part)), number >= 1, number <= passageCount,
        !numbers.contains(number)
      else { continue }
      numbers.append(number)
    }
    // What stands before a mark that does not exist goes with it.
    pending = (numbers, pending?.isSpaced ?? held.hasPrefix(" "))
    held = ""
  }

  /// Some models write the brackets of East Asian texts.
  private static func isOpening(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "[" || scalar == "【"
  }

  private static func isInside(_ scalar: Unicode.Scalar) -> Bool {
    (0x30...0x39).contains(scalar.value) || scalar == "," || scalar == " "
  }
}
