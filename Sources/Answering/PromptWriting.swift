// What all prompts are written with: fences, the mark of one prompt, and the room that is left.
//
// Each passage stands in a fence with a mark drawn by chance for this prompt, so that a document cannot close its own fence.

import Corpus

/// Writes the parts of one prompt and keeps account of their tokens.
struct PromptWriting {
  /// Drawn by chance; stands in none of the texts.
  let mark: String
  /// Tokens left for what is still to come.
  private(set) var left: Int
  private let countTokens: (String) -> Int

  /// Room left for what other tokenizers count more: a third on top of ours.
  private static let countShare = 4
  /// Characters of a title or heading line.
  private static let longestLabel = 200

  /// - Parameter texts: everything that will stand in a fence.
  init(
    budget: Prompt.Budget, fencing texts: [String], countTokens: @escaping (String) -> Int,
    using generator: inout some RandomNumberGenerator
  ) {
    left = budget.contextTokens - budget.replyTokens
    self.countTokens = countTokens
    mark = Self.mark(notIn: texts, using: &generator)
  }

  /// Takes the room that a text needs; false, and nothing taken, when there is not enough.
  mutating func take(_ text: String) -> Bool {
    let cost = cost(text)
    guard cost <= left else { return false }
    left -= cost
    return true
  }

  /// Takes the room of a text that must be there in any case.
  mutating func spend(_ text: String) { left -= cost(text) }

  /// Quoted material: what a tokenizer would take for a control token is not spelt like one in it.
  func fenced(_ text: String) -> String {
    "<<<\(mark)\n\(ControlTokens.defused(text))\n\(mark)>>>"
  }

  /// A passage with its number, its title and its headings.
  func block(_ passage: Citable, number: Int) -> String {
    let labels = ([passage.description.title] + passage.place.headingPath).map(Self.line)
      .filter { !$0.isEmpty }
    let label = String(labels.joined(separator: " › ").prefix(Self.longestLabel))
    return "[\(number)]\n" + fenced((label.isEmpty ? "" : label + "\n") + passage.text)
  }

  /// The passages that find room, in order, with their blocks.
  ///
  /// A shorter passage further down may still fit, but the order says what matters.
  mutating func blocks(of passages: [Citable]) -> (held: [Citable], texts: [String]) {
    var held: [Citable] = []
    var texts: [String] = []
    for passage in passages {
      let text = block(passage, number: held.count + 1)
      guard take(text) else { break }
      held.append(passage)
      texts.append(text)
    }
    return (held, texts)
  }

  /// The earlier turns that find room in a quarter of what is left, the latest first to be kept, as messages in their order.
  ///
  /// - Returns: also what the kept answers rest on: a reply may repeat it.
  mutating func messages(
    of history: [AnswerRequest.Turn]
  ) -> (messages: [Dialogue.Message], sources: Set<SourceID>) {
    var sources: Set<SourceID> = []
    let floor = left - left / 4
    var kept: [[Dialogue.Message]] = []
    for turn in history.reversed() {
      var messages = [Dialogue.Message(role: .user, content: fenced(turn.question))]
      if let answer = turn.answer {
        messages.append(Dialogue.Message(role: .assistant, content: ControlTokens.defused(answer)))
      }
      let cost = messages.reduce(0) { $0 + self.cost($1.content) }
      guard left - cost >= floor else { break }
      left -= cost
      kept.append(messages)
      if turn.answer != nil { sources.formUnion(turn.sources) }
    }
    return (kept.reversed().flatMap { $0 }, sources)
  }

  /// On one line.
  static func line(_ text: String) -> String {
    text.split(whereSeparator: { $0.isNewline }).joined(separator: " ")
  }

  private func cost(_ text: String) -> Int {
    let counted = min(1 << 32, max(0, countTokens(text)))
    return counted + counted / (Self.countShare - 1) + 4
  }

  private static func mark(
    notIn texts: [String], using generator: inout some RandomNumberGenerator
  ) -> String {
    var mark = ""
    repeat {
      let number = UInt64.random(in: .min ... .max, using: &generator)
      let digits = String(number, radix: 36, uppercase: true)
      mark = "P" + String(repeating: "0", count: max(0, 13 - digits.count)) + digits
    } while texts.contains { $0.contains(mark) }
    return mark
  }
}

extension AnswerRequest {
  /// Everything of the request that stands in a fence.
  var fencedTexts: [String] { history.map(\.question) + released + [question] }
}
