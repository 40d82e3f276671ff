import Answering
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
}
