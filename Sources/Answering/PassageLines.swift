// The sentences of passages that were looked at before: visitors ask about the same passages again and again, and cutting a
// text into sentences is, after embedding, most of a quoted answer's work.
//
// A passage is known by its own text, its place and the
// neighbours it is read with, so another version of it, or a neighbour that may no longer be shown, is another passage.

import Corpus

/// A bounded memory of passages cut into lines.
package final class PassageLines: Sendable {
  /// A line that may be quoted.
  struct Quotable: Sendable {
    /// Position among all lines of its passage.
    let position: Int
    let line: Excerpt.Line
  }

  private struct Key: Hashable, Sendable {
    let document: DocumentID
    let offset: Int
    let text: String
    let previous: String?
    let next: String?

    init(_ passage: RetrievedPassage) {
      document = passage.citable.description.document
      offset = passage.offset
      text = passage.citable.text
      previous = passage.previous?.citable.text
      next = passage.next?.citable.text
    }
  }

  private let memory: BoundedMemory<Key, [Quotable]>

  /// - Parameter limit: passages kept; one takes a few kB.
  package init(limit: Int = 2_048) { memory = BoundedMemory(limit: limit) }

  /// The lines of a passage that may be quoted, in their order.
  func quotable(of passage: RetrievedPassage) -> [Quotable] {
    let key = Key(passage)
    if let known = memory.value(of: key) { return known }
    let lines = Self.cut(passage)
    memory.keep([(key, lines)])
    return lines
  }

  static func cut(_ passage: RetrievedPassage) -> [Quotable] {
    Excerpt.lines(of: passage).enumerated().compactMap { position, line in
      line.sentence.isQuestion || !Boilerplate.isQuotable(line.sentence)
        ? nil : Quotable(position: position, line: line)
    }
  }
}
