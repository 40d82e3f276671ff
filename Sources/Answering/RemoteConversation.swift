// One reply from an endpoint: attempts, events, and what each failure means.

import FoundationEssentials
import WebClient

/// Asks the endpoint once, or again before the first word.
struct RemoteConversation: Sendable {
  /// The longest wait that an endpoint may ask for; after a longer one a visitor would have gone.
  static let longestPause = Duration.seconds(5)

  let remote: RemoteLanguageModel
  let transport: WebTransport
  let memory: EndpointMemory
  let waiting: RemoteLanguageModel.Waiting
  let watch: ReplyWatch

  /// Gives the reply's events to `say`; returns what is left of the response, to be drained.
  ///
  /// - Throws: `LanguageModelError`.
  func run(
    _ prompt: Dialogue, say: @Sendable (LanguageModel.Event) -> Void
  ) async throws(LanguageModelError) -> WebStream? {
    var attempt = 1
    var dialect = memory.dialect
    var tried: Set<ChatCompletionRequest.Dialect> = []
    var last: LanguageModelError?
    while true {
      var pass: CircuitBreaker.Pass
      switch memory.admit(at: waiting.now()) {
      case .pass(let given): pass = given
      case .refused(let left):
        throw last ?? .resting(endpoint: remote.endpointName, left: left)
      }
      var reply = ReplyReader(
        endpoint: remote.endpointName, textBytes: remote.limits.textBytes)
      do {
        let rest = try await ask(prompt, dialect, &pass, &reply, say: say)
        memory.settle(pass, .worked, at: waiting.now())
        if dialect != memory.dialect { memory.dialect = dialect }
        reply.closing().forEach(say)
        return rest
      } catch {
        memory.settle(pass, error.outcome, at: waiting.now())
        tried.insert(dialect)
        if let other = Self.dialect(after: error, tried) {
          dialect = other
          continue
        }
        guard error.isTransient, !reply.hasText, attempt < remote.attempts,
          let pause = pause(after: error, attempt: attempt), pause < watch.left
        else {
          // One that thought and said nothing has cost its tokens.
          if let usage = reply.usage { say(usage) }
          throw error
        }
        last = error
        do {
          try await waiting.pause(pause)
        } catch {
          throw interruption(&reply) ?? .cancelled
        }
        attempt += 1
      }
    }
  }

  /// What to try once an endpoint has refused a dialect; nil when the refusal is of the request itself.
  private static func dialect(
    after error: LanguageModelError, _ tried: Set<ChatCompletionRequest.Dialect>
  ) -> ChatCompletionRequest.Dialect? {
    guard case .rejected(_, let status, let code) = error, status == 400 || status == 422 else {
      return nil
    }
    let likely: [ChatCompletionRequest.Dialect]
    switch code {
    // Newer models of some endpoints refuse the settings that all others understand.
    case "unsupported_parameter"?, "unsupported_value"?: likely = [.reduced, .bare]
    case "context_length_exceeded"?, "content_filter"?, "model_not_found"?: likely = []
    default: likely = [.bare, .reduced]
    }
    return likely.first { !tried.contains($0) }
  }

  /// Reads what follows a reply, so that its connection can serve the next one; the watch ends it soon.
  func drain(_ rest: WebStream?) async {
    guard let rest else { return }
    watch.closed()
    // Best effort: the reply is whole.
    do { for try await _ in rest.body {} } catch {}
  }

  /// How long to wait before the next attempt; nil for longer than anybody would.
  private func pause(after error: LanguageModelError, attempt: Int) -> Duration? {
    if case .rateLimited(_, let asked?) = error {
      return asked > Self.longestPause ? nil : asked
    }
    return .milliseconds(300) * (1 << min(attempt, 4))
  }

