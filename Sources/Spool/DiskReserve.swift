// Space that intake never uses: below it fetch claims nothing and uploads are refused, while what is in the pipeline
// already can still finish.

import Glibc

/// The free space that must remain: the larger of 5 % and 1 GiB, and 5 % of inodes.
package enum DiskReserve {
  /// Checks the file system of `path`.
  ///
  /// `BOBBIN_DISK_RESERVE_MIB` in the environment replaces the 1 GiB floor and the 5 % (small disks, tests).
  ///
  /// - Throws: `SpoolError.diskReserve` below the reserve.
  package static func check(_ path: String) throws(SpoolError) {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { throw .system("statvfs", path, errno) }
    let block = Int(status.f_frsize)
    let free = Int(status.f_bavail) * block
    var needed = max(Int(status.f_blocks) * block / 20, 1 << 30)
    if let text = getenv("BOBBIN_DISK_RESERVE_MIB"), let mebibytes = Int(String(cString: text)) {
      needed = mebibytes << 20
    }
    let inodesShort = status.f_files > 0 && status.f_favail < status.f_files / 20
    if free < needed || inodesShort {
      throw .diskReserve(path: path, freeBytes: free, neededBytes: needed)
    }
  }
}
