// When a try that failed is tried again. Numbers only; the runner acts on them.

/// Delays and counts of retries (SPOOL.md section 5); data of `pipelines/ingest.mk`.
package struct RetryPolicy: Sendable {
  /// Tries in all before an item fails.
  package var tries: Int
  /// Tries in all when the reason is one that harms the machine: crashed, timeout, memory.
  package var harmfulTries: Int
  /// Delay after the first try, milliseconds.
  package var firstDelay: Int
  /// The delay never grows above this, milliseconds.
  package var longestDelay: Int

  package init(
    tries: Int = 5, harmfulTries: Int = 3, firstDelay: Int = 30_000, longestDelay: Int = 3_600_000
  ) {
    self.tries = tries
    self.harmfulTries = harmfulTries
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
  }

  /// Most tries for a reason.
  package func limit(for reason: String) -> Int {
    ["crashed", "timeout", "memory"].contains(reason) ? harmfulTries : tries
  }

  /// Milliseconds to wait after try `tries` (from 1): exponential in base 4, times `jitter` in 0.5..<1.5.
  ///
  /// A longer wish of the other side (`notBefore`, milliseconds) wins, up to 24 hours.
  package func delay(after tries: Int, jitter: Double, notBefore: Int? = nil) -> Int {
    var delay = firstDelay
    for _ in 1..<max(1, min(tries, 20)) where delay < longestDelay { delay *= 4 }
    let own = Int(Double(min(delay, longestDelay)) * jitter)
    return max(own, min(notBefore ?? 0, 86_400_000))
  }
}
