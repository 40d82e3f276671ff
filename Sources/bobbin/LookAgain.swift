// How soon a run is looked at again: one of ten thousand documents takes its time to be looked at, and most of it is the stages'.

/// The pause between two looks.
enum LookAgain {
  /// Four times as long as the last look took, from `least` to a second: one that had to wait says nothing of the next.
  ///
  /// - Parameter start: when the last look began.
  static func pause(after start: ContinuousClock.Instant, least: Duration) -> Duration {
    max(least, min(.seconds(1), (ContinuousClock.now - start) * 4))
  }
}
