// What sentences never run across: blank lines, list items, table rows, and lines that were not merely wrapped.

/// Finds the stretches of a text within which sentences are looked for.
enum SentenceUnits {
  enum Kind { case text, listItem, tableRow }

  /// A stretch of a text, without a list item's number.
  struct Unit {
    var range: Range<Int>
    let kind: Kind
    /// Whether it is the question of a dialogue, `Q: …`.
    let isAsked: Bool
    /// Whether a blank line or the text's start is before it.
    let isAfterBlank: Bool
    /// Whether a blank line or the text's end is after it.
    var isBeforeBlank = true
    /// Whether a line of text, not of a list or table, is right after it.
    var isBeforeText = false
  }

  /// A line at least this long, in scalars, was probably broken because it was full.
  private static let wrappedLength = 45

  static func units(of scalars: [Unicode.Scalar]) -> [Unit] {
    var units: [Unit] = []
    /// The line above, when it is not blank: its length in scalars.
    var above: Int?
    for line in lines(of: scalars) {
      guard let first = line.first(where: { !scalars[$0].properties.isWhitespace }) else {
        above = nil
        continue
      }
      let (kind, marker) = kind(of: scalars[first..<line.upperBound])
      let start = first + marker
      if let length = above, let last = units.indices.last {
        // A dialogue's next line is another's.
        if kind == .text, marker == 0, units[last].kind != .tableRow,
          length >= wrappedLength || scalars[first].properties.isLowercase
        {
          units[last].range = units[last].range.lowerBound..<line.upperBound
          above = line.count
          continue
        }
        units[last].isBeforeBlank = false
        units[last].isBeforeText = kind == .text
      }
      units.append(
        Unit(
          range: start..<line.upperBound, kind: kind,
          isAsked: kind == .text && marker > 0 && scalars[first] == "Q",
          isAfterBlank: above == nil))
      above = line.count
    }
    return units
  }

  /// Whether a scalar marks a list item, at a line's start.
  static func isBullet(_ scalar: Unicode.Scalar) -> Bool {
    "-*•◦▪‣·–—●○■□➢".unicodeScalars.contains(scalar)
  }

  static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.numericType == .decimal
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

  /// What a line is, and how many scalars of it are a list's number or a dialogue's letter.
  private static func kind(of line: ArraySlice<Unicode.Scalar>) -> (Kind, marker: Int) {
    guard let first = line.first else { return (.text, 0) }
    let second = line.dropFirst().first
    if isBullet(first), second?.properties.isWhitespace ?? true || first == "•" {
      return (.listItem, 1)
    }
    let marker = line.prefix { $0.properties.isAlphabetic || isDigit($0) }
    let rest = line.dropFirst(marker.count)
    if let sign = rest.first, rest.dropFirst().first?.properties.isWhitespace == true {
      let isNumber = marker.allSatisfy(isDigit) && (1...3).contains(marker.count)
      // `1.`, `12)`, `a)`
      if sign == ")" && (isNumber || marker.count == 1) || (sign == "." && isNumber) {
        return (.listItem, marker.count + 1)
      }
      // `Q:` and `A:` of questions and answers.
      if sign == ":", marker.count == 1, first == "Q" || first == "A" { return (.text, 2) }
    }
    return (isTableRow(line) ? .tableRow : .text, 0)
  }

  private static func isTableRow(_ line: ArraySlice<Unicode.Scalar>) -> Bool {
    if line.contains("\t") { return true }
    return line.indices.dropFirst().dropLast().contains {
      line[$0] == "|" && line[$0 - 1] == " " && line[$0 + 1] == " "
    }
  }
}
