// Lets one process after the other bring a database to the present schema. The lock ends with the process that holds it.

import Glibc

/// The right to change the schema, held for as long as this object lives.
final class MigrationLock {
  private let descriptor: Int32

  /// Waits for whoever holds it; a migration takes milliseconds.
  ///
  /// - Throws: `StorageError.cannotOpen` when the lock file cannot be made.
  init(path: String) throws(StorageError) {
    descriptor = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      if errno == ENOSPC || errno == EDQUOT { throw .full(path: path) }
      throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
    while flock(descriptor, LOCK_EX) != 0 {
      // The object is whole: where this fails, `deinit` closes the descriptor.
      guard errno == EINTR else {
        throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
      }
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
