// A subscription as Stripe has it now, and what it means: which plan, for how long, and what an unpaid one still gives.

/// A subscription.
package struct StripeSubscription: Hashable, Sendable {
  package let id: String
  package let customer: String
  package let status: Status
  package let livemode: Bool
  package let items: [Item]
  /// Milliseconds since 1970 UTC; half-open.
  package let periodStart, periodEnd: Int
  /// Whether it will end without being asked again.
  package let endsByItself: Bool
  /// The account that it was bought for: what our checkout wrote into its metadata.
  package let account: String?

  /// What is paid for.
  package struct Item: Hashable, Sendable {
    package let price: String
    package let quantity: Int

    package init(price: String, quantity: Int) {
      self.price = price
      self.quantity = quantity
    }
  }

  /// How it stands (https://docs.stripe.com/api/subscriptions/object, `status`).
  package enum Status: Hashable, Sendable {
    case active, trialing, pastDue, unpaid, canceled, paused, incomplete, incompleteExpired
    /// One that did not exist when this was written: it gives nothing.
    case unknown(String)

    package init(_ text: String) {
      self =
        switch text {
        case "active": .active
        case "trialing": .trialing
        case "past_due": .pastDue
        case "unpaid": .unpaid
        case "canceled": .canceled
        case "paused": .paused
        case "incomplete": .incomplete
        case "incomplete_expired": .incompleteExpired
        default: .unknown(text)
        }
    }

    package var text: String {
      switch self {
      case .active: "active"
      case .trialing: "trialing"
      case .pastDue: "past_due"
      case .unpaid: "unpaid"
      case .canceled: "canceled"
      case .paused: "paused"
      case .incomplete: "incomplete"
      case .incompleteExpired: "incomplete_expired"
      case .unknown(let text): text
      }
    }

    /// Whether it is over, and another one may be begun beside it.
    package var isOver: Bool {
      switch self {
      case .canceled, .incompleteExpired: true
      case .active, .trialing, .pastDue, .unpaid, .paused, .incomplete, .unknown: false
      }
    }
  }

  /// The name of our member in a subscription's metadata.
  package static let accountKey = "bobbin_account"

  /// Reads a subscription.
  package init(json bytes: [UInt8]) throws(StripeShapeError) {
    self = try Self.checked(StripeJSON.decode(Wire.self, bytes))
  }

  /// Reads one page of a list.
  package static func page(
    json bytes: [UInt8]
  ) throws(StripeShapeError) -> (items: [StripeSubscription], hasMore: Bool) {
    let page = try StripeJSON.decode(Page.self, bytes)
    var items: [StripeSubscription] = []
    for wire in page.data { items.append(try checked(wire)) }
    return (items, page.has_more)
  }

  private struct Page: Decodable {
    let data: [Wire]
    let has_more: Bool
  }

  private struct Wire: Decodable {
    struct Items: Decodable { let data: [Line] }
    struct Line: Decodable {
      let price, plan: StripeReference?
      let quantity, current_period_start, current_period_end: Int?
    }
    let object, id, status: String
    let customer: StripeReference
    let livemode, cancel_at_period_end: Bool
    let cancel_at, current_period_start, current_period_end: Int?
    let items: Items
    let metadata: [String: String]?
  }

  private static func checked(_ wire: Wire) throws(StripeShapeError) -> StripeSubscription {
    guard wire.object == "subscription", StripeID.isValid(wire.id),
      StripeID.isValid(wire.customer.id), wire.status.utf8.count <= 64
    else { throw StripeShapeError("this is no subscription of Stripe's") }
    var items: [Item] = []
    for line in wire.items.data {
      // Old subscriptions name a plan; its id is that of a price.
      guard let price = (line.price ?? line.plan)?.id else {
        throw StripeShapeError("an item of the subscription has no price")
      }
      items.append(Item(price: price, quantity: line.quantity ?? 1))
    }
    // Since API version 2025-03-31 each item has a period of its own; ours has one item.
    let first = wire.items.data.first
    guard let start = wire.current_period_start ?? first?.current_period_start,
      let end = wire.current_period_end ?? first?.current_period_end, start >= 0, start < end,
      end < 1 << 34
    else { throw StripeShapeError("the subscription has no period") }
    return StripeSubscription(
      id: wire.id, customer: wire.customer.id, status: Status(wire.status),
      livemode: wire.livemode, items: items, periodStart: start * 1000, periodEnd: end * 1000,
      endsByItself: wire.cancel_at_period_end || wire.cancel_at != nil,
      account: wire.metadata?[accountKey])
  }

  private init(
    id: String, customer: String, status: Status, livemode: Bool, items: [Item], periodStart: Int,
    periodEnd: Int, endsByItself: Bool, account: String?
  ) {
    self.id = id
    self.customer = customer
    self.status = status
    self.livemode = livemode
    self.items = items
    self.periodStart = periodStart
    self.periodEnd = periodEnd
    self.endsByItself = endsByItself
    self.account = account
  }
}

/// What a subscription gives.
package struct Entitlement: Hashable, Sendable {
  package let tier: PlanTier
  /// Whether only for a while: a payment has failed and is tried again.
  package let isGrace: Bool
  /// Whether it is paid for at a price that is in no plan of ours.
  package let hasUnknownPrice: Bool

  /// Milliseconds for which an unpaid plan is kept.
  package static let grace = 7 * 86_400_000

  /// - Parameter prices: which price is which plan.
  package init(_ subscription: StripeSubscription, prices: [String: PlanTier]) {
    let known = subscription.items.compactMap { prices[$0.price] }
    hasUnknownPrice = known.isEmpty
    // A price nobody has entered upgrades nobody.
    let paid = known.max() ?? .free
    switch subscription.status {
    case .active, .trialing: (tier, isGrace) = (paid, false)
    case .pastDue: (tier, isGrace) = (paid, true)
    case .unpaid, .canceled, .paused, .incomplete, .incompleteExpired, .unknown:
      (tier, isGrace) = (.free, false)
    }
  }
}
