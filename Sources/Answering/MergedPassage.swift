// What a language model is given of a document: chunks that follow each other are one passage, without the text that both hold
// and without a border in the middle of a sentence. A citation still leads to the chunk that its quote stands in.

import Corpus

/// One passage of a prompt: a chunk, or neighbours joined in the order of their document.
struct MergedPassage: Sendable {
  /// Chunks of one passage at most: longer ones would take the room of other documents.
  static let mostParts = 3

  /// In the order of the document.
  private(set) var parts: [RetrievedPassage]
  /// Their text as one.
  private(set) var citable: Citable

  private init(_ passage: RetrievedPassage) {
    parts = [passage]
    citable = passage.citable
  }

  /// Joins those of `found` that are neighbours; a joined passage stands where its best part stood.
  ///
  /// - Parameter found: best first.
  static func merging(_ found: [RetrievedPassage]) -> [MergedPassage] {
    var merged: [MergedPassage] = []
    for passage in found {
      guard let index = merged.firstIndex(where: { $0.isBeside(passage) }) else {
        merged.append(MergedPassage(passage))
        continue
      }
      merged[index].parts.append(passage)
      merged[index].parts.sort { $0.ordinal < $1.ordinal }
      // It may have closed the gap between two.
      let grown = merged[index]
      if let other = merged.indices.first(where: { other in
        other != index && merged[other].parts.count + grown.parts.count <= mostParts
          && merged[other].parts.contains(where: grown.isBeside)
      }) {
        let (first, last) = (min(index, other), max(index, other))
        merged[first].parts = (grown.parts + merged[other].parts).sorted { $0.ordinal < $1.ordinal }
        merged.remove(at: last)
      }
    }
    return merged.flatMap(\.joined)
  }

  /// Whether a chunk comes right before or right after it in its document, and finds room.
  ///
  /// One of another page or second stays apart: a passage has one number and so one place, and what is said of two pages leads to two.
  private func isBeside(_ passage: RetrievedPassage) -> Bool {
    guard parts.count < Self.mostParts, let first = parts.first, let last = parts.last,
      first.citable.description.document == passage.citable.description.document,
      first.citable.place.page == passage.citable.place.page,
      first.citable.place.second == passage.citable.place.second
    else { return false }
    return passage.ordinal + 1 == first.ordinal || passage.ordinal == last.ordinal + 1
  }

  /// Itself with its text joined; its parts apart when they do not lie side by side, as in a damaged shard.
  private var joined: [MergedPassage] {
    guard let first = parts.first else { return [] }
    var whole = self
    whole.citable = first.citable
    for part in parts.dropFirst() {
      let (distance, overflow) = part.offset.subtractingReportingOverflow(first.offset)
      guard !overflow, let longer = whole.citable.joined(with: part.citable, at: distance) else {
        return parts.map(MergedPassage.init)
      }
      whole.citable = longer
    }
    return [whole]
  }
}
