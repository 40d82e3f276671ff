// What follows from what Stripe tells: an event is a reason to read its subscription again, and the account gets what the
// subscription gives now. So neither the order of events nor their number matters, and none of what they say has to be believed.
//
// Guarantee: an event's row and its effect are one transaction; the delivery is answered after it.

import Billing
import FoundationEssentials
import Logging
import Spool
package import Storage
import WebClient

/// Events in, plans out.
package struct Payments: Sendable {
  /// How an event ended; what stands in the journal.
  package enum Outcome: String, Sendable {
    /// The account, or what is known of its subscription, is other than before.
    case applied
    /// It was known already.
    case unchanged
    /// It concerns no subscription.
    case ignored
    /// It was in the journal; nothing was done.
    case repeated
    /// A test event at a live server, or the other way round.
    case wrongMode = "wrong-mode"
    /// Nobody here has bought it.
    case unlinked
    /// Its price is in no plan: it gives nothing.
    case unknownPrice = "unknown-price"
    /// Stripe itself does not know the subscription.
    case missing

    /// Whether doing it again may end otherwise, once somebody has put something right.
    static let unfinished: [Outcome] = [.unlinked, .unknownPrice, .missing, .wrongMode]
  }

  /// What one event, or one subscription of a comparison, came to.
  package struct Line: Encodable, Sendable {
    /// Nil in a comparison.
    package var event: String?
    /// Of the event; in a comparison `changed`, `grace-ended` or why a person has to look.
    package var outcome: String
    package var subscription: String?
    package var account: String?
    package var status_before: String?
    package var status: String?
    package var plan_before: String?
    package var plan: String?

    init(event: String? = nil, _ outcome: String) {
      self.event = event
      self.outcome = outcome
    }

    mutating func add(_ effect: SubscriptionEffect) {
      account = effect.now?.user
      status_before = effect.before?.status
      status = effect.now?.status
      plan_before = effect.planBefore
      plan = effect.plan
    }
  }

  let database: AppDatabase
  let settings: StripeSettings
  var client: StripeClient
  /// Where people come back to.
  let publicURL: String
  let logger: Logger
  /// Milliseconds since 1970 UTC.
  let clock: @Sendable () -> Int
  private let turns = CustomerTurns()

  static let ladder = PlanLadder(
    plans: PlanTier.allCases.sorted().map(\.rawValue), grace: Entitlement.grace,
    digest: { SHA256Digest(of: $0).bytes })

  init(
    database: AppDatabase, settings: StripeSettings, transport: WebTransport, publicURL: String,
    logger: Logger, clock: @escaping @Sendable () -> Int
  ) {
    self.database = database
    self.settings = settings
    self.publicURL = publicURL
    self.logger = logger
    self.clock = clock
    client = StripeClient(settings: settings, transport: transport)
  }

  /// Of the command line.
  ///
  /// - Throws: `StripeFailure.notConfigured`.
  package init(_ configuration: Configuration, database: AppDatabase) throws {
    guard let settings = configuration.stripe else { throw StripeFailure.notConfigured }
    self.init(
      database: database, settings: settings, transport: .curl(.configured),
      publicURL: configuration.publicURL, logger: Logger(label: "bobbin"), clock: WallClock.now)
  }

  // MARK: Events

  /// Does what an event asks for, once.
  ///
  /// - Parameter replaying: whether one that is in the journal is done again.
  /// - Throws: `StripeFailure` when its subscription cannot be read; nothing is journaled then, and it may come again.
  func receive(_ event: StripeEvent, replaying: Bool = false) async throws -> Line {
    guard event.livemode == settings.isLive else { return try await end(event, .wrongMode) }
    guard let concern = event.concern else { return try await end(event, .ignored) }
    return try await turns.inTurn(concern.customer) {
      // Copies that came meanwhile ask Stripe nothing.
      if !replaying, try await database.hasStripeEvent(event.id) {
        return Line(event: event.id, Outcome.repeated.rawValue)
      }
      let readAt = clock()
      let subscription: StripeSubscription
      do {
        subscription = try await client.subscription(concern.subscription)
      } catch StripeFailure.missing {
        logger.error("stripe", metadata: ["event": "\(event.id)", "outcome": "missing"])
        return try await end(event, .missing)
      }
      guard subscription.livemode == settings.isLive else {
        return try await end(event, .wrongMode)
      }
      let entitlement = Entitlement(subscription, prices: settings.prices)
      let decide: @Sendable (SubscriptionEffect) -> Outcome = { effect in
        if effect.now?.user == nil { return .unlinked }
        if entitlement.hasUnknownPrice, !subscription.status.isOver { return .unknownPrice }
        return effect.isChange ? .applied : .unchanged
      }
      let effect = try await database.take(
        Self.reading(subscription, entitlement, account: concern.account, readAt: readAt),
        of: Self.journaled(event), replaying: replaying,
        keepsStrangers: !entitlement.hasUnknownPrice, ladder: Self.ladder, now: clock()
      ) { decide($0).rawValue }
      guard let effect else { return Line(event: event.id, Outcome.repeated.rawValue) }
      let outcome = decide(effect)
      if Outcome.unfinished.contains(outcome) {
        logger.error(
          "stripe", metadata: ["event": "\(event.id)", "outcome": "\(outcome.rawValue)"])
      }
      var line = Line(event: event.id, outcome.rawValue)
      line.subscription = subscription.id
      line.add(effect)
      return line
    }
  }

  /// Journals an event without an effect.
  private func end(_ event: StripeEvent, _ outcome: Outcome) async throws -> Line {
    let isNew = try await database.journal(
      Self.journaled(event), outcome: outcome.rawValue, now: clock())
    return Line(event: event.id, (isNew ? outcome : .repeated).rawValue)
  }

  /// Of an event only what is needed to do it again is kept: the rest names people.
  private static func journaled(_ event: StripeEvent) -> JournaledEvent {
    JournaledEvent(
      id: event.id, type: event.type, livemode: event.livemode, occurredAt: event.created * 1000,
      payload: String(decoding: JSONText.encode(event), as: UTF8.self))
  }

  private static func reading(
    _ subscription: StripeSubscription, _ entitlement: Entitlement, account: String?, readAt: Int
  ) -> SubscriptionReading {
    SubscriptionReading(
      id: subscription.id, customer: subscription.customer,
      account: account ?? subscription.account, price: subscription.items.first?.price ?? "",
      tier: entitlement.tier.rawValue, isGrace: entitlement.isGrace,
      status: subscription.status.text, isOver: subscription.status.isOver,
      quantity: subscription.items.first?.quantity ?? 0, periodStart: subscription.periodStart,
      periodEnd: subscription.periodEnd, cancelsAtPeriodEnd: subscription.endsByItself,
      readAt: readAt)
  }

  /// Does events again: those named, from the journal or from Stripe, or else all that ended without an effect.
  package func replay(_ ids: [String], each: (Line) throws -> Void) async throws {
    var events: [StripeEvent] = []
    if ids.isEmpty {
      events = try await database.stripeEvents(
        outcomes: Outcome.unfinished.map(\.rawValue), limit: 10_000
      ).compactMap(Self.event)
    }
    for id in ids {
      guard StripeID.isValid(id) else { throw StripeFailure.missing(id: "such event") }
      if let kept = try await database.stripeEvent(id).flatMap(Self.event) {
        events.append(kept)
      } else {
        events.append(try await client.event(id))
      }
    }
    for event in events { try each(try await receive(event, replaying: true)) }
  }

  private static func event(_ json: String) -> StripeEvent? {
    try? JSONDecoder().decode(StripeEvent.self, from: Data(json.utf8))
  }

  // MARK: Comparing

  /// Compares all subscriptions at Stripe with what is known here, and takes over what Stripe says.
  ///
  /// - Parameter each: told of what was changed, and of what a person has to look at.
  /// - Returns: how many were compared, how many a person has to look at.
  package func reconcile(
    each: (Line) throws -> Void
  ) async throws -> (compared: Int, open: Int) {
    let began = clock()
    var seen: Set<String> = []
    var open = 0
    for account in try await database.endGrace(ladder: Self.ladder, now: began) {
      var line = Line("grace-ended")
      line.account = account
      line.plan = PlanTier.free.rawValue
      try each(line)
    }
    var last: String?
    while true {
      let readAt = clock()
      let page = try await client.subscriptions(after: last)
      for subscription in page.items where subscription.livemode == settings.isLive {
        seen.insert(subscription.id)
        if let line = try await compare(subscription, readAt: readAt) {
          if line.outcome != "changed" { open += 1 }
          try each(line)
        }
      }
      // A page that does not go on would be asked for for ever.
      guard page.hasMore, let next = page.items.last?.id, next != last else { break }
      last = next
    }
    for row in try await database.subscriptions()
    where !seen.contains(row.id) && !row.isOver && row.readAt < began {
      // Never a reason to take a plan away: the key may be another account's.
      var line = Line(Outcome.missing.rawValue)
      line.subscription = row.id
      line.account = row.user
      line.status = row.status
      open += 1
      try each(line)
    }
    return (seen.count, open)
  }

  private func compare(_ subscription: StripeSubscription, readAt: Int) async throws -> Line? {
    let entitlement = Entitlement(subscription, prices: settings.prices)
    let effect = try await turns.inTurn(subscription.customer) {
      try await database.take(
        Self.reading(subscription, entitlement, account: nil, readAt: readAt), of: nil,
        replaying: false, keepsStrangers: !entitlement.hasUnknownPrice, ladder: Self.ladder,
        now: clock()
      ) { _ in "" }
    }
    guard let effect else { return nil }
    var line = Line("changed")
    line.subscription = subscription.id
    line.add(effect)
    if effect.now?.user == nil {
      // Other things may be sold with the same account; what costs as one of our plans is ours.
      guard entitlement.tier > .free else { return nil }
      line.outcome = Outcome.unlinked.rawValue
      line.status = subscription.status.text
      return line
    }
    if entitlement.hasUnknownPrice, !subscription.status.isOver {
      line.outcome = Outcome.unknownPrice.rawValue
      return line
    }
    return effect.isChange ? line : nil
  }

  // MARK: Selling

  /// A page where an account buys a plan.
  func checkout(_ user: User, _ tier: PlanTier, key: String) async throws -> String {
    guard let price = settings.price(of: tier) else {
      throw AppError.invalid("tier", "not-offered")
    }
    let open = try await database.openSubscriptions(of: user.id)
    // One whose first payment has not come through is in nobody's way: Stripe ends it within a day.
    guard open.allSatisfy({ $0.status == StripeSubscription.Status.incomplete.text }) else {
      throw AppError(.alreadySubscribed)
    }
    return try await asking {
      try await client.checkout(
        price: price, account: user.id, customer: user.stripeCustomer,
        email: user.isEmailVerified ? user.email : nil, publicURL: publicURL, key: key)
    }
  }

  /// A page where an account changes what it pays for; its own customer's, whatever it asks for.
  func portal(_ user: User, key: String) async throws -> String {
    guard let customer = user.stripeCustomer else { throw AppError(.noCustomer) }
    return try await asking {
      try await client.portal(customer: customer, publicURL: publicURL, key: key)
    }
  }

  /// Ends what an account pays for: it is about to be deleted.
  func cancelAll(of user: User) async throws {
    for subscription in try await database.openSubscriptions(of: user.id) {
      try await asking { try await client.cancel(subscription.id) }
    }
  }

  /// Lets a visitor see of Stripe's trouble only that it is not now.
  func asking<Value>(_ work: () async throws -> Value) async throws -> Value {
    do {
      return try await work()
    } catch let failure as StripeFailure {
      logger.error("stripe", metadata: ["error": "\(failure)"])
      throw AppError.busy(retryAfterSeconds: 30)
    }
  }
}
