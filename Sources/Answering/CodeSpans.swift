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

  /// A fence that is open.
  private struct Fence {
    let sign: Unicode.Scalar
    var length: Int
    /// Whether its first line goes on.
    var isFirstLine = true
    let isQuoted: Bool
    /// How far the lines of its list's item are indented at least; 0 in none.
    let indent: Int
  }

  /// A line as long as it may begin or end a block.
  private struct LineHead {
    /// Spaces and what makes an item or a quotation.
    var lead: [Unicode.Scalar] = []
    /// Then only the sign of a fence, and how often.
    var sign: Unicode.Scalar?
    var length = 0
  }

  private var fence: Fence?
  private var line: LineHead? = LineHead()
  /// Backticks that may open code, and what followed them.
  private var held: [Unicode.Scalar] = []
  /// Backticks at the beginning of what is held, and at its end.
  private var opening = 0
  private var run = 0
  /// As many backticks turned out to open nothing: the next so many close nothing.
  private var lonely = 0
  /// The last scalar was a backslash, which takes its meaning from a backtick.
  private var isEscaped = false

  /// Takes the next scalar and gives what is known.
  mutating func parts(_ scalar: Unicode.Scalar) -> [Part] {
    if let open = fence {
      guard ends(open, before: scalar) else { return inBlock(scalar) }
      // The block ends with the quotation or the item that it stands in.
      fence = nil
    }
    let isLineHead = line != nil
    follow(scalar)
    if isLineHead, let line, let sign = line.sign, line.length >= Self.shortestFence,
      let place = Self.place(of: line.lead)
    {
      fence = Fence(
        sign: sign, length: line.length, isQuoted: place.isQuoted, indent: place.indent)
      let parts = held.map(Part.block) + [.block(scalar)]
      (held, opening, run, lonely) = ([], 0, 0, 0)
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

  /// Where a fence after `lead` stands; nil where it is none.
  private static func place(of lead: [Unicode.Scalar]) -> (isQuoted: Bool, indent: Int)? {
    let text = String(String.UnicodeScalarView(lead))
    guard let match = text.wholeMatch(of: #/[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?/#) else {
      return nil
    }
    let isItem = match.0.contains { $0 != " " && $0 != "\t" && $0 != ">" }
    return (text.contains(">"), isItem ? lead.count : 0)
  }

  /// Whether a line that begins with `scalar` after white space is outside of what the block stands in.
  private func ends(_ open: Fence, before scalar: Unicode.Scalar) -> Bool {
    guard !open.isFirstLine, let line, line.sign == nil, !scalar.properties.isWhitespace else {
      return false
    }
    // Only white space so far; a tab is as wide as an item's lead.
    guard line.lead.allSatisfy(\.properties.isWhitespace) else { return false }
    if open.isQuoted { return scalar != ">" }
    return line.lead.count < open.indent && !line.lead.contains("\t") && scalar != open.sign
  }

  private mutating func inBlock(_ scalar: Unicode.Scalar) -> [Part] {
    guard let open = fence else { return [.text(scalar)] }
    let isEnd =
      !open.isFirstLine && line.map { $0.sign == open.sign && $0.length >= open.length } ?? false
    if scalar == "\n" {
      line = LineHead()
      fence?.isFirstLine = false
      if isEnd { fence = nil }
      return [isEnd ? .text(scalar) : .block(scalar)]
    }
    if isEnd, scalar == "[" || scalar == "【" {
      // A mark behind the closing fence would be a part of the code: it gets a line of its own.
      fence = nil
      line = nil
      return [.text("\n"), .text(scalar)]
    }
    if !scalar.properties.isWhitespace || line?.sign == nil {
      follow(scalar)
      if open.isFirstLine, let line, line.sign == open.sign { fence?.length = line.length }
    }
    return [.block(scalar)]
  }

  /// Keeps what the line may still become.
  private mutating func follow(_ scalar: Unicode.Scalar) {
    guard scalar != "\n" else {
      line = LineHead()
      return
    }
    guard var now = line else { return }
    switch scalar {
    case " ", "\t", ">", "-", "*", "+", ".", ")", "0"..."9":
      now.lead.append(scalar)
      line = now.sign == nil && now.lead.count <= Self.longestLead ? now : nil
    case "`" where now.sign ?? scalar == scalar, "~" where now.sign ?? scalar == scalar:
      now.sign = scalar
      now.length += 1
      line = now
    default: line = nil
    }
  }

  private mutating func inLine(_ scalar: Unicode.Scalar) -> [Part] {
    if scalar == "`" {
      if held.isEmpty, isEscaped {
        isEscaped = false
        return [.text(scalar)]
      }
      held.append(scalar)
      run += 1
      if held.count == run { opening = run }
      return []
    }
    isEscaped = scalar == "\\" && !isEscaped
    guard !held.isEmpty else {
      return [.text(scalar)]
    }
    if held.count == opening, opening == lonely {
      lonely = 0
      return lastParts() + [.text(scalar)]
    }
    if run == opening, held.count > opening { return lastParts() + [.text(scalar)] }
    // A paragraph ends with an empty line.
    let isOver = scalar == "\n" && held.last == "\n"
    guard !isOver, held.count < Self.longestInline else {
      lonely = isOver ? 0 : opening
      return lastParts() + [.text(scalar)]
    }
    held.append(scalar)
    run = 0
    return []
  }
}
