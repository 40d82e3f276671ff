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
  ///
  /// Its own amount is changed under its lock together with the sum of all, so that nothing is given back twice: a visitor may leave
  /// while the database is asked what is left.
  final class Share: Sendable {
    private struct Own {
      var amount = 0
      var isReleased = false
    }

    private let all: TokenReservations
    private let keys: [String]
    private let own = Mutex(Own())

    fileprivate init(_ all: TokenReservations, _ keys: [String]) {
      self.all = all
      self.keys = keys
    }

    deinit { release() }

    /// Takes tokens.
    ///
    /// - Returns: what is taken of each key by now, all answers together; nil once all was given back.
    func take(_ tokens: Int) -> [Int]? {
      own.withLock { own in
        guard !own.isReleased else { return nil }
        own.amount += tokens
        return all.change(by: tokens, keys)
      }
    }

    /// Gives back tokens that will not be spent.
    func give(_ tokens: Int) {
      own.withLock { own in
        let back = min(tokens, own.amount)
        own.amount -= back
        _ = all.change(by: -back, keys)
      }
    }

    /// Gives back all: what was spent is counted in the database.
    func release() {
      own.withLock { own in
        own.isReleased = true
        if own.amount != 0 { _ = all.change(by: -own.amount, keys) }
        own.amount = 0
      }
    }
  }

  /// - Parameter owner: nil for the operator's own chatbot.
  func share(of chatbot: ChatbotID, owner: String?) -> Share {
    Share(self, [chatbot.text] + (owner.map { [$0] } ?? []))
  }

  /// Changes what is taken of each key, and gives what it is then.
  private func change(by tokens: Int, _ keys: [String]) -> [Int] {
    taken.withLock { taken in
      keys.map { key in
        let left = (taken[key] ?? 0) + tokens
        taken[key] = left == 0 ? nil : left
        return left
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
    guard let taken = reserved.take(tokens) else { return false }
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
