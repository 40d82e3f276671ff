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
    /// The short line right above it, such as a date over an event.
    let lead: String?
    /// The heading it stands under, or the question it follows.
    let heading: String
    /// Page, headings and second of the sentence itself; nil when only its passage's are known.
    let place: Place?

    /// What the sentence is read with: the lines above it that say what it is about.
    var context: String {
      guard let lead else { return heading }
      return heading.isEmpty ? lead : "\(heading): \(lead)"
    }

    /// With what it stands under: "It weighs 34 kilograms." is about nothing by itself.
    var embeddedText: String { context.isEmpty ? sentence.text : "\(context): \(sentence.text)" }
  }

  /// A gap between two chunks is white space that the splitter took away; more is something else.
  private static let longestGap = 64

  /// The sentences that lie in the passage for the most part, in order, headings left out.
  static func lines(of passage: RetrievedPassage) -> [Line] {
    var scalars = Array(passage.citable.text.unicodeScalars)
    var start = passage.offset
    let coreCount = scalars.count
    var coreStart = 0
    if let previous = passage.previous,
      let before = joint(Array(previous.citable.text.unicodeScalars), previous.offset, to: start)
    {
      scalars = before + scalars
      start = previous.offset
      coreStart = before.count
    }
    if let next = passage.next, let filled = joint(scalars, start, to: next.offset) {
      // What the two share is taken from the next chunk.
      scalars = filled + Array(next.citable.text.unicodeScalars)
    }
    let core = coreStart..<coreStart + coreCount
    return lines(
      of: SentenceSplitter.sentences(of: text(of: scalars)), core: core, start: start,
      passage: passage)
  }

  private static func lines(
    of sentences: [Sentence], core: Range<Int>, start: Int, passage: RetrievedPassage
  ) -> [Line] {
    let path = passage.citable.place.headingPath
    let titles = Set((path + [passage.citable.description.title]).map { $0.lowercased() })
    var heading = path.last ?? ""
    var question: (text: String, unit: Int)?
    var lead: (text: String, unit: Int)?
    var lines: [Line] = []
    for sentence in sentences {
      if sentence.role == .heading || titles.contains(sentence.text.lowercased()) {
        if sentence.range.lowerBound >= core.lowerBound { heading = sentence.text }
        (question, lead) = (nil, nil)
        continue
      }
      if sentence.role == .lead {
        lead = (sentence.text, sentence.unit + 1)
        continue
      }
      if let known = lead, known.unit != sentence.unit { lead = nil }
      defer {
        if sentence.isQuestion {
          // What a dialogue's question is about may stand in the sentence before the one that asks.
          let start = question.flatMap {
            sentence.role == .question && $0.unit == sentence.unit ? $0.text + " " : nil
          }
          question = ((start ?? "") + sentence.text, sentence.unit)
        }
      }
      // An answer ends with its paragraph.
      if let asked = lines.last?.sentence, question != nil, asked.unit != sentence.unit,
        !asked.isQuestion
      {
        question = nil
      }
      guard sentence.range.clamped(to: core).count * 2 > sentence.range.count else { continue }
      // The first sentence of a text that begins inside a document may lack its beginning.
      if start > 0, sentence.range.lowerBound == 0 { continue }
      let offset = start + sentence.range.lowerBound
      lines.append(
        Line(
          sentence: sentence, offset: offset, lead: lead?.text, heading: question?.text ?? heading,
          place: place(at: offset, in: passage)))
    }
    return lines
  }

  /// The place of the text at `offset` of the document, by the chunk that holds it.
  private static func place(at offset: Int, in passage: RetrievedPassage) -> Place? {
    if let next = passage.next, offset >= next.offset {
      return next.citable.changes.place(at: offset - next.offset) ?? next.citable.place
    }
    if let previous = passage.previous, offset < passage.offset {
      return previous.citable.changes.place(at: offset - previous.offset)
    }
    return passage.citable.changes.place(at: offset - passage.offset)
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
    return scalars + repeatElement(isBreak ? "\n" : " ", count: gap)
  }
}
