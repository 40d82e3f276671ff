import Billing
import Foundation
import Logging
import Spool
import Storage
import Synchronization
import TestSupport
import Testing

@testable import App

/// Events come in any order, several times, late or not at all: what they leave is always the same.
@Suite struct PaymentOrderTests {
  /// A life of a subscription: what is told, and how it stands at Stripe from then on.
  typealias Life = [(type: String, change: @Sendable (inout FakeStripe.Subscription) -> Void)]

  /// Bought, upgraded, unpaid, over.
  static let ending: Life = [
    ("checkout.session.completed", { _ in }),
    ("customer.subscription.created", { _ in }),
    ("invoice.paid", { _ in }),
    ("customer.subscription.updated", { $0.price = "price_big" }),
    ("invoice.payment_failed", { $0.status = "past_due" }),
    ("customer.subscription.deleted", { $0.status = "canceled" }),
  ]
  /// Bought, unpaid, paid after all for the next period, upgraded.
  static let going: Life = [
    ("checkout.session.completed", { $0.status = "incomplete" }),
    ("customer.subscription.created", { $0.status = "active" }),
    (
      "invoice.payment_failed",
      {
        $0.status = "past_due"
        $0.start = 1_797_592_000
        $0.end = 1_800_270_400
      }
    ),
    ("customer.subscription.updated", { $0.status = "past_due" }),
    ("invoice.paid", { $0.status = "active" }),
    ("customer.subscription.updated", { $0.price = "price_big" }),
  ]

  /// What is known of an account at the end.
  struct End: Hashable {
    let plan: String
    let paid: Range<Int>?
    let customer: String?
    let status, tier, price: String
    let isOver: Bool
    let periodEnd: Int
  }

  /// A server's payments over rows of their own.
  final class World: Sendable {
    let folder: TemporaryFolder
    let database: AppDatabase
    let stripe = FakeStripe()
    let payments: Payments

    init() throws {
      folder = try TemporaryFolder()
      database = try AppDatabase(path: "\(folder.path)/bobbin.sqlite")
      var logger = Logger(label: "test")
      logger.logLevel = .critical
      let time = Mutex(1_795_800_000_000)
      var payments = Payments(
        database: database,
        settings: try #require(
          try StripeSettings { (name: String) -> String? in FakeStripe.environment[name] }),
        transport: stripe.transport, publicURL: TestAPI.origin, logger: logger,
        clock: {
          time.withLock { now in
            now += 1
            return now
          }
        })
      payments.client.pause = { _ in }
      self.payments = payments
    }

