import Billing
import Foundation
import Spool
import Storage
import Synchronization
import Testing
import WebClient

@testable import App

/// From what Stripe tells to what an account may do.
@Suite struct PaymentTests {
  let stripe = FakeStripe()
  let api: TestAPI

  init() throws {
    api = try TestAPI(FakeStripe.environment, stripe: stripe.transport)
  }

  func plan(_ person: TestAPI.Person) async throws -> TestAPI.Reply {
    try await api.send("GET", "/api/billing/plan/", token: person.token)
  }

  /// Somebody who has bought.
  func buyer(
    _ name: String = "ada", _ edit: (inout FakeStripe.Subscription) -> Void = { _ in }
  ) async throws -> (TestAPI.Person, FakeStripe.Subscription) {
    let person = try await api.signUp(name)
    var subscription = FakeStripe.Subscription(id: "sub_\(name)", customer: "cus_\(name)")
    edit(&subscription)
    stripe.set(subscription)
    let reply = try await api.deliver(
      FakeStripe.event(
        "evt_buy_\(name)", "checkout.session.completed", subscription, account: person.id))
    #expect(reply.status == 200, "\(reply.text)")
    return (person, subscription)
  }

  @Test func `a bought plan begins with its period, and ends when it is over`() async throws {
    let (ada, subscription) = try await buyer()
    let bought = try await plan(ada)
    #expect(bought.text("tier") == "pro" && bought.text("status") == "active")
    #expect(bought.text("period_start") == APITime.text(subscription.start * 1000))
    #expect(bought.text("period_end") == APITime.text(subscription.end * 1000))
    #expect(bought["can_buy"] == .bool(false) && bought["can_manage"] == .bool(true))
    let me = try await api.send("GET", "/api/auth/me", token: ada.token)
    #expect(me.text("plan_tier") == "pro" && me["message_quota"] == .integer(1000))
    #expect(me.text("period_end") == bought.text("period_end"))
    let usage = try await api.send("GET", "/api/usage/", token: ada.token)
    #expect(usage.text("period_start") == bought.text("period_start"))

    stripe.change(subscription.id) { $0.ends = true }
    _ = try await api.deliver(
      FakeStripe.event("evt_2", "customer.subscription.updated", subscription))
    #expect(try await plan(ada)["cancel_at_period_end"] == .bool(true))
    stripe.change(subscription.id) { $0.status = "canceled" }
    let reply = try await api.deliver(
      FakeStripe.event("evt_3", "customer.subscription.deleted", subscription))
    #expect(reply.text("outcome") == "applied")
    let ended = try await plan(ada)
    #expect(ended.text("tier") == "free" && ended.text("status") == "active")
    #expect(ended["can_buy"] == .bool(true) && ended["can_manage"] == .bool(true))
    #expect(
      ended.text("period_end")
        == APITime.text(UsagePeriod(containing: api.clock()).end))
    // Each change of the plan stands in the audit log, and the log holds.
    let log = try await api.database.auditLog(PageRequest(limit: 100))
    #expect(log.map(\.actor) == ["stripe", "stripe"])
    #expect(
      try await api.database.brokenAuditEntry { SHA256Digest(of: $0).bytes } == nil)
  }

  @Test(arguments: [
    ("active", "pro", true), ("trialing", "pro", true), ("past_due", "pro", true),
    ("unpaid", "free", true), ("paused", "free", true), ("canceled", "free", false),
    ("incomplete", "free", true), ("incomplete_expired", "free", false),
    ("a_word_of_2031", "free", true),
  ])
  func `each status has its plan, from nothing and from a plan that was paid`(
    status: String, tier: String, isShown: Bool
  ) async throws {
    let (bob, _) = try await buyer("bob") { $0.status = status }
    let fresh = try await plan(bob)
    #expect(fresh.text("tier") == tier)
    #expect(fresh.text("status") == (isShown ? status : "active"))
    #expect((fresh["grace_until"] != .null) == (status == "past_due"))
    let (ada, subscription) = try await buyer()
    stripe.change(subscription.id) { $0.status = status }
    _ = try await api.deliver(
      FakeStripe.event("evt_2", "customer.subscription.updated", subscription))
    #expect(try await plan(ada).text("tier") == tier)
  }

  @Test func `an unpaid plan is kept for seven days`() async throws {
    let (ada, subscription) = try await buyer()
    stripe.change(subscription.id) { $0.status = "past_due" }
    _ = try await api.deliver(FakeStripe.event("evt_2", "invoice.payment_failed", subscription))
    let now = api.clock()
    let day = 86_400_000
    #expect(
      try await api.database.endGrace(ladder: Payments.ladder, now: now + 7 * day - 60_000) == [])
    #expect(try await plan(ada).text("tier") == "pro")
    #expect(
      try await api.database.endGrace(ladder: Payments.ladder, now: now + 7 * day) == [ada.id])
    let ended = try await plan(ada)
    #expect(ended.text("tier") == "free" && ended.text("status") == "past_due")
    #expect(try await api.database.endGrace(ladder: Payments.ladder, now: now + 8 * day) == [])
    // Another failure begins no other week; a payment brings everything back.
    _ = try await api.deliver(FakeStripe.event("evt_3", "invoice.payment_failed", subscription))
    #expect(try await plan(ada).text("grace_until") == ended.text("grace_until"))
    stripe.change(subscription.id) { $0.status = "active" }
    _ = try await api.deliver(FakeStripe.event("evt_4", "invoice.paid", subscription))
    let paid = try await plan(ada)
    #expect(paid.text("tier") == "pro" && paid["grace_until"] == .null)
  }

  @Test func `a price that is in no plan never upgrades`() async throws {
    let (ada, subscription) = try await buyer { $0.price = "price_of_another_shop" }
    #expect(try await plan(ada).text("tier") == "free")
    // It was journaled as what somebody has to look at.
    let kept = try await api.database.stripeEvents(
      outcomes: ["unknown-price", "unlinked"], limit: 9)
    #expect(kept.count == 1 && kept.allSatisfy { !$0.contains("buyer@example.com") })
    stripe.change(subscription.id) { $0.price = "price_big" }
    let reply = try await api.deliver(
      FakeStripe.event("evt_2", "customer.subscription.updated", subscription))
    #expect(reply.text("outcome") == "applied")
    #expect(try await plan(ada).text("tier") == "enterprise")
  }

  @Test func `what belongs to the other mode has no effect`() async throws {
    let ada = try await api.signUp("ada")
    var subscription = FakeStripe.Subscription(id: "sub_1", customer: "cus_1")
    stripe.set(subscription)
    let live = FakeStripe.event(
      "evt_1", "checkout.session.completed", subscription, account: ada.id, livemode: true)
    #expect(try await api.deliver(live).text("outcome") == "wrong-mode")
    #expect(stripe.requests.isEmpty)
    subscription.livemode = true
    stripe.set(subscription)
    let test = FakeStripe.event(
      "evt_2", "checkout.session.completed", subscription, account: ada.id)
    #expect(try await api.deliver(test).text("outcome") == "wrong-mode")
    #expect(try await plan(ada).text("tier") == "free")
  }

  @Test func `a delivery that is not Stripe's is refused, and nothing is kept of it`() async throws
  {
    let ada = try await api.signUp("ada")
    let subscription = FakeStripe.Subscription(id: "sub_1", customer: "cus_1")
    stripe.set(subscription)
    let event = FakeStripe.event(
      "evt_1", "checkout.session.completed", subscription, account: ada.id)
    let foreign = try await api.deliver(event, secret: "whsec_other")
    #expect(foreign.status == 400 && foreign.code == "malformed")
    // The operation is in the log; a forger is told nothing of why.
    let unsigned = try await api.send("POST", "/api/webhooks/stripe/", json: event)
    #expect(unsigned.status == 400 && unsigned.text("detail") == foreign.text("detail"))
    let old = StripeSignature.header(
      for: Array(event.utf8), secret: FakeStripe.secret, time: api.clock() / 1000 - 301)
    #expect(
      try await api.send(
        "POST", "/api/webhooks/stripe/", json: event, headers: ["Stripe-Signature": old]
      ).status == 400)
    #expect(try await api.deliver("no JSON").status == 400)
    #expect(stripe.requests.isEmpty)
    #expect(try await api.database.hasStripeEvent("evt_1") == false)
    // Both secrets are good while one replaces the other; a type nobody knows is no trouble.
    #expect(try await api.deliver(event, secret: "whsec_old").status == 200)
    let unknown = try await api.deliver(
      FakeStripe.event("evt_3", "something.of.2031", subscription))
    #expect(unknown.status == 200 && unknown.text("outcome") == "ignored")
    #expect(
      try await api.send(
        "POST", "/api/webhooks/stripe/", body: [UInt8](repeating: 32, count: (1 << 20) + 1)
      ).status == 413)
  }

  @Test func `fifty copies at once have one effect`() async throws {
    let ada = try await api.signUp("ada")
    let subscription = FakeStripe.Subscription(id: "sub_1", customer: "cus_1")
    stripe.set(subscription)
    let event = FakeStripe.event(
      "evt_1", "checkout.session.completed", subscription, account: ada.id)
    let outcomes = try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for _ in 0..<50 {
        group.addTask { [api] in
          let reply = try await api.deliver(event)
          return (reply.status, reply.text("outcome"))
        }
      }
      return try await group.reduce(into: [String: Int]()) { counts, reply in
        #expect(reply.0 == 200)
        counts[reply.1, default: 0] += 1
      }
    }
    #expect(outcomes == ["applied": 1, "repeated": 49])
    #expect(stripe.requests.count == 1)
    #expect(try await api.database.auditLog(PageRequest(limit: 100)).count == 1)
    #expect(try await plan(ada).text("tier") == "pro")
  }

  @Test func `a delivery is answered once its effect is stored, and else comes again`() async throws
  {
    let ada = try await api.signUp("ada")
    let subscription = FakeStripe.Subscription(id: "sub_1", customer: "cus_1")
    stripe.set(subscription)
    let event = FakeStripe.event(
      "evt_1", "checkout.session.completed", subscription, account: ada.id)
    stripe.fail(.status(500), .lost, .status(429))
    let refused = try await api.deliver(event)
    #expect(refused.status == 503 && refused.header("Retry-After") != nil)
    #expect(!refused.text.contains("secret") && !refused.text.contains("stripe"))
    #expect(try await plan(ada).text("tier") == "free")
    #expect(try await api.database.hasStripeEvent("evt_1") == false)
    // A short trouble is overcome at once.
    stripe.fail(.lost)
    #expect(try await api.deliver(event).text("outcome") == "applied")
    #expect(try await plan(ada).text("tier") == "pro")
  }

  @Test func `an operator's word holds until what is paid for changes`() async throws {
    let (ada, subscription) = try await buyer()
    var change = UserChange()
    change.planTier = "enterprise"
    _ = try await api.database.change(ada.id, change, now: api.clock())
    let same = try await api.deliver(FakeStripe.event("evt_2", "invoice.paid", subscription))
    #expect(same.text("outcome") == "unchanged")
    #expect(try await plan(ada).text("tier") == "enterprise")
    stripe.change(subscription.id) { $0.status = "unpaid" }
    _ = try await api.deliver(
      FakeStripe.event("evt_3", "customer.subscription.updated", subscription))
    #expect(try await plan(ada).text("tier") == "free")
  }

  @Test func `a subscription whose buyer comes to light later is that buyer's`() async throws {
    let ada = try await api.signUp("ada")
    let subscription = FakeStripe.Subscription(id: "sub_1", customer: "cus_1")
    stripe.set(subscription)
    let early = try await api.deliver(
      FakeStripe.event("evt_1", "customer.subscription.created", subscription))
    #expect(early.text("outcome") == "unlinked")
    let late = FakeStripe.event(
      "evt_2", "checkout.session.completed", subscription, account: ada.id)
    #expect(try await api.deliver(late).text("outcome") == "applied")
    #expect(try await plan(ada).text("tier") == "pro")
    // What another checkout says of it afterwards changes nothing: it has its buyer.
    let eve = try await api.signUp("eve")
    let claimed = FakeStripe.event(
      "evt_3", "checkout.session.completed", subscription, account: eve.id)
    #expect(try await api.deliver(claimed).text("outcome") == "unchanged")
    #expect(try await plan(eve).text("tier") == "free")
  }

  // MARK: Buying

  @Test func `a plan is bought on Stripe's page, by who is signed in`() async throws {
    let ada = try await api.signUp("ada")
    let plans = try await api.send("GET", "/api/billing/plans/")
    #expect(
      plans["items.0.is_offered"] == .bool(false) && plans["items.1.is_offered"] == .bool(true))
    func buy(_ headers: [String: String] = [:], _ tier: String = "pro") async throws
      -> TestAPI.Reply
    {
      try await api.send(
        "POST", "/api/billing/checkout/", token: ada.token, json: #"{"tier":"\#(tier)"}"#,
        headers: headers)
    }
    #expect(try await buy([:], "free").status == 422)
    // An answer that is lost is asked for under the same key.
    stripe.fail(.lostAfter, .status(409))
    let reply = try await buy()
    #expect(reply.text("url") == "https://checkout.stripe.com/c/cs_1")
    let keys = Set(stripe.requests.map { $0.headers["Idempotency-Key"] ?? "" })
    #expect(stripe.requests.count == 3 && keys.count == 1 && keys.first?.isEmpty == false)
    let form = String(decoding: stripe.requests.last?.body ?? [], as: UTF8.self)
      .replacingOccurrences(of: "%5B", with: "[").replacingOccurrences(of: "%5D", with: "]")
    for part in [
      "mode=subscription", "line_items[0][price]=price_pro", "client_reference_id=\(ada.id)",
      "subscription_data[metadata][bobbin_account]=\(ada.id)",
      "success_url=https%3A%2F%2Fchat.example.com%2Fbilling%2F%3Fcheckout%3Ddone",
    ] { #expect(form.contains(part), "\(form)") }
    // The same again is the same at Stripe too; another is another.
    stripe.forgetRequests()
    for name in ["one", "two"] {
      _ = try await buy(["Idempotency-Key": name])
      _ = try await buy(["Idempotency-Key": name])
    }
    #expect(Set(stripe.requests.map { $0.headers["Idempotency-Key"] }).count == 2)
    #expect(stripe.requests.count == 2)
    // A refusal of Stripe's is for the operator.
    stripe.fail(.status(400))
    #expect(try await buy().status == 503)
  }

  @Test func `who pays already changes it in the portal, which is its own`() async throws {
    let (ada, _) = try await buyer()
    let eve = try await api.signUp("eve")
    let again = try await api.send(
      "POST", "/api/billing/checkout/", token: ada.token, json: #"{"tier":"enterprise"}"#)
    #expect(again.status == 409 && again.code == "already-subscribed")
    stripe.forgetRequests()
    let portal = try await api.send("POST", "/api/billing/portal/", token: ada.token)
    #expect(portal.text("url") == "https://billing.stripe.com/p/1")
    let form = String(decoding: stripe.requests.last?.body ?? [], as: UTF8.self)
    #expect(form.contains("customer=cus_ada") && stripe.requests.count == 1)
    #expect(stripe.requests.last?.headers["Idempotency-Key"] != nil)
    // Nobody can name another's customer: there is no place to say one.
    let foreign = try await api.send(
      "POST", "/api/billing/portal/", token: eve.token, json: #"{"customer":"cus_ada"}"#)
    #expect(foreign.status == 409 && foreign.code == "no-customer")
    #expect(stripe.requests.count == 1)
  }

  @Test func `without a key nothing is sold and everything else works`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    for (path, json) in [
      ("/api/billing/checkout/", #"{"tier":"pro"}"#), ("/api/billing/portal/", "{}"),
      ("/api/webhooks/stripe/", "{}"),
    ] {
      let reply = try await api.send("POST", path, token: ada.token, json: json)
      #expect(reply.status == 501 && reply.code == "not-configured", "\(path)")
    }
    let plan = try await api.send("GET", "/api/billing/plan/", token: ada.token)
    #expect(plan["can_buy"] == .bool(false) && plan["can_manage"] == .bool(false))
    #expect(
      try await api.send("GET", "/api/billing/plans/")["items.1.is_offered"] == .bool(false))
  }

  @Test(arguments: [
    ["BOBBIN_STRIPE_KEY": "sk_test_1"], ["BOBBIN_STRIPE_KEY": "pk_live_1"],
    ["BOBBIN_STRIPE_KEY": "sk_test_"], ["BOBBIN_STRIPE_WEBHOOK_SECRETS": ""],
    ["BOBBIN_STRIPE_PRICES": "price_a"], ["BOBBIN_STRIPE_PRICES": "price_a=free"],
    ["BOBBIN_STRIPE_PRICES": "price_a=gold"], ["BOBBIN_STRIPE_PRICES": "a=pro,a=enterprise"],
    ["BOBBIN_STRIPE_PRICES": "a b=pro"], ["BOBBIN_STRIPE_URL": "ftp://x"],
  ])
  func `half of the settings is refused, and no secret is said back`(change: [String: String])
    throws
  {
    var settings = FakeStripe.environment.merging(change) { $1 }
    if change == ["BOBBIN_STRIPE_KEY": "sk_test_1"] { settings = change }
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration(environment: settings)
    }
    let text = "\(try #require(error))"
    #expect(text.contains("BOBBIN_STRIPE_") && !text.contains("pk_live_1"), "\(text)")
  }

  @Test func `a deleted account pays no more`() async throws {
    let (ada, subscription) = try await buyer()
    func delete() async throws -> TestAPI.Reply {
      try await api.send(
        "DELETE", "/api/auth/me", token: ada.token, json: #"{"password":"\#(TestAPI.password)"}"#)
    }
    stripe.fail(.lost, .lost, .lost)
    #expect(try await delete().status == 503)
    // It is still there, and so is what it pays for.
    #expect(try await plan(ada).text("tier") == "pro")
    #expect(try await delete().status == 204)
    #expect(stripe.subscription(subscription.id)?.status == "canceled")
  }

  // MARK: A smaller plan

  @Test func `a smaller plan pauses the newest chatbots and deletes nothing`() async throws {
    let (ada, subscription) = try await buyer()
    let first = try await api.chatbot(of: ada, "First")
    let second = try await api.chatbot(of: ada, "Second")
    let third = try await api.chatbot(of: ada, "Third")
    func reasons() async throws -> [JSONValue] {
      var found: [JSONValue] = []
      for chatbot in [first, second, third] {
        found.append(
          try await api.send("GET", "/api/chatbots/\(chatbot)/", token: ada.token)["paused_reason"])
      }
      return found
    }
    #expect(try await reasons() == [.null, .null, .null])
    stripe.change(subscription.id) { $0.status = "unpaid" }
    _ = try await api.deliver(
      FakeStripe.event("evt_2", "customer.subscription.updated", subscription))
    #expect(try await reasons() == [.null, .string("plan-limit"), .string("plan-limit")])
    // One that is paused is polite, and counts nothing.
    let visitor = try await api.visitor(of: second)
    let answer = try await api.send(
      "POST", "/api/chat/\(second)/", token: visitor, json: #"{"message":"Hello?"}"#)
    #expect(answer.status == 200 && answer["limited"] == .bool(true))
    #expect(answer.text("message") == ChatController.busyText)
    let usage = try await api.send("GET", "/api/usage/", token: ada.token)
    #expect(usage["messages_used"] == .integer(0) && usage["chatbots"] == .integer(3))
    // No further one; room is made by removing, or by paying.
    #expect(
      try await api.send(
        "POST", "/api/chatbots/", token: ada.token, json: #"{"name":"Fourth"}"#
      ).code == "plan-limit")
    _ = try await api.send("DELETE", "/api/chatbots/\(first)/", token: ada.token)
    let next = try await api.send("GET", "/api/chatbots/\(second)/", token: ada.token)
    #expect(next["paused_reason"] == .null)
    stripe.change(subscription.id) { $0.status = "active" }
    _ = try await api.deliver(FakeStripe.event("evt_3", "invoice.paid", subscription))
    #expect(
      try await api.send("GET", "/api/chatbots/\(third)/", token: ada.token)["paused_reason"]
        == .null)
  }

  @Test func `conversations from before are not swept by the smaller plan`() async throws {
    let (ada, subscription) = try await buyer()
    let chatbot = try await api.chatbot(of: ada)
    let visitor = try await api.visitor(of: chatbot)
    _ = try await api.send(
      "POST", "/api/chat/\(chatbot)/", token: visitor, json: #"{"message":"Hello?"}"#)
    stripe.change(subscription.id) { $0.status = "canceled" }
    _ = try await api.deliver(
      FakeStripe.event("evt_2", "customer.subscription.deleted", subscription))
    let later = try await api.visitor(of: chatbot, from: "198.51.100.8")
    _ = try await api.send(
      "POST", "/api/chat/\(chatbot)/", token: later, json: #"{"message":"And now?"}"#)
    func count() async throws -> Int {
      let reply = try await api.send(
        "GET", "/api/chatbots/\(chatbot)/conversations/", token: ada.token)
      guard case .array(let items) = reply["items"] else { return -1 }
      return items.count
    }
    let days = ["free": 30, "pro": 365]
    #expect(try await count() == 2)
    try await api.database.sweepConversations(days: days, now: api.clock() + 31 * 86_400_000)
    // The one that was had under the smaller plan is gone.
    #expect(try await count() == 1)
    // What its owner says of the chatbot holds for all.
    _ = try await api.send(
      "PATCH", "/api/chatbots/\(chatbot)/", token: ada.token, json: #"{"retention_days":7}"#)
    try await api.database.sweepConversations(days: days, now: api.clock() + 31 * 86_400_000)
    #expect(try await count() == 0)
  }

  @Test func `the period that is paid for has its own quota`() async throws {
    let now = api.clock() / 1000
    let (ada, subscription) = try await buyer {
      $0.start = now - 86_400
      $0.end = now + 29 * 86_400
    }
    let chatbot = try await api.chatbot(of: ada)
    let visitor = try await api.visitor(of: chatbot)
    var change = UserChange()
    change.messageQuota = .some(2)
    _ = try await api.database.change(ada.id, change, now: api.clock())
    func ask() async throws -> Bool {
      try await api.send(
        "POST", "/api/chat/\(chatbot)/", token: visitor, json: #"{"message":"Hello?"}"#
      )["limited"] == .bool(true)
    }
    #expect(try await [ask(), ask(), ask()] == [false, false, true])
    // The next period has a row of its own: nothing is reset.
    stripe.change(subscription.id) {
      $0.start = now - 60
      $0.end = now + 30 * 86_400
    }
    _ = try await api.deliver(FakeStripe.event("evt_2", "invoice.paid", subscription))
    #expect(try await [ask(), ask(), ask()] == [false, false, true])
    let usage = try await api.send("GET", "/api/usage/", token: ada.token)
    #expect(usage["messages_used"] == .integer(2) && usage["messages_limited"] == .integer(2))
  }
}
