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
    /// Queues none of whose threads takes from what waits.
    var idle: [Int] = []
  }

  private let pool: DatabasePool
  /// One for each reading connection.
  ///
  /// Serial: those are given a thread of their own whatever else runs, while a concurrent queue
  /// shares as many as there are cores with all other work.
  private let queues: [DispatchQueue]
  private let state: Mutex<State>
  /// Reads that wait at most; a database that is so far behind is refused more.
  private static let waitingLimit = 8_192

  init(_ pool: DatabasePool) {
    self.pool = pool
    queues = (0..<pool.configuration.maximumReaderCount).map { DispatchQueue(label: "reads \($0)") }
    state = Mutex(State(idle: Array(queues.indices)))
  }

  /// What `value` reads, all of it at one moment.
  func read<Value: Sendable>(
    _ value: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let isTaken = enqueue { [pool] in
        continuation.resume(with: Result { try pool.read(value) })
      }
      if !isTaken { continuation.resume(throwing: StorageError.overloaded) }
    }
  }

  /// - Returns: false when too much waits already.
  private func enqueue(_ job: @escaping Job) -> Bool {
    let (isTaken, queue) = state.withLock { state -> (Bool, Int?) in
      guard state.waiting.count < Self.waitingLimit else { return (false, nil) }
      state.waiting.append(job)
      return (true, state.idle.popLast())
    }
    if let queue { queues[queue].async { [self] in carryOutAll(on: queue) } }
    return isTaken
  }

  private func carryOutAll(on queue: Int) {
    while let job = next(queue) { job() }
  }

  private func next(_ queue: Int) -> Job? {
    state.withLock { state in
      if let job = state.waiting.popFirst() { return job }
      // What was taken out stays in the slice's buffer until it gets a new one.
      state.waiting = []
      state.idle.append(queue)
      return nil
    }
  }
}
