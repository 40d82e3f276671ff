// Two queues that threads wait on: what is urgent goes before what is long.
//
// man 3 pthread_cond_wait. Does not know what the jobs are. A closed queue hands out nothing more.

import Glibc

/// A blocking queue with an urgent and an ordinary lane, each first in, first out.
///
/// `@unchecked Sendable`: every stored `var` is read and written only between lock and unlock of
/// `mutex`; the two pointers are constants, initialised in init and destroyed in deinit, when
/// nobody else has a reference.
final class WorkLanes<Job: Sendable>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var urgent: [Job] = []
  private var ordinary: [Job] = []
  private var isClosed = false

  init() {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Adds jobs at the end of a lane.
  func add(_ jobs: [Job], isUrgent: Bool) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if isUrgent { urgent += jobs } else { ordinary += jobs }
    pthread_cond_broadcast(condition)
  }

  /// The next job, urgent ones first; waits for one, or returns nil when the queue is closed.
  func next() -> Job? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if !urgent.isEmpty { return urgent.removeFirst() }
      if !ordinary.isEmpty { return ordinary.removeFirst() }
      if isClosed { return nil }
      pthread_cond_wait(condition, mutex)
    }
  }

  /// Lets the threads end when nothing is left to do.
  func close() {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    isClosed = true
    pthread_cond_broadcast(condition)
  }
}
