// The text of a line of Markdown: emphasis marks, link targets and tags go, words stay.

internal import Markup

/// Strips inline markup.
enum MarkdownInline {
  /// The words of `source`.
  static func text(_ source: String) -> String {
    // Most lines hold no markup at all.
    guard source.utf8.contains(where: { "*_`[]<>!\\~&".utf8.contains($0) }) else { return source }
    var parser = InlineParser(scalars: Array(source.unicodeScalars))
    return parser.parse()
  }

  /// The character a named or numbered reference stands for.
  static func entity(_ name: String) -> String? {
    guard name.utf8.count <= 32, let page = try? HTMLPage("<p>&\(name);</p>") else { return nil }
    let text = page.text(of: 0)
    return text.isEmpty || text.contains("&\(name)") ? nil : text
  }
}

private struct InlineParser {
  /// A piece of output: text, or a run of emphasis marks that may turn out to be text.
  private struct Piece {
    var text: String
    var mark: Unicode.Scalar?
    var count = 0
    var canOpen = false
    var canClose = false
  }

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var pieces: [Piece] = []

  init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  mutating func parse() -> String {
    while position < scalars.count { step() }
    matchEmphasis()
    return pieces.map { piece in
      piece.mark == nil ? piece.text : String(repeating: piece.text, count: piece.count)
    }.joined()
  }

  private mutating func step() {
    let scalar = scalars[position]
    switch scalar {
    case "\\": readEscape()
    case "`": readCode()
    case "*", "_", "~": readMarks(scalar)
    case "!" where peek(1) == "[": position += 1
    case "[": readLink()
    case "<": readTag()
    case "&": readEntity()
    default: emit(scalar)
    }
  }

  private func peek(_ distance: Int) -> Unicode.Scalar? {
    let index = position + distance
    return scalars.indices.contains(index) ? scalars[index] : nil
  }

  private mutating func emit(_ scalar: Unicode.Scalar) {
    emit(String(scalar))
    position += 1
  }

  private mutating func emit(_ text: String) {
    if let last = pieces.indices.last, pieces[last].mark == nil {
      pieces[last].text += text
    } else {
      pieces.append(Piece(text: text))
    }
  }

  private mutating func readEscape() {
    guard let next = peek(1), next.isASCII, next.properties.isPatternSyntax || next == "_" else {
      // A backslash at the end of a line is a line break.
      if peek(1) == "\u{2028}" { position += 1 } else { emit("\\" as Unicode.Scalar) }
      return
    }
    position += 1
    emit(next)
  }

  private mutating func readCode() {
    var count = 0
    while peek(count) == "`" { count += 1 }
    var search = position + count
    while search < scalars.count {
      guard scalars[search] == "`" else {
        search += 1
        continue
      }
      var length = 0
      while search + length < scalars.count, scalars[search + length] == "`" { length += 1 }
      if length == count {
        emit(string(position + count..<search))
        position = search + length
        return
      }
      search += length
    }
    emit(String(repeating: "`", count: count))
    position += count
  }

  private mutating func readMarks(_ sign: Unicode.Scalar) {
    var count = 0
    while peek(count) == sign { count += 1 }
    let before = position > 0 ? scalars[position - 1] : " "
    let after = peek(count) ?? " "
    let isSpaceBefore = before.properties.isWhitespace
    let isSpaceAfter = after.properties.isWhitespace
    var piece = Piece(text: String(sign), mark: sign, count: count)
    piece.canOpen = !isSpaceAfter
    piece.canClose = !isSpaceBefore
    if sign == "_" {
      // Underscores inside words are letters: snake_case.
      piece.canOpen = piece.canOpen && !before.properties.isAlphabetic
      piece.canClose = piece.canClose && !after.properties.isAlphabetic
    }
    if sign == "~", count != 2 { piece = Piece(text: String(repeating: "~", count: count)) }
    pieces.append(piece)
    position += count
  }

  /// Takes away marks that pair; what is left over is text.
  private mutating func matchEmphasis() {
    var openers: [Int] = []
    for index in pieces.indices {
      guard let mark = pieces[index].mark else { continue }
      while pieces[index].canClose, pieces[index].count > 0,
        let match = openers.last(where: { pieces[$0].mark == mark && pieces[$0].count > 0 })
      {
        let common = min(pieces[index].count, pieces[match].count)
        pieces[index].count -= common
        pieces[match].count -= common
        while let last = openers.last, last > match || pieces[last].count == 0 {
          openers.removeLast()
        }
      }
      if pieces[index].canOpen, pieces[index].count > 0 {
        openers.append(index)
        // Bounded, so that a line of ten thousand marks costs no more than a line.
        if openers.count > 64 { openers.removeFirst() }
      }
    }
  }

  /// `[text](address)`, `[text][label]` and images; `[^1]` and lone brackets stay.
  private mutating func readLink() {
    guard let end = closing("]", from: position + 1, opening: "[", within: 2_000),
      end > position + 1 || (end + 1 < scalars.count && scalars[end + 1] == "(")
    else { return emit("[" as Unicode.Scalar) }
    let inside = string(position + 1..<end)
    let next = end + 1 < scalars.count ? scalars[end + 1] : " "
    let opening: Unicode.Scalar = next == "(" ? "(" : "["
    let close: Unicode.Scalar = next == "(" ? ")" : "]"
    if next == "(" || next == "[",
      let target = closing(close, from: end + 2, opening: opening, within: 4_000)
    {
      emit(MarkdownInline.text(inside))
      position = target + 1
      return
    }
    emit("[" as Unicode.Scalar)
  }

  private func closing(
    _ close: Unicode.Scalar, from start: Int, opening: Unicode.Scalar, within limit: Int
  ) -> Int? {
    var depth = 0
    var index = start
    while index < min(scalars.count, start + limit) {
      let scalar = scalars[index]
      if scalar == "\\" {
        index += 2
        continue
      }
      if scalar == opening { depth += 1 }
      if scalar == close {
        if depth == 0 { return index }
        depth -= 1
      }
      index += 1
    }
    return nil
  }

  /// Tags go, addresses in angle brackets stay as text.
  private mutating func readTag() {
    guard let next = peek(1), next.properties.isAlphabetic || next == "/" || next == "!",
      let end = closing(">", from: position + 1, opening: "<", within: 2_000)
    else { return emit("<" as Unicode.Scalar) }
    let inside = string(position + 1..<end)
    if inside.contains("://") && !inside.contains(" ")
      || inside.contains("@") && !inside.contains(" ")
    {
      emit(inside)
    } else if inside.lowercased().hasPrefix("br") {
      emit("\u{2028}")
    }
    position = end + 1
  }

  private mutating func readEntity() {
    if let end = closing(";", from: position + 1, opening: "&", within: 32),
      let text = MarkdownInline.entity(string(position + 1..<end))
    {
      emit(text)
      position = end + 1
    } else {
      emit("&" as Unicode.Scalar)
    }
  }

  private func string(_ range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[range])
    return String(view)
  }
}
