// A whole answer, for callers that do not stream: the JSON route, the command line, the evaluation.

/// An answer with what it rests on.
package struct Answer: Sendable {
  /// Where the message's words come from.
  package enum Origin: Sendable, Hashable {
    /// Sentences of the documents.
    case quoted
    /// A language model, from citable passages.
    case model
    /// A fixed sentence: a greeting, no answer found, not trained yet.
    case fixed
  }

  package let message: String
  /// False when the documents did not answer the question.
  package let answered: Bool
  package let sources: [Citation]
  package let origin: Origin
  /// The citable passages that were looked at, best first; for `bobbin ask --verbose` and for evaluation.
  package let passages: [RetrievedPassage]
}
