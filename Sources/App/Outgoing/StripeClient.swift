// The few calls that are made to Stripe. Every call that changes something there carries an Idempotency-Key, so that it can be
// repeated when its answer was lost. Nothing that Stripe says in words goes any further: it may name people.

import Billing
import FoundationEssentials
import WebClient

/// Why Stripe gave no answer that can be used.
package enum StripeFailure: Error, Hashable, Sendable, CustomStringConvertible {
  case notConfigured
  /// No answer, or one that says to come again.
  case unreachable(why: String)
  /// It will not do that: `code` is its word for why.
  case refused(status: Int, code: String)
  /// There is no such object.
  case missing(id: String)
  case unreadable(why: String)

  package var description: String {
    switch self {
    case .notConfigured:
      "payments are not set up: BOBBIN_STRIPE_KEY is empty (pipelines/README.md, Settings)"
    case .unreachable(let why): "Stripe cannot be asked (\(why)); try again later"
    case .refused(let status, let code):
      "Stripe refuses with \(status) (\(code)); check BOBBIN_STRIPE_KEY and BOBBIN_STRIPE_PRICES"
    case .missing(let id): "Stripe knows no \(id); does BOBBIN_STRIPE_KEY belong to this account?"
    case .unreadable(let why): "Stripe's answer cannot be read: \(why)"
    }
  }

  /// As sysexits has it.
  package var exitCode: Int32 {
    switch self {
    case .refused: 78
    case .unreachable: 75
    case .notConfigured, .missing: 69
    case .unreadable: 76
    }
  }
}

/// Calls Stripe.
struct StripeClient: Sendable {
  /// The version whose shapes are read here; an account may be on another one.
  static let version = "2024-06-20"
  private static let tries = 3
  private static let limits = RequestLimits(
    connect: .seconds(4), total: .seconds(8), minimumBytesPerSecond: 0, bodyBytes: 4 << 20,
    redirects: 0, urlBytes: 8192)

  let settings: StripeSettings
  let transport: WebTransport
  /// Waits between two tries; tests do not.
  var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

  // MARK: Reading

  /// Whether the key is accepted: reads one price and looks at nothing of it.
  func check() async throws {
    _ = try await send("GET", "prices?limit=1", "prices")
  }

  /// A subscription as it is now.
  func subscription(_ id: String) async throws -> StripeSubscription {
    let bytes = try await send("GET", "subscriptions/\(id)", id)
    return try Self.readable { () throws(StripeShapeError) in try StripeSubscription(json: bytes) }
  }

  /// Subscriptions of all kinds, newest first, after one.
  func subscriptions(
    after last: String?
  ) async throws -> (items: [StripeSubscription], hasMore: Bool) {
    let cursor = last.map { "&starting_after=\($0)" } ?? ""
    let bytes = try await send("GET", "subscriptions?status=all&limit=100\(cursor)", "list")
    return try Self.readable { () throws(StripeShapeError) in
      try StripeSubscription.page(json: bytes)
    }
  }

  /// An event of the last thirty days.
  func event(_ id: String) async throws -> StripeEvent {
    let bytes = try await send("GET", "events/\(id)", id)
    return try Self.readable { () throws(StripeShapeError) in try StripeEvent(json: bytes) }
  }

  // MARK: Doing

  /// A page at Stripe where a plan is bought.
  ///
  /// - Parameter account: comes back with the event that tells of it, and stands in the subscription's metadata.
  /// - Parameter key: the same for a repeated request.
  /// - Returns: where the buyer goes.
  func checkout(
    price: String, account: String, customer: String?, email: String?, publicURL: String,
    key: String
  ) async throws -> String {
    var form = [
      ("mode", "subscription"), ("line_items[0][price]", price), ("line_items[0][quantity]", "1"),
      ("client_reference_id", account),
      ("subscription_data[metadata][\(StripeSubscription.accountKey)]", account),
      ("success_url", "\(publicURL)/billing/?checkout=done"),
      ("cancel_url", "\(publicURL)/billing/?checkout=left"),
    ]
    if let customer {
      form.append(("customer", customer))
    } else if let email {
      // Filled in for the buyer; nobody is ever found by it.
      form.append(("customer_email", email))
    }
    return try await page("checkout/sessions", form, key: key)
  }

  /// A page at Stripe where a customer changes its card, its plan, or ends it.
  func portal(customer: String, publicURL: String, key: String) async throws -> String {
    try await page(
      "billing_portal/sessions",
      [("customer", customer), ("return_url", "\(publicURL)/billing/")], key: key)
  }

  /// Ends a subscription at once; one that has ended stays so.
  func cancel(_ id: String) async throws {
    do {
      _ = try await send("DELETE", "subscriptions/\(id)", id, key: "cancel-\(id)")
    } catch StripeFailure.missing {
      // Ended before.
    }
  }

  private func page(
    _ path: String, _ form: [(String, String)], key: String
  ) async throws -> String {
    let bytes = try await send("POST", path, path, form, key: key)
    guard case .object(let members)? = try? StrictJSON.parse(bytes),
      let url = Input(members).text("url"), StringFormat.webURL.holds(url)
    else { throw StripeFailure.unreadable(why: "it names no page") }
    return url
  }

  private static func readable<Value>(
    _ read: () throws(StripeShapeError) -> Value
  ) throws(StripeFailure) -> Value {
    do {
      return try read()
    } catch { throw .unreadable(why: error.description) }
  }

  /// - Parameter what: what a 404 means to be missing.
  private func send(
    _ method: String, _ path: String, _ what: String, _ form: [(String, String)]? = nil,
    key: String? = nil
  ) async throws -> [UInt8] {
    var request = WebRequest(
      url: "\(settings.baseURL)/v1/\(path)", method: method,
      headers: [
        "Authorization": "Bearer \(settings.key)", "Accept": "application/json",
        "Stripe-Version": Self.version,
      ], limits: Self.limits)
    if let form {
      request.headers["Content-Type"] = "application/x-www-form-urlencoded"
      request.body = Array(
        form.map { "\(FormText.encode($0.0))=\(FormText.encode($0.1))" }.joined(separator: "&")
          .utf8)
    }
    request.headers["Idempotency-Key"] = key
    var failure = StripeFailure.unreachable(why: "no answer")
    for attempt in 0..<Self.tries {
      if attempt > 0 { try await pause(.milliseconds(250 << attempt)) }
      let response: WebResponse
      do {
        response = try await transport.send(request)
      } catch {
        failure = .unreachable(why: error.reason)
        guard error.isTransient, error != .cancelled else { throw failure }
        continue
      }
      if (200...299).contains(response.status) { return response.body }
      if response.status == 404 { throw StripeFailure.missing(id: what) }
      guard response.status == 409 || response.status == 429 || response.status >= 500 else {
        throw StripeFailure.refused(status: response.status, code: Self.code(response.body))
      }
      failure = .unreachable(why: "it answers \(response.status)")
    }
    throw failure
  }

  /// The word by which Stripe names a refusal.
  private static func code(_ body: [UInt8]) -> String {
    guard case .object(let members)? = try? StrictJSON.parse(body),
      let error = Input(members).object("error")
    else { return "no reason given" }
    let code = error.text("code") ?? error.text("type") ?? ""
    return StringFormat.token.holds(code) && code.utf8.count <= 64 ? code : "no reason given"
  }
}
