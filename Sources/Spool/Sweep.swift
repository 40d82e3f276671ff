// Puts right what time and crashes leave: claims whose worker is gone, deferred items that are due, old temporary files.
// Every worker sweeps before it lists, at most once a second; who loses a race sees ENOENT and goes on.

import Glibc

/// The janitor's pass over one stage's directories.
package enum Sweep {
  /// What a sweep moved.
  package struct Result: Equatable, Sendable {
    package var deadClaims = 0
    package var dueItems = 0
    package var oldFiles = 0
  }

  /// Sweeps once.
  ///
  /// - Parameter now: milliseconds since 1970 UTC.
  package static func run(_ directory: SpoolDirectory, now: Int) throws(SpoolError) -> Result {
    var result = Result()
    result.deadClaims = try returnDeadClaims(directory)
    for name in try directory.items(.deferred) where name.due <= now {
      let source = directory.file(.deferred, name.fileName)
      if try DurableFile.rename(source, to: directory.file(.incoming, name.fileName)) {
        result.dueItems += 1
      }
    }
    result.oldFiles = try removeOldFiles(directory, now: now)
    if result.deadClaims + result.dueItems > 0 {
      try DurableFile.syncDirectory(directory.directory(.incoming))
    }
    return result
  }

  /// A claim whose lock can be had belongs to a dead process.
  private static func returnDeadClaims(_ directory: SpoolDirectory) throws(SpoolError) -> Int {
    var count = 0
    for file in try DurableFile.names(in: directory.directory(.active)) {
      guard var name = ItemName(file) else { continue }
      let path = directory.file(.active, file)
      let descriptor = open(path, O_RDWR | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { continue }
      name.tries += 1
      name.reason = "crashed"
      if try DurableFile.rename(path, to: directory.file(.incoming, name.fileName)) { count += 1 }
    }
    return count
  }

  /// 36 hours: longer than any writer can still be at work.
  private static func removeOldFiles(
    _ directory: SpoolDirectory, now: Int
  ) throws(SpoolError) -> Int {
    var count = 0
    for file in try DurableFile.names(in: directory.directory(.tmp)) {
      let path = directory.file(.tmp, file)
      var status = stat()
      guard stat(path, &status) == 0 else { continue }
      if now / 1000 - status.st_mtim.tv_sec > 36 * 3600 {
        try DurableFile.remove(path)
        count += 1
      }
    }
    return count
  }
}
