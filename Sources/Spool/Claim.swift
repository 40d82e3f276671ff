// Claims one item for one worker (SPOOL.md section 4).
//
// A claim is a lock and a rename from incoming to active; the lock ends with the process, so the next sweep finds a crashed
// worker's items. Does not decide whether to try again: RetryPolicy.

import Faults
import Glibc

/// An item that is this worker's, and the ways it can end.
///
/// Guarantee: the file is locked from before the rename into `active` until the claim is settled, so a live claim never
/// looks dead.
package final class Claim: Sendable {
  /// The item as it was named in `incoming`.
  package let name: ItemName
  let directory: SpoolDirectory
  private let path: String
  /// The locked file; closed when the claim goes.
  private let descriptor: Int32

  private init(name: ItemName, directory: SpoolDirectory, path: String, descriptor: Int32) {
    self.name = name
    self.directory = directory
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Tries to take one item of `incoming`.
  ///
  /// - Returns: nil when another worker was first.
  package static func take(
    _ name: ItemName, in directory: SpoolDirectory, by worker: Worker
  ) throws(SpoolError) -> Claim? {
    let source = directory.file(.incoming, name.fileName)
    let descriptor = open(source, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw .system("open", source, errno)
    }
    let target = directory.file(.active, worker.claimName(for: name))
    let claim = Claim(name: name, directory: directory, path: target, descriptor: descriptor)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
    // The file system's own now, which many hosts can compare; man 2 futimens.
    var times = [timespec(tv_sec: 0, tv_nsec: utimeNow), timespec(tv_sec: 0, tv_nsec: utimeNow)]
    guard futimens(descriptor, &times) == 0 else { throw .system("futimens", source, errno) }
    guard try DurableFile.rename(source, to: target) else { return nil }
    FailPoint.hit("claimed")
    var held = stat()
    var named = stat()
    guard fstat(descriptor, &held) == 0, stat(target, &named) == 0, held.st_ino == named.st_ino
    else {
      // A namesake came between open and rename: it is not the file we hold the lock of.
      _ = try DurableFile.rename(target, to: source)
      return nil
    }
    return claim
  }

  /// UTIME_NOW of `<sys/stat.h>`, a macro that does not import.
  private static let utimeNow = (1 << 30) - 1

  /// The item's content, checked.
  package func content() throws(SpoolError) -> ItemContent {
    let frame = try DurableFile.read(descriptor, path, limit: JSONLines.itemLimit)
    return try ItemContent(frame: frame, name: name)
  }

  /// Whether the claim still stands under its name: false once another worker has taken over.
  package var stands: Bool { DurableFile.exists(path) }

  /// The work is done and its outputs and receipt are durable: the item goes.
  package func complete() throws(SpoolError) {
    FailPoint.hit("before-unlink")
    try DurableFile.remove(path)
  }

  /// Moves the item to another state under a new name; the caller syncs the directory entered.
  func rename(to state: SpoolState, as name: ItemName) throws(SpoolError) {
    _ = try DurableFile.rename(path, to: directory.file(state, name.fileName))
    FailPoint.hit("moved")
  }

  /// Returns the item untried, or puts it into another state under a new name; durable when it returns.
  package func giveBack(
    to state: SpoolState = .incoming, as name: ItemName? = nil
  ) throws(SpoolError) {
    try rename(to: state, as: name ?? self.name)
    try DurableFile.syncDirectory(directory.directory(state))
  }
}
