// A model that writes, as one function: an endpoint, or a test's script. It is given a dialogue and knows nothing of classes.

/// Something that replies.
package struct LanguageModel: Sendable {
  /// One step of a reply.
  package enum Event: Sendable, Hashable {
    /// The next piece of text, never empty.
    case text(String)
    /// What the reply cost, when the endpoint says so; at most once.
    case usage(promptTokens: Int, replyTokens: Int)
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
