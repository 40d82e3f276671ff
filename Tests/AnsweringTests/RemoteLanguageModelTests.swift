import FoundationEssentials
import Synchronization
import Testing
import WebClient

@testable import Answering

/// An endpoint that gives prepared responses, one a request.
private final class FakeEndpoint: Sendable {
  enum Reply: Sendable {
    case stream(
      [[UInt8]], status: Int = 200, headers: WebHeaders = ["Content-Type": "text/event-stream"],
      end: WebError? = nil)
    case failure(WebError)
  }

  private let replies: Mutex<[Reply]>
  private let seen = Mutex<[WebRequest]>([])

  init(_ replies: [Reply]) { self.replies = Mutex(replies) }

  var requests: [WebRequest] { seen.withLock { $0 } }

  var transport: WebTransport {
    WebTransport(
      send: { _ async throws(WebError) in throw .cancelled },
      stream: { request async throws(WebError) in
        self.seen.withLock { $0.append(request) }
        let reply = self.replies.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        switch reply {
        case .stream(let pieces, let status, let headers, let end):
          return WebStream(
            status: status, headers: headers, finalURL: request.url,
            body: AsyncThrowingStream { continuation in
              for piece in pieces { continuation.yield(piece) }
              continuation.finish(throwing: end)
            })
        case .failure(let error): throw error
        case nil: throw .connection(host: "fake", why: "is not expected")
        }
      })
  }
}

@Suite struct RemoteLanguageModelTests {
  private static let streamed =
    ": ping\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n"
    + "data: {\"choices\":[{\"delta\":{\"content\":\"Zwölf \"}}]}\n\n"
    + "data:{\"choices\":[{\"delta\":{\"content\":\"Tage [1] 🚲\"},\"finish_reason\":null}]}\n\n"
    + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":71,\"completion_tokens\":5}}\n\n"
    + "data: [DONE]\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"never\"}}]}\n\n"

  /// No pauses, and limits that never pass.
  private let patient = ManualClock().waiting

  private func remote(base: String = "http://model.example:8080") -> RemoteLanguageModel {
    RemoteLanguageModel(baseURL: base, apiKey: "sk-secret-key", model: "small")
  }

  private func events(
    _ endpoint: FakeEndpoint, waiting: RemoteLanguageModel.Waiting? = nil
  ) async throws -> [LanguageModel.Event] {
    let model = remote().languageModel(
      transport: endpoint.transport, waiting: waiting ?? patient)
    var events: [LanguageModel.Event] = []
    for try await event in model.reply(try prompt()) { events.append(event) }
    return events
  }

  private func text(_ events: [LanguageModel.Event]) -> String {
    events.reduce(into: "") { text, event in
      if case .text(let piece) = event { text += piece }
    }
  }

  @Test func `a stream cut anywhere gives the same text and the usage`() async throws {
    let bytes = Array(Self.streamed.utf8)
    for size in [1, 2, 3, 7, 50, bytes.count] {
      let pieces = stride(from: 0, to: bytes.count, by: size).map {
        Array(bytes[$0..<min(bytes.count, $0 + size)])
      }
      let found = try await events(FakeEndpoint([.stream(pieces)]))
      #expect(text(found) == "Zwölf Tage [1] 🚲")
      #expect(found.suffix(2) == [.usage(promptTokens: 71, replyTokens: 5), .finished(.stop)])
    }
  }

