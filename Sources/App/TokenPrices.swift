// What tokens cost on this server. Amounts are made when they are asked for, out of counts: none is ever stored.

import FoundationEssentials
import Storage

/// Prices of a million tokens.
package struct TokenPrices: Hashable, Sendable {
  /// ISO 4217, three letters.
  let currency: String
  /// Millionths of the currency for a million tokens: read for a vector, read by the language model, written by it.
  let embedding, prompt, reply: Int

  /// The highest price of a million tokens, in the currency.
  static let highest = 1_000_000

  /// Reads `BOBBIN_TOKEN_PRICES`, such as `EUR,embedding=0.02,prompt=0.15,reply=0.60`; nil without it.
  init?(_ text: (String) -> String?) throws(ConfigurationError) {
    guard let value = text("BOBBIN_TOKEN_PRICES") else { return nil }
    let refusal = ConfigurationError.notOffered(
      name: "BOBBIN_TOKEN_PRICES", value: value,
      names: [
        "a currency and what a million tokens cost, such as EUR,embedding=0.02,prompt=0.15,reply=0.60"
      ])
    let parts = value.split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.trimmingSpace() }
    guard let currency = parts.first, currency.utf8.count == 3,
      currency.utf8.allSatisfy({ (65...90).contains($0) })
    else { throw refusal }
    var prices: [Substring: Int] = [:]
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", omittingEmptySubsequences: false)
      guard pair.count == 2, ["embedding", "prompt", "reply"].contains(pair[0]),
        let price = Self.millionths(pair[1]), prices.updateValue(price, forKey: pair[0]) == nil
      else { throw refusal }
    }
    guard !prices.isEmpty else { throw refusal }
    self.currency = String(currency)
    embedding = prices["embedding"] ?? 0
    prompt = prices["prompt"] ?? 0
    reply = prices["reply"] ?? 0
  }

  /// `0.15` as 150,000; nil for what is no amount, is finer than a millionth, or is too high.
  private static func millionths(_ text: Substring) -> Int? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count),
      parts.allSatisfy({ part in
        (1...7).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) }
      }), let whole = Int(parts[0])
    else { return nil }
    let fraction = parts.count == 2 ? parts[1] : "0"
    guard fraction.utf8.count <= 6,
      let part = Int(fraction + String(repeating: "0", count: 6 - fraction.utf8.count))
    else { return nil }
    let price = whole * 1_000_000 + part
    return price <= highest * 1_000_000 ? price : nil
  }

  /// What tokens cost.
  func cost(of tokens: TokenCounts) -> Cost {
    cost([(tokens.embedded, embedding), (tokens.read, prompt), (tokens.written, reply)])
  }

  /// What so many tokens cost at most, where it is not known which of them a language model reads and which it writes.
  package func most(of tokens: Int) -> Cost { cost([(tokens, max(prompt, reply))]) }

  private func cost(_ parts: [(tokens: Int, price: Int)]) -> Cost {
    // Rounded once, to the nearest millionth.
    let sum = parts.reduce(Int128(0)) { $0 + Int128(max(0, $1.tokens)) * Int128($1.price) }
    return Cost(currency: currency, millionths: Int(clamping: (sum + 500_000) / 1_000_000))
  }
}

/// An amount of money, told and never stored.
package struct Cost: Encodable, Hashable, Sendable, CustomStringConvertible {
  let currency: String
  /// In the currency, with two to six digits behind the point: `0.0123`.
  ///
  /// A text, because a number would be read as a binary fraction.
  let amount: String

  package var description: String { "\(currency) \(amount)" }

  static let schema = Schema.object([
    required("currency", .string(3...3)), required("amount", .string(4...40)),
  ])

  init(currency: String, millionths: Int) {
    self.currency = currency
    let digits = String(millionths % 1_000_000)
    var fraction = String(repeating: "0", count: 6 - digits.utf8.count) + digits
    while fraction.utf8.count > 2, fraction.utf8.last == 48 { fraction.removeLast() }
    amount = "\(millionths / 1_000_000).\(fraction)"
  }
}
