// What is given as an answer, and what is kept of it.

import Answering
import FoundationEssentials
import Storage

/// A quoted answer that is still to be counted and noted.
struct QuotedReply: Sendable {
  let answer: Answering.Answer
  let sources: [Citation]
  let id: String
  /// What is noted of it, in a conversation.
  let record: @Sendable (_ conversation: String) -> NewAnswer

  func answer(in conversation: String) -> ChatAnswer<Citation> {
    ChatAnswer(
      message_id: id, conversation_id: conversation, message: answer.message,
      answered: answer.answered, limited: false, sources: sources)
  }
}

/// The body of an answer.
struct ChatAnswer<Source: Encodable & Sendable>: Encodable, Sendable {
  let message_id, conversation_id, message: String
  let answered, limited: Bool
  let sources: [Source]
}

/// What is kept of an answer for whoever repeats the question: its text and citations stay where its conversation's history has
/// them, so that what is erased, or made private, is gone from here too.
struct KeptAnswer: Codable {
  let message, conversation: String
  let limited: Bool

  init(message: String, conversation: String, limited: Bool = false) {
    self.message = message
    self.conversation = conversation
    self.limited = limited
  }

  /// - Returns: nil for an answer that was kept whole, by an earlier version.
  init?(_ bytes: [UInt8]) {
    guard let kept = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
    self = kept
  }

  func end(_ name: NamedRequest) -> RequestEnd {
    RequestEnd(name, status: 200, body: JSONText.encode(self))
  }
}
