import Billing
import Foundation
import Glibc
import TestSupport
import Testing
import WebClient

/// The server and the command against localstripe, which has subscriptions and invoices and tells of them, and a small stand-in for
/// the pages where people pay.
@Suite(.serialized) struct StripeTests {
  static let secret = "whsec_end_to_end"

  /// Stripe on loopback.
  final class Stripe {
    let peer: Peer
    let base: String
    private let transport = WebTransport.curl(.configured)

    init() throws {
      peer = try Peer("stripe_fake.py", [StripeTests.secret])
      base = "http://127.0.0.1:\(try #require(peer.line()))"
    }

    var environment: [String: String] {
      [
        "BOBBIN_STRIPE_URL": base, "BOBBIN_STRIPE_KEY": "sk_test_fake",
        "BOBBIN_STRIPE_WEBHOOK_SECRETS": StripeTests.secret,
        "BOBBIN_STRIPE_PRICES": "price_pro=pro,price_enterprise=enterprise",
        "BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4",
      ]
    }

    /// Says where deliveries go.
    func deliver(to server: String) throws {
      peer.write("\(server)/api/webhooks/stripe/")
      #expect(peer.line() == "ready")
    }

    @discardableResult
    func ask(_ method: String, _ path: String, _ form: String? = nil) async throws -> Data {
      let response = try await transport.send(
        WebRequest(
          url: path.hasPrefix("http") ? path : base + path, method: method,
          headers: [
            "Authorization": "Bearer sk_test_fake",
            "Content-Type": "application/x-www-form-urlencoded",
          ], body: form.map { Array($0.utf8) }))
      try #require(response.status == 200, "\(String(decoding: response.body, as: UTF8.self))")
      return Data(response.body)
    }

    struct Found: Decodable {
      let id: String
      let customer: String
      let status: String
    }
    func subscriptions() async throws -> [Found] {
      struct Page: Decodable { let data: [Found] }
      return try JSONDecoder().decode(
        Page.self, from: try await ask("GET", "/v1/subscriptions?status=all&limit=100")
      ).data
    }
  }

  /// An owner over HTTP.
  struct Owner {
    let base: String
    let token: String
    let transport = WebTransport.curl(.configured)

