// The remote embedder against an endpoint that shuffles, cuts, delays and lies.

import FoundationEssentials
import Synchronization
import Testing
import WebClient

@testable import Embedding

struct RemoteEmbedderTests {
  /// What the endpoint was asked.
  private struct Question: Decodable, Sendable {
    let model: String
    let input: [String]
    let encoding_format: String
  }

  /// An endpoint scripted by its questions' numbers, from 1.
  private final class Endpoint: Sendable {
    typealias Script = @Sendable (Int, Question) throws(WebError) -> WebResponse
    private struct Seen {
      var requests: [WebRequest] = []
      var questions: [Question] = []
      var pauses: [Duration] = []
      var tokens = 0
    }
    private let seen = Mutex(Seen())
    private let script: Script

    init(_ script: @escaping Script) { self.script = script }

    var requests: [WebRequest] { seen.withLock { $0.requests } }
    var questions: [Question] { seen.withLock { $0.questions } }
    var pauses: [Duration] { seen.withLock { $0.pauses } }
    var tokens: Int { seen.withLock { $0.tokens } }

    func embedder(
      base: String = "http://model.test", key: String? = "secret", dimension: Int? = 3
    ) async throws(EmbeddingError) -> Embedder {
      try await RemoteEmbedder.make(
        base: base, key: key, model: "small", dimension: dimension,
        transport: WebTransport(
          send: { (request: WebRequest) async throws(WebError) -> WebResponse in
            try self.answer(request)
          },
          stream: { (_: WebRequest) async throws(WebError) -> WebStream in
            throw .cancelled
          }),
        usage: { tokens in self.seen.withLock { $0.tokens += tokens } },
        pause: { duration in self.seen.withLock { $0.pauses.append(duration) } })
    }

    private func answer(_ request: WebRequest) throws(WebError) -> WebResponse {
      guard let question = try? JSONDecoder().decode(Question.self, from: Data(request.body ?? []))
      else { throw .protocolError(host: "model.test", why: "was no question") }
      let number = seen.withLock { seen in
        seen.requests.append(request)
        seen.questions.append(question)
        return seen.requests.count
      }
      return try script(number, question)
    }
  }

  /// An answer whose vector for a text is its length and place, in the order given.
  private static func answer(
    _ question: Question, order: [Int]? = nil, _ vector: (Int) -> String = { "[\($0 + 1),0,0]" }
  ) -> WebResponse {
    let rows = (order ?? Array(question.input.indices)).map { index in
      "{\"object\":\"embedding\",\"index\":\(index),\"embedding\":\(vector(index))}"
    }
    return raw("{\"data\":[\(rows.joined(separator: ","))],\"usage\":{\"total_tokens\":7}}")
  }

  private static func raw(_ json: String, status: Int = 200) -> WebResponse {
    WebResponse(status: status, body: Array(json.utf8))
  }

  private func failure(
    _ texts: [String] = ["a", "b"], _ script: @escaping Endpoint.Script
  ) async -> EmbeddingError? {
    do throws(EmbeddingError) {
      _ = try await Endpoint(script).embedder().embed(texts)
      return nil
    } catch {
      return error
    }
  }

  @Test func `the question is the one that the interface describes`() async throws {
    let endpoint = Endpoint { _, question in Self.answer(question) }
    let embedder = try await endpoint.embedder()
    let vectors = try await embedder.embed(["one", "zwei\n\"ü\""])
    #expect(vectors == [[1, 0, 0], [1, 0, 0]])
    let request = try #require(endpoint.requests.first)
    #expect(request.url == "http://model.test/v1/embeddings")
    #expect(request.method == "POST")
    #expect(request.headers["Authorization"] == "Bearer secret")
    #expect(request.headers["Content-Type"] == "application/json")
    #expect(endpoint.questions.first?.model == "small")
    #expect(endpoint.questions.first?.input == ["one", "zwei\n\"ü\""])
    #expect(endpoint.questions.first?.encoding_format == "float")
    #expect(endpoint.tokens == 7)
    #expect(try await embedder.embed([]) == [])
    #expect(endpoint.requests.count == 1)
  }

