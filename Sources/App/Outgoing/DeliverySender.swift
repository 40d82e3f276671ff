// Sends what the outbox holds to chatbots' CRMs, apart from every request: claims a few messages of each chatbot, tries them at
// once, notes what came of it. An endpoint that fails in a row is left alone for a while; its messages hold no other's back.

import Answering
import Corpus
import FoundationEssentials
import Logging
import ServiceLifecycle
import Spool
package import Storage
import WebClient

/// The sender.
package struct DeliverySender: Sendable {
  /// Messages of one endpoint on their way at once.
  static let endpointSlots = 2
  /// Messages of all endpoints on their way at once.
  static let slots = 256
  /// How long a claim keeps others away, in ms; longer than a try may take.
  static let lease = 60_000
  /// What a try may take.
  ///
  /// Of the answer nothing but its head is read, so a body of any announced length is as good as none.
  static let limits = RequestLimits(
    total: .seconds(20), firstByte: .seconds(15), bodyBytes: 1 << 40, headerBytes: 16 << 10,
    redirects: 0)

  let database: AppDatabase
  let secrets: WebhookSecrets
  let policy: AddressPolicy
  var transport: WebTransport
  var breaker = CircuitBreaker.Policy(failures: 3, coolDown: .seconds(60))
  /// How often the outbox is looked into when nothing else happens.
  var pause = Duration.seconds(1)
  var clock: @Sendable () -> Int = { WallClock.now() }
  var jitter: @Sendable () -> Double = { Double.random(in: 0...1) }
  /// Told of an endpoint that gets no more: its owner has to know.
  var disabled: @Sendable (ChatbotID) async -> Void

  /// - Parameter mail: by which an owner is told; it sends by itself only in a server.
  init(database: AppDatabase, secrets: SecretKeys, policy: AddressPolicy, mail: MailService) {
    self.database = database
    self.secrets = WebhookSecrets(derivation: secrets.derivation)
    self.policy = policy
    transport = .curl(.ownerGiven(policy))
    disabled = { chatbot in mail.enqueue(.crm(chatbot: chatbot)) }
  }

  /// A sender outside of a server, which writes its own letters.
  ///
  /// - Throws: `SecretKeysError`, or `SpoolError.system` for a fault of the disk.
  package static func standalone(
    _ configuration: Configuration, _ database: AppDatabase
  ) throws -> DeliverySender {
    let secrets = try SecretKeys.load(data: configuration.data, text: configuration.secretKeys)
    let mail = MailService(
      database: database, data: configuration.data, way: configuration.mailWay,
      from: configuration.mailFrom, publicURL: configuration.publicURL,
      logger: Logger(label: "bobbin"))
    var sender = DeliverySender(
      database: database, secrets: secrets, policy: configuration.addressPolicy, mail: mail)
    sender.disabled = { chatbot in if mail.isOn { await mail.carryOut(.crm(chatbot: chatbot)) } }
    return sender
  }

  /// What a drain did.
  package struct Summary: Encodable, Sendable {
    package var sent = 0
    package var failed = 0
    package var dead = 0
  }

  /// What is known of an endpoint while this sender runs.
  private struct Endpoint {
    var flying = 0
    var breaker: CircuitBreaker
  }

  private struct Done: Sendable {
    let chatbot: ChatbotID
    let pass: CircuitBreaker.Pass
    /// Nil when the try was broken off.
    let result: DeliveryTry?
  }

  // MARK: All that is due

  /// Sends what is due now.
  package func drain() async throws -> Summary { try await loop(isOnce: true) }

  /// Sends what becomes due, until it is cancelled.
  ///
  /// - Parameter report: told of trouble with the database; it is tried again.
  package func run(report: @Sendable (any Error) -> Void) async {
    while !Task.isCancelled {
      do {
        _ = try await loop(isOnce: false)
      } catch {
        report(error)
        try? await Task.sleep(for: pause)
      }
    }
  }

  private func loop(isOnce: Bool) async throws -> Summary {
    var summary = Summary()
    var endpoints: [ChatbotID: Endpoint] = [:]
    try await withThrowingTaskGroup(of: Done?.self) { group in
      var flying = 0
      var isTicking = false
      /// Claims what one chatbot may have on its way.
      func start(_ chatbot: ChatbotID) async throws {
        var endpoint =
          endpoints[chatbot] ?? Endpoint(breaker: CircuitBreaker(breaker))
        defer { endpoints[chatbot] = endpoint }
        var passes: [CircuitBreaker.Pass] = []
        while passes.count < min(Self.endpointSlots - endpoint.flying, Self.slots - flying),
          case .pass(let pass) = endpoint.breaker.admit(at: .now)
        {
          passes.append(pass)
          if pass.isProbe { break }
        }
        guard !passes.isEmpty else { return }
        let now = clock()
        let claimed = try await database.claimDeliveries(
          of: chatbot, limit: passes.count, now: now, until: now + Self.lease)
        for (index, pass) in passes.enumerated() {
          guard let claimed, index < claimed.deliveries.count else {
            endpoint.breaker.settle(pass, .unknown, at: .now)
            continue
          }
          let (delivery, target) = (claimed.deliveries[index], claimed.endpoint)
          endpoint.flying += 1
          flying += 1
          group.addTask { try await carryOut(delivery, to: target, pass) }
        }
      }
      func startAll() async throws {
        for chatbot in try await database.chatbotsWithDueDeliveries(now: clock()) {
          try await start(chatbot)
        }
      }
      while !Task.isCancelled {
        if flying == 0 || !isTicking { try await startAll() }
        if flying == 0, isOnce { break }
        if !isTicking {
          isTicking = true
          group.addTask {
            try? await Task.sleep(for: pause)
            return nil
          }
        }
        guard let event = try await group.next() else { break }
        guard let done = event else {
          isTicking = false
          continue
        }
        flying -= 1
        endpoints[done.chatbot]?.flying -= 1
        endpoints[done.chatbot]?.breaker.settle(done.pass, Self.health(done.result), at: .now)
        switch done.result?.outcome {
        case nil: break
        case .sent: summary.sent += 1
        case .later: summary.failed += 1
        case .dead, .gone: summary.dead += 1
        }
        try await start(done.chatbot)
        if endpoints[done.chatbot]?.flying == 0, endpoints[done.chatbot]?.breaker.isClosed == true {
          endpoints[done.chatbot] = nil
        }
      }
      group.cancelAll()
    }
    return summary
  }

  /// What a try says of its endpoint: one that answers lives; what it does not take may be this message alone.
  private static func health(_ result: DeliveryTry?) -> CircuitBreaker.Outcome {
    guard let result else { return .unknown }
    guard let status = result.status, status < 500, status != 429 else { return .failed(rest: nil) }
    return .worked
  }

  /// One try of one message, and its note.
  private func carryOut(
    _ delivery: Delivery, to endpoint: CRMEndpoint, _ pass: CircuitBreaker.Pass
  ) async throws -> Done {
    let body = Array(delivery.payload.utf8)
    let headers = signed(delivery.id, body, endpoint)
    let result = await attempt(headers, body, to: endpoint.url, tries: delivery.tries)
    guard let result else {
      try await database.release(delivery.id, now: clock())
      return Done(chatbot: delivery.chatbot, pass: pass, result: nil)
    }
    if try await database.settle(delivery, result, now: clock()) {
      await disabled(delivery.chatbot)
    }
    return Done(chatbot: delivery.chatbot, pass: pass, result: result)
  }

  // MARK: One message

  /// The headers of a message; its time is that of the try.
  func signed(_ id: String, _ body: [UInt8], _ endpoint: CRMEndpoint) -> WebHeaders {
    let now = clock()
    let keys = secrets.keys(
      .out, of: endpoint.chatbot, version: endpoint.secretVersion, rotatedAt: endpoint.rotatedAt,
      now: now)
    var headers: WebHeaders = ["Content-Type": "application/json"]
    for (name, value) in StandardWebhook.headers(
      id: id, seconds: now / 1000, body: body, keys: keys)
    {
      headers.append(name, value)
    }
    return headers
  }

  /// Sends a message once.
  ///
  /// - Parameter tries: that failed before.
  /// - Returns: nil when this task was cancelled.
  func attempt(
    _ headers: WebHeaders, _ body: [UInt8], to url: String, tries: Int
  ) async -> DeliveryTry? {
    let started = ContinuousClock.now
    func result(_ status: Int?, retryAfter: Int? = nil, _ error: String?) -> DeliveryTry {
      let outcome = DeliverySchedule.outcome(
        status: status, retryAfter: retryAfter, tries: tries, jitter: jitter(), now: clock())
      let taken = started.duration(to: .now) / Duration.milliseconds(1)
      return DeliveryTry(
        outcome: outcome, status: status, error: error, milliseconds: Int(taken))
    }
    do throws(WebError) {
      // Asked at each try: what an owner may reach is what the operator allows now.
      guard Self.mayReach(url, policy) else {
        throw .badURL(why: "does not begin with https://")
      }
      let stream = try await transport.stream(
        WebRequest(url: url, method: "POST", headers: headers, body: body, limits: Self.limits))
      let rest = stream.headers.retryAfter().map { Int($0.components.seconds) }
      return result(stream.status, retryAfter: rest, Self.complaint(stream.status))
    } catch {
      if error == .cancelled { return nil }
      return result(nil, "\(error)")
    }
  }

  /// Whether a URL is one that messages may be sent to: https, or what the operator has named.
  static func mayReach(_ text: String, _ policy: AddressPolicy) -> Bool {
    guard let url = try? WebURL(parsing: text) else { return false }
    if policy.isException(host: url.host, port: url.port) { return true }
    return url.scheme == "https" && (url.literalAddress.map { policy.permits($0) } ?? true)
  }

  /// What is wrong with a status, as a sentence; nil when nothing is.
  private static func complaint(_ status: Int) -> String? {
    switch status {
    case 200..<300: nil
    case 300..<400:
      "It answered \(status), a redirect, which is not followed: give its own address."
    case 410: "It answered 410: it wants no messages any more."
    case 429: "It answered 429: too many messages for it."
    default: "It answered \(status)."
    }
  }
}

/// The sender as a part of the server.
struct DeliveryService: Service {
  let sender: DeliverySender
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      await sender.run { logger.error("deliveries", metadata: ["error": "\($0)"]) }
    }
  }
}
