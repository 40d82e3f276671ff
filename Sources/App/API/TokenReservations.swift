// Model tokens that answers under way may still take: a monthly cap is hard only when those count that are not counted yet.
//
// One process answers for an installation, so its memory knows all of them. What a call may cost is taken before it and given back once
// what it did cost stands in the database; in between it is counted twice at most, never not at all.

import Corpus
import Storage
import Synchronization

/// What is taken, by whose it is.
final class TokenReservations: Sendable {
  private let taken = Mutex<[String: Int]>([:])

  /// Those of one answer.
  final class Share: Sendable {
    private let all: TokenReservations
    private let keys: [String]
    private let amount = Mutex(0)

    fileprivate init(_ all: TokenReservations, _ keys: [String]) {
      self.all = all
      self.keys = keys
    }

    deinit { release() }

    /// Takes tokens; what is taken of each key by now, all answers together.
    func take(_ tokens: Int) -> [Int] {
      amount.withLock { $0 += tokens }
      return all.taken.withLock { taken in
        keys.map { key in
          taken[key, default: 0] += tokens
          return taken[key] ?? 0
        }
      }
    }

    /// Gives back tokens that will not be spent.
    func give(_ tokens: Int) {
      amount.withLock { $0 -= tokens }
      all.give(tokens, keys)
    }

    /// Gives back all: what was spent is counted in the database.
    func release() {
      let left = amount.withLock { amount in
        defer { amount = 0 }
        return amount
      }
      if left != 0 { all.give(left, keys) }
    }
  }

  /// - Parameter owner: nil for the operator's own chatbot.
  func share(of chatbot: ChatbotID, owner: String?) -> Share {
    Share(self, [chatbot.text] + (owner.map { [$0] } ?? []))
  }

  private func give(_ tokens: Int, _ keys: [String]) {
    taken.withLock { taken in
      for key in keys {
        let left = (taken[key] ?? 0) - tokens
        taken[key] = left > 0 ? left : nil
      }
    }
  }
}

/// The model tokens that a chatbot and its owner have left in a period.
struct TokenAllowance: Sendable {
  let database: AppDatabase
  let chatbot: ChatbotID
  /// Nil for the operator's own chatbot.
  let owner: String?
  /// Tokens a period that the chatbot may use, and its owner with all chatbots; nil for any number.
  let chatbotCap, ownerCap: Int?
  /// Milliseconds since 1970 UTC.
  let period: Range<Int>
  let reserved: TokenReservations.Share

  /// Takes tokens before they are spent; false, and nothing taken, when that would be more than is left.
  ///
  /// Taken first and compared then: an answer that ends meanwhile is counted in the database before its own are given back.
  func take(_ tokens: Int) async throws -> Bool {
    guard chatbotCap != nil || ownerCap != nil else { return true }
    let taken = reserved.take(tokens)
    do {
      let used = try await database.modelTokens(
        of: chatbot, owner: owner, periodStart: period.lowerBound, periodEnd: period.upperBound)
      let amounts = zip([used.chatbot, used.owner], taken).map { $0 + $1 }
      if zip(amounts, [chatbotCap, ownerCap]).allSatisfy({ $0 <= $1 ?? Int.max }) { return true }
    } catch {
      reserved.give(tokens)
      throw error
    }
    reserved.give(tokens)
    return false
  }
}
