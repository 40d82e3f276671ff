// What is paid for, as it was last read from Stripe, and the journal of what Stripe told. An event's row and its effect are one
// transaction, so an event has its effect once, however often it comes; a reading never takes the place of a later one, so the
// order of events does not matter.

import GRDB

/// A subscription as it was last read.
package struct Subscription: Hashable, Sendable {
  package let id: String
  /// Nil until it is known who bought it.
  package let user: String?
  package let customer: String
  package let price: String
  /// The raw value of the plan tier that it gives at present.
  package let tier: String
  package let status: String
  /// Whether it has ended for good.
  package let isOver: Bool
  package let quantity: Int
  /// Milliseconds since 1970 UTC.
  package let periodStart, periodEnd: Int
  package let cancelsAtPeriodEnd: Bool
  /// Since when a payment is missing; nil when none is.
  package let pastDueAt: Int?
  /// When it was asked for.
  package let readAt: Int

  init(row: Row) {
    id = row["id"]
    user = row["user_id"]
    customer = row["customer"]
    price = row["price"]
    tier = row["tier"]
    status = row["status"]
    isOver = row["is_over"] == 1
    quantity = row["quantity"]
    periodStart = row["period_start"]
    periodEnd = row["period_end"]
    cancelsAtPeriodEnd = row["cancel_at_period_end"] == 1
    pastDueAt = row["past_due_at"]
    readAt = row["read_at"]
  }
}

/// What was read of a subscription.
package struct SubscriptionReading: Sendable {
  package var id: String
  package var customer: String
  /// The account that it was bought for, as far as Stripe says so.
  package var account: String?
  package var price: String
  /// What it gives, the time of grace apart.
  package var tier: String
  /// Whether it gives that for a time of grace only.
  package var isGrace: Bool
  package var status: String
  package var isOver: Bool
  package var quantity: Int
  package var periodStart, periodEnd: Int
  package var cancelsAtPeriodEnd: Bool
  /// When it was asked for: what it says is at least as new.
  package var readAt: Int

  package init(
    id: String, customer: String, account: String?, price: String, tier: String, isGrace: Bool,
    status: String, isOver: Bool, quantity: Int, periodStart: Int, periodEnd: Int,
    cancelsAtPeriodEnd: Bool, readAt: Int
  ) {
    self.id = id
    self.customer = customer
    self.account = account
    self.price = price
    self.tier = tier
    self.isGrace = isGrace
    self.status = status
    self.isOver = isOver
    self.quantity = quantity
    self.periodStart = periodStart
    self.periodEnd = periodEnd
    self.cancelsAtPeriodEnd = cancelsAtPeriodEnd
    self.readAt = readAt
  }
}

/// The plans, as far as rows have to know of them.
package struct PlanLadder: Sendable {
  /// The smallest first: it is the one that costs nothing.
  package let plans: [String]
  /// Milliseconds for which an unpaid plan is kept.
  package let grace: Int
  /// SHA-256, for the audit log: this module has no cryptography.
  package let digest: @Sendable ([UInt8]) -> [UInt8]

  package init(
    plans: [String], grace: Int, digest: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) {
    self.plans = plans
    self.grace = grace
    self.digest = digest
  }

  var lowest: String { plans.first ?? "" }

  func largest(_ tiers: some Sequence<String>) -> String {
    tiers.max { plans.firstIndex(of: $0) ?? -1 < plans.firstIndex(of: $1) ?? -1 } ?? lowest
  }
}

/// An event to be journaled.
package struct JournaledEvent: Sendable {
  package var id: String
  package var type: String
  package var livemode: Bool
  /// Milliseconds since 1970 UTC.
  package var occurredAt: Int
  /// JSON: what of it is needed to do it again.
  package var payload: String

  package init(id: String, type: String, livemode: Bool, occurredAt: Int, payload: String) {
    self.id = id
    self.type = type
    self.livemode = livemode
    self.occurredAt = occurredAt
    self.payload = payload
  }
}

