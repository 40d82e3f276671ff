// What App asks of Answering: one question of one visitor, with the rows' flags as they are now and what was said before.
//
// Relies on Corpus. The lengths of questions and of the history are the caller's limits.

package import Corpus

/// What private text may do for an answer (PRIVACY.md).
package enum PrivacyMode: String, Codable, Sendable {
  /// It informs a model's answer, which passes the output gate; it is never quoted, cited or named.
  case blended
  /// It is in no prompt whose reply a visitor sees.
  case strict
}

/// One question to one chatbot.
package struct AnswerRequest: Sendable {
  /// A question that was asked before in the same conversation, with its answer.
  package struct Turn: Hashable, Sendable {
    package let question: String
    /// Nil when the answer may not be shown to a model any more: it was blended, or one of its sources is private now.
    package let answer: String?
    /// What the answer rests on, directly or through earlier answers.
    package let sources: [SourceID]

    package init(question: String, answer: String?, sources: [SourceID] = []) {
      self.question = question
      self.answer = answer
      self.sources = sources
    }
  }

  /// The visitor's words.
  package let question: String
  /// Whose shard is searched.
  package let chatbot: ChatbotID
  /// What the chatbot calls itself.
  package let chatbotName: String
  /// Every live source's flag, read from the rows at the start of this answer.
  ///
  /// A source without an entry is not used at all.
  package let visibilities: [SourceID: Visibility]
  /// What to say when the documents hold no answer; nil takes the usual sentence.
  package let noAnswerText: String?
  /// What was asked before, oldest first.
  package var history: [Turn] = []
  package var mode = PrivacyMode.strict
  /// Lines that the owner has approved for prompts: private know-how released on purpose.
  package var guidance: [String] = []
  /// What is known of the visitor from elsewhere: for this visitor's prompt, and nothing that the gate would let private text through
  /// for.
  package var visitorFacts: [String] = []
  /// Lines of a prompt that may be answered from and cannot be cited.
  package var released: [String] { guidance + visitorFacts }
  /// Counts what a model takes and gives, also when the answer breaks off; where it allows no more, the answer is quoted.
  package var meter = UsageMeter()

  package init(
    question: String, chatbot: ChatbotID, chatbotName: String,
    visibilities: [SourceID: Visibility], noAnswerText: String? = nil
  ) {
    self.question = question
    self.chatbot = chatbot
    self.chatbotName = chatbotName
    self.visibilities = visibilities
    self.noAnswerText = noAnswerText
  }
}
