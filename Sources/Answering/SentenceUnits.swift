// What sentences never run across: blank lines, list items, table rows, and lines that were not merely wrapped.

/// Finds the stretches of a text within which sentences are looked for.
enum SentenceUnits {
  /// A stretch of a text.
  struct Unit {
    var range: Range<Int>
    let isListItem: Bool
    /// Whether blank lines or the text's ends are on both sides.
    var isAlone: Bool
  }

  /// A line at least this long, in scalars, was probably broken because it was full.
  private static let wrappedLength = 45

  private enum Kind { case text, listItem, tableRow }

  static func units(of scalars: [Unicode.Scalar]) -> [Unit] {
    var units: [Unit] = []
    var isAfterBlank = true
    var previous: (range: Range<Int>, kind: Kind)?
    for line in lines(of: scalars) {
      guard let first = line.first(where: { !scalars[$0].properties.isWhitespace }) else {
        isAfterBlank = true
        previous = nil
        continue
      }
      let kind = kind(of: scalars[first..<line.upperBound])
      if let before = previous, kind == .text, before.kind != .tableRow,
        before.range.count >= wrappedLength || scalars[first].properties.isLowercase,
        let last = units.indices.last
      {
        units[last].range = units[last].range.lowerBound..<line.upperBound
      } else {
        if !isAfterBlank, let last = units.indices.last { units[last].isAlone = false }
        units.append(
          Unit(
            range: first..<line.upperBound, isListItem: kind == .listItem, isAlone: isAfterBlank))
      }
      previous = (line, kind)
      isAfterBlank = false
    }
    return units
  }

  /// Whether a scalar marks a list item, at a line's start.
  static func isBullet(_ scalar: Unicode.Scalar) -> Bool {
    "-*•◦▪‣·–—●○■□➢".unicodeScalars.contains(scalar)
  }

  private static func lines(of scalars: [Unicode.Scalar]) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = 0
    for (index, scalar) in scalars.enumerated()
    where scalar == "\n" || scalar == "\r" || scalar == "\u{2029}" || scalar == "\u{000C}" {
      lines.append(start..<index)
      start = index + 1
    }
    lines.append(start..<scalars.count)
    return lines
  }

  private static func kind(of line: ArraySlice<Unicode.Scalar>) -> Kind {
    guard let first = line.first else { return .text }
    let second = line.dropFirst().first
    if isBullet(first), second.map({ $0.properties.isWhitespace }) ?? true || first == "•" {
      return .listItem
    }
    // `1.`, `12)`, `a)`, followed by a space.
    let marker = line.prefix { $0.properties.isAlphabetic || $0.properties.numericType != nil }
    let rest = line.dropFirst(marker.count)
    if let sign = rest.first, sign == ")" || (sign == "." && marker.allSatisfy(isDigit)),
      (1...(isDigit(first) ? 3 : 1)).contains(marker.count),
      rest.dropFirst().first?.properties.isWhitespace == true
    {
      return .listItem
    }
    return isTableRow(line) ? .tableRow : .text
  }

  static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.numericType == .decimal
  }

  private static func isTableRow(_ line: ArraySlice<Unicode.Scalar>) -> Bool {
    if line.contains("\t") { return true }
    return line.indices.dropFirst().dropLast().contains {
      line[$0] == "|" && line[$0 - 1] == " " && line[$0 + 1] == " "
    }
  }
}
