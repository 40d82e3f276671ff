// The sentences of passages that were looked at before: visitors ask about the same passages again and again, and cutting a
// text into sentences is, after embedding, most of a quoted answer's work.
//
// Kept in memory, a bounded number, the longest unused out first. A passage is known by its own text, its place and the
// neighbours it is read with, so another version of it, or a neighbour that may no longer be shown, is another passage.

import Corpus
import Synchronization

/// A bounded memory of passages cut into lines.
package final class PassageLines: Sendable {
  /// A line that may be quoted.
  struct Quotable: Sendable {
    /// Position among all lines of its passage.
    let position: Int
    let line: Excerpt.Line
  }

  private struct Key: Hashable {
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

  private struct Entry {
    let lines: [Quotable]
    var used: Int
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var clock = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: passages kept; one takes a few kB.
  package init(limit: Int = 2_048) { self.limit = max(2, limit) }

  /// The lines of a passage that may be quoted, in their order.
  func quotable(of passage: RetrievedPassage) -> [Quotable] {
    let key = Key(passage)
    let known = state.withLock { state -> [Quotable]? in
      state.clock += 1
      state.entries[key]?.used = state.clock
      return state.entries[key]?.lines
    }
    if let known { return known }
    let lines = Self.cut(passage)
    state.withLock { state in
      state.entries[key] = Entry(lines: lines, used: state.clock)
      guard state.entries.count > limit else { return }
      // Half at once: sorting is then rare, whatever the traffic.
      let oldest = state.entries.sorted { $0.value.used < $1.value.used }
      for (key, _) in oldest.prefix(state.entries.count - limit / 2) { state.entries[key] = nil }
    }
    return lines
  }

  static func cut(_ passage: RetrievedPassage) -> [Quotable] {
    Excerpt.lines(of: passage).enumerated().compactMap { position, line in
      line.sentence.isQuestion || !Boilerplate.isQuotable(line.sentence)
        ? nil : Quotable(position: position, line: line)
    }
  }
}
