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
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      close(descriptor)
      return nil
    }
  }

  deinit { close(descriptor) }
}
