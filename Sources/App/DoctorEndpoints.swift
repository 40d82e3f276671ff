// What the installation relies on elsewhere, asked as cheaply as it can be: no letter is sent, no token of a language model spent, nothing
// changed.

import Answering
import Embedding
import FoundationEssentials
import WebClient

extension Doctor {
  /// Seconds that each may take, all tries together.
  private static let patience = 10

  private static let limits = RequestLimits(
    connect: .seconds(5), total: .seconds(patience), minimumBytesPerSecond: 0, bodyBytes: 4 << 20,
    redirects: 0, urlBytes: 8_192)

  /// Asks as the server would, and waits for less.
  private static func transport() -> WebTransport {
    let curl = WebTransport.curl(.configured)
    @Sendable func shortened(_ request: WebRequest) -> WebRequest {
      var request = request
      request.limits = limits
      return request
    }
    return WebTransport(
      send: { request async throws(WebError) in try await curl.send(shortened(request)) },
      stream: { request async throws(WebError) in try await curl.stream(shortened(request)) })
  }

  /// Asks each endpoint that is set, all at once.
  func endpoints() async -> [DoctorFinding] {
    async let letters = mailServer()
    async let writer = languageModel()
    async let vectors = embeddingEndpoint()
    async let provider = signInProvider()
    async let payments = stripe()
    return await [letters, writer, vectors, provider, payments].compactMap { $0 }
  }

  private func mailServer() async -> DoctorFinding? {
    guard configuration.mail == "smtp", let url = configuration.smtpURL else { return nil }
    do {
      try await MailTransport.greet(
        url, requiresTLS: configuration.requiresMailTLS, seconds: Self.patience)
      return finding("mail server", .good, "greets us and lets us in")
    } catch {
      return finding(
        "mail server", .bad, "\(error)",
        "check address, port, user, password and BOBBIN_SMTP_TLS; letters wait meanwhile")
    }
  }

  private func languageModel() async -> DoctorFinding? {
    guard let base = configuration.modelBaseURL else {
      return finding("language model", .good, "none is set: answers are quotes of the documents")
    }
    let remote = RemoteLanguageModel(
      baseURL: base, apiKey: configuration.modelKey, model: configuration.modelName)
    var headers: WebHeaders = ["Accept": "application/json"]
    if let key = configuration.modelKey, !key.isEmpty {
      headers.append("Authorization", "Bearer \(key)")
    }
    let response: WebResponse
    do {
      response = try await Self.transport().send(
        WebRequest(url: remote.listAddress, headers: headers))
    } catch {
      return finding(
        "language model", .bad, "\(base) cannot be asked: \(error.reason)",
        "check OPENAI_BASE_URL; until then answers are quotes of the documents")
    }
    switch response.status {
    case 200:
      let name = configuration.modelName
      // A list may be cut by its endpoint, and some take names that they do not list.
      return String(decoding: response.body, as: UTF8.self).contains("\"\(name)\"")
        ? finding("language model", .good, "\(name) at \(base)")
        : finding(
          "language model", .notice, "\(base) answers, and does not list \(name)",
          "if answers are quotes only, correct BOBBIN_CHAT_MODEL")
    case 401, 403:
      return finding(
        "language model", .bad, "\(base) does not accept the key (\(response.status))",
        "correct OPENAI_API_KEY; until then answers are quotes of the documents")
    case 404, 405:
      return finding("language model", .good, "\(base) answers; it has no list of models")
    default:
      return finding(
        "language model", .bad, "\(base) answers \(response.status)",
        "see what it says itself; until it works answers are quotes of the documents")
    }
  }

  /// Does it, and gives up after a while: what tries again by itself would take a multiple of that.
  private static func patiently<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await Task.sleep(for: .seconds(patience))
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let value = first else { throw TooSlow() }
      return value
    }
  }

  private struct TooSlow: Error, CustomStringConvertible {
    var description: String { "it gives no answer within \(Doctor.patience) seconds" }
  }

  private func embeddingEndpoint() async -> DoctorFinding? {
    guard let base = configuration.embeddingBaseURL else { return nil }
    let configuration = configuration
    do {
      let embedder = try await Self.patiently {
        let embedder = try await RemoteEmbedder.make(
          base: base, key: configuration.modelKey, model: configuration.embeddingModel,
          dimension: configuration.embeddingDimension, transport: Self.transport())
        _ = try await embedder.embed(["doctor"])
        return embedder
      }
      return finding(
        "embedding endpoint", .good, "\(embedder.model.dimension) numbers a text, from \(base)")
    } catch {
      return finding(
        "embedding endpoint", .bad, "\(error)",
        "correct its address, key or model; until then nothing is trained and no question answered")
    }
  }

  private func signInProvider() async -> DoctorFinding? {
    guard let settings = configuration.openID else { return nil }
    do {
      _ = try await OpenIDProvider(settings, transport: Self.transport()).endpoints(now: 0)
      return finding("sign-in provider", .good, settings.issuer)
    } catch {
      return finding(
        "sign-in provider", .bad,
        "\(settings.issuer) does not publish where its endpoints and keys are, or not under that name",
        "correct BOBBIN_OIDC_ISSUER; people with a password can sign in meanwhile")
    }
  }

  private func stripe() async -> DoctorFinding? {
    guard let settings = configuration.stripe else { return nil }
    do {
      try await Self.patiently {
        try await StripeClient(settings: settings, transport: Self.transport()).check()
      }
      return finding("payments", .good, "Stripe accepts the key")
    } catch {
      return finding(
        "payments", .bad, "\(error)",
        "correct BOBBIN_STRIPE_KEY; nobody can change a plan meanwhile")
    }
  }
}
