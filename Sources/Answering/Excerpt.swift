// A passage made whole: its chunk between its neighbours, so that a sentence cut by the chunk's border can be quoted as
// it stands in the document.

import Corpus

/// A passage's text with what stands before and after it.
struct Excerpt {
  /// A sentence of the passage with what a quote needs to know.
  struct Line {
    let sentence: Sentence
    /// Unicode scalars from the start of the document's text.
    let offset: Int
    /// The heading it stands under, or the question it follows.
    let context: String
    /// Whether the sentence before it, in the same passage, is a question.
    let followsQuestion: Bool
    let page: Int?
  }

  /// A gap between two chunks is white space that the splitter took away; more is something else.
  private static let longestGap = 64

  /// The passage's sentences that may be quoted or that give others their context, in order.
  static func lines(of passage: RetrievedPassage) -> [Line] {
    var scalars = Array(passage.citable.text.unicodeScalars)
    var start = passage.offset
    let core = scalars.count
    var coreStart = 0
    if let previous = passage.previous,
      let before = joint(Array(previous.citable.text.unicodeScalars), previous.offset, to: start)
    {
      scalars = before + scalars
      start = previous.offset
      coreStart = before.count
    }
    let coreRange = coreStart..<coreStart + core
    if let next = passage.next {
      let following = Array(next.citable.text.unicodeScalars)
      if let filled = joint(scalars, start, to: next.offset) {
        // What the two share is taken from the next chunk.
        scalars = filled + following
      }
    }
    let path = passage.citable.place.headingPath
    let titles = Set((path + [passage.citable.description.title]).map { $0.lowercased() })
    var heading = path.last ?? ""
    var question: String?
    var lines: [Line] = []
    for sentence in SentenceSplitter.sentences(of: text(of: scalars)) {
      let shared = sentence.range.clamped(to: coreRange).count
      if sentence.isHeadingLike || titles.contains(sentence.text.lowercased()) {
        if coreRange.contains(sentence.range.lowerBound) { heading = sentence.text }
        question = nil
        continue
      }
      defer { question = sentence.isQuestion ? sentence.text : nil }
      guard shared * 2 > sentence.range.count else { continue }
      // The first sentence of a text that begins inside a document may lack its beginning.
      if start > 0, sentence.range.lowerBound == 0, passage.previous == nil { continue }
      let offset = start + sentence.range.lowerBound
      let page = passage.next.flatMap { offset >= $0.offset ? $0.citable.place.page : nil }
      lines.append(
        Line(
          sentence: sentence, offset: offset, context: question ?? heading,
          followsQuestion: question != nil, page: page))
    }
    return lines
  }

  private static func text(of scalars: [Unicode.Scalar]) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// The scalars of a text at `offset` up to a later offset, with white space where a splitter took it away; nil when the
  /// two do not lie side by side.
  private static func joint(
    _ scalars: [Unicode.Scalar], _ offset: Int, to later: Int
  ) -> [Unicode.Scalar]? {
    let (length, overflow) = later.subtractingReportingOverflow(offset)
    guard !overflow, length > 0, length - scalars.count <= longestGap else { return nil }
    if length <= scalars.count { return Array(scalars[..<length]) }
    let gap = length - scalars.count
    // One scalar may have been a space or a line's end: the latter when a sentence ended there.
    let isBreak = gap > 1 || scalars.last.map(SentenceEnds.isEnd) ?? true
    var filled = scalars
    filled += repeatElement(isBreak ? "\n" : " ", count: gap)
    return filled
  }
}