  @Test(arguments: [
    ("http://model.test", "http://model.test/v1/embeddings"),
    ("http://model.test/", "http://model.test/v1/embeddings"),
    ("https://model.test/api/v1/", "https://model.test/api/v1/embeddings"),
  ])
  func `a base is taken with and without its version`(base: String, url: String) async throws {
    let endpoint = Endpoint { _, question in Self.answer(question) }
    _ = try await endpoint.embedder(base: base, key: nil).embed(["a"])
    #expect(endpoint.requests.first?.url == url)
    #expect(endpoint.requests.first?.headers["Authorization"] == nil)
  }

  @Test func `a base that is no URL stops the stage`() async {
    for base in ["", "model.test", "file:///x", "http://user:pw@model.test"] {
      await #expect(throws: EmbeddingError.self) {
        try await Endpoint { _, question in Self.answer(question) }.embedder(base: base)
      }
    }
  }

  @Test func `vectors are placed by index, not by order, and have unit length`() async throws {
    let endpoint = Endpoint { _, question in
      Self.answer(question, order: [2, 0, 1]) { ["[3,0,4]", "[0,2,0]", "[0,0,-5]"][$0] }
    }
    let vectors = try await endpoint.embedder().embed(["a", "b", "c"])
    #expect(vectors == [[0.6, 0, 0.8], [0, 1, 0], [0, 0, -1]])
  }

  @Test func `texts travel in batches and come back in their order`() async throws {
    let endpoint = Endpoint { _, question in
      Self.answer(question) { "[\(question.input[$0]),1,0]" }
    }
    let texts = (0..<150).map { "\($0)" }
    let vectors = try await endpoint.embedder().embed(texts)
    #expect(endpoint.questions.map(\.input.count) == [64, 64, 22])
    #expect(vectors.count == 150)
    for (index, vector) in vectors.enumerated() {
      #expect(abs(vector[0] / vector[1] - Float(index)) < 0.01)
    }
  }

  @Test func `a batch holds no more tokens than allowed, but at least one text`() {
    let long = String(repeating: "語", count: 20_000)
    let longer = String(repeating: "語", count: 40_000)
    #expect(
      RemoteEmbedder.batches([long, long, "a", longer, "b"]) == [0..<1, 1..<3, 3..<4, 4..<5])
    #expect(RemoteEmbedder.batches([]) == [])
    #expect(RemoteEmbedder.estimatedTokens("four") == 3)
    #expect(RemoteEmbedder.estimatedTokens("") == 2)
  }

  @Test(arguments: [
    "", "{}", "[]", "<html>", "{\"data\":[]}", "{\"data\":[{\"index\":0,\"embedding\":[1,0,0]}",
    "{\"data\":[{\"index\":0,\"embedding\":[1,0,0]}]}",
    "{\"data\":[{\"index\":0,\"embedding\":[1,0,0]},{\"index\":0,\"embedding\":[1,0,0]}]}",
    "{\"data\":[{\"index\":0,\"embedding\":[1,0,0]},{\"index\":2,\"embedding\":[1,0,0]}]}",
    "{\"data\":[{\"index\":-1,\"embedding\":[1,0,0]},{\"index\":1,\"embedding\":[1,0,0]}]}",
    "{\"data\":[{\"embedding\":[1,0,0]},{\"embedding\":[1,0,0]}]}",
    "{\"data\":[{\"index\":0,\"embedding\":[1,0,0]},{\"index\":1,\"embedding\":[0,0,0]}]}",
    "{\"data\":[{\"index\":0,\"embedding\":[1,0,0]},{\"index\":1,\"embedding\":[NaN,0,0]}]}",
    "{\"data\":[{\"index\":0,\"embedding\":[1,0,0]},{\"index\":1,\"embedding\":[1e999,0,0]}]}",
    "{\"data\":[{\"index\":0,\"embedding\":[1,0,0]},{\"index\":1,\"embedding\":[\"1\",0,0]}]}",
    "{\"data\":[{\"index\":0,\"embedding\":[1,0,0]},{\"index\":1,\"embedding\":null}]}",
  ])
  func `an answer that is not the vectors asked for is refused`(json: String) async {
    let error = await failure { _, _ in Self.raw(json) }
    guard case .endpointAnswerInvalid(let endpoint, _) = error else {
      Issue.record("the answer was believed or misnamed")
      return
    }
    #expect(endpoint == "model.test:80")
  }

  @Test(arguments: ["[1,0]", "[1,0,0,0]", "[]"])
  func `a wrong dimension stops the stage`(vector: String) async {
    let error = await failure { _, question in Self.answer(question) { _ in vector } }
    #expect(error?.stopsStage == true)
  }

  @Test(arguments: [401, 403, 404, 302, 405])
  func `a refusal stops the stage at once and does not tell the key`(status: Int) async {
    let error = await failure { number, _ in
      if number > 1 { Issue.record("was asked again") }
      return Self.raw("{\"error\":{\"message\":\"bad key secret\"}}", status: status)
    }
    #expect(error?.stopsStage == true)
    #expect(error?.description.contains("secret") == false)
  }

  @Test(arguments: [429, 500, 503])
  func `a busy endpoint is asked again, as late as it wishes`(status: Int) async throws {
    let endpoint = Endpoint { number, question in
      if number == 1 { return WebResponse(status: status, headers: ["Retry-After": "7"]) }
      if number == 2 { return WebResponse(status: status) }
      return Self.answer(question)
    }
    #expect(try await endpoint.embedder().embed(["a"]) == [[1, 0, 0]])
    #expect(endpoint.pauses.count == 2)
    #expect(endpoint.pauses.first == .seconds(7))
    let second = try #require(endpoint.pauses.last)
    #expect(second >= .seconds(1) && second <= .seconds(1.5))
  }

  @Test func `a dead endpoint is given up after five tries`() async throws {
    let endpoint = Endpoint { (_, _) throws(WebError) in
      throw .timeout(host: "model.test", waitingFor: .firstByte)
    }
    let embedder = try await endpoint.embedder()
    await #expect(
      throws: EmbeddingError.endpointUnavailable(
        endpoint: "model.test:80", reason: "timeout after 5 tries", retryAfterSeconds: nil)
    ) { try await embedder.embed(["a"]) }
    #expect(endpoint.requests.count == 5)
    #expect(endpoint.pauses.count == 4)
    #expect(zip(endpoint.pauses, endpoint.pauses.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func `an endpoint that wants an hour is left to the stage`() async throws {
    let endpoint = Endpoint { _, _ in
      WebResponse(status: 429, headers: ["Retry-After": "3600"])
    }
    let embedder = try await endpoint.embedder()
    await #expect(
      throws: EmbeddingError.endpointUnavailable(
        endpoint: "model.test:80", reason: "status 429 after 1 try", retryAfterSeconds: 3_600)
    ) { try await embedder.embed(["a"]) }
    #expect(endpoint.pauses.isEmpty)
  }

  @Test(arguments: [400, 413, 422])
  func `a batch that is refused is halved until the one text is found`(status: Int) async throws {
    let endpoint = Endpoint { _, question in
      if question.input.contains("bad") {
        return Self.raw("{\"error\":{\"message\":\"too\\nlong\"}}", status: status)
      }
      return Self.answer(question)
    }
    let embedder = try await endpoint.embedder()
    var texts = (0..<100).map { "\($0)" }
    #expect(try await embedder.embed(texts).count == 100)
    texts[77] = "bad"
    await #expect(
      throws: EmbeddingError.textRefused(
        index: 77, reason: "the endpoint answers \(status): too long")
    ) { try await embedder.embed(texts) }
  }

  @Test func `a batch that is only too large comes back whole`() async throws {
    let endpoint = Endpoint { _, question in
      question.input.count > 10 ? Self.raw("", status: 413) : Self.answer(question)
    }
    let vectors = try await endpoint.embedder().embed((0..<64).map { "\($0)" })
    #expect(vectors.count == 64)
    #expect(vectors.allSatisfy { $0 == [1, 0, 0] })
  }

  @Test func `a dimension that is not configured is asked for`() async throws {
    let endpoint = Endpoint { _, question in Self.answer(question) { _ in "[1,2,3,4,5]" } }
    let embedder = try await endpoint.embedder(dimension: nil)
    #expect(embedder.model.dimension == 5)
    #expect(embedder.model.identity == "remote/model.test:80/small/5/unit/512")
    #expect(endpoint.requests.count == 1)
  }

  @Test func `a cancelled request is a cancelled call`() async {
    let error = await failure { (_, _) throws(WebError) in throw .cancelled }
    #expect(error == .cancelled)
  }
}
