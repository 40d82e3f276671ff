// A golden question: what a visitor may ask, and what the chatbot should find for it. One line of a JSON Lines file, or one
// row of a chatbot.
//
// Relies on nothing. Also reads the lines of fixtures/questions, so that the bundled set is used as it is. Does not know
// whether a source of this name exists: a shard says so when the question is asked.

import FoundationEssentials

/// A question with what its answer must rest on.
package struct GoldenQuestion: Codable, Hashable, Sendable {
  /// What the visitor asks.
  package var question: String
  /// What the visitor has asked before in the same conversation, oldest first.
  package var history: [String]
  /// Where the answer stands: ids or names of sources, addresses or names of documents.
  package var sources: [String]
  /// Words that must stand in a passage and in the answer.
  package var expected: String?
  /// Whether the documents hold no answer, so that the chatbot must say so.
  package var hasNoAnswer: Bool
  /// Whether only learn-only text answers it: then a visitor must get no answer either.
  package var isPrivate: Bool
  /// The group it is counted in; nil takes the one that follows from its form.
  package var kind: String?

  package init(
    question: String, history: [String] = [], sources: [String] = [], expected: String? = nil,
    hasNoAnswer: Bool = false, isPrivate: Bool = false, kind: String? = nil
  ) {
    self.question = question
    self.history = history
    self.sources = sources
    self.expected = expected
    self.hasNoAnswer = hasNoAnswer || isPrivate
    self.isPrivate = isPrivate
    self.kind = kind
  }

  /// What it is counted under in a report.
  package var group: String {
    if let kind { return kind }
    if isPrivate { return "private" }
    if hasNoAnswer { return "no answer" }
    return history.isEmpty ? "answerable" : "follow-up"
  }

  /// What is wrong with it, as a sentence; nil when it can be asked.
  package var fault: String? {
    let texts = [question] + history + sources + (expected.map { [$0] } ?? [])
    if texts.contains(where: { !$0.contains { !$0.isWhitespace } }) {
      return "a text in it is empty"
    }
    if question.utf8.count > Self.longest { return "the question has more than 4,096 bytes" }
    if history.count > Self.longestHistory { return "more than 20 messages came before it" }
    let isExpected = expected != nil || !sources.isEmpty
    if hasNoAnswer, isExpected { return "it has an answer and no_answer at the same time" }
    if !hasNoAnswer, !isExpected {
      return "it says neither where the answer stands (sources, expected) nor no_answer"
    }
    return nil
  }

  /// UTF-8 bytes that a visitor may send.
  private static let longest = 4_096
  private static let longestHistory = 20
}

// MARK: JSON

extension GoldenQuestion {
  /// Kinds of fixtures/questions that say by themselves that there is no answer.
  private static let unanswerable: Set<String> = ["near", "far", "private", "none"]

  /// Members that are read; `pages` is for people and the checker of fixtures/questions.
  private static let members: Set<String> = [
    "question", "history", "sources", "source_id", "file", "expected", "no_answer", "private",
    "kind", "pages",
  ]

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  /// Reads a line.
  ///
  /// - Throws: `DecodingError`, also for a member that is not known: a misspelt one would be a question without an answer.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    if let stray = values.allKeys.map(\.stringValue).sorted()
      .first(where: { !Self.members.contains($0) })
    {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "\(stray) is no member of a question"))
    }
    func text(_ name: String) throws -> String? {
      try values.decodeIfPresent(String.self, forKey: Key(name))
    }
    let kind = try text("kind")
    let isPrivate = try values.decodeIfPresent(Bool.self, forKey: Key("private")) ?? false
    let hasNoAnswer = try values.decodeIfPresent(Bool.self, forKey: Key("no_answer")) ?? false
    let sources = try values.decodeIfPresent([String].self, forKey: Key("sources")) ?? []
    self.init(
      question: try values.decode(String.self, forKey: Key("question")),
      history: try values.decodeIfPresent([String].self, forKey: Key("history")) ?? [],
      sources: sources + [try text("source_id"), try text("file")].compactMap { $0 },
      expected: try text("expected"),
      hasNoAnswer: hasNoAnswer || kind.map(Self.unanswerable.contains) == true,
      isPrivate: isPrivate || kind == "private", kind: kind)
  }

  /// Writes the line that reads as the same question.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(question, forKey: Key("question"))
    if !history.isEmpty { try values.encode(history, forKey: Key("history")) }
    if !sources.isEmpty { try values.encode(sources, forKey: Key("sources")) }
    try values.encodeIfPresent(expected, forKey: Key("expected"))
    if hasNoAnswer { try values.encode(true, forKey: Key("no_answer")) }
    if isPrivate { try values.encode(true, forKey: Key("private")) }
    try values.encodeIfPresent(kind, forKey: Key("kind"))
  }

  /// Reads a file of questions: a JSON object a line, blank lines and lines that begin with `#` left out.
  ///
  /// - Parameter name: what the file is called in an error.
  /// - Throws: `EvaluationError.badLine`, `.noQuestions`.
  package static func parse(
    _ text: String, named name: String
  ) throws(EvaluationError) -> [GoldenQuestion] {
    var questions: [GoldenQuestion] = []
    let decoder = JSONDecoder()
    // By bytes: a line ends with a line feed, whatever Unicode calls a line; a mark or a carriage return is none of it.
    let bytes = Array(text.utf8)
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      var line = line
      if index == 0, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
      while let last = line.last, last == 0x0D || last == 0x20 { line = line.dropLast() }
      while line.first == 0x20 { line = line.dropFirst() }
      guard let first = line.first, first != UInt8(ascii: "#") else { continue }
      let question: GoldenQuestion
      do {
        question = try decoder.decode(GoldenQuestion.self, from: Data(line))
      } catch {
        throw .badLine(file: name, line: index + 1, detail: Self.sentence(of: error))
      }
      if let fault = question.fault {
        throw .badLine(file: name, line: index + 1, detail: fault)
      }
      questions.append(question)
    }
    guard !questions.isEmpty else { throw .noQuestions(file: name) }
    return questions
  }

  /// What a decoder found, without its types.
  private static func sentence(of error: any Error) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, _): "it has no \(key.stringValue)"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      context.codingPath.first.map { "\($0.stringValue) is of the wrong type" }
        ?? "it is no JSON object"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty && context.debugDescription.hasSuffix("no member of a question")
        ? context.debugDescription : "it is no JSON"
    default: "it cannot be read"
    }
  }
}
