// A language model behind an OpenAI-compatible endpoint: OpenAI, vLLM, llama.cpp, Ollama and others.
//
// One POST, read as server-sent events; whole JSON from an endpoint that does not stream is taken too. Tried again only
// before the first word, so nothing is said twice; not tried at all while its circuit breaker is open. Relies on
// WebTransport `.configured` for connections. Keeps no text, logs nothing, and its errors carry neither key, prompt nor reply.

import FoundationEssentials
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
  package var limits: ReplyLimits
  /// Attempts before the first word.
  package var attempts: Int

  package init(
    baseURL: String, apiKey: String? = nil, model: String,
    budget: Prompt.Budget = Prompt.Budget(), temperature: Double = 0,
    limits: ReplyLimits = ReplyLimits(), attempts: Int = 3
  ) {
    self.baseURL = baseURL
    self.apiKey = apiKey
    self.model = model
    self.budget = budget
    self.temperature = temperature
    self.limits = limits
    self.attempts = attempts
  }

  /// The model as the answerer knows it.
  ///
  /// - Parameters:
  ///   - transport: what carries the requests.
  ///   - memory: what is known of the endpoint; models of one endpoint share one.
  ///   - waiting: the clock; tests have their own.
  package func languageModel(
    transport: WebTransport, memory: EndpointMemory = EndpointMemory(), waiting: Waiting = .clock
  ) -> LanguageModel {
    LanguageModel(name: model, budget: budget) { prompt in
      let (stream, continuation) = AsyncThrowingStream<LanguageModel.Event, any Error>.makeStream()
      let watch = ReplyWatch(limits, waiting)
      let conversation = RemoteConversation(
        remote: self, transport: transport, memory: memory, waiting: waiting, watch: watch)
      let work = Task {
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            do {
              let rest = try await conversation.run(prompt) { continuation.yield($0) }
              continuation.finish()
              await conversation.drain(rest)
            } catch {
              continuation.finish(throwing: error)
            }
          }
          group.addTask { await watch.waitForLimit() }
          // Whichever ends first ends the other; the conversation asks the watch for its verdict.
          await group.next()
          group.cancelAll()
        }
      }
      continuation.onTermination = { reason in
        // After an end of its own, what is left to read is left to be read.
        if case .cancelled = reason { work.cancel() }
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

  /// The address at which the endpoint lists its models, for looking whether it is there.
  package var listAddress: String {
    String(endpoint.dropLast("/chat/completions".count)) + "/models"
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
