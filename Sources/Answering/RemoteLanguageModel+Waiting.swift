// Time as a value, so that the limits of a reply are tested without waiting for them.

extension RemoteLanguageModel {
  /// A clock and two ways to wait by it.
  package struct Waiting: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Between two attempts.
    package var pause: @Sendable (Duration) async throws -> Void
    /// For a time limit; returns when it may have passed.
    package var deadline: @Sendable (Duration) async throws -> Void

    package init(
      now: @escaping @Sendable () -> ContinuousClock.Instant,
      pause: @escaping @Sendable (Duration) async throws -> Void,
      deadline: @escaping @Sendable (Duration) async throws -> Void
    ) {
      self.now = now
      self.pause = pause
      self.deadline = deadline
    }

    /// By the clock.
    package static let clock = Waiting(
      now: { .now }, pause: { try await Task.sleep(for: $0) },
      deadline: { try await Task.sleep(for: $0) })
  }
}
