// A language model behind an OpenAI-compatible endpoint: OpenAI, vLLM, llama.cpp, Ollama and others.
//
// One POST, read as server-sent events; whole JSON from an endpoint that does not stream is taken too. Tried again only
// before the first word, so nothing is said twice. Relies on WebTransport `.configured` for connections and time limits.
// Keeps no text, logs nothing, and its errors carry neither key, prompt nor reply.

import FoundationEssentials
import Synchronization
package import WebClient

/// Where a language model is, and how long it may take.
package struct RemoteLanguageModel: Sendable {
  /// `https://api.openai.com/v1`, `http://127.0.0.1:8080`, …; `/v1` is added when it ends in no version.
  package var baseURL: String
  /// Sent as a bearer token; nil sends none.
  package var apiKey: String?
  /// The endpoint's name for the model.
  package var model: String
  package var budget: Prompt.Budget
  /// 0 for the same reply to the same prompt, as far as the model can.
  package var temperature: Double
  package var limits: RequestLimits
  /// From the request to the first word, all attempts together.
  package var firstWord: Duration
  /// Attempts before the first word.
  package var attempts: Int

  package init(
    baseURL: String, apiKey: String? = nil, model: String,
    budget: Prompt.Budget = Prompt.Budget(), temperature: Double = 0,
    limits: RequestLimits = .streaming, firstWord: Duration = .seconds(60), attempts: Int = 3
  ) {
    self.baseURL = baseURL
    self.apiKey = apiKey
    self.model = model
    self.budget = budget
    self.temperature = temperature
    self.limits = limits
    self.firstWord = firstWord
    self.attempts = attempts
  }

  /// Waiting, as a value: tests replace it.
  package struct Waiting: Sendable {
    /// Between two attempts.
    package var pause: @Sendable (Duration) async throws -> Void
    /// For the first word; returns when it is too late for it.
    package var deadline: @Sendable (Duration) async throws -> Void

    package init(
      pause: @escaping @Sendable (Duration) async throws -> Void,
      deadline: @escaping @Sendable (Duration) async throws -> Void
    ) {
      self.pause = pause
      self.deadline = deadline
    }

    /// By the clock.
    package static let clock = Waiting(
      pause: { try await Task.sleep(for: $0) }, deadline: { try await Task.sleep(for: $0) })
  }

  /// The model as the answerer knows it.
  package func languageModel(
    transport: WebTransport, waiting: Waiting = .clock
  ) -> LanguageModel {
    LanguageModel(name: model, budget: budget) { prompt in
      let (stream, continuation) = AsyncThrowingStream<LanguageModel.Event, any Error>.makeStream()
      let conversation = RemoteConversation(remote: self, transport: transport, waiting: waiting)
      let begun = Begun()
      let work = Task {
        do {
          try await conversation.run(prompt) { event in
            begun.set()
            continuation.yield(event)
          }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      let watch = Task {
        do {
          try await waiting.deadline(firstWord)
        } catch {
          // Cancelled: the stream is over.
          return
        }
        guard !begun.isSet else { return }
        continuation.finish(
          throwing: LanguageModelError.tooSlow(endpoint: endpointName, limit: firstWord))
        work.cancel()
      }
      continuation.onTermination = { _ in
        work.cancel()
        watch.cancel()
      }
      return stream
    }
  }

  /// Host and port, for errors.
  var endpointName: String {
    guard let url = try? WebURL(parsing: endpoint, maximumBytes: 8_192) else {
      return "(no valid address)"
    }
    return "\(url.host):\(url.port)"
  }

  /// The address of chat completions.
  var endpoint: String {
    var base = Substring(baseURL)
    while base.hasSuffix("/") { base = base.dropLast() }
    if base.hasSuffix("/chat/completions") { return String(base) }
    let last = base.split(separator: "/").last ?? ""
    let isVersion = last.first == "v" && last.count > 1 && last.dropFirst().first?.isNumber == true
    return base + (isVersion ? "/chat/completions" : "/v1/chat/completions")
  }
}

/// Whether the first word has come.
private final class Begun: Sendable {
  private let state = Mutex(false)
  var isSet: Bool { state.withLock { $0 } }
  func set() { state.withLock { $0 = true } }
}
