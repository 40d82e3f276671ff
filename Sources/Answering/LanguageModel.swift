// A model that writes, as one function: an endpoint, or a test's script. It is given a dialogue and knows nothing of classes.

/// Something that replies.
package struct LanguageModel: Sendable {
  /// One step of a reply.
  package enum Event: Sendable, Hashable {
    /// The next piece of text, never empty.
    case text(String)
    /// What the reply cost, when the endpoint says so; at most once, after all text.
    case usage(promptTokens: Int, replyTokens: Int)
    /// Why there is no more; once, and last. A reply that breaks ends with an error instead.
    case finished(FinishReason)
  }

  /// Why a reply ended.
  package enum FinishReason: Sendable, Hashable {
    /// The model had no more to say.
    case stop
    /// The tokens of the reply, or of the context, were used up.
    case length
    /// We stopped it: more bytes or seconds than a reply may have.
    case bound
    /// The endpoint withheld the rest.
    case filtered

    /// Whether the text is all that the model meant to say.
    package var isWhole: Bool {
      switch self {
      case .stop: true
      case .length, .bound, .filtered: false
      }
    }
  }

  /// What people call it.
  package let name: String
  /// How much its prompts may hold.
  package let budget: Prompt.Budget
  /// The reply while it is made.
  ///
  /// Ends with a `LanguageModelError` when it breaks; dropping the stream stops the model.
  package var reply: @Sendable (Dialogue) -> AsyncThrowingStream<Event, any Error>

  package init(
    name: String, budget: Prompt.Budget = Prompt.Budget(),
    reply: @escaping @Sendable (Dialogue) -> AsyncThrowingStream<Event, any Error>
  ) {
    self.name = name
    self.budget = budget
    self.reply = reply
  }
}
