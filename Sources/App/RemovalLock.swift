// One process takes away at a time: the server does so by itself, and `bobbin sweep` may be typed beside it. The lock ends with
// the process that holds it.

import Glibc
import Spool

/// The right to take away what was removed, held for as long as this object lives.
final class RemovalLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock, or returns nil when another process has it.
  ///
  /// - Throws: `SpoolError.system` when the lock file cannot be made.
  init?(data: String) throws(SpoolError) {
    let path = "\(data)/removals.lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("open", path, errno) }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      close(descriptor)
      return nil
    }
  }

  deinit { close(descriptor) }
}
