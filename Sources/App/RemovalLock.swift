// One process takes away removed chatbots and sources at a time: the server does so by itself, and `bobbin sweep` may be typed
// beside it. Blobs have a lock of their own (BlobSweep). The lock ends with the process that holds it.

import Glibc
import Spool

/// The right to take away what was removed, held for as long as this object lives.
final class RemovalLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock, or returns nil when another process has it.
  ///
  /// Once `descriptor` is set the object is whole: where this fails, `deinit` closes it.
  ///
  /// - Throws: `SpoolError.system` when the lock file cannot be made or the file system has no locks.
  init?(data: String) throws(SpoolError) {
    let path = "\(data)/removals.lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("open", path, errno) }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return nil }
      guard errno == EINTR else { throw .system("flock", path, errno) }
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
