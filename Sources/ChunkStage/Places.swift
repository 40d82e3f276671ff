// The places of a document's chunks: page, heading path, second, at their start and wherever these change inside.
//
// Asked for in the order of the text, so that each heading is looked at once. Offsets are Unicode scalars.

import Corpus

/// The places of a text's chunks, asked for in the order of the text.
struct Places {
  private let content: AnchoredText
  /// Headings that begin at or before the last asked position: how many, and those that still govern.
  private var passed = 0
  private var path: [AnchoredText.Heading] = []
  /// Headings that begin at or before the start of the last span: how many, and those that still govern.
  private var governed = 0
  private var governing: [AnchoredText.Heading] = []
  /// Where the chunks so far end.
  private var end = 0

  init(of content: AnchoredText) {
    self.content = content
  }

  /// The place of the chunk `text` that covers `span`, in scalars.
  ///
  /// The page and the second are those at the chunk's start. The headings are those at its first scalar that the chunk before
  /// did not have: what overlaps belongs to the section before, and is found there. Where a heading is followed by nothing but
  /// a deeper heading, the deeper one counts, since the text of the chunk stands under both.
  mutating func next(_ span: Range<Int>, _ text: String) -> Place {
    let repeated = max(0, min(end, span.upperBound - 1) - span.lowerBound)
    let blanks = text.unicodeScalars.dropFirst(repeated).prefix { $0.properties.isWhitespace }
    let start = span.lowerBound + repeated + blanks.count
    end = max(end, span.upperBound)
    while passed < content.headings.count {
      let heading = content.headings[passed]
      guard heading.offset <= start || isBare(before: heading, in: span) else { break }
      Self.enter(heading, &path)
      passed += 1
    }
    let page = Self.number(at: span, in: content.pages)
    let pageMarks = Self.count(of: content.pages, before: span.upperBound)
    let lastPage = pageMarks > 0 ? content.pages[pageMarks - 1].number : nil
    return Place(
      page: page, lastPage: lastPage == page ? nil : lastPage,
      second: Self.number(at: span, in: content.times), headingPath: path.map(\.title))
  }

  /// The places inside the chunk that covers `span`: at its start, and where a heading, page or stretch of time begins.
  ///
  /// A heading governs from its own first scalar. Spans are asked for with ascending starts.
  mutating func changes(in span: Range<Int>) -> [PlaceChange] {
    while governed < content.headings.count,
      content.headings[governed].offset <= span.lowerBound
    {
      Self.enter(content.headings[governed], &governing)
      governed += 1
    }
    var headings = governing
    var next = governed
    let inside = (span.lowerBound + 1)..<max(span.upperBound, span.lowerBound + 1)
    var borders: Set<Int> = [span.lowerBound]
    borders.formUnion(
      content.headings[governed...].lazy.map(\.offset).prefix { $0 < span.upperBound })
    for marks in [content.pages, content.times] {
      let first = Self.count(of: marks, before: inside.lowerBound)
      borders.formUnion(marks[first...].lazy.map(\.offset).prefix { $0 < span.upperBound })
    }
    return borders.sorted().map { border in
      while next < content.headings.count, content.headings[next].offset <= border {
        Self.enter(content.headings[next], &headings)
        next += 1
      }
      return PlaceChange(
        offset: border - span.lowerBound,
        place: Place(
          page: Self.number(at: border..<border + 1, in: content.pages),
          second: Self.number(at: border..<border + 1, in: content.times),
          headingPath: headings.map(\.title)))
    }
  }

  private static func enter(
    _ heading: AnchoredText.Heading, _ path: inout [AnchoredText.Heading]
  ) {
    path.removeAll { $0.level >= heading.level }
    path.append(heading)
  }

  /// Whether `heading` comes inside `span` right after a higher one that governs, with no text in between.
  ///
  /// Eight scalars are left for the blank line and for markers such as `## `.
  private func isBare(before heading: AnchoredText.Heading, in span: Range<Int>) -> Bool {
    guard let last = path.last, last.level < heading.level, span.contains(last.offset),
      span.contains(heading.offset)
    else { return false }
    return heading.offset &- last.offset <= last.title.unicodeScalars.count + 8
  }

  /// The number of the last mark at or before the span's start, else of the first one inside it.
  private static func number(at span: Range<Int>, in marks: [AnchoredText.Mark]) -> Int? {
    let passed = count(of: marks, before: span.lowerBound + 1)
    if passed > 0 { return marks[passed - 1].number }
    guard let first = marks.first, first.offset < span.upperBound else { return nil }
    return first.number
  }

  /// How many marks begin before `offset`, by halving: marks ascend.
  private static func count(of marks: [AnchoredText.Mark], before offset: Int) -> Int {
    var low = 0
    var high = marks.count
    while low < high {
      let middle = (low + high) / 2
      if marks[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
