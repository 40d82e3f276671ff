// Plans and what is paid for them: what there is, what an account has, the two pages at Stripe, and what Stripe tells.

import Billing
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import Spool
import Storage

/// `/api/billing/…`, `/api/webhooks/stripe/`.
struct BillingController: Sendable {
  /// Bytes of a delivery.
  private static let deliveryLimit = 1 << 20

  let database: AppDatabase
  /// Nil where the operator sets plans.
  let payments: Payments?
  /// What plans cost, in the operator's words.
  let prices: [PlanTier: String]

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/api/billing/plans/", "The plans and their limits, and which can be bought here.",
        answers: [
          .json(200, .object([required("items", .array(.component("Plan"), 1...10))]))
        ]),
      for: access.any,
      { _, _ in
        Answer.json([
          "items": PlanTier.allCases.map { tier in
            PlanShape(
              tier, isOffered: payments?.settings.price(of: tier) != nil, price: prices[tier])
          }
        ])
      })
    routes.add(
      Route(
        .get, "/api/billing/plan/", "The account's plan, and how what is paid for it stands.",
        answers: [
          .json(
            200,
            .object([
              required("tier", Components.tier), required("status", .text),
              required("period_start", .time), required("period_end", .time),
              required("cancel_at_period_end", .boolean),
              required("grace_until", .nullable(.time)), required("can_buy", .boolean),
              required("can_manage", .boolean), required("limits", .map(.nullable(.count))),
            ]))
        ]),
      for: access.owner, { call, owner in try await plan(call, owner) })
    let page = AnswerShape.json(200, .object([required("url", .text)]))
    routes.add(
      Route(
        .post, "/api/billing/checkout/", "A page at Stripe where a plan is bought.",
        body: .json(.object([required("tier", .choice(["pro", "enterprise"]))])), answers: [page],
        problems: [.alreadySubscribed, .notConfigured], ownerLimit: .hourly(10),
        isIdempotent: true),
      for: access.user,
      { call, owner in
        let payments = try configured()
        let tier = call.input.text("tier").flatMap(PlanTier.init(rawValue:)) ?? .pro
        let key = Self.key("checkout", call, owner)
        return Answer.json(["url": try await payments.checkout(owner.user, tier, key: key)])
      })
    routes.add(
      Route(
        .post, "/api/billing/portal/",
        "A page at Stripe where an account changes what it pays for, or ends it.", answers: [page],
        problems: [.noCustomer, .notConfigured], ownerLimit: .hourly(10), isIdempotent: true),
      for: access.user,
      { call, owner in
        let payments = try configured()
        let key = Self.key("portal", call, owner)
        return Answer.json(["url": try await payments.portal(owner.user, key: key)])
      })
    routes.add(
      Route(
        .post, "/api/webhooks/stripe/",
        "What Stripe tells: signed, answered once its effect is stored, once for each event.",
        body: .raw,
        answers: [
          .json(200, .object([required("event", .text), required("outcome", .text)]), "Stored.")
        ], problems: [.notConfigured], bodyLimit: Self.deliveryLimit),
      for: access.signed, { call, _ in try await receive(call) })
  }

  private func configured() throws(AppError) -> Payments {
    guard let payments else { throw AppError(.notConfigured) }
    return payments
  }

  /// The key under which Stripe knows a request: the same when its caller repeats it.
  private static func key(_ kind: String, _ call: Call, _ owner: Owner) -> String {
    let own = call.request.headers[ResponseHeaders.name("Idempotency-Key")] ?? RandomText.uuid()
    return "\(kind)-\(SHA256Digest(of: "\(owner.user.id)\u{0}\(kind)\u{0}\(own)").shortName)"
  }

  private func receive(_ call: Call) async throws -> Response {
    let payments = try configured()
    do {
      try StripeSignature.verify(
        header: call.request.headers[ResponseHeaders.name("Stripe-Signature")], body: call.raw,
        secrets: payments.settings.webhookSecrets, now: call.now / 1000)
    } catch {
      // Why is for the log of whoever sets it up, not for a forger.
      call.context.logger.notice("stripe", metadata: ["delivery": "\(error)"])
      throw AppError.malformed("The signature does not hold.")
    }
    let event: StripeEvent
    do {
      event = try StripeEvent(json: call.raw)
    } catch {
      call.context.logger.error("stripe", metadata: ["delivery": "\(error)"])
      throw AppError.malformed("The body is no event.")
    }
    let line = try await payments.asking { try await payments.receive(event) }
    return Answer.json(["event": event.id, "outcome": line.outcome])
  }

  private struct PlanShape: Encodable {
    let tier: String
    let is_offered: Bool
    let price: Nullable<String>
    let limits: [String: Nullable<Int>]

    init(_ tier: PlanTier, isOffered: Bool, price: String?) {
      self.tier = tier.rawValue
      is_offered = isOffered
      self.price = Nullable(price)
      limits = BillingController.limits(of: tier)
    }
  }

  private static func limits(of tier: PlanTier) -> [String: Nullable<Int>] {
    let limits = tier.limits
    return [
      "messages": Nullable(limits.messagesPerPeriod), "chatbots": Nullable(limits.chatbots),
      "sources": Nullable(limits.sourcesPerChatbot),
      "pages_per_crawl": Nullable(limits.pagesPerCrawl),
      "crawl_depth": Nullable(limits.crawlDepth), "chunks": Nullable(limits.chunksPerChatbot),
      "bytes": Nullable(limits.storedBytes), "file_bytes": Nullable(limits.fileBytes),
      "model_tokens": Nullable(limits.modelTokensPerPeriod),
      "generations": Nullable(limits.generationsKept),
      "retention_days": Nullable(limits.retentionDays),
      "requests_per_minute": Nullable(limits.requestsPerMinute),
    ]
  }

  private func plan(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Plan: Encodable {
      let tier, status, period_start, period_end: String
      let cancel_at_period_end: Bool
      let grace_until: Nullable<String>
      let can_buy, can_manage: Bool
      let limits: [String: Nullable<Int>]
    }
    let user = owner.user
    let bought = try await database.subscription(of: user.id, plans: Payments.ladder.plans)
    // What ended long ago is not how the account stands.
    let present = bought.flatMap { $0.isOver ? nil : $0 }
    let period = user.period(at: call.now)
    return Answer.json(
      Plan(
        tier: user.tier.rawValue, status: present?.status ?? "active",
        period_start: APITime.text(period.start), period_end: APITime.text(period.end),
        cancel_at_period_end: present?.cancelsAtPeriodEnd ?? false,
        grace_until: Nullable(
          present?.pastDueAt.map { APITime.text($0 + Entitlement.grace) }),
        can_buy: payments != nil && present == nil,
        can_manage: payments != nil && user.stripeCustomer != nil,
        limits: Self.limits(of: user.tier)))
  }
}