/// What a reading has done.
package struct SubscriptionEffect: Hashable, Sendable {
  /// The row before, if there was one, and now; `now` is nil when it was not kept.
  package var before: Subscription?
  package var now: Subscription?
  /// The account's plan before and now, where it has changed.
  package var planBefore: String?
  package var plan: String?

  /// Whether anything that counts is other than before.
  package var isChange: Bool {
    guard let now else { return false }
    guard let before, plan == nil else { return true }
    return before.user != now.user || before.status != now.status || before.tier != now.tier
      || before.price != now.price || before.quantity != now.quantity
      || before.periodStart != now.periodStart || before.periodEnd != now.periodEnd
      || before.cancelsAtPeriodEnd != now.cancelsAtPeriodEnd
  }
}

extension AppDatabase {
  /// Journals an event that has no effect.
  ///
  /// - Returns: false for one that was there already.
  package func journal(
    _ event: JournaledEvent, outcome: String, now: Int
  ) async throws -> Bool {
    try await changes.write {
      try Self.journal(event, outcome: outcome, replacing: false, now: now, in: $0)
    }
  }

  /// Journals an event and takes over what was read on account of it, both or neither.
  ///
  /// - Parameter event: nil for a reading that no event has asked for.
  /// - Parameter replaying: whether an event that is there already has its effect once more.
  /// - Parameter keepsStrangers: whether a subscription of nobody we know is kept, for whoever will be found to have bought it.
  /// - Parameter outcome: what to write of the event, from what it has done.
  /// - Returns: nil for an event that was there already: nothing is done then.
  package func take(
    _ reading: SubscriptionReading, of event: JournaledEvent?, replaying: Bool,
    keepsStrangers: Bool, ladder: PlanLadder, now: Int,
    outcome: @escaping @Sendable (SubscriptionEffect) -> String
  ) async throws -> SubscriptionEffect? {
    try await changes.write { database in
      if let event {
        guard
          try Self.journal(event, outcome: "", replacing: replaying, now: now, in: database)
        else { return nil }
      }
      let effect = try Self.take(
        reading, keepsStrangers: keepsStrangers, ladder: ladder, now: now, in: database)
      if let event {
        try database.change(
          "UPDATE stripe_events SET outcome = $1 WHERE id = $2", [outcome(effect), event.id])
      }
      return effect
    }
  }

  private static func journal(
    _ event: JournaledEvent, outcome: String, replacing: Bool, now: Int, in database: Database
  ) throws -> Bool {
    let isNew = try database.change(
      """
      INSERT INTO stripe_events (id, type, livemode, occurred_at, payload, processed_at, outcome,
        created_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING
      """,
      [
        event.id, event.type, event.livemode ? 1 : 0, event.occurredAt, event.payload, now, outcome,
        now,
      ])
    if isNew == 1 { return true }
    guard replacing else { return false }
    try database.change(
      "UPDATE stripe_events SET processed_at = $1, outcome = $2 WHERE id = $3",
      [now, outcome, event.id])
    return true
  }

  private static func take(
    _ reading: SubscriptionReading, keepsStrangers: Bool, ladder: PlanLadder, now: Int,
    in database: Database
  ) throws -> SubscriptionEffect {
    var effect = SubscriptionEffect()
    effect.before = try subscription(reading.id, in: database)
    // Somebody has asked later than we have, and was answered before.
    if let before = effect.before, before.readAt > reading.readAt {
      // But who bought it may be news.
      guard before.user == nil, reading.account != nil else {
        effect.now = before
        return effect
      }
    }
    let user = try buyer(of: reading, known: effect.before?.user, in: database)
    guard user != nil || effect.before != nil || keepsStrangers else { return effect }
    let before = try user.map { try Self.plan(paidBy: $0.id, ladder: ladder, in: database) }
    try write(reading, user: user?.id, before: effect.before, ladder, now: now, in: database)
    effect.now = try subscription(reading.id, in: database)
    guard let user, let before else { return effect }
    try settle(user, paidBefore: before, ladder, &effect, now: now, in: database)
    return effect
  }

