// Space that intake never uses: below it fetch claims nothing and uploads are refused, while what is in the pipeline
// already can still finish; below half of it nothing but the ledger is drained.

import Glibc
import Synchronization

/// The free space that must remain: the larger of 5 % and 1 GiB, and 5 % of inodes.
package enum DiskReserve {
  /// How much of the reserve must be free.
  package enum Level: Int, Sendable {
    /// All of it: for what takes in from outside.
    case whole = 1
    /// Half of it: for what is in the pipeline already.
    case half = 2
  }

  /// Checks the file system of `path`.
  ///
  /// `BOBBIN_DISK_RESERVE_MIB` in the environment replaces the 1 GiB floor and the 5 % (small disks, tests).
  ///
  /// - Throws: `SpoolError.diskReserve` below the reserve.
  package static func check(_ path: String, _ level: Level = .whole) throws(SpoolError) {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { throw .system("statvfs", path, errno) }
    let block = Int(status.f_frsize)
    let free = Int(status.f_bavail) * block
    var needed = max(Int(status.f_blocks) * block / 20, 1 << 30)
    if let text = getenv("BOBBIN_DISK_RESERVE_MIB"), let mebibytes = Int(String(cString: text)) {
      needed = mebibytes << 20
    }
    needed /= level.rawValue
    // A file system without a count of inodes says 0.
    if status.f_files > 0, status.f_favail < status.f_files / UInt(20 * level.rawValue) {
      throw .inodeReserve(path: path, freeCount: Int(status.f_favail))
    }
    if free < needed { throw .diskReserve(path: path, freeBytes: free, neededBytes: needed) }
  }
}

/// Says once a minute that a worker waits for space.
enum ReserveNotice {
  private static let lastTold = Mutex(0)

  static func tell(_ error: SpoolError, _ log: @Sendable (String) -> Void) {
    let now = WallClock.now()
    let due = lastTold.withLock { last in
      if now - last < 60_000 { return false }
      last = now
      return true
    }
    if due { log("waiting \(error)") }
  }
}