    func account(_ name: String) async throws {
      #expect(
        try await database.add(
          NewUser(id: name, email: "\(name)@example.com", name: "", passwordHash: nil), now: 1))
    }

    func receive(_ event: String) async throws -> String {
      try await payments.receive(try StripeEvent(json: Array(event.utf8))).outcome
    }

    func end(_ name: String) async throws -> End {
      let user = try #require(try await database.user(id: name))
      let subscription = try await database.subscription(
        of: name, plans: Payments.ladder.plans)
      return End(
        plan: user.planTier, paid: user.paidPeriod,
        customer: user.stripeCustomer == "cus_\(name)" ? "its own" : user.stripeCustomer,
        status: subscription?.status ?? "", tier: subscription?.tier ?? "",
        price: subscription?.price ?? "", isOver: subscription?.isOver ?? false,
        periodEnd: subscription?.periodEnd ?? 0)
    }
  }

  static func orders(_ count: Int) -> [[Int]] {
    guard count > 0 else { return [[]] }
    return orders(count - 1).flatMap { order in
      (0...order.count).map { place in
        var longer = order
        longer.insert(count - 1, at: place)
        return longer
      }
    }
  }

  /// Delivers one life in one order, with copies and troubles by chance.
  private func live(
    _ name: String, _ life: Life, _ order: [Int], in world: World
  ) async throws {
    try await world.account(name)
    var deliveries = order
    for _ in 0..<Int.random(in: 0...4) {
      deliveries.insert(
        try #require(order.randomElement()), at: Int.random(in: 0...deliveries.count))
    }
    let subscription = FakeStripe.Subscription(id: "sub_\(name)", customer: "cus_\(name)")
    world.stripe.set(subscription)
    var happened = -1
    /// Nil once it is taken.
    @Sendable func deliver(_ index: Int) async throws -> Int? {
      let event = FakeStripe.event(
        "evt_\(name)_\(index)", life[index].type, subscription,
        account: index == 0 ? name : nil)
      if Int.random(in: 0..<16) == 0 { world.stripe.fail(.lost, .lost, .lost) }
      do {
        _ = try await world.receive(event)
        return nil
      } catch is StripeFailure { return index }
    }
    var again: [Int] = []
    for (place, index) in deliveries.enumerated() {
      // What is told has happened, and all that came before it.
      while happened < index {
        happened += 1
        world.stripe.change(subscription.id, life[happened].change)
      }
      // Now and then what came before comes again, at the same moment.
      let now = Bool.random() ? deliveries[...place].suffix(2) : [index]
      again += try await withThrowingTaskGroup(of: Int?.self) { group in
        for one in now { group.addTask { try await deliver(one) } }
        return try await group.reduce(into: []) { left, one in
          if let one { left.append(one) }
        }
      }
    }
    // Stripe tries again what was not taken.
    while let index = again.popLast() {
      if let index = try await deliver(index) { again.append(index) }
    }
  }

  @Test(arguments: [
    (ending, "free", "canceled", "price_big"), (going, "enterprise", "active", "price_big"),
  ])
  func `all 720 orders of a life's events, with copies, end the same`(
    life: Life, plan: String, status: String, price: String
  ) async throws {
    let world = try World()
    let orders = Self.orders(6)
    #expect(Set(orders).count == 720)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, order) in orders.enumerated() {
        if number >= 64 { try await group.next() }
        group.addTask { try await live("a\(number)", life, order, in: world) }
      }
      try await group.waitForAll()
    }
    var ends: [End: [Int]] = [:]
    for number in orders.indices {
      ends[try await world.end("a\(number)"), default: []].append(number)
    }
    #expect(ends.count == 1, "\(ends.map { ($0.key, $0.value.prefix(3).map { orders[$0] }) })")
    let end = try #require(ends.keys.first)
    #expect(end.plan == plan && end.status == status && end.price == price)
    #expect((end.paid == nil) == (plan == "free"))
    #expect(end.customer == "its own")
  }

  @Test func `what was lost comes right with the comparison, and a second one changes nothing`()
    async throws
  {
    let world = try World()
    let names = (0..<230).map { "a\($0)" }
    var lost = 0
    for (number, name) in names.enumerated() {
      try await world.account(name)
      let life = number % 2 == 0 ? Self.ending : Self.going
      var subscription = FakeStripe.Subscription(id: "sub_\(name)", customer: "cus_\(name)")
      subscription.account = name
      world.stripe.set(subscription)
      for index in life.indices {
        world.stripe.change(subscription.id, life[index].change)
        if Int.random(in: 0..<10) == 0 {
          lost += 1
          continue
        }
        _ = try await world.receive(
          FakeStripe.event(
            "evt_\(name)_\(index)", life[index].type, subscription,
            account: index == 0 ? name : nil))
      }
      // Of some nothing at all has come, and one has changed behind our back.
      if number % 50 == 0 { world.stripe.change(subscription.id) { $0.status = "unpaid" } }
    }
    #expect(lost > 50)
    var lines: [Payments.Line] = []
    let first = try await world.payments.reconcile { lines.append($0) }
    #expect(first.compared == 230 && first.open == 0)
    #expect(!lines.isEmpty && lines.allSatisfy { $0.outcome == "changed" })
    for (number, name) in names.enumerated() {
      let end = try await world.end(name)
      let expected =
        number % 50 == 0
        ? ("free", "unpaid") : number % 2 == 0 ? ("free", "canceled") : ("enterprise", "active")
      #expect(end.plan == expected.0 && end.status == expected.1, "\(name): \(end)")
    }
    lines = []
    _ = try await world.payments.reconcile { lines.append($0) }
    #expect(lines.isEmpty, "\(lines)")
  }

  @Test func `what a person has to look at is told, and takes no plan away`() async throws {
    let world = try World()
    try await world.account("ada")
    var sold = FakeStripe.Subscription(id: "sub_ada", customer: "cus_ada")
    world.stripe.set(sold)
    _ = try await world.receive(
      FakeStripe.event("evt_1", "checkout.session.completed", sold, account: "ada"))
    // Another product of the same Stripe account, a plan nobody here has bought, and ours that is gone from the list.
    world.stripe.set(
      .init(id: "sub_other", customer: "cus_other", price: "price_of_a_book"))
    world.stripe.set(.init(id: "sub_hand", customer: "cus_hand", account: "nobody"))
    world.stripe.remove("sub_ada")
    var lines: [Payments.Line] = []
    let result = try await world.payments.reconcile { lines.append($0) }
    #expect(result.open == 2)
    #expect(
      Set(lines.map { "\($0.outcome) \($0.subscription ?? "")" }) == [
        "missing sub_ada", "unlinked sub_hand",
      ])
    #expect(try await world.end("ada").plan == "pro")
    // A price of ours that was taken out of the settings.
    sold.price = "price_gone"
    world.stripe.set(sold)
    lines = []
    _ = try await world.payments.reconcile { lines.append($0) }
    #expect(lines.contains { $0.outcome == "unknown-price" && $0.subscription == "sub_ada" })
  }

  @Test func `an event is done again from the journal, or from Stripe`() async throws {
    let world = try World()
    let sold = FakeStripe.Subscription(id: "sub_ada", customer: "cus_ada")
    world.stripe.set(sold)
    let event = FakeStripe.event("evt_1", "checkout.session.completed", sold, account: "ada")
    // The account is not there yet: a back-up was put back, say.
    #expect(try await world.receive(event) == "unlinked")
    try await world.account("ada")
    #expect(try await world.receive(event) == "repeated")
    var lines: [Payments.Line] = []
    try await world.payments.replay([]) { lines.append($0) }
    #expect(lines.map(\.outcome) == ["applied"] && lines.first?.plan == "pro")
    #expect(try await world.end("ada").plan == "pro")
    lines = []
    try await world.payments.replay([]) { lines.append($0) }
    #expect(lines.isEmpty)
    // One that never came.
    world.stripe.change("sub_ada") { $0.status = "canceled" }
    world.stripe.keep(
      "evt_2", FakeStripe.event("evt_2", "customer.subscription.deleted", sold))
    try await world.payments.replay(["evt_2", "evt_1"]) { lines.append($0) }
    #expect(lines.map(\.outcome) == ["applied", "unchanged"])
    #expect(try await world.end("ada").plan == "free")
    await #expect(throws: StripeFailure.missing(id: "evt_3")) {
      try await world.payments.replay(["evt_3"]) { _ in }
    }
    await #expect(throws: StripeFailure.self) {
      try await world.payments.replay(["../subscriptions"]) { _ in }
    }
  }

  @Test func `a reading that was asked for earlier never takes the place of a later one`()
    async throws
  {
    let world = try World()
    try await world.account("ada")
    func take(_ status: String, _ tier: String, readAt: Int) async throws {
      _ = try await world.database.take(
        SubscriptionReading(
          id: "sub_1", customer: "cus_1", account: "ada", price: "price_pro", tier: tier,
          isGrace: false, status: status, isOver: status == "canceled", quantity: 1,
          periodStart: 1, periodEnd: 2, cancelsAtPeriodEnd: false, readAt: readAt),
        of: nil, replaying: false, keepsStrangers: true, ladder: Payments.ladder, now: 10
      ) { _ in "" }
    }
    try await take("canceled", "free", readAt: 5)
    try await take("active", "pro", readAt: 4)
    #expect(try await world.end("ada").status == "canceled")
    #expect(try await world.end("ada").plan == "free")
    try await take("active", "pro", readAt: 6)
    #expect(try await world.end("ada").plan == "pro")
  }

  @Test func `of two subscriptions the larger one counts, and the other when that ends`()
    async throws
  {
    let world = try World()
    try await world.account("ada")
    for (id, price) in [("sub_1", "price_pro"), ("sub_2", "price_big")] {
      let sold = FakeStripe.Subscription(
        id: id, customer: "cus_\(id)", price: price, account: "ada")
      world.stripe.set(sold)
      _ = try await world.receive(
        FakeStripe.event("evt_\(id)", "customer.subscription.created", sold))
    }
    #expect(try await world.database.user(id: "ada")?.planTier == "enterprise")
    #expect(try await world.database.user(id: "ada")?.stripeCustomer == "cus_sub_2")
    world.stripe.change("sub_2") { $0.status = "canceled" }
    let ended = try #require(world.stripe.subscription("sub_2"))
    _ = try await world.receive(
      FakeStripe.event("evt_3", "customer.subscription.deleted", ended))
    #expect(try await world.database.user(id: "ada")?.planTier == "pro")
    #expect(try await world.database.user(id: "ada")?.stripeCustomer == "cus_sub_1")
  }
}
