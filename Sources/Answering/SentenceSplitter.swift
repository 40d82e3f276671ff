// Text to sentences: by blank lines, list items, table rows and lines, then by full stops that really end something.
//
// When in doubt two sentences stay one: a quote that runs on is better than one that is torn. Relies on nothing and works
// on Unicode scalars, as all offsets in Corpus do. Does not know the language: abbreviations of a few are in one list.

/// Splits text into sentences.
enum SentenceSplitter {
  /// Longer stretches without an end are cut at white space, so that a quote stays a quote.
  static let longest = 420
  /// A line with more words, or more scalars, is no heading.
  private static let headingWords = 12
  private static let headingLength = 90

  /// The sentences of `text` in order; white space and lone punctuation give none.
  static func sentences(of text: String) -> [Sentence] {
    let scalars = Array(text.unicodeScalars)
    var found: [Sentence] = []
    for (number, unit) in SentenceUnits.units(of: scalars).enumerated() {
      let pieces = SentenceEnds.split(unit.range, of: scalars).flatMap { shortened($0, scalars) }
        .compactMap { trimmed($0, scalars) }
      let isTitle = pieces.count == 1 && unit.kind == .text && looksLikeHeading(pieces[0].text)
      for (text, range) in pieces {
        found.append(
          Sentence(text: text, range: range, role: role(of: unit, isTitle: isTitle), unit: number))
      }
    }
    return found
  }

  private static func role(of unit: SentenceUnits.Unit, isTitle: Bool) -> Sentence.Role {
    if unit.kind == .listItem { return .listItem }
    if unit.isAsked { return .question }
    guard isTitle, unit.isAfterBlank else { return .text }
    return unit.isBeforeBlank ? .heading : unit.isBeforeText ? .lead : .text
  }

  private static func looksLikeHeading(_ text: String) -> Bool {
    guard let last = text.unicodeScalars.last, !SentenceEnds.isEnd(last), last != ":" else {
      return false
    }
    return !text.contains(": ") && text.split(separator: " ").count <= headingWords
      && text.unicodeScalars.count <= headingLength
  }

  /// Cuts a range that is too long at the last white space or comma within reach.
  private static func shortened(
    _ range: Range<Int>, _ scalars: [Unicode.Scalar]
  ) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var rest = range
    while rest.count > longest {
      let limit = rest.lowerBound + longest
      var cut = limit
      while cut > rest.lowerBound + longest / 2, !isCut(scalars[cut - 1]) { cut -= 1 }
      if !isCut(scalars[cut - 1]) {
        cut = limit
        while cut > rest.lowerBound + 1, scalars[cut].properties.isGraphemeExtend { cut -= 1 }
      }
      pieces.append(rest.lowerBound..<cut)
      rest = cut..<rest.upperBound
    }
    return pieces + [rest]
  }

  private static func isCut(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || "、，；,;".unicodeScalars.contains(scalar)
  }

  /// The text on one line without a bullet, and its range; nil when nothing can be read in it.
  private static func trimmed(
    _ range: Range<Int>, _ scalars: [Unicode.Scalar]
  ) -> (text: String, range: Range<Int>)? {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end,
      scalars[start].properties.isWhitespace || SentenceUnits.isBullet(scalars[start])
        || scalars[start] == "#"
    { start += 1 }
    while end > start, scalars[end - 1].properties.isWhitespace { end -= 1 }
    var line = String.UnicodeScalarView()
    var isAfterSpace = false
    var hasWords = false
    for scalar in scalars[start..<end] {
      if scalar.properties.isWhitespace {
        isAfterSpace = true
        continue
      }
      if isAfterSpace { line.append(" ") }
      isAfterSpace = false
      line.append(scalar)
      hasWords = hasWords || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }
    return hasWords ? (String(line), start..<end) : nil
  }
}
