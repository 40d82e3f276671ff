// How this server sells plans: its key at Stripe, what deliveries are signed with, and which price is which plan.

import Billing

/// The settings of payments; there are all of them or none.
struct StripeSettings: Sendable {
  /// A secret or restricted key.
  let key: String
  /// Secrets that deliveries are signed with; two while one replaces the other.
  let webhookSecrets: [String]
  /// Prices with their plans, in the order in which they were named.
  let offers: [(price: String, tier: PlanTier)]
  /// Where Stripe is; tests have another.
  let baseURL: String

  /// Whether the key moves money.
  ///
  /// What belongs to the other mode is not ours.
  var isLive: Bool { key.hasPrefix("sk_live_") || key.hasPrefix("rk_live_") }

  /// Which price is which plan.
  var prices: [String: PlanTier] {
    Dictionary(offers.map { ($0.price, $0.tier) }, uniquingKeysWith: { first, _ in first })
  }

  /// The price at which a plan is sold: the first that was named for it.
  func price(of tier: PlanTier) -> String? { offers.first { $0.tier == tier }?.price }

  /// Reads the settings; nil without a key.
  ///
  /// A key without secrets would take money and never hear of it: that is refused.
  init?(_ text: (String) -> String?) throws(ConfigurationError) {
    baseURL = text("BOBBIN_STRIPE_URL") ?? "https://api.stripe.com"
    guard let key = text("BOBBIN_STRIPE_KEY") else { return nil }
    self.key = key
    let kinds = ["sk_live_", "sk_test_", "rk_live_", "rk_test_"]
    guard let kind = kinds.first(where: key.hasPrefix), key.utf8.count > kind.utf8.count,
      key.utf8.allSatisfy({ (0x21..<0x7F).contains($0) })
    else {
      // The value is a secret: it is not said back.
      throw .notOffered(name: "BOBBIN_STRIPE_KEY", value: "…", names: kinds.map { "\($0)…" })
    }
    guard baseURL.hasPrefix("https://") || baseURL.hasPrefix("http://"), !baseURL.hasSuffix("/")
    else {
      throw .notAnOrigin(name: "BOBBIN_STRIPE_URL", value: baseURL)
    }
    webhookSecrets = Self.list(text("BOBBIN_STRIPE_WEBHOOK_SECRETS"))
    guard !webhookSecrets.isEmpty else {
      throw .notOffered(
        name: "BOBBIN_STRIPE_WEBHOOK_SECRETS", value: "",
        names: ["the secret of the webhook that Stripe calls, whsec_…"])
    }
    let prices = text("BOBBIN_STRIPE_PRICES")
    var offers: [(price: String, tier: PlanTier)] = []
    for pair in Self.list(prices) {
      let parts = pair.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, StripeID.isValid(parts[0]), let tier = PlanTier(rawValue: parts[1]),
        tier > .free, !offers.contains(where: { $0.price == parts[0] })
      else { throw Self.badPrices(prices ?? "") }
      offers.append((parts[0], tier))
    }
    guard !offers.isEmpty else { throw Self.badPrices("") }
    self.offers = offers
  }

  private static func badPrices(_ value: String) -> ConfigurationError {
    .notOffered(
      name: "BOBBIN_STRIPE_PRICES", value: value,
      names: ["price_…=pro", "price_…=enterprise, separated by commas"])
  }

  private static func list(_ text: String?) -> [String] {
    (text ?? "").split(separator: ",").map { String($0.trimmingSpace()) }.filter { !$0.isEmpty }
  }
}
