// The shapes of an OpenAI-compatible chat completion that we send and read; all else in them is ignored.

import FoundationEssentials

/// The body of `POST /v1/chat/completions`.
struct ChatCompletionRequest: Encodable {
  struct Message: Encodable {
    let role: Dialogue.Role
    let content: String
  }

  struct StreamOptions: Encodable {
    let includeUsage: Bool

    private enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
  }

  /// Which settings an endpoint takes.
  enum Dialect {
    /// `max_tokens` and `temperature`.
    case common
    /// `max_completion_tokens` and no temperature.
    case reduced
    /// As the common one, without `stream_options`, which some endpoints refuse: tokens are estimated then.
    case bare
  }

  let model: String
  let messages: [Message]
  let temperature: Double
  let maxTokens: Int
  let dialect: Dialect

  private enum CodingKeys: String, CodingKey {
    case model, messages, stream, temperature
    case streamOptions = "stream_options"
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(model, forKey: .model)
    try container.encode(messages, forKey: .messages)
    try container.encode(true, forKey: .stream)
    if dialect != .bare {
      try container.encode(StreamOptions(includeUsage: true), forKey: .streamOptions)
    }
    switch dialect {
    case .common, .bare:
      try container.encode(maxTokens, forKey: .maxTokens)
      try container.encode(temperature, forKey: .temperature)
    case .reduced:
      try container.encode(maxTokens, forKey: .maxCompletionTokens)
    }
  }
}

/// One event of a streamed completion, or a whole one from an endpoint that does not stream.
struct ChatCompletionChunk: Decodable {
  struct Choice: Decodable {
    struct Text: Decodable { let content: String? }

    /// Of a streamed event.
    let delta: Text?
    /// Of a whole completion.
    let message: Text?
    /// Null until the reply ends; no two endpoints have the same words beyond the common ones.
    let finishReason: String?

    private enum CodingKeys: String, CodingKey {
      case delta, message
      case finishReason = "finish_reason"
    }
  }

  struct Usage: Decodable {
    let promptTokens: Int
    let completionTokens: Int

    private enum CodingKeys: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
    }
  }

  struct Failure: Decodable {
    /// A word such as `rate_limit_exceeded`.
    let code: String?
    /// The same where others have it.
    let type: String?
    /// Where the code is a number: mostly a status of HTTP.
    let number: Int?

    /// The most telling of them, always one plain word.
    var reason: String? { code ?? type ?? number.map(String.init) }

    private enum CodingKeys: String, CodingKey { case code, type }

    init(from decoder: any Decoder) throws {
      guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
        // Some send the message alone, which is not ours to repeat.
        (code, type, number) = (nil, nil, nil)
        return
      }
      let word = Self.word(try? container.decode(String.self, forKey: .code))
      number = (try? container.decode(Int.self, forKey: .code)) ?? word.flatMap { Int($0) }
      code = number == nil ? word : nil
      type = Self.word(try? container.decode(String.self, forKey: .type))
    }

    /// Only what is one plain word: an error's text may repeat the prompt.
    private static func word(_ text: String?) -> String? {
      guard let text, (1...64).contains(text.utf8.count),
        text.utf8.allSatisfy({ byte in
          switch byte {
          case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E: true
          default: false
          }
        })
      else { return nil }
      return text
    }
  }

  /// Empty in the event that carries the usage, with some; others have both in one.
  let choices: [Choice]?
  /// Nil too when its numbers are none: a reply is not lost for them.
  let usage: Usage?
  let error: Failure?

  private enum CodingKeys: String, CodingKey { case choices, usage, error }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    choices = try container.decodeIfPresent([Choice].self, forKey: .choices)
    usage = try? container.decodeIfPresent(Usage.self, forKey: .usage)
    error = try container.decodeIfPresent(Failure.self, forKey: .error)
  }

  /// The text it brings.
  var text: String {
    (choices ?? []).first.flatMap { $0.delta?.content ?? $0.message?.content } ?? ""
  }

  /// Why the reply ends with it; nil when it goes on, which some say by "" or "null".
  var finishReason: String? {
    guard let word = choices?.first?.finishReason, !word.isEmpty, word != "null" else { return nil }
    return word
  }
}
