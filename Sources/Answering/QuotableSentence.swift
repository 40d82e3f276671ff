// A sentence that may be quoted, with the figures it is chosen by.

import Corpus

/// One citable sentence of a retrieved passage.
struct QuotableSentence {
  /// Where it stands among the passages of one answer.
  struct Place: Hashable, Comparable {
    /// Index of the passage.
    let passage: Int
    /// Position among the passage's lines.
    let position: Int

    static func < (left: Self, right: Self) -> Bool {
      (left.passage, left.position) < (right.passage, right.position)
    }
  }

  /// Passages whose sentences are looked at.
  static let passageCount = 4

  let place: Place
  let line: Excerpt.Line
  let passageScore: Float
  /// The share of the question's words it holds, with what stands above it.
  let coverage: Float
  /// nil when it was not embedded.
  var score: Float?

  /// How likely it is to be near the question, as far as words can tell.
  var promise: Float { coverage + 0.5 * passageScore }

  var length: Int { line.sentence.range.count }

  var embeddedText: String { line.embeddedText }

  /// As the message shows it: with the line right above, a date over an event.
  var shownText: String {
    line.lead.map { "\($0): \(line.sentence.text)" } ?? line.sentence.text
  }

  /// Whether it is the next sentence of the same paragraph, or the first item that a colon announces.
  func follows(_ other: QuotableSentence) -> Bool {
    place.passage == other.place.passage && place.position == other.place.position + 1
      && (line.sentence.unit == other.line.sentence.unit || other.line.sentence.text.hasSuffix(":"))
  }

  /// The sentences of the best passages that say something, each stretch of a document once.
  ///
  /// - Throws: `ShardError`.
  static func all(
    in passages: [RetrievedPassage], words: QuestionWords, lines: PassageLines
  ) throws -> [QuotableSentence] {
    var found: [QuotableSentence] = []
    var seen: Set<Stretch> = []
    for (number, passage) in passages.prefix(passageCount).enumerated() {
      for quotable in lines.quotable(of: passage) {
        let line = quotable.line
        guard
          seen.insert(
            Stretch(document: passage.citable.description.document, offset: line.offset)
          ).inserted
        else { continue }
        found.append(
          QuotableSentence(
            place: Place(passage: number, position: quotable.position), line: line,
            passageScore: passage.score,
            coverage: try words.coverage(of: line.sentence.text, context: line.context)))
      }
    }
    return found
  }

  private struct Stretch: Hashable {
    let document: DocumentID
    let offset: Int
  }
}