    init(_ base: String) async throws {
      struct Tokens: Decodable { let access_token: String }
      let response = try await transport.send(
        WebRequest(
          url: "\(base)/api/auth/register", method: "POST",
          headers: ["Content-Type": "application/json"],
          body: Array(
            #"{"email":"ada@example.com","password":"tr0ubadour klavier","delivery":"body"}"#.utf8))
      )
      self.base = base
      token = try JSONDecoder().decode(Tokens.self, from: Data(response.body)).access_token
    }

    /// The same owner at a server that was started again.
    init(_ base: String, token: String) {
      self.base = base
      self.token = token
    }

    func ask(_ method: String, _ path: String, _ body: String? = nil) async throws -> WebResponse {
      var headers: WebHeaders = ["Authorization": "Bearer \(token)"]
      if body != nil { headers.append("Content-Type", "application/json") }
      return try await transport.send(
        WebRequest(
          url: base + path, method: method, headers: headers, body: body.map { Array($0.utf8) }))
    }

    func page(_ path: String, _ body: String? = nil) async throws -> String {
      struct Page: Decodable { let url: String }
      let response = try await ask("POST", path, body)
      try #require(response.status == 200, "\(String(decoding: response.body, as: UTF8.self))")
      return try JSONDecoder().decode(Page.self, from: Data(response.body)).url
    }

    struct Plan: Decodable {
      let tier, status, period_end: String
      let can_buy, can_manage: Bool
    }
    func plan() async throws -> Plan {
      try JSONDecoder().decode(
        Plan.self, from: Data(try await ask("GET", "/api/billing/plan/").body))
    }

    /// The plan, once it is another than this one; what Stripe tells takes a moment.
    func plan(after tier: String) async throws -> Plan {
      for _ in 0..<200 {
        let plan = try await plan()
        if plan.tier != tier { return plan }
        try await Task.sleep(for: .milliseconds(50))
      }
      return try await plan()
    }
  }

  @Test func `a plan is bought, changed and ended, and what was missed is found at night`()
    async throws
  {
    let stripe = try Stripe()
    let bobbin = try Installation(model: false)
    var server: ServerTests.Server? = try ServerTests.Server(bobbin, stripe.environment)
    let base = try #require(server?.base)
    try stripe.deliver(to: base)
    let owner = try await Owner(base)
    #expect(try await owner.plan().can_buy)
    let payPage = try await owner.page("/api/billing/checkout/", #"{"tier":"pro"}"#)
    try await stripe.ask("GET", payPage)
    let bought = try await owner.plan()
    #expect(bought.tier == "pro" && bought.status == "active" && !bought.can_buy)
    let sold = try #require(try await stripe.subscriptions().first)
    #expect(
      try await owner.page("/api/billing/portal/") == "\(stripe.base)/portal/\(sold.customer)")
    try await stripe.ask(
      "POST", "/v1/subscriptions/\(sold.id)", "items[0][plan]=price_enterprise")
    #expect(try await owner.plan(after: "pro").tier == "enterprise")

    // While the server is away it ends, and nobody tells again.
    server = nil
    try await stripe.ask("DELETE", "/v1/subscriptions/\(sold.id)")
    struct Line: Decodable {
      let outcome, subscription, plan: String
    }
    let night = try await bobbin.tool("bobbin", stripe.environment).run(
      ["billing", "reconcile", "--json"])
    #expect(night.exitCode == 0, "\(night.errors)")
    let line = try JSONDecoder().decode(Line.self, from: Data(night.output.utf8))
    #expect(line.outcome == "changed" && line.subscription == sold.id && line.plan == "free")
    let again = try await bobbin.tool("bobbin", stripe.environment).run(["billing", "reconcile"])
    #expect(again.output == "1 subscriptions compared, 0 to look at\n", "\(again)")
    let replay = try await bobbin.tool("bobbin", stripe.environment).run(["billing", "replay"])
    #expect(replay.exitCode == 0 && replay.output == "no event to do again\n", "\(replay)")
    let unknown = try await bobbin.tool("bobbin", stripe.environment).run(
      ["billing", "replay", "evt_unknown"])
    #expect(unknown.exitCode == 69 && unknown.errors.contains("knows no evt_unknown"))
    let without = try await bobbin.tool("bobbin").run(["billing", "reconcile"])
    #expect(without.exitCode == 69 && without.errors.contains("BOBBIN_STRIPE_KEY"))
  }

  @Test func `a server killed while Stripe speaks loses nothing and does nothing twice`()
    async throws
  {
    let stripe = try Stripe()
    let bobbin = try Installation(model: false)
    var environment = stripe.environment
    environment["BOBBIN_LOG_LEVEL"] = "error"
    var server = try ServerTests.Server(bobbin, environment)
    try stripe.deliver(to: server.base)
    var owner = try await Owner(server.base)
    try await stripe.ask("GET", try await owner.page("/api/billing/checkout/", #"{"tier":"pro"}"#))
    let sold = try #require(try await stripe.subscriptions().first)
    // From here on only this test tells it anything.
    try stripe.deliver(to: "http://127.0.0.1:9")
    let transport = WebTransport.curl(.configured)
    for round in 0..<12 {
      let tier = round % 2 == 0 ? "enterprise" : "pro"
      try await stripe.ask("POST", "/v1/subscriptions/\(sold.id)", "items[0][plan]=price_\(tier)")
      let body = Array(
        #"{"id":"evt_round_\#(round)","object":"event","type":"customer.subscription.updated","created":1795743762,"livemode":false,"data":{"object":{"id":"\#(sold.id)","customer":"\#(sold.customer)"}}}"#
          .utf8)
      @Sendable func deliver(_ base: String) async -> Int {
        let time = Int(Date().timeIntervalSince1970)
        return
          (try? await transport.send(
            WebRequest(
              url: "\(base)/api/webhooks/stripe/", method: "POST",
              headers: [
                "Stripe-Signature": StripeSignature.header(
                  for: body, secret: Self.secret, time: time)
              ], body: body)))?.status ?? 0
      }
      let base = server.base
      let first = Task { await deliver(base) }
      try await Task.sleep(for: .milliseconds(round))
      kill(server.process.processIdentifier, SIGKILL)
      server.process.waitUntilExit()
      _ = await first.value
      server = try ServerTests.Server(bobbin, environment)
      // Stripe comes again, and once more though it was answered.
      #expect(await deliver(server.base) == 200)
      #expect(await deliver(server.base) == 200)
      owner = Owner(server.base, token: owner.token)
      #expect(try await owner.plan().tier == tier, "round \(round)")
    }
    // Twelve changes and the purchase: as many entries, whoever was killed when.
    let audit = try await bobbin.tool("bobbin", environment).run(["admin", "audit", "--json"])
    #expect(audit.exitCode == 0, "\(audit.errors)")
    #expect(audit.output.split(separator: "\n").filter { $0.contains("user.plan") }.count == 13)
  }
}
