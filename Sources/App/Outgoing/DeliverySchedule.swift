// When a message is tried again: the schedule that Standard Webhooks publishes, 75 hours and 35 minutes in all.

import Storage

/// Tries and the pauses between them.
enum DeliverySchedule {
  /// Seconds after each try that failed.
  static let pauses = [
    5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
  ]
  /// Seconds that an endpoint may ask for.
  static let longestRest = 86_400

  /// What follows from a try.
  ///
  /// - Parameter status: of the answer; nil when none came.
  /// - Parameter retryAfter: seconds that the answer asked for.
  /// - Parameter tries: that failed before this one.
  /// - Parameter jitter: 0 to 1: how much of a tenth is added to a pause, so that what failed together is not tried together.
  /// - Parameter now: ms since 1970 UTC.
  static func outcome(
    status: Int?, retryAfter: Int?, tries: Int, jitter: Double, now: Int
  ) -> DeliveryOutcome {
    switch status {
    case .some(200..<300): return .sent
    case .some(410): return .gone
    default: break
    }
    guard tries >= 0, tries < pauses.count else { return .dead }
    var seconds = Double(pauses[tries]) * (1 + 0.1 * min(max(jitter, 0), 1))
    if let status, [429, 502, 503, 504].contains(status) {
      // It says that it has too much to do.
      seconds = max(seconds, 60)
    }
    if let retryAfter { seconds = max(seconds, Double(min(retryAfter, longestRest))) }
    return .later(now + Int(seconds * 1000))
  }
}
