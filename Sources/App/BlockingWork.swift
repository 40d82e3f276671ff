// Work that waits for a disk, away from the cooperative pool: its few threads must never wait.

import Dispatch

/// Runs blocking calls on threads of their own.
enum BlockingWork {
  private static let queue = DispatchQueue(label: "blocking", attributes: .concurrent)

  /// What `work` gives or throws.
  static func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: work)) }
    }
  }
}
