import Answering
import Storage
import Testing

@testable import App

@Suite struct ModelSettingsTests {
  @Test func `the limits of a model's replies are settings, in seconds and bytes`() throws {
    let plain = try Configuration(environment: [:])
    #expect(plain.replyLimits == ReplyLimits())
    #expect(plain.modelBreaker == CircuitBreaker.Policy())
    let own = try Configuration(environment: [
      "BOBBIN_MODEL_CONNECT_TIMEOUT": "1", "BOBBIN_MODEL_FIRST_TOKEN_TIMEOUT": "2",
      "BOBBIN_MODEL_IDLE_TIMEOUT": "3", "BOBBIN_MODEL_REPLY_TIMEOUT": "4",
      "BOBBIN_MODEL_REPLY_BYTES": "5000", "BOBBIN_MODEL_FAILURES": "6",
      "BOBBIN_MODEL_COOL_DOWN": "7",
    ])
    #expect(
      own.replyLimits
        == ReplyLimits(
          connect: .seconds(1), firstToken: .seconds(2), idle: .seconds(3), whole: .seconds(4),
          textBytes: 5_000))
    #expect(own.modelBreaker == CircuitBreaker.Policy(failures: 6, coolDown: .seconds(7)))
  }

  @Test(arguments: [
    "CONNECT_TIMEOUT", "FIRST_TOKEN_TIMEOUT", "IDLE_TIMEOUT", "REPLY_TIMEOUT", "REPLY_BYTES",
    "FAILURES", "COOL_DOWN",
  ])
  func `a limit of nothing is refused by name`(name: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration(environment: ["BOBBIN_MODEL_\(name)": "0"])
    }
    #expect(error.map { "\($0)".hasPrefix("BOBBIN_MODEL_\(name)=0: ") } == true)
  }

  @Test func `tokens cost what the setting says, to the millionth`() throws {
    func prices(_ value: String?) throws -> TokenPrices? {
      try Configuration(environment: value.map { ["BOBBIN_TOKEN_PRICES": $0] } ?? [:]).tokenPrices
    }
    #expect(try prices(nil) == nil)
    let euros = try #require(try prices("EUR, embedding=0.02,prompt=0.15,reply=0.60"))
    let cases = [
      (TokenCounts(), "0.00"), (TokenCounts(embedded: 1_000_000), "0.02"),
      (TokenCounts(read: 2_000_000, written: 500_000), "0.60"),
      (TokenCounts(embedded: 24), "0.00"), (TokenCounts(embedded: 25), "0.000001"),
      (TokenCounts(embedded: 10, read: 70, written: 7), "0.000015"),
      (TokenCounts(read: 123_456_789), "18.518518"),
    ]
    for (tokens, amount) in cases {
      #expect(euros.cost(of: tokens) == Cost(currency: "EUR", millionths: millionths(amount)))
      #expect(euros.cost(of: tokens).amount == amount)
    }
    #expect(euros.most(of: 1_000_000).description == "EUR 0.60")
    // What is not named costs nothing; the highest price of the most tokens is still a number.
    let yen = try #require(try prices("JPY,reply=1000000"))
    #expect(yen.cost(of: TokenCounts(embedded: .max, read: .max)).amount == "0.00")
    #expect(yen.cost(of: TokenCounts(written: 1 << 40)).amount == "1099511627776.00")
    #expect(yen.cost(of: TokenCounts(written: .max)).amount == "9223372036854.775807")
  }

  /// `0.6` as 600,000.
  private func millionths(_ amount: String) -> Int {
    let parts = amount.split(separator: ".")
    let fraction = (parts[1] + "000000").prefix(6)
    return (Int(parts[0]) ?? 0) * 1_000_000 + (Int(fraction) ?? 0)
  }

  @Test(arguments: [
    "EUR", "eur,reply=1", "EURO,reply=1", "reply=1", "EUR,reply=1,reply=2", "EUR,word=1",
    "EUR,reply=", "EUR,reply=-1", "EUR,reply=1e3", "EUR,reply=.5", "EUR,reply=1.", "EUR,reply=1,",
    "EUR,reply=0.0000001", "EUR,reply=1000000.01", "EUR,reply=1.2.3", "EUR,reply=99999999",
  ])
  func `prices that are none are refused by name`(value: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration(environment: ["BOBBIN_TOKEN_PRICES": value])
    }
    #expect(
      error.map { "\($0)".hasPrefix("BOBBIN_TOKEN_PRICES=\(value): expected a currency") } == true)
  }
}
