// A whole answer, for callers that do not stream: the JSON route, the command line, the evaluation.

package import Corpus
import Synchronization

/// Texts that were made of an answer which is given again: the same words need not be found for it each time.
package final class AnswerForms: Sendable {
  private let made = Mutex<[String]?>(nil)

  /// The texts that were made the first time.
  package func texts(_ make: () -> [String]) -> [String] {
    if let known = made.withLock({ $0 }) { return known }
    let texts = make()
    made.withLock { $0 = texts }
    return texts
  }
}

/// An answer with what it rests on.
package struct Answer: Sendable {
  /// Where the message's words come from.
  package enum Origin: String, Sendable, Hashable {
    /// Sentences of the documents.
    case quoted
    /// A language model, from citable passages and approved guidance alone.
    case model
    /// A language model that has seen private passages, let out by the gate.
    case blended
    /// A fixed sentence: a greeting, no answer found, not trained yet.
    case fixed
  }

  /// What a language model took and gave, in its own tokens, or estimated by ours when it does not say.
  package struct Usage: Sendable, Hashable {
    package var promptTokens = 0
    package var replyTokens = 0

    package init(promptTokens: Int = 0, replyTokens: Int = 0) {
      self.promptTokens = promptTokens
      self.replyTokens = replyTokens
    }
  }

  package let message: String
  /// False when the documents did not answer the question.
  package internal(set) var answered: Bool
  package let sources: [Citation]
  package let origin: Origin
  /// The citable passages that were looked at, best first; for `bobbin ask --verbose`, the trace and the evaluation.
  package let passages: [RetrievedPassage]
  /// What was searched for: the question, made whole when it goes on from an earlier one.
  package var searched: String?
  /// The generation that answered; nil before the first.
  package var generation: Int?
  /// The model's name; nil when none was asked.
  package var model: String?
  package var usage = Usage()
  /// How often the gate ended a reply.
  package var gated = 0
  /// Citable sources whose text stood in the prompt, in passages or in earlier answers.
  package var promptSources: [SourceID] = []
  /// Lines of guidance that were in the prompt.
  package var guidance: [String] = []
  /// The passages that were looked at, as the trace keeps them.
  package var looked: [LookedAt] = []

  /// Nil for one that is not given again.
  package internal(set) var forms: AnswerForms?

  /// What sentences of a model's answer rest on; empty when each rests on its citation's chunk.
  package var grounds: [Ground] = []

  /// The chunk that a sentence rests on: what a model is given as one passage may be several.
  package struct Ground: Sendable, Hashable {
    /// From 0, among `CitedSentence.all(in:)` of the message.
    package let sentence: Int
    /// The citation.
    package let n: Int
    /// `<document>.<ordinal>`, as `bobbin trace` takes it.
    package let reference: String
  }

  /// A passage that was looked at, without its text.
  package struct LookedAt: Sendable, Hashable {
    /// The chunk, as `bobbin trace` takes it: `<document>.<ordinal>`.
    package let reference: String
    package let source: SourceID
    package let score, cosine, wordScore: Float

    init(_ passage: RetrievedPassage) {
      reference = passage.reference
      source = passage.citable.source
      score = passage.score
      cosine = passage.cosine
      wordScore = passage.wordScore
    }
  }
}
