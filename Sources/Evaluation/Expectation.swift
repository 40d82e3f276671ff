// What a golden question asks of a passage, of an answer and of a citation, worked out once a question against the names
// that a chatbot's sources and documents go by.
//
// Texts are compared as a reader would: white space is one space, capitals do not count.

import Answering
package import Corpus

/// The names by which a question may call where its answer stands.
package struct SourceNames: Sendable {
  /// What an owner calls each source.
  private let names: [SourceID: String]

  package init(_ names: [SourceID: String] = [:]) { self.names = names }

  /// What an owner calls a source; nil for one without a name.
  func name(of source: SourceID) -> String? { names[source] }

  /// Whether `name` means the document: its source's id or name, its own id, its address or the last part of that.
  package func isName(_ name: String, of description: DocumentDescription) -> Bool {
    name == description.source.text || name == names[description.source]
      || name == description.uri || name == description.document.text
      || name == description.uri.split(separator: "/").last.map(String.init)
  }
}

/// What one question expects.
struct Expectation {
  /// Flat; nil without one.
  private let text: String?
  private let sources: [String]
  private let names: SourceNames

  /// The expectation of a question that has an answer; nil for one that has none.
  init?(_ question: GoldenQuestion, names: SourceNames) {
    guard !question.hasNoAnswer else { return nil }
    text = question.expected.map(Self.flat)
    sources = question.sources
    self.names = names
  }

  var needCount: Int { text == nil ? max(1, sources.count) : 1 }

  /// The needs that a passage meets.
  func needs(metBy citable: Citable) -> Set<Int> {
    guard let text else {
      return Set(sources.indices.filter { names.isName(sources[$0], of: citable.description) })
    }
    return isNamed(citable.description) && Self.flat(citable.text).contains(text) ? [0] : []
  }

  /// Whether the answer says what was expected: the text, or, without one, something of an expected document.
  func isRight(_ answer: Answer, citing cited: [Citable?]) -> Bool {
    guard answer.answered else { return false }
    guard let text else {
      return cited.contains { $0.map { isNamed($0.description) } == true }
    }
    return Self.flat(answer.message.replacing(#/ ?\[[0-9]+\]/#, with: "")).contains(text)
  }

  /// Whether a citation leads to where the answer stands.
  ///
  /// - Parameter cited: the passage it is of; nil when it is of none that was looked at.
  func isRight(_ citation: Citation, of cited: Citable?) -> Bool {
    guard let cited else { return false }
    if !sources.isEmpty { return isNamed(cited.description) }
    return text.map { Self.flat(cited.text).contains($0) || Self.flat(citation.quote).contains($0) }
      ?? false
  }

  /// Whether the document is one of those named; any document is when none was named.
  private func isNamed(_ description: DocumentDescription) -> Bool {
    sources.isEmpty || sources.contains { names.isName($0, of: description) }
  }

  static func flat(_ text: String) -> String {
    text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
