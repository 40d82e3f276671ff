// One reply as it comes: events of an endpoint in, text, usage and the reason of its end out.

import FoundationEssentials

/// What has come of one reply.
struct ReplyReader {
  /// No model's window is as large; more is no count of tokens.
  private static let mostTokens = 1 << 31

  private let endpoint: String
  private let textBytes: Int
  private(set) var hasText = false
  /// No more text is to come: the endpoint gave a reason to end, or we have enough.
  private(set) var reason: LanguageModel.FinishReason?
  /// The endpoint has nothing more to say at all.
  private(set) var isOver = false
  private var byteCount = 0
  /// What the endpoint says that the reply has cost, so far.
  private(set) var usage: LanguageModel.Event?

  /// - Parameter textBytes: text beyond them ends the reply.
  init(endpoint: String, textBytes: Int) {
    self.endpoint = endpoint
    self.textBytes = textBytes
  }

  /// Reads one event's data, or a whole completion; gives the text it brings, none when empty.
  mutating func take(_ data: String) throws(LanguageModelError) -> String {
    if data == "[DONE]" {
      reason = reason ?? .stop
      isOver = true
      return ""
    }
    guard data.contains(where: { !$0.isWhitespace }) else { return "" }
    let chunk: ChatCompletionChunk
    do {
      chunk = try JSONDecoder().decode(ChatCompletionChunk.self, from: Data(data.utf8))
    } catch {
      throw .malformed(endpoint: endpoint, why: "an event is not the JSON of a completion")
    }
    if let failure = chunk.error { throw meaning(of: failure) }
    if chunk.finishReason == "error" { throw broken("ended with an error") }
    // A prompt of no tokens was not counted: the estimate is nearer.
    if let found = chunk.usage, (1...Self.mostTokens).contains(found.promptTokens),
      (0...Self.mostTokens).contains(found.completionTokens)
    {
      // Some count on in each event: the last one holds.
      usage = .usage(promptTokens: found.promptTokens, replyTokens: found.completionTokens)
    }
    let text = reason == nil ? bounded(chunk.text) : ""
    if let word = chunk.finishReason, reason == nil { reason = Self.reason(word) }
    return text
  }

  /// Notes that text has been passed on.
  mutating func spoke() { hasText = true }

  /// Ends the reply where it is.
  mutating func stop() {
    reason = reason ?? .bound
    isOver = true
  }

  /// What follows the text of a reply that has ended.
  func closing() -> [LanguageModel.Event] {
    (usage.map { [$0] } ?? []) + [.finished(reason ?? .stop)]
  }

  /// The error of a stream that ended, or broke, before the reply did.
  func broken(_ why: String) -> LanguageModelError {
    hasText ? .cut(endpoint: endpoint, why: why) : .unavailable(endpoint: endpoint, why: why)
  }

  /// As much of a piece as there is room for.
  private mutating func bounded(_ piece: String) -> String {
    byteCount += piece.utf8.count
    guard byteCount > textBytes else { return piece }
    var room = piece.utf8.count - (byteCount - textBytes)
    var kept = ""
    for character in piece {
      room -= character.utf8.count
      guard room >= 0 else { break }
      kept.append(character)
    }
    stop()
    return kept
  }

  private static func reason(_ word: String) -> LanguageModel.FinishReason {
    switch word {
    case "length", "max_tokens": .length
    case "content_filter": .filtered
    default: .stop
    }
  }

  /// What an error in place of a reply means.
  private func meaning(of failure: ChatCompletionChunk.Failure) -> LanguageModelError {
    if !hasText, let status = failure.number {
      switch status {
      case 401, 403, 404: return .refused(endpoint: endpoint, status: status)
      case 429: return .rateLimited(endpoint: endpoint, retryAfter: nil)
      case 400, 413, 422:
        return .rejected(endpoint: endpoint, status: status, code: failure.reason)
      default: break
      }
    }
    return broken("broke off (\(failure.reason ?? "no reason given"))")
  }
}