  private func ask(
    _ prompt: Dialogue, _ dialect: ChatCompletionRequest.Dialect, _ pass: inout CircuitBreaker.Pass,
    _ reply: inout ReplyReader, say: @Sendable (LanguageModel.Event) -> Void
  ) async throws(LanguageModelError) -> WebStream? {
    do {
      let response = try await transport.stream(try request(prompt, dialect))
      guard response.status == 200 else {
        throw await EndpointRefusal.meaning(of: response, endpoint: remote.endpointName)
      }
      switch try BodyKind(response, endpoint: remote.endpointName) {
      case .completion:
        let body = try await response.whole(endpoint: remote.endpointName)
        try take(String(decoding: body, as: UTF8.self), &pass, &reply, say)
        if !reply.isOver, reply.reason == nil { _ = try reply.take("[DONE]") }
      case .events:
        for try await event in response.events {
          try take(event.data, &pass, &reply, say)
          if reply.isOver { break }
        }
      }
      // A stream may end without an error when its task is cancelled.
      if Task.isCancelled, let interruption = interruption(&reply) { throw interruption }
      guard reply.reason != nil else { throw reply.broken("ended its answer early") }
      guard reply.hasText else {
        throw LanguageModelError.empty(endpoint: remote.endpointName)
      }
      // An endless reply is not read on.
      return reply.isOver && reply.reason != .bound ? response : nil
    } catch let error as LanguageModelError {
      throw error
    } catch let error as WebError {
      if case .cancelled = error {
        guard let interruption = interruption(&reply) else { return nil }
        throw interruption
      }
      // It has said why it ends; how the connection ends is no matter.
      if reply.reason != nil, reply.hasText { return nil }
      throw EndpointRefusal.meaning(of: error, reply, endpoint: remote.endpointName)
    } catch is EncodingError {
      throw .malformed(
        endpoint: remote.endpointName, why: "the prompt cannot be sent as JSON")
    } catch {
      throw .cancelled
    }
  }

  /// Passes one event on.
  private func take(
    _ data: String, _ pass: inout CircuitBreaker.Pass, _ reply: inout ReplyReader,
    _ say: (LanguageModel.Event) -> Void
  ) throws(LanguageModelError) {
    let text = try reply.take(data)
    if !text.isEmpty {
      guard watch.spoke() else {
        if let interruption = interruption(&reply) { throw interruption }
        return
      }
      reply.spoke()
      pass = memory.heard(pass)
      say(.text(text))
    }
    if reply.reason != nil { watch.closed() }
  }

  /// Why the work was stopped from outside; nil when the reply may stand as it is.
  private func interruption(_ reply: inout ReplyReader) -> LanguageModelError? {
    let endpoint = remote.endpointName
    switch watch.verdict {
    case nil: return .cancelled
    case .firstToken: return .tooSlow(endpoint: endpoint, limit: remote.limits.firstToken)
    case .idle:
      return .cut(endpoint: endpoint, why: "gave no more for \(remote.limits.idle)")
    case .whole where !reply.hasText:
      return .tooSlow(endpoint: endpoint, limit: remote.limits.whole)
    case .closing where !reply.hasText: return .empty(endpoint: endpoint)
    case .whole, .closing:
      reply.stop()
      return nil
    }
  }

  private func request(
    _ prompt: Dialogue, _ dialect: ChatCompletionRequest.Dialect
  ) throws -> WebRequest {
    let body = ChatCompletionRequest(
      model: remote.model,
      messages: prompt.messages.map { .init(role: $0.role, content: $0.content) },
      temperature: remote.temperature, maxTokens: prompt.replyTokens, dialect: dialect)
    var headers: WebHeaders = [
      "Content-Type": "application/json", "Accept": "text/event-stream, application/json",
    ]
    if let key = remote.apiKey, !key.isEmpty { headers.append("Authorization", "Bearer \(key)") }
    return WebRequest(
      url: remote.endpoint, method: "POST", headers: headers,
      body: Array(try JSONEncoder().encode(body)), limits: remote.limits.ofRequest)
  }
}

extension ReplyLimits {
  /// For the transport: the watch keeps all times but the connection's.
  fileprivate var ofRequest: RequestLimits {
    var limits = RequestLimits.streaming
    limits.connect = connect
    limits.total = whole + ReplyDeadlines.closing
    limits.firstByte = nil
    limits.idle = nil
    return limits
  }
}
