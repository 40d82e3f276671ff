// One builder a shard at a time. The lock is a flock on a file beside CURRENT and ends with the process.

import Glibc
import Spool

/// The right to publish a shard's next generation.
final class ShardLock {
  private let descriptor: Int32

  /// Takes the lock, or returns nil when another process builds this shard.
  init?(shard: String) throws(SpoolError) {
    let path = "\(shard)/.lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("open", path, errno) }
    // The object is whole: where this fails, `deinit` closes the descriptor.
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return nil }
      guard errno == EINTR else { throw .system("flock", path, errno) }
    }
  }

  /// Tries again until the lock can be had or `patience` is over; a build is a matter of moments.
  static func take(shard: String, patience: Duration) async throws -> ShardLock? {
    let deadline = ContinuousClock.now + patience
    while true {
      if let lock = try ShardLock(shard: shard) { return lock }
      guard ContinuousClock.now < deadline else { return nil }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
