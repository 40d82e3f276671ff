// What App asks of Answering: one question of one visitor, with the rows' flags as they are now.
//
// Relies on Corpus. Holds no history: each question stands alone in this version. Its length is the caller's limit.

package import Corpus

/// One question to one chatbot.
package struct AnswerRequest: Sendable {
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
