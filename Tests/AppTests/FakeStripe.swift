// Stripe as a value: what it would answer, what it was asked, and events signed as it signs them.

import Billing
import Foundation
import Synchronization
import WebClient

@testable import App

/// A scripted Stripe.
final class FakeStripe: Sendable {
  static let secret = "whsec_test"
  static let environment = [
    "BOBBIN_STRIPE_KEY": "sk_test_1", "BOBBIN_STRIPE_WEBHOOK_SECRETS": "whsec_old,\(secret)",
    "BOBBIN_STRIPE_PRICES": "price_pro=pro,price_pro_year=pro,price_big=enterprise",
  ]

  /// A subscription as it stands there.
  struct Subscription: Sendable {
    var id: String
    var customer: String
    var status = "active"
    var price = "price_pro"
    /// Seconds since 1970 UTC.
    var start = 1_795_000_000
    var end = 1_797_592_000
    var ends = false
    var account: String?
    var livemode = false

    var json: String {
      let metadata = account.map { #"{"bobbin_account":"\#($0)"}"# } ?? "{}"
      return
        #"{"id":"\#(id)","object":"subscription","customer":"\#(customer)","status":"\#(status)","livemode":\#(livemode),"cancel_at_period_end":\#(ends),"cancel_at":null,"current_period_start":\#(start),"current_period_end":\#(end),"items":{"data":[{"price":{"id":"\#(price)"},"quantity":1}]},"metadata":\#(metadata)}"#
    }
  }

  private struct State {
    var subscriptions: [String: Subscription] = [:]
    var events: [String: String] = [:]
    var requests: [WebRequest] = []
    /// What the next requests get instead of an answer.
    var trouble: [Trouble] = []
  }

  /// What can go wrong.
  enum Trouble: Sendable {
    case status(Int)
    case lost
    /// It was done, and the answer was lost.
    case lostAfter
  }

  private let state = Mutex(State())

  var requests: [WebRequest] { state.withLock { $0.requests } }
  func set(_ subscription: Subscription) {
    state.withLock { $0.subscriptions[subscription.id] = subscription }
  }
  func change(_ id: String, _ edit: (inout Subscription) -> Void) {
    state.withLock { state in
      guard var subscription = state.subscriptions[id] else { return }
      edit(&subscription)
      state.subscriptions[id] = subscription
    }
  }
  func subscription(_ id: String) -> Subscription? { state.withLock { $0.subscriptions[id] } }
  func remove(_ id: String) { state.withLock { $0.subscriptions[id] = nil } }
  func keep(_ id: String, _ event: String) { state.withLock { $0.events[id] = event } }
  func fail(_ trouble: Trouble...) { state.withLock { $0.trouble += trouble } }
  func forgetRequests() { state.withLock { $0.requests = [] } }

  var transport: WebTransport {
    WebTransport(
      send: { [self] request async throws(WebError) -> WebResponse in
        // Somebody else goes on meanwhile.
        await Task.yield()
        return try answer(request)
      },
      stream: { _ async throws(WebError) -> WebStream in throw .cancelled })
  }

  private func answer(_ request: WebRequest) throws(WebError) -> WebResponse {
    let (trouble, answer) = state.withLock { state in
      state.requests.append(request)
      let trouble = state.trouble.isEmpty ? nil : state.trouble.removeFirst()
      switch trouble {
      case .status, .lost: return (trouble, WebResponse(status: 500))
      case .lostAfter, nil: return (trouble, Self.answer(request, &state))
      }
    }
    switch trouble {
    case .status(let status):
      return WebResponse(
        status: status, body: Array(#"{"error":{"type":"api_error","message":"secret"}}"#.utf8))
    case .lost, .lostAfter: throw .connection(host: "api.stripe.com", why: "was cut")
    case nil: return answer
    }
  }

  private static func answer(_ request: WebRequest, _ state: inout State) -> WebResponse {
    func json(_ text: String, _ status: Int = 200) -> WebResponse {
      WebResponse(status: status, body: Array(text.utf8))
    }
    guard request.headers["Authorization"] == "Bearer sk_test_1" else {
      return json(#"{"error":{"code":"api_key_invalid"}}"#, 401)
    }
    let path = request.url.replacingOccurrences(of: "https://api.stripe.com/v1/", with: "")
    let parts = path.split(separator: "?").first.map { $0.split(separator: "/") } ?? []
    let missing = json(#"{"error":{"code":"resource_missing"}}"#, 404)
    switch (request.method, parts.first, parts.count) {
    case ("GET", "subscriptions", 1):
      let all = state.subscriptions.values.sorted { $0.id > $1.id }
      let after = path.components(separatedBy: "starting_after=").dropFirst().first
      let rest = all.drop { subscription in after.map { subscription.id >= $0 } ?? false }
      let page = rest.prefix(100)
      return json(
        #"{"object":"list","has_more":\#(rest.count > 100),"data":[\#(page.map(\.json).joined(separator: ","))]}"#
      )
    case ("GET", "subscriptions", 2):
      return state.subscriptions[String(parts[1])].map { json($0.json) } ?? missing
    case ("DELETE", "subscriptions", 2):
      guard var subscription = state.subscriptions[String(parts[1])] else { return missing }
      subscription.status = "canceled"
      state.subscriptions[subscription.id] = subscription
      return json(subscription.json)
    case ("GET", "events", 2): return state.events[String(parts[1])].map { json($0) } ?? missing
    case ("POST", "checkout", 2):
      return json(#"{"id":"cs_1","url":"https://checkout.stripe.com/c/cs_1"}"#)
    case ("POST", "billing_portal", 2):
      return json(#"{"id":"bps_1","url":"https://billing.stripe.com/p/1"}"#)
    default: return missing
    }
  }

  /// An event as Stripe would send it.
  static func event(
    _ id: String, _ type: String, _ subscription: Subscription, account: String? = nil,
    livemode: Bool = false
  ) -> String {
    let object =
      if type.hasPrefix("checkout.") {
        #"{"id":"cs_1","object":"checkout.session","customer":"\#(subscription.customer)","subscription":"\#(subscription.id)","client_reference_id":\#(account.map { "\"\($0)\"" } ?? "null"),"customer_details":{"email":"buyer@example.com"}}"#
      } else if type.hasPrefix("invoice.") {
        #"{"id":"in_1","object":"invoice","customer":"\#(subscription.customer)","subscription":"\#(subscription.id)"}"#
      } else {
        subscription.json
      }
    return
      #"{"id":"\#(id)","object":"event","type":"\#(type)","created":1795743762,"livemode":\#(livemode),"data":{"object":\#(object)}}"#
  }
}

extension TestAPI {
  /// Delivers an event as Stripe does.
  func deliver(_ event: String, secret: String = FakeStripe.secret) async throws -> Reply {
    let body = Array(event.utf8)
    return try await send(
      "POST", "/api/webhooks/stripe/", body: body,
      headers: [
        "Stripe-Signature": StripeSignature.header(
          for: body, secret: secret, time: clock() / 1000),
        "Content-Type": "application/json; charset=utf-8",
      ])
  }
}