  private static func subscription(_ id: String, in database: Database) throws -> Subscription? {
    try database.first("SELECT * FROM subscriptions WHERE id = $1", [id]).map(Subscription.init)
  }

  /// The account that a subscription belongs to: never found by an address.
  private static func buyer(
    of reading: SubscriptionReading, known: String?, in database: Database
  ) throws -> User? {
    for id in [known, reading.account].compactMap({ $0 }) {
      if let row = try database.first("SELECT * FROM users WHERE id = $1", [id]) {
        return User(row: row)
      }
    }
    return try database.first(
      "SELECT * FROM users WHERE stripe_customer_id = $1", [reading.customer]
    ).map(User.init)
  }

  private static func write(
    _ reading: SubscriptionReading, user: String?, before: Subscription?, _ ladder: PlanLadder,
    now: Int, in database: Database
  ) throws {
    // A later reading than this one stands; only its buyer is added.
    if let before, before.readAt > reading.readAt {
      try database.change(
        "UPDATE subscriptions SET user_id = $1, updated_at = $2 WHERE id = $3",
        [user, now, reading.id])
      return
    }
    let pastDueAt = reading.isGrace ? before?.pastDueAt ?? now : nil
    let isSpent = pastDueAt.map { $0 + ladder.grace <= now } ?? false
    try database.change(
      """
      INSERT INTO subscriptions (id, user_id, customer, price, tier, status, is_over, quantity,
        period_start, period_end, cancel_at_period_end, past_due_at, read_at, created_at, updated_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
      ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, customer = excluded.customer,
        price = excluded.price, tier = excluded.tier, status = excluded.status,
        is_over = excluded.is_over, quantity = excluded.quantity,
        period_start = excluded.period_start, period_end = excluded.period_end,
        cancel_at_period_end = excluded.cancel_at_period_end, past_due_at = excluded.past_due_at,
        read_at = excluded.read_at, updated_at = excluded.updated_at
      """,
      [
        reading.id, user, reading.customer, reading.price, isSpent ? ladder.lowest : reading.tier,
        reading.status, reading.isOver ? 1 : 0, reading.quantity, reading.periodStart,
        reading.periodEnd, reading.cancelsAtPeriodEnd ? 1 : 0, pastDueAt, reading.readAt, now, now,
      ])
  }

  private static func subscriptions(
    of user: String, in database: Database
  ) throws -> [Subscription] {
    try database.all("SELECT * FROM subscriptions WHERE user_id = $1 ORDER BY id", [user])
      .map(Subscription.init)
  }

  private static func plan(
    paidBy user: String, ladder: PlanLadder, in database: Database
  ) throws -> String {
    ladder.largest(try subscriptions(of: user, in: database).map(\.tier))
  }

