// Reads on threads of their own, as many at once as there are reading connections. GRDB's own asynchronous read goes through two
// queues, with a thread woken on each way: at one question at a time that cost more than reading the rows.

import Dispatch
import GRDB
import Synchronization

/// Carries out reads; nothing of them runs on the cooperative pool.
final class ReadGroup: Sendable {
  private typealias Job = @Sendable () -> Void

  private struct State {
    var waiting: ArraySlice<Job> = []
    /// Threads that take from what waits.
    var readers = 0
  }

  private let pool: DatabasePool
  private let readersLimit: Int
  private let queue = DispatchQueue(label: "reads", attributes: .concurrent)
  private let state = Mutex(State())

  init(_ pool: DatabasePool) {
    self.pool = pool
    readersLimit = pool.configuration.maximumReaderCount
  }

  /// What `value` reads, all of it at one moment.
  func read<Value: Sendable>(
    _ value: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      enqueue { [pool] in continuation.resume(with: Result { try pool.read(value) }) }
    }
  }

  private func enqueue(_ job: @escaping Job) {
    let starts = state.withLock { state in
      state.waiting.append(job)
      guard state.readers < readersLimit else { return false }
      state.readers += 1
      return true
    }
    if starts { queue.async { [self] in carryOutAll() } }
  }

  private func carryOutAll() {
    while let job = next() { job() }
  }

  private func next() -> Job? {
    state.withLock { state in
      if let job = state.waiting.popFirst() { return job }
      state.readers -= 1
      return nil
    }
  }
}
