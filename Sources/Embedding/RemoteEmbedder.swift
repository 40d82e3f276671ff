// An embedder behind any OpenAI-compatible endpoint: POST {base}/v1/embeddings.
//
// Relies on WebClient for the request and on nothing about the peer: vectors are placed by their
// index and each one is checked before it is believed. Batches, halves and tries again within one
// call; what still fails is the stage's matter. Has no tokenizer of the remote model, so its token
// counts are estimates that err upwards.

import FoundationEssentials
package import WebClient

/// Makes an embedder that asks an endpoint.
package enum RemoteEmbedder {
  /// Most texts in one request.
  package static let batchTexts = 64
  /// Most estimated tokens in one request, unless a single text has more.
  package static let batchTokens = 32_000
  /// Requests for one batch before the call fails.
  package static let tries = 5
  /// The longest wait the endpoint may ask of us within a call; more is left to the stage.
  package static let longestWait = Duration.seconds(60)

  /// An embedder for one model of one endpoint; asks it for a first vector when `dimension` is nil.
  ///
  /// - Parameters:
  ///   - base: such as `https://api.openai.com` or `http://localhost:11434/v1`; never an owner's.
  ///   - key: sent as a bearer token; nil sends none.
  ///   - model: the name the endpoint knows.
  ///   - dimension: numbers in a vector; nil takes what the endpoint gives.
  ///   - maxTokens: what the model reads of a text.
  ///   - transport: of the configured kind.
  ///   - label: names the endpoint in identities, so that they outlive a change of its address; nil
  ///     takes the address.
  ///   - usage: told the tokens that the endpoint has counted for each answer.
  ///   - pause: waits between two tries; replaced in tests.
  /// - Throws: what the first request throws; `endpointRefused` when `base` is no URL.
  package static func make(
    base: String, key: String?, model: String, dimension: Int? = nil, maxTokens: Int = 512,
    transport: WebTransport, label: String? = nil,
    usage: @escaping @Sendable (_ tokenCount: Int) -> Void = { _ in },
    pause: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
  ) async throws(EmbeddingError) -> Embedder {
    let endpoint = try RemoteEndpoint(
      base: base, key: key, model: model, transport: transport, usage: usage, pause: pause)
    let dimension =
      if let dimension { dimension } else { try await endpoint.measuredDimension() }
    let name = label ?? endpoint.name
    let identity = EmbeddingModel(
      name: model, identity: "remote/\(name)/\(model)/\(dimension)/unit/\(maxTokens)",
      dimension: dimension, maxTokens: maxTokens)
    return Embedder(
      model: identity,
      embed: { (texts: [String]) async throws(EmbeddingError) -> [[Float]] in
        try await endpoint.embed(texts, dimension: dimension)
      },
      countTokens: estimatedTokens)
  }

  /// A quarter of the ASCII characters and all others, rounded up, and two for the ends.
  ///
  /// English has some 4 characters a token; few tokenizers make more than one token of most other
  /// characters.
  package static func estimatedTokens(_ text: String) -> Int {
    var plain = 0
    var other = 0
    for scalar in text.unicodeScalars {
      if scalar.isASCII { plain += 1 } else { other += 1 }
    }
    return (plain + 3) / 4 + other + 2
  }

  /// Cuts texts, in their order, into runs that one request may hold.
  static func batches(_ texts: [String]) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var start = 0
    var tokens = 0
    for (index, text) in texts.enumerated() {
      let more = estimatedTokens(text)
      if index > start, index - start >= batchTexts || tokens + more > batchTokens {
        batches.append(start..<index)
        start = index
        tokens = 0
      }
      tokens += more
    }
    if start < texts.count { batches.append(start..<texts.count) }
    return batches
  }
}

/// One endpoint with its key and model.
private struct RemoteEndpoint: Sendable {
  let name: String
  private let url: String
  private let key: String?
  private let model: String
  private let transport: WebTransport
  private let usage: @Sendable (Int) -> Void
  private let pause: @Sendable (Duration) async -> Void

  init(
    base: String, key: String?, model: String, transport: WebTransport,
    usage: @escaping @Sendable (Int) -> Void, pause: @escaping @Sendable (Duration) async -> Void
  ) throws(EmbeddingError) {
    var base = base
    while base.hasSuffix("/") { base.removeLast() }
    // Both forms are about: OPENAI_BASE_URL ends in /v1, most servers' own address does not.
    if !base.hasSuffix("/v1") { base += "/v1" }
    do throws(WebError) {
      let parsed = try WebURL(parsing: base + "/embeddings", maximumBytes: 8_192)
      url = parsed.text
      name = "\(parsed.host):\(parsed.port)"
    } catch {
      throw .endpointRefused(endpoint: "of the configuration", status: 0, reason: "\(error)")
    }
    self.key = key
    self.model = model
    self.transport = transport
    self.usage = usage
    self.pause = pause
  }

  func measuredDimension() async throws(EmbeddingError) -> Int {
    let vectors = try await vectors(of: ["dimension"][...], dimension: nil)
    return vectors.first?.count ?? 0
  }

  /// Unit vectors in the order of the texts.
  func embed(_ texts: [String], dimension: Int) async throws(EmbeddingError) -> [[Float]] {
    var vectors: [[Float]] = []
    vectors.reserveCapacity(texts.count)
    for batch in RemoteEmbedder.batches(texts) {
      vectors += try await self.vectors(of: texts[batch], dimension: dimension)
    }
    return vectors
  }