  /// Lets an account have what its subscriptions give.
  ///
  /// Its plan changes only when what is paid for changes: what an operator gives stays until then.
  private static func settle(
    _ user: User, paidBefore: String, _ ladder: PlanLadder, _ effect: inout SubscriptionEffect,
    now: Int, in database: Database
  ) throws {
    let all = try subscriptions(of: user.id, in: database)
    let paid = ladder.largest(all.map(\.tier))
    let giving = all.filter { $0.tier == paid && paid != ladder.lowest }
      .max { ($0.periodEnd, $0.id) < ($1.periodEnd, $1.id) }
    try database.change(
      "UPDATE users SET paid_from = $1, paid_until = $2 WHERE id = $3",
      [giving?.periodStart, giving?.periodEnd, user.id])
    // The customer whose portal is opened: the one that pays, else the first that ever did.
    let customer = giving?.customer ?? user.stripeCustomer ?? all.first?.customer
    if customer != user.stripeCustomer {
      try database.change(
        """
        UPDATE users SET stripe_customer_id = $1 WHERE id = $2
          AND NOT EXISTS (SELECT 1 FROM users o WHERE o.stripe_customer_id = $3 AND o.id <> users.id)
        """, [customer, user.id, customer])
    }
    guard paid != paidBefore else { return }
    try setPlan(paid, of: user, plans: ladder.plans, now: now, in: database)
    guard paid != user.planTier else { return }
    effect.planBefore = user.planTier
    effect.plan = paid
    try audit(
      AuditEntry(
        id: FreshID.text(now: now), at: now, actor: "stripe", actorID: nil, action: "user.plan",
        object: "user", objectID: user.id,
        // Words of ours and of Stripe's ids: nothing to escape.
        detail: #"{"plan_tier":"\#(paid)","before":"\#(user.planTier)"}"#),
      digest: ladder.digest, in: database)
  }

  /// Ends what unpaid subscriptions still give once their time of grace is over.
  ///
  /// - Returns: accounts whose plan has changed.
  package func endGrace(ladder: PlanLadder, now: Int) async throws -> [String] {
    try await changes.write { database in
      var changed: [String] = []
      for row in try database.all(
        "SELECT * FROM subscriptions WHERE past_due_at <= $1 AND tier <> $2",
        [now - ladder.grace, ladder.lowest])
      {
        let subscription = Subscription(row: row)
        let user = try subscription.user.flatMap { id in
          try database.first("SELECT * FROM users WHERE id = $1", [id]).map(User.init)
        }
        let before = try user.map { try Self.plan(paidBy: $0.id, ladder: ladder, in: database) }
        try database.change(
          "UPDATE subscriptions SET tier = $1, updated_at = $2 WHERE id = $3",
          [ladder.lowest, now, subscription.id])
        guard let user, let before else { continue }
        var effect = SubscriptionEffect()
        try Self.settle(user, paidBefore: before, ladder, &effect, now: now, in: database)
        if effect.plan != nil { changed.append(user.id) }
      }
      return changed
    }
  }

  // MARK: Reading

  /// Whether an event is in the journal.
  package func hasStripeEvent(_ id: String) async throws -> Bool {
    try await reads.read { database in
      try database.number("SELECT count(*) FROM stripe_events WHERE id = $1", [id]) > 0
    }
  }

  /// What is kept of an event; nil when it is not in the journal.
  package func stripeEvent(_ id: String) async throws -> String? {
    try await reads.read { database -> String? in
      try database.first("SELECT payload FROM stripe_events WHERE id = $1", [id])?["payload"]
    }
  }

  /// What is kept of the events that ended so, oldest first.
  package func stripeEvents(outcomes: [String], limit: Int) async throws -> [String] {
    try await reads.read { database -> [String] in
      var found: [(Int, String)] = []
      for outcome in outcomes {
        found += try database.all(
          """
          SELECT occurred_at, payload FROM stripe_events WHERE outcome = $1
          ORDER BY occurred_at, id LIMIT $2
          """, [outcome, limit]
        ).map { ($0["occurred_at"], $0["payload"]) }
      }
      return found.sorted { $0.0 < $1.0 }.prefix(limit).map(\.1)
    }
  }

  /// An account's subscription: the one that gives most, else the one that ended last; nil without any.
  package func subscription(of user: String, plans: [String]) async throws -> Subscription? {
    try await reads.read { database -> Subscription? in
      try Self.subscriptions(of: user, in: database).max { one, other in
        func weight(_ row: Subscription) -> (Int, Int, Int, String) {
          (plans.firstIndex(of: row.tier) ?? -1, row.isOver ? 0 : 1, row.periodEnd, row.id)
        }
        return weight(one) < weight(other)
      }
    }
  }

  /// All subscriptions that we know, by id.
  package func subscriptions() async throws -> [Subscription] {
    try await reads.read { database -> [Subscription] in
      try database.all("SELECT * FROM subscriptions ORDER BY id").map(Subscription.init)
    }
  }

  /// Subscriptions of an account that have not ended.
  package func openSubscriptions(of user: String) async throws -> [Subscription] {
    try await reads.read { database -> [Subscription] in
      try Self.subscriptions(of: user, in: database).filter { !$0.isOver }
    }
  }
}