  @Test func `the request is a streamed chat completion with the key in its header only`()
    async throws
  {
    let endpoint = FakeEndpoint([.stream([Array(Self.streamed.utf8)])])
    _ = try await events(endpoint)
    let request = try #require(endpoint.requests.first)
    #expect(request.method == "POST")
    #expect(request.url == "http://model.example:8080/v1/chat/completions")
    #expect(request.headers["Authorization"] == "Bearer sk-secret-key")
    struct Body: Decodable {
      struct Message: Decodable { let role: String; let content: String }
      let model: String
      let stream: Bool
      let messages: [Message]
      let max_tokens: Int
    }
    let body = try JSONDecoder().decode(Body.self, from: Data(try #require(request.body)))
    #expect(body.model == "small" && body.stream && body.max_tokens > 0)
    #expect(body.messages.map(\.role) == ["system", "user"])
    #expect(body.messages.last?.content.contains("Twelve days.") == true)
    #expect(!String(decoding: request.body ?? [], as: UTF8.self).contains("sk-secret-key"))
  }

  @Test(arguments: [
    ("http://h:1", "http://h:1/v1/chat/completions"),
    ("http://h:1/", "http://h:1/v1/chat/completions"),
    ("https://h/v1", "https://h/v1/chat/completions"),
    ("https://h/api/v3/", "https://h/api/v3/chat/completions"),
    ("https://h/x/chat/completions", "https://h/x/chat/completions"),
    ("https://vhost", "https://vhost/v1/chat/completions"),
  ])
  func `the address is found from any usual base`(base: String, expected: String) {
    #expect(remote(base: base).endpoint == expected)
  }

  @Test func `whole JSON from an endpoint that does not stream is taken`() async throws {
    let json = #"{"choices":[{"message":{"role":"assistant","content":"All at once."}}]}"#
    let found = try await events(
      FakeEndpoint([.stream([Array(json.utf8)], headers: ["Content-Type": "application/json"])]))
    #expect(text(found) == "All at once.")
  }

  @Test func `what passes is tried again, before the first word only`() async throws {
    let good = FakeEndpoint.Reply.stream([Array(Self.streamed.utf8)])
    let endpoint = FakeEndpoint([
      .failure(.connection(host: "h", why: "was refused")), .stream([], status: 503), good,
    ])
    #expect(text(try await events(endpoint)) == "Zwölf Tage [1] 🚲")
    #expect(endpoint.requests.count == 3)

    let first = Array("data: {\"choices\":[{\"delta\":{\"content\":\"Half\"}}]}\n\n".utf8)
    let broken = FakeEndpoint([.stream([first], end: .connection(host: "h", why: "broke")), good])
    await #expect(throws: LanguageModelError.self) { _ = try await events(broken) }
    #expect(broken.requests.count == 1)
  }

  @Test func `the wait that an endpoint asks for is kept, within bounds`() async throws {
    let pauses = Mutex<[Duration]>([])
    let waiting = RemoteLanguageModel.Waiting(
      now: patient.now, pause: { duration in pauses.withLock { $0.append(duration) } },
      deadline: patient.deadline)
    let endpoint = FakeEndpoint([
      .stream([], status: 429, headers: ["Retry-After": "2"]),
      .stream([], status: 503, headers: ["Retry-After": "5"]),
      .stream([Array(Self.streamed.utf8)]),
    ])
    _ = try await events(endpoint, waiting: waiting)
    #expect(pauses.withLock { $0 } == [.seconds(2), .seconds(5)])
    // A longer one is not shortened: then it is not asked again.
    let busy = FakeEndpoint([.stream([], status: 429, headers: ["Retry-After": "4000000000"])])
    await #expect(
      throws: LanguageModelError.rateLimited(
        endpoint: "model.example:8080", retryAfter: .seconds(4_000_000_000))
    ) {
      _ = try await events(busy, waiting: waiting)
    }
    #expect(busy.requests.count == 1 && pauses.withLock { $0.count } == 2)
  }

  @Test(arguments: [
    (401, LanguageModelError.refused(endpoint: "model.example:8080", status: 401)),
    (404, .refused(endpoint: "model.example:8080", status: 404)),
    (400, .rejected(endpoint: "model.example:8080", status: 400, code: "context_length_exceeded")),
  ])
  func `a refusal is not tried again and repeats no text`(
    status: Int, expected: LanguageModelError
  ) async throws {
    let body =
      #"{"error":{"message":"your prompt Twelve days. was too long","code":"context_length_exceeded"}}"#
    let endpoint = FakeEndpoint([.stream([Array(body.utf8)], status: status)])
    await #expect(throws: expected) { _ = try await events(endpoint) }
    #expect(endpoint.requests.count == 1)
    #expect(!"\(expected)".contains("Twelve") && !"\(expected)".contains("sk-secret"))
  }

  @Test func `an endpoint that refuses a setting is asked without it`() async throws {
    let body = #"{"error":{"message":"use max_completion_tokens","code":"unsupported_parameter"}}"#
    let endpoint = FakeEndpoint([
      .stream([Array(body.utf8)], status: 400), .stream([Array(Self.streamed.utf8)]),
    ])
    #expect(text(try await events(endpoint)) == "Zwölf Tage [1] 🚲")
    let second = String(decoding: try #require(endpoint.requests.last?.body), as: UTF8.self)
    #expect(second.contains("max_completion_tokens"))
    #expect(!second.contains("temperature"))
  }

  @Test(
    arguments: [
      #"{"object":"error","detail":[{"type":"extra_forbidden","loc":["body","stream_options"]}],"code":null}"#,
      "no JSON",
    ], [400, 422])
  func `an endpoint that refuses to tell its usage is not asked for it`(
    body: String, status: Int
  ) async throws {
    let good = FakeEndpoint.Reply.stream([Array(Self.streamed.utf8)])
    let endpoint = FakeEndpoint([.stream([Array(body.utf8)], status: status), good, good])
    let model = remote().languageModel(transport: endpoint.transport, waiting: patient)
    for _ in 0..<2 {
      #expect(try await Received(model.reply(try prompt())).text == "Zwölf Tage [1] 🚲")
    }
    let asked = endpoint.requests.map {
      String(decoding: $0.body ?? [], as: UTF8.self).contains("stream_options")
    }
    #expect(asked == [true, false, false])
  }

  @Test(arguments: ["\"\"", "\"null\"", "null"])
  func `a reason that is none ends nothing`(reason: String) async throws {
    let stream = [("", reason), ("Zwölf", reason), (" Tage", "\"stop\"")].map { text, reason in
      #"data: {"choices":[{"delta":{"content":"\#(text)"},"finish_reason":\#(reason)}]}"# + "\n\n"
    }.joined()
    let endpoint = FakeEndpoint([.stream([Array(stream.utf8)])])
    #expect(text(try await events(endpoint)) == "Zwölf Tage")
  }

  @Test func `what a reply has cost is told though it said nothing`() async throws {
    let stream =
      #"data: {"choices":[{"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":90,"completion_tokens":800}}"#
      + "\n\ndata: [DONE]\n\n"
    let endpoint = FakeEndpoint([.stream([Array(stream.utf8)])])
    var told: [LanguageModel.Event] = []
    await #expect(throws: LanguageModelError.self) {
      for try await event in remote().languageModel(
        transport: endpoint.transport, waiting: patient
      ).reply(try prompt()) {
        told.append(event)
      }
    }
    #expect(told == [.usage(promptTokens: 90, replyTokens: 800)])
  }

  @Test(arguments: [(0, 5), (9_223_372_036_854_775_807, 1), (3, -1), (3, 1 << 40)])
  func `figures that are no count leave the estimate`(promptTokens: Int, replyTokens: Int)
    async throws
  {
    let stream =
      #"data: {"choices":[{"delta":{"content":"Yes."},"finish_reason":"stop"}],"usage":{"prompt_tokens":\#(promptTokens),"completion_tokens":\#(replyTokens)}}"#
      + "\n\ndata: [DONE]\n\n"
    let endpoint = FakeEndpoint([.stream([Array(stream.utf8)])])
    let events = try await events(endpoint)
    #expect(!events.contains { if case .usage = $0 { true } else { false } })
  }

  @Test func `a setting that was refused once is not offered again`() async throws {
    let refusal = FakeEndpoint.Reply.stream(
      [Array(#"{"error":{"code":"unsupported_value"}}"#.utf8)], status: 400)
    let good = FakeEndpoint.Reply.stream([Array(Self.streamed.utf8)])
    let endpoint = FakeEndpoint([refusal, good, good])
    let model = remote().languageModel(transport: endpoint.transport, waiting: patient)
    for _ in 0..<2 {
      #expect(try await Received(model.reply(try prompt())).text == "Zwölf Tage [1] 🚲")
    }
    #expect(endpoint.requests.count == 3)
  }

  @Test(arguments: [
    "data: {\"error\":{\"code\":500,\"message\":\"Twelve days.\"}}\n\n", "data: not json\n\n",
    "data: [DONE]\n\n", "", "<html>hello</html>",
  ])
  func `what is no completion ends in an error`(stream: String) async throws {
    let endpoint = FakeEndpoint(Array(repeating: .stream([Array(stream.utf8)]), count: 3))
    let error = await #expect(throws: LanguageModelError.self) { _ = try await events(endpoint) }
    #expect(error.map { !"\($0)".contains("Twelve") } == true)
  }

  @Test func `whoever stops listening stops the request`() async throws {
    let (stopped, signal) = AsyncStream<Void>.makeStream()
    let transport = WebTransport(
      send: { _ async throws(WebError) in throw .cancelled },
      stream: { request async throws(WebError) in
        WebStream(
          status: 200, headers: [:], finalURL: request.url,
          body: AsyncThrowingStream { continuation in
            continuation.yield(
              Array("data: {\"choices\":[{\"delta\":{\"content\":\"One\"}}]}\n\n".utf8))
            continuation.onTermination = { _ in signal.finish() }
          })
      })
    let model = remote().languageModel(transport: transport, waiting: patient)
    let question = try prompt()
    let reader = Task {
      for try await _ in model.reply(question) { break }
    }
    try await reader.value
    // Ends when the body is dropped; a leak would hang here.
    for await _ in stopped {}
  }
}
