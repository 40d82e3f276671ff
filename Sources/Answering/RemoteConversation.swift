// One reply from an endpoint: attempts, events, and what each failure means.

import FoundationEssentials
import WebClient

/// Asks the endpoint once, or again before the first word.
struct RemoteConversation: Sendable {
  /// The longest wait that an endpoint may ask for.
  private static let longestPause = Duration.seconds(5)

  let remote: RemoteLanguageModel
  let transport: WebTransport
  let waiting: RemoteLanguageModel.Waiting

  /// Gives the reply's events to `say`.
  ///
  /// - Throws: `LanguageModelError`.
  func run(
    _ prompt: Dialogue, say: @Sendable (LanguageModel.Event) -> Void
  ) async throws(LanguageModelError) {
    var attempt = 1
    var dialect = ChatCompletionRequest.Dialect.common
    while true {
      var reply = Reply(endpoint: remote.endpointName)
      do {
        try await ask(prompt, dialect, reply: &reply, say: say)
        return
      } catch {
        // Newer models of some endpoints refuse the settings that all others understand.
        if case .rejected(_, 400, let code?) = error, dialect == .common,
          ["unsupported_parameter", "unsupported_value"].contains(code)
        {
          dialect = .reduced
          continue
        }
        guard error.isTransient, !reply.hasText, attempt < remote.attempts else { throw error }
        do {
          try await waiting.pause(pause(after: error, attempt: attempt))
        } catch {
          throw .cancelled
        }
        attempt += 1
      }
    }
  }

  private func pause(after error: LanguageModelError, attempt: Int) -> Duration {
    if case .rateLimited(_, let asked?) = error { return min(asked, Self.longestPause) }
    return .milliseconds(300) * (1 << min(attempt, 4))
  }

  private func ask(
    _ prompt: Dialogue, _ dialect: ChatCompletionRequest.Dialect, reply: inout Reply,
    say: @Sendable (LanguageModel.Event) -> Void
  ) async throws(LanguageModelError) {
    let response: WebStream
    do {
      response = try await transport.stream(try request(prompt, dialect))
    } catch let error as WebError {
      throw Self.meaning(of: error, endpoint: reply.endpoint)
    } catch let error as LanguageModelError {
      throw error
    } catch {
      throw .malformed(endpoint: reply.endpoint, why: "the prompt cannot be sent as JSON")
    }
    guard response.status == 200 else { throw await refusal(response, reply.endpoint) }
    do {
      if response.headers["Content-Type"]?.lowercased().hasPrefix("application/json") == true {
        try reply.take(String(decoding: try await whole(response), as: UTF8.self), say: say)
      } else {
        for try await event in response.events {
          try reply.take(event.data, say: say)
          if reply.isOver { break }
        }
      }
    } catch let error as LanguageModelError {
      throw error
    } catch let error as WebError {
      throw Self.meaning(of: error, endpoint: reply.endpoint)
    } catch {
      throw .cancelled
    }
    if Task.isCancelled { throw .cancelled }
    guard reply.hasText else { throw .empty(endpoint: reply.endpoint) }
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
      body: Array(try JSONEncoder().encode(body)), limits: remote.limits)
  }

  /// At most a megabyte of a body that is no stream.
  private func whole(_ response: WebStream) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await piece in response.body {
      bytes += piece
      guard bytes.count <= 1 << 20 else {
        throw LanguageModelError.malformed(
          endpoint: remote.endpointName, why: "more than a megabyte")
      }
    }
    return bytes
  }

  /// What a status other than 200 means.
  private func refusal(_ response: WebStream, _ endpoint: String) async -> LanguageModelError {
    let status = response.status
    switch status {
    case 401, 403, 404: return .refused(endpoint: endpoint, status: status)
    case 429:
      let wait = response.headers["Retry-After"].flatMap { UInt32($0) }
      return .rateLimited(endpoint: endpoint, retryAfter: wait.map { .seconds(Int64($0)) })
    case 408, 409, 425, 500...599:
      return .unavailable(endpoint: endpoint, why: "answered \(status)")
    default:
      // Best effort: the status says enough when the body cannot be read.
      let body = (try? await whole(response)) ?? []
      let failure = try? JSONDecoder().decode(ChatCompletionChunk.self, from: Data(body)).error
      return .rejected(endpoint: endpoint, status: status, code: failure?.code ?? failure?.type)
    }
  }

  private static func meaning(of error: WebError, endpoint: String) -> LanguageModelError {
    switch error {
    case .cancelled: .cancelled
    case .timeout(_, let phase):
      .unavailable(endpoint: endpoint, why: "took too long (waiting for \(phase.rawValue))")
    case .connection: .unavailable(endpoint: endpoint, why: "could not be reached or broke off")
    case .blocked: .unavailable(endpoint: endpoint, why: "has no address")
    case .badURL(let why): .malformed(endpoint: endpoint, why: "its address \(why)")
    case .tooLarge(_, _, let limit): .malformed(endpoint: endpoint, why: "more than \(limit) bytes")
    case .tooManyRedirects: .malformed(endpoint: endpoint, why: "it redirects")
    case .tls: .malformed(endpoint: endpoint, why: "its certificate was refused")
    case .protocolError: .malformed(endpoint: endpoint, why: "it does not speak HTTP")
    }
  }
}

/// What has come of one reply.
private struct Reply {
  let endpoint: String
  var hasText = false
  var isOver = false

  init(endpoint: String) { self.endpoint = endpoint }

  /// Reads one event's data.
  mutating func take(
    _ data: String, say: (LanguageModel.Event) -> Void
  ) throws(LanguageModelError) {
    if data == "[DONE]" {
      isOver = true
      return
    }
    guard data.contains(where: { !$0.isWhitespace }) else { return }
    let chunk: ChatCompletionChunk
    do {
      chunk = try JSONDecoder().decode(ChatCompletionChunk.self, from: Data(data.utf8))
    } catch {
      throw .malformed(endpoint: endpoint, why: "an event is not the JSON of a completion")
    }
    if let failure = chunk.error {
      throw .unavailable(
        endpoint: endpoint, why: "broke off (\(failure.code ?? failure.type ?? "no reason given"))")
    }
    if !chunk.text.isEmpty {
      hasText = true
      say(.text(chunk.text))
    }
    if let usage = chunk.usage, let prompt = usage.promptTokens, chunk.choices?.isEmpty ?? true {
      say(.usage(promptTokens: prompt, replyTokens: usage.completionTokens ?? 0))
    }
  }
}
