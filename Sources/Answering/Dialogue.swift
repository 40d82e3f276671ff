// What a language model is sent, whoever has put it together. A dialogue says nothing of where its text comes from: that is
// what Prompt and BlendedPrompt are for. A follow-up is made whole by one of its own, of the visitor's words alone (FollowUp).

/// The messages of one request to a model.
package struct Dialogue: Sendable, Hashable {
  /// Who speaks in a message.
  package enum Role: String, Sendable, Encodable {
    case system, user, assistant
  }

  /// One message of a chat.
  package struct Message: Sendable, Hashable {
    package let role: Role
    package let content: String
  }

  package let messages: [Message]
  /// Tokens the reply may have.
  package let replyTokens: Int

  /// What it costs, by a tokenizer's count.
  func tokens(_ countTokens: (String) -> Int) -> Int {
    messages.reduce(0) { $0 + max(0, countTokens($1.content)) }
  }

  init(messages: [Message], replyTokens: Int) {
    self.messages = messages
    self.replyTokens = replyTokens
  }
}