  /// One batch; halved as long as the endpoint finds it too large or wrong.
  private func vectors(
    of texts: ArraySlice<String>, dimension: Int?
  ) async throws(EmbeddingError) -> [[Float]] {
    let body = try encoded(texts)
    let response = try await response(to: body)
    switch response.status {
    case 200:
      return try read(response.body, count: texts.count, dimension: dimension)
    case 400, 413, 422:
      guard texts.count > 1 else {
        throw .textRefused(
          index: texts.startIndex,
          reason: "the endpoint answers \(response.status)\(message(in: response.body))")
      }
      let middle = texts.startIndex + texts.count / 2
      let first = try await vectors(of: texts[..<middle], dimension: dimension)
      return try await first + vectors(of: texts[middle...], dimension: dimension)
    case 401, 403:
      throw refused(response.status, "the key is not accepted")
    case 404:
      throw refused(response.status, "there is no such address or model \(model)")
    default:
      throw refused(response.status, "it does not answer as an embedding endpoint does")
    }
  }

  /// Sends one request, and again while the endpoint is only busy.
  private func response(to body: [UInt8]) async throws(EmbeddingError) -> WebResponse {
    var headers: WebHeaders = ["Content-Type": "application/json", "Accept": "application/json"]
    if let key { headers.append("Authorization", "Bearer \(key)") }
    let request = WebRequest(url: url, method: "POST", headers: headers, body: body)
    var tried = 0
    while true {
      tried += 1
      let wish: Duration?
      let reason: String
      do throws(WebError) {
        let response = try await transport.send(request)
        guard [408, 425, 429].contains(response.status) || response.status >= 500 else {
          return response
        }
        wish = response.retryAfter
        reason = "status \(response.status)"
      } catch {
        switch error {
        case .timeout, .connection:
          wish = nil
          reason = error.reason
        case .cancelled: throw .cancelled
        case .tooLarge, .protocolError:
          throw .endpointAnswerInvalid(endpoint: name, reason: error.description)
        case .badURL, .blocked, .tls, .tooManyRedirects:
          throw refused(0, error.description)
        }
      }
      guard tried < RemoteEmbedder.tries, (wish ?? .zero) <= RemoteEmbedder.longestWait else {
        throw .endpointUnavailable(
          endpoint: name, reason: "\(reason) after \(tried) \(tried == 1 ? "try" : "tries")",
          retryAfterSeconds: wish.map { Int($0.components.seconds) })
      }
      // 0.5, 1, 2, 4 s, each stretched by up to a half, so that workers do not come back in step.
      let step = 0.5 * Double(1 << (tried - 1)) * Double.random(in: 1...1.5)
      await pause(wish ?? .seconds(step))
      if Task.isCancelled { throw .cancelled }
    }
  }

  private struct Question: Encodable {
    let model: String
    let input: [String]
    let encoding_format = "float"
  }

  private struct Answer: Decodable {
    struct Row: Decodable {
      let index: Int
      let embedding: [Float]
    }
    struct Usage: Decodable { let total_tokens: Int? }
    let data: [Row]
    let usage: Usage?
  }

  private func encoded(_ texts: ArraySlice<String>) throws(EmbeddingError) -> [UInt8] {
    do {
      return [UInt8](try JSONEncoder().encode(Question(model: model, input: Array(texts))))
    } catch {
      throw .textRefused(index: texts.startIndex, reason: "it cannot be written as JSON")
    }
  }

  /// Takes an answer apart and believes none of it.
  private func read(
    _ body: [UInt8], count: Int, dimension: Int?
  ) throws(EmbeddingError) -> [[Float]] {
    let answer: Answer
    do {
      answer = try JSONDecoder().decode(Answer.self, from: Data(body))
    } catch {
      throw invalid("it is no JSON of the known shape")
    }
    guard answer.data.count == count else {
      throw invalid("it has \(answer.data.count) vectors for \(count) texts")
    }
    var vectors = [[Float]](repeating: [], count: count)
    for row in answer.data {
      guard vectors.indices.contains(row.index) else {
        throw invalid("a vector has the index \(row.index), of \(count) texts")
      }
      guard vectors[row.index].isEmpty else {
        throw invalid("two vectors have the index \(row.index)")
      }
      let expected = dimension ?? answer.data.first?.embedding.count ?? 0
      guard row.embedding.count == expected, expected > 0 else {
        throw refused(
          200, "its vectors have \(row.embedding.count) numbers where \(expected) are configured")
      }
      vectors[row.index] = try unit(row.embedding)
    }
    if let tokens = answer.usage?.total_tokens, tokens > 0 { usage(tokens) }
    return vectors
  }

  private func unit(_ vector: [Float]) throws(EmbeddingError) -> [Float] {
    let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    guard length.isFinite, length > 0 else {
      throw invalid("a vector is zero or not finite")
    }
    return vector.map { Float(Double($0) / length) }
  }

  /// What the endpoint says about a text it refuses, short and without our key.
  private func message(in body: [UInt8]) -> String {
    struct Refusal: Decodable {
      struct Detail: Decodable { let message: String }
      let error: Detail
    }
    guard let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(body)) else { return "" }
    let text = refusal.error.message
    if let key, !key.isEmpty, text.contains(key) { return "" }
    let line = text.unicodeScalars.prefix(200).map { $0.value < 0x20 ? " " : String($0) }.joined()
    return ": \(line)"
  }

  private func refused(_ status: Int, _ reason: String) -> EmbeddingError {
    .endpointRefused(endpoint: name, status: status, reason: reason)
  }

  private func invalid(_ reason: String) -> EmbeddingError {
    .endpointAnswerInvalid(endpoint: name, reason: reason)
  }
}
