// What one line of Markdown is: heading, fence, list item, rule. Pure functions over the line.

/// Recognises the line forms of Markdown; lines come trimmed unless said otherwise.
enum MarkdownLine {
  /// How a block of code began.
  struct Fence: Equatable {
    let sign: Character
    let count: Int
  }

  static func trimmed(_ line: String) -> String {
    var rest = line[...]
    while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return String(rest)
  }

  static func fence(_ line: String) -> Fence? {
    guard let sign = line.first, sign == "`" || sign == "~" else { return nil }
    let count = line.prefix { $0 == sign }.count
    guard count >= 3 else { return nil }
    // A line of inline code is not a fence.
    if sign == "`", line.dropFirst(count).contains("`") { return nil }
    return Fence(sign: sign, count: count)
  }

  static func closes(_ line: String, _ fence: Fence) -> Bool {
    line.count >= fence.count && line.allSatisfy { $0 == fence.sign }
  }

  static func heading(_ line: String) -> (title: String, level: Int)? {
    let level = line.prefix { $0 == "#" }.count
    guard (1...6).contains(level) else { return nil }
    let rest = line.dropFirst(level)
    guard rest.isEmpty || rest.first == " " || rest.first == "\t" else { return nil }
    var title = rest
    while title.last?.isWhitespace ?? false { title = title.dropLast() }
    let unmarked = title.reversed().drop { $0 == "#" }
    if unmarked.first?.isWhitespace ?? true { title = title.dropLast(title.count - unmarked.count) }
    // `{#anchor}` at the end names the heading, it is not text.
    if title.hasSuffix("}"), let brace = title.lastIndex(of: "{"),
      title[brace...].hasPrefix("{#")
    {
      title = title[..<brace]
    }
    return (String(title), level)
  }

  /// 1 for `===`, 2 for `---`.
  static func setext(_ line: String) -> Int? {
    guard let sign = line.first, sign == "=" || sign == "-", line.allSatisfy({ $0 == sign }) else {
      return nil
    }
    return sign == "=" ? 1 : line.count >= 2 ? 2 : nil
  }

  static func isRule(_ line: String) -> Bool {
    guard let sign = line.first, sign == "-" || sign == "*" || sign == "_" else { return false }
    return line.allSatisfy { $0 == sign || $0 == " " } && line.filter { $0 == sign }.count >= 3
  }

  /// `[label]: address`, but not the footnote `[^1]: text`.
  static func isReferenceDefinition(_ line: String) -> Bool {
    guard line.hasPrefix("["), !line.hasPrefix("[^"), let end = line.firstIndex(of: "]") else {
      return false
    }
    let rest = line[line.index(after: end)...]
    guard rest.hasPrefix(":") else { return false }
    let address = rest.dropFirst().drop { $0 == " " }
    return address.hasPrefix("http") || address.hasPrefix("/") || address.hasPrefix("<")
      || address.hasPrefix("#") || address.hasPrefix(".") || address.hasPrefix("mailto:")
  }

  /// A list item with its mark written one way: `- ` or `1. `; task boxes are dropped.
  static func listItem(_ line: String) -> String? {
    var rest = line[...]
    var mark = "-"
    if let sign = rest.first, "-*+".contains(sign) {
      rest = rest.dropFirst()
    } else {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard (1...9).contains(digits.count) else { return nil }
      rest = rest.dropFirst(digits.count)
      guard rest.first == "." || rest.first == ")" else { return nil }
      rest = rest.dropFirst()
      mark = digits + "."
    }
    guard rest.first == " " || rest.first == "\t" else { return nil }
    rest = rest.drop { $0.isWhitespace }
    for box in ["[ ] ", "[x] ", "[X] "] where rest.hasPrefix(box) { rest = rest.dropFirst(4) }
    return "\(mark) \(rest)"
  }
}
