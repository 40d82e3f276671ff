// What can be wrong with an evaluation before the first question is asked. Trouble while asking is the shard's or the
// embedder's own error.

/// Why there is nothing to evaluate.
package enum EvaluationError: Error, Hashable, CustomStringConvertible {
  /// A line of a file of questions does not read as a question; lines count from 1.
  case badLine(file: String, line: Int, detail: String)
  /// A file, or a chatbot, without a question.
  case noQuestions(file: String)
  /// A chatbot that has not been trained.
  case noShard(chatbot: String)

  package var description: String {
    switch self {
    case .badLine(let file, let line, let detail):
      "\(file), line \(line): \(detail); correct the line"
    case .noShard(let chatbot):
      "\(chatbot) has no shard yet; `bobbin status \(chatbot)` says why"
    case .noQuestions(let file):
      "\(file) has no question; one line is {\"question\": \"…\", \"sources\": [\"…\"]}"
    }
  }
}
