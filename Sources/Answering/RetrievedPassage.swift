// A citable passage that retrieval found, with why and with its neighbourhood, so that sentences cut by a chunk's border
// can be made whole.
//
// Relies on Corpus.Citable: there is no way to make one of these from learn-only text.

package import Corpus

/// One citable passage and how well it fits the question.
package struct RetrievedPassage: Sendable {
  package let citable: Citable
  /// 0-based position among its document's chunks.
  package let ordinal: Int
  /// Unicode scalars from the start of its document's text.
  package let offset: Int
  /// Cosine of its vector with the question's.
  package let cosine: Float
  /// BM25 of its words with the question's.
  package let wordScore: Float
  /// What it is ranked by.
  package let score: Float
  /// The chunk before it in its document.
  let previous: Neighbour?
  /// The chunk after it in its document.
  let next: Neighbour?

  /// The chunk, as `bobbin trace` takes it: `<document>.<ordinal>`.
  package var reference: String {
    "\(citable.description.document.text.prefix(8)).\(ordinal)"
  }

  /// A chunk beside the passage, of the same source and so of the same class.
  struct Neighbour: Sendable {
    let citable: Citable
    let offset: Int
  }

  init(
    citable: Citable, ordinal: Int, offset: Int, cosine: Float, wordScore: Float, score: Float,
    previous: Neighbour? = nil, next: Neighbour? = nil
  ) {
    self.citable = citable
    self.ordinal = ordinal
    self.offset = offset
    self.cosine = cosine
    self.wordScore = wordScore
    self.score = score
    self.previous = previous
    self.next = next
  }
}
