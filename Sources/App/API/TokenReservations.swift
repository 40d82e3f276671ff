// Model tokens that answers under way may still take: a monthly cap is hard only when those count that are not counted yet.
//
// One process answers for an installation, so its memory knows all of them. What a call may cost is taken before it and given back once
// what it did cost stands in the database; in between it is counted twice at most, never not at all.

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

  /// - Parameter keys: ids of those whose tokens they are.
  func share(of keys: [String]) -> Share { Share(self, keys) }

  private func give(_ tokens: Int, _ keys: [String]) {
    taken.withLock { taken in
      for key in keys {
        let left = (taken[key] ?? 0) - tokens
        taken[key] = left > 0 ? left : nil
      }
    }
  }
}
