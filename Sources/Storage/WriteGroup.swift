// Group commit: changes that arrive while a transaction is being synced wait together and share the next one. A synced
// commit costs milliseconds whatever it holds, so 32 visitors at once pay for one.
//
// Guarantee: a change is answered only after the commit that holds it is durable. Each change has a savepoint of its own:
// one that fails takes no other along.

import GRDB
import Synchronization

/// Collects changes for the one writer.
final class WriteGroup: Sendable {
  /// What to do once the transaction is committed, or has failed.
  private typealias End = @Sendable ((any Error)?) -> Void

  /// A change that waits for its turn.
  private struct Job: Sendable {
    /// Carries it out, in a savepoint or not, and says whether it was done.
    let run: @Sendable (Database, _ inSavepoint: Bool) -> (End, isDone: Bool)
    /// Tells its caller that it was never tried.
    let refuse: @Sendable (any Error) -> Void
  }

  private struct State {
    var waiting: [Job] = []
    var isRunning = false
  }

  /// Changes in one transaction at most: the first ones shall not wait for a long queue behind them.
  private static let groupLimit = 256
  /// Changes that may wait.
  private static let waitingLimit = 8192

  private let pool: DatabasePool
  private let state = Mutex(State())

  init(_ pool: DatabasePool) { self.pool = pool }

  /// Carries out a change and waits until it is durable.
  ///
  /// - Throws: what the change threw, or the commit's error.
  func write<Value: Sendable>(
    _ change: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      enqueue(Self.job(change) { continuation.resume(with: $0) })
    }
  }

  /// The same for whoever would rather read elsewhere than wait: nil, and nothing done, when the writer is at work.
  func writeIfIdle<Value: Sendable>(
    _ change: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value? {
    try await withCheckedThrowingContinuation { continuation in
      let job = Self.job(change) { continuation.resume(with: $0.map(Optional.some)) }
      let starts = state.withLock { state in
        guard !state.isRunning else { return false }
        state.waiting.append(job)
        state.isRunning = true
        return true
      }
      if starts { carryOutNext() } else { continuation.resume(returning: nil) }
    }
  }

  private static func job<Value: Sendable>(
    _ change: @escaping @Sendable (Database) throws -> Value,
    end: @escaping @Sendable (Result<Value, any Error>) -> Void
  ) -> Job {
    Job(
      run: { database, isInSavepoint in
        let result = Result {
          try isInSavepoint ? inSavepoint(database, change) : change(database)
        }
        let ended: End = { error in end(error.map { .failure($0) } ?? result) }
        if case .success = result { return (ended, true) }
        return (ended, false)
      }, refuse: { end(.failure($0)) })
  }

  private static func inSavepoint<Value>(
    _ database: Database, _ change: (Database) throws -> Value
  ) throws -> Value {
    var value: Value?
    try database.inSavepoint {
      value = try change(database)
      return .commit
    }
    guard let value else { throw DatabaseError(message: "a savepoint ended without its value") }
    return value
  }

  private func enqueue(_ job: Job) {
    let starts = state.withLock { state -> Bool? in
      guard state.waiting.count < Self.waitingLimit else { return nil }
      state.waiting.append(job)
      if state.isRunning { return false }
      state.isRunning = true
      return true
    }
    guard let starts else { return job.refuse(StorageError.overloaded) }
    if starts { carryOutNext() }
  }

  /// On the writer's own queue, never on the cooperative pool; one group, and then whoever else waits for the writer.
  private func carryOutNext() {
    pool.asyncWriteWithoutTransaction { [self] database in
      Self.carryOut(takeGroup(), in: database)
      if hasMore() { carryOutNext() }
    }
  }

  private func takeGroup() -> [Job] {
    state.withLock { state in
      let group = Array(state.waiting.prefix(Self.groupLimit))
      state.waiting.removeFirst(group.count)
      return group
    }
  }

  /// Whether changes wait; if none do, the next one starts the writer again.
  private func hasMore() -> Bool {
    state.withLock { state in
      state.isRunning = !state.waiting.isEmpty
      return state.isRunning
    }
  }

  private static func carryOut(_ group: [Job], in database: Database) {
    var ends: [End] = []
    var failure: (any Error)?
    // One alone needs no savepoint: what it did before it failed goes with the transaction.
    let isAlone = group.count == 1
    do {
      try database.inTransaction(.immediate) {
        for job in group {
          let (end, isDone) = job.run(database, !isAlone)
          ends.append(end)
          if isAlone, !isDone { return .rollback }
          // A full disk ends the whole transaction, not the savepoint: nothing of the group may then count as done.
          guard database.isInsideTransaction else {
            throw DatabaseError(resultCode: .SQLITE_ABORT, message: "the transaction was ended")
          }
        }
        return .commit
      }
    } catch {
      failure = error
    }
    for end in ends { end(failure) }
    if let failure {
      for job in group.dropFirst(ends.count) { job.refuse(failure) }
    }
  }
}
