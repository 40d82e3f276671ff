// Code in a model's Markdown, while it streams: what stands between backticks or fences is told apart from the text, since a
// bracket in it is no mark and a full stop no end.
//
// Fenced blocks go on as they come. Code within a line is known only at its closing backticks, so it is held back until
// they come, the line ends or it is longer than anybody's. As markdown.js shows them (CommonMark 0.31, 4.5 and 6.1).

/// Finds code in a stream of text.
struct CodeSpans {
  /// A scalar of the text, and where it stands.
  enum Part: Hashable {
    case text(Unicode.Scalar)
    /// Within a line, its backticks included.
    case inline(Unicode.Scalar)
    /// Of a fenced block, its fences included.
    case block(Unicode.Scalar)
  }

  private static let longestInline = 200
  private static let shortestFence = 3
  /// Spaces, and what makes an item of a list or a quotation, before a fence.
  private static let longestLead = 12

  /// A fence that is open: its sign and length, and whether its first line goes on.
  private var fence: (sign: Unicode.Scalar, length: Int, isFirstLine: Bool)?
  /// The line so far is what may stand before a fence, and then only the fence's sign; nil when it is not.
  private var line: (lead: Int, sign: Unicode.Scalar?, length: Int)? = (0, nil, 0)
  /// Backticks that may open code, and what followed them.
  private var held: [Unicode.Scalar] = []
  /// Backticks at the beginning of what is held, and at its end.
  private var opening = 0
  private var run = 0

  /// Takes the next scalar and gives what is known.
  mutating func parts(_ scalar: Unicode.Scalar) -> [Part] {
    if fence != nil { return [inBlock(scalar)] }
    let isLineHead = line != nil
    follow(scalar)
    if isLineHead, let line, let sign = line.sign, line.length >= Self.shortestFence {
      fence = (sign, line.length, true)
      let parts = held.map(Part.block) + [.block(scalar)]
      (held, opening, run) = ([], 0, 0)
      return parts
    }
    return inLine(scalar)
  }

  /// What is left when the text is over, or is code no more.
  mutating func lastParts() -> [Part] {
    let isClosed = opening > 0 && run == opening && held.count > opening
    let parts = held.map { isClosed ? Part.inline($0) : .text($0) }
    (held, opening, run) = ([], 0, 0)
    return parts
  }

  /// A text whose code has no opening brackets, and the same again with them.
  static func masked(_ text: String) -> String {
    guard text.contains("`") || text.contains("~~~") else { return text }
    var code = CodeSpans()
    var masked = String.UnicodeScalarView()
    func add(_ parts: [Part]) {
      for part in parts {
        switch part {
        case .text(let scalar): masked.append(scalar)
        case .inline(let scalar), .block(let scalar):
          masked.append(scalar == "[" ? Self.bracket : scalar)
        }
      }
    }
    for scalar in text.unicodeScalars { add(code.parts(scalar)) }
    add(code.lastParts())
    return String(masked)
  }

  static func unmasked(_ text: String) -> String {
    text.replacing(String(bracket), with: "[")
  }

  /// Stands for a bracket of code: for private use, so in no text.
  private static let bracket: Unicode.Scalar = "\u{F5B2}"

  private mutating func inBlock(_ scalar: Unicode.Scalar) -> Part {
    guard let open = fence else { return .text(scalar) }
    if scalar == "\n" {
      let isEnd =
        !open.isFirstLine
        && line.map { $0.sign == open.sign && $0.length >= open.length } ?? false
      line = (0, nil, 0)
      fence?.isFirstLine = false
      if isEnd {
        fence = nil
        return .text(scalar)
      }
    } else if !scalar.properties.isWhitespace || line?.sign == nil {
      follow(scalar)
      if open.isFirstLine, let line, line.sign == open.sign { fence?.length = line.length }
    }
    return .block(scalar)
  }

  /// Keeps what the line may still become.
  private mutating func follow(_ scalar: Unicode.Scalar) {
    guard scalar != "\n" else {
      line = (0, nil, 0)
      return
    }
    guard let now = line else { return }
    switch scalar {
    case " ", ">", "-", "*", "+", ".", ")", "0"..."9":
      line = now.sign == nil && now.lead < Self.longestLead ? (now.lead + 1, nil, 0) : nil
    case "`" where now.sign ?? scalar == scalar, "~" where now.sign ?? scalar == scalar:
      line = (now.lead, scalar, now.length + 1)
    default: line = nil
    }
  }

  private mutating func inLine(_ scalar: Unicode.Scalar) -> [Part] {
    if scalar == "`" {
      held.append(scalar)
      run += 1
      if held.count == run { opening = run }
      return []
    }
    guard !held.isEmpty else { return [.text(scalar)] }
    if run == opening, held.count > opening { return lastParts() + [.text(scalar)] }
    guard scalar != "\n", held.count < Self.longestInline else {
      return lastParts() + [.text(scalar)]
    }
    held.append(scalar)
    run = 0
    return []
  }
}
