import Billing
import Foundation
import Testing

/// What is read out of Stripe's objects, and what a subscription gives.
@Suite struct StripeShapeTests {
  static func event(_ type: String, _ object: String, livemode: Bool = false) throws -> StripeEvent
  {
    try StripeEvent(
      json: Array(
        #"{"id":"evt_1","object":"event","type":"\#(type)","created":1795743762,"livemode":\#(livemode),"api_version":"x","data":{"object":\#(object)}}"#
          .utf8))
  }

  static func subscription(
    status: String = "active", price: String = "price_pro", more: String = ""
  ) throws -> StripeSubscription {
    try StripeSubscription(
      json: Array(
        #"{"id":"sub_1","object":"subscription","customer":"cus_1","status":"\#(status)","livemode":false,"cancel_at_period_end":false,"current_period_start":1795743762,"current_period_end":1798335762,"items":{"data":[{"price":{"id":"\#(price)"},"quantity":2}]}\#(more)}"#
          .utf8))
  }

  @Test func `an event names its subscription, wherever it stands`() throws {
    typealias Concern = StripeEvent.Concern
    let plain = Concern(subscription: "sub_1", customer: "cus_1", account: nil)
    for (type, object, concern) in [
      ("customer.subscription.created", #"{"id":"sub_1","customer":"cus_1"}"#, plain),
      (
        "customer.subscription.deleted", #"{"id":"sub_1","customer":{"id":"cus_1","email":"x"}}"#,
        plain
      ),
      ("invoice.paid", #"{"id":"in_1","customer":"cus_1","subscription":"sub_1"}"#, plain),
      ("invoice.paid", #"{"id":"in_1","customer":"cus_1","subscription":{"id":"sub_1"}}"#, plain),
      (
        "invoice.payment_failed",
        #"{"id":"in_1","customer":"cus_1","parent":{"subscription_details":{"subscription":"sub_1"}}}"#,
        plain
      ),
      (
        "checkout.session.completed",
        #"{"id":"cs_1","customer":"cus_1","subscription":"sub_1","client_reference_id":"abc"}"#,
        Concern(subscription: "sub_1", customer: "cus_1", account: "abc")
      ),
      // An account is believed of a checkout alone.
      (
        "invoice.paid",
        #"{"customer":"cus_1","subscription":"sub_1","client_reference_id":"abc"}"#, plain
      ),
    ] {
      #expect(try Self.event(type, object).concern == concern, "\(type) \(object)")
    }
  }

  @Test func `what concerns no subscription is no trouble, whatever its shape`() throws {
    for (type, object) in [
      ("invoice.paid", #"{"id":"in_1","customer":"cus_1","subscription":null}"#),
      ("checkout.session.completed", #"{"id":"cs_1","customer":null,"subscription":null}"#),
      ("customer.created", #"{"id":"cus_1","subscription":7}"#), ("payout.paid", "[]"),
      ("something.of.2031", #"{"id":{"of":"another kind"}}"#), ("customer.subscription", "{}"),
    ] {
      #expect(try Self.event(type, object).concern == nil, "\(type)")
    }
  }

  @Test func `what is no event is refused`() {
    for text in [
      "", "null", "[]", "{}", #"{"id":"evt_1"}"#,
      #"{"id":"evt_1","object":"charge","type":"x","created":1,"livemode":false}"#,
      #"{"id":"evt 1","object":"event","type":"x","created":1,"livemode":false}"#,
      #"{"id":"evt_1/../x","object":"event","type":"x","created":1,"livemode":false}"#,
      #"{"id":"evt_1","object":"event","type":"x","created":"1","livemode":false}"#,
      #"{"id":"evt_1","object":"event","type":"x","created":1,"livemode":0}"#,
      #"{"id":"evt_1","object":"event","type":"x","created":1,"livemode":null}"#,
      String(repeating: "[", count: 100_000),
    ] {
      #expect(throws: StripeShapeError.self, "\(text.prefix(80))") {
        try StripeEvent(json: Array(text.utf8))
      }
    }
    for object in [
      #"{"id":"sub/1","customer":"cus_1"}"#, #"{"id":"sub_1","customer":"a b"}"#,
      #"{"id":"sub_1","customer":7}"#, "[]",
    ] {
      #expect(throws: StripeShapeError.self, "\(object)") {
        try Self.event("customer.subscription.updated", object)
      }
    }
  }

  @Test func `what is kept of an event is enough to do it again`() throws {
    let event = try Self.event(
      "checkout.session.completed",
      #"{"id":"cs_1","customer":"cus_1","subscription":"sub_1","client_reference_id":"abc","customer_details":{"email":"ada@example.com"}}"#
    )
    let kept = try JSONEncoder().encode(event)
    #expect(!String(decoding: kept, as: UTF8.self).contains("ada"))
    #expect(try JSONDecoder().decode(StripeEvent.self, from: kept) == event)
  }

  @Test func `a subscription is read in its old shape and in its new one`() throws {
    let old = try Self.subscription(more: #","metadata":{"bobbin_account":"abc"}"#)
    #expect(old.periodStart == 1_795_743_762_000 && old.periodEnd == 1_798_335_762_000)
    #expect(old.items == [.init(price: "price_pro", quantity: 2)] && old.account == "abc")
    let new = try StripeSubscription(
      json: Array(
        #"{"id":"sub_1","object":"subscription","customer":{"id":"cus_1"},"status":"active","livemode":true,"cancel_at_period_end":false,"cancel_at":1798335762,"items":{"data":[{"plan":{"id":"plan_x"},"current_period_start":1795743762,"current_period_end":1798335762}]},"metadata":null}"#
          .utf8))
    #expect(new.periodEnd == old.periodEnd && new.endsByItself && new.livemode)
    #expect(new.items == [.init(price: "plan_x", quantity: 1)] && new.account == nil)
    for text in [
      #"{"id":"sub_1","object":"subscription"}"#,
      #"{"id":"sub_1","object":"subscription","customer":"cus_1","status":"active","livemode":false,"cancel_at_period_end":false,"items":{"data":[]}}"#,
      #"{"id":"sub_1","object":"subscription","customer":"cus_1","status":"active","livemode":false,"cancel_at_period_end":false,"current_period_start":9,"current_period_end":9,"items":{"data":[]}}"#,
      #"{"id":"sub_1","object":"subscription","customer":"cus_1","status":"active","livemode":false,"cancel_at_period_end":false,"current_period_start":9,"current_period_end":9223372036854775807,"items":{"data":[]}}"#,
      #"{"id":"sub_1","object":"customer","customer":"cus_1","status":"active","livemode":false,"cancel_at_period_end":false,"current_period_start":8,"current_period_end":9,"items":{"data":[]}}"#,
    ] {
      #expect(throws: StripeShapeError.self) { try StripeSubscription(json: Array(text.utf8)) }
    }
  }

  @Test(arguments: [
    ("active", PlanTier.pro, false), ("trialing", .pro, false), ("past_due", .pro, true),
    ("unpaid", .free, false), ("canceled", .free, false), ("paused", .free, false),
    ("incomplete", .free, false), ("incomplete_expired", .free, false),
    ("a_status_of_2031", .free, false), ("", .free, false), ("ACTIVE", .free, false),
  ])
  func `each status gives what the table says`(
    status: String, tier: PlanTier, isGrace: Bool
  ) throws {
    let subscription = try Self.subscription(status: status)
    let entitlement = Entitlement(subscription, prices: ["price_pro": .pro])
    #expect(entitlement.tier == tier && entitlement.isGrace == isGrace)
    #expect(subscription.status.text == status)
    #expect(subscription.status.isOver == ["canceled", "incomplete_expired"].contains(status))
  }

  @Test func `a price that is in no plan gives nothing`() throws {
    for status in ["active", "trialing", "past_due"] {
      let entitlement = Entitlement(
        try Self.subscription(status: status, price: "price_other"), prices: ["price_pro": .pro])
      #expect(entitlement.tier == .free && entitlement.hasUnknownPrice)
    }
    #expect(PlanTier.allCases.sorted() == PlanTier.allCases)
  }
}
