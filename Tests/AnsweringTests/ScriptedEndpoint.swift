// A model's endpoint on loopback that answers each request by the next of its scripts, for faults that no real one shows on
// demand.

import Glibc
import Synchronization
import TestSupport
import WebClient

@testable import Answering

/// A server of chat completions with a will of its own.
final class ScriptedEndpoint: Sendable {
  typealias Script = @Sendable (LoopbackServer.Connection) -> Void

  let server: LoopbackServer
  let memory: EndpointMemory

  /// - Parameter scripts: one a request, in order; the last one stays.
  init(
    _ scripts: [Script], policy: CircuitBreaker.Policy = CircuitBreaker.Policy()
  ) throws {
    memory = EndpointMemory(policy)
    let number = Mutex(0)
    server = try LoopbackServer { _, connection in
      let index = number.withLock { number in
        number += 1
        return number - 1
      }
      scripts[min(index, scripts.count - 1)](connection)
    }
  }

  convenience init(_ script: @escaping Script) throws { try self.init([script]) }

  /// The model behind it; its limits are real ones only for who brings a real clock.
  func model(
    _ limits: ReplyLimits = ReplyLimits(),
    waiting: RemoteLanguageModel.Waiting = ManualClock().waiting
  ) -> LanguageModel {
    var limits = limits
    // Curl's own clock, which no test moves; a busy machine must not decide.
    limits.connect = max(limits.connect, .seconds(300))
    return RemoteLanguageModel(baseURL: "http://\(server.hostAndPort)", model: "m", limits: limits)
      .languageModel(transport: .curl(.configured), memory: memory, waiting: waiting)
  }
}

/// A prompt of one passage and one question.
func prompt(
  _ question: String = "How long?", passage: String = "Twelve days.",
  budget: Prompt.Budget = Prompt.Budget()
) throws -> Dialogue {
  var generator = SystemRandomNumberGenerator()
  return Prompt(
    passages: [try citable(passage)], for: request(question), noAnswerText: "No.",
    budget: budget, countTokens: { $0.count / 4 }, using: &generator
  ).dialogue
}

/// A reply as it was received.
struct Received {
  var text = ""
  var pieces = 0
  var usage: [LanguageModel.Event] = []
  var reason: LanguageModel.FinishReason?
  var error: LanguageModelError?

  /// - Parameter heard: called after each piece of text.
  init(
    _ stream: AsyncThrowingStream<LanguageModel.Event, any Error>,
    heard: (String) -> Void = { _ in }
  ) async throws {
    do {
      for try await event in stream {
        switch event {
        case .text(let piece):
          text += piece
          pieces += 1
          heard(text)
        case .usage: usage.append(event)
        case .finished(let why): reason = why
        }
      }
    } catch let failure as LanguageModelError {
      error = failure
    }
  }
}

extension LoopbackServer.Connection {
  /// The head of a reply that is streamed.
  @discardableResult
  func begin(_ type: String? = "text/event-stream") -> Bool {
    write(
      "HTTP/1.1 200 OK\r\n" + (type.map { "Content-Type: \($0)\r\n" } ?? "")
        + "Transfer-Encoding: chunked\r\n\r\n")
  }

  /// One piece of the body.
  @discardableResult
  func piece(_ text: String) -> Bool { piece(Array(text.utf8)) }

  @discardableResult
  func piece(_ bytes: [UInt8]) -> Bool {
    write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
  }

  @discardableResult
  func event(_ json: String) -> Bool { piece("data: \(json)\n\n") }

  @discardableResult
  func text(_ text: String) -> Bool {
    event(#"{"choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":null}]}"#)
  }

  func finish(_ reason: String = "stop") {
    event(#"{"choices":[{"index":0,"delta":{},"finish_reason":"\#(reason)"}]}"#)
  }

  /// The end of the body, by its framing.
  func end() { write("0\r\n\r\n") }

  func done() {
    event("[DONE]")
    end()
  }

  /// A whole reply.
  func reply(_ words: String) {
    begin()
    text(words)
    finish()
    done()
  }

  /// Breaks the connection off.
  func cut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Does nothing more until the client has gone.
  func hang() { _ = waitForClose(milliseconds: 600_000) }
}
