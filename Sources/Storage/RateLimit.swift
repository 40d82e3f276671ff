// Rate limits as one time per key (GCRA, the leaky bucket as a meter; ITU-T I.371 annex A): the time at which the key's
// bucket is empty. Checking and counting are one step in the writer's transaction, and a restart keeps them.

import GRDB

/// A limit on one key.
package struct RateLimit: Hashable, Sendable {
  /// What is limited, such as `chat:session:…`.
  package let key: String
  /// How many at once, and as many again in each `period`.
  package let count: Int
  /// Milliseconds.
  package let period: Int

  package init(_ key: String, _ count: Int, per period: Int) {
    self.key = key
    self.count = max(1, count)
    self.period = period
  }

  /// Milliseconds between two at the steady rate, at least 1.
  var interval: Int { max(1, period / count) }

  /// The theoretical arrival time after one more at `now`, and how long to wait; nil means that it conforms.
  package func next(after time: Int?, now: Int) -> (time: Int, wait: Int?) {
    let arrival = max(time ?? now, now)
    let wait = arrival - now - interval * (count - 1)
    return wait > 0 ? (arrival, wait) : (arrival + interval, nil)
  }
}

extension AppDatabase {
  /// Counts one against each limit, or against none of them when one is used up.
  ///
  /// - Returns: milliseconds to wait; nil when it may pass.
  package func pass(_ limits: [RateLimit], now: Int) async throws -> Int? {
    try await changes.write { try Self.pass(limits, now: now, in: $0) }
  }

  static func pass(_ limits: [RateLimit], now: Int, in database: Database) throws -> Int? {
    var times: [(String, Int)] = []
    for limit in limits {
      let (time, wait) = limit.next(after: try time(of: limit, in: database), now: now)
      if let wait { return wait }
      times.append((limit.key, time))
    }
    for (key, time) in times {
      try database.change(
        """
        INSERT INTO rate_limits (scope, next_at, created_at) VALUES ($1, $2, $3)
        ON CONFLICT (scope) DO UPDATE SET next_at = excluded.next_at
        """, [key, time, now])
    }
    return nil
  }

  /// Milliseconds until one may pass, without counting; nil when it may now.
  package func wait(_ limits: [RateLimit], now: Int) async throws -> Int? {
    try await reads.read { try Self.wait(limits, now: now, in: $0) }
  }

  static func wait(_ limits: [RateLimit], now: Int, in database: Database) throws -> Int? {
    for limit in limits {
      if let wait = limit.next(after: try time(of: limit, in: database), now: now).wait {
        return wait
      }
    }
    return nil
  }

  private static func time(of limit: RateLimit, in database: Database) throws -> Int? {
    try database.first("SELECT next_at FROM rate_limits WHERE scope = $1", [limit.key])?["next_at"]
  }
}
