// Removes blobs that nothing names. Who names a blob is the caller's to know; here is what makes removing safe beside writers
// that may be about to name one: whoever stores a blob, or finds it stored already, holds a shared lock and renews its time; a
// sweep removes only what is old, under the exclusive lock.

import Glibc
package import Spool

/// What a sweep did.
package struct BlobSweepReport: Hashable, Sendable {
  package var removed = 0
  package var bytes = 0

  package init() {}
}

/// The lock between those who store blobs and a sweep: `blobs/.lock`, freed by the kernel.
enum BlobLock {
  /// Does something while the lock is held.
  ///
  /// - Throws: `SpoolError.system` for a fault of the disk, and what `work` throws.
  static func hold<Value>(
    _ root: String, exclusive: Bool, _ work: () throws(SpoolError) -> Value
  ) throws(SpoolError) -> Value {
    let path = "\(root)/.lock"
    var descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    if descriptor < 0, errno == ENOENT {
      try DurableFile.makeDirectory(root)
      descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    }
    guard descriptor >= 0 else { throw .system("open", path, errno) }
    defer { close(descriptor) }
    while flock(descriptor, exclusive ? LOCK_EX : LOCK_SH) != 0 {
      guard errno == EINTR else { throw .system("flock", path, errno) }
    }
    return try work()
  }
}

extension DirectoryBlobs {
  /// Removes blobs, and left-overs of uploads, that are older than `age` and not kept.
  ///
  /// - Parameters:
  ///   - kept: hex digits of the digests that something names.
  ///   - age: seconds since a blob was last stored; at least as long as a hand-over may take.
  /// - Complexity: a stat for each blob.
  package func sweep(keeping kept: Set<String>, olderThan age: Int) throws(SpoolError)
    -> BlobSweepReport
  {
    var report = BlobSweepReport()
    let limit = Int(time(nil)) - age
    for folder in try DurableFile.names(in: root) where folder != ".lock" {
      let directory = "\(root)/\(folder)"
      let old = try DurableFile.names(in: directory).filter { name in
        !kept.contains(name)
          && Self.changed("\(directory)/\(name)").map { $0.seconds < limit } ?? false
      }
      if old.isEmpty { continue }
      let sizes = try BlobLock.hold(root, exclusive: true) { () throws(SpoolError) -> [Int] in
        var sizes: [Int] = []
        for name in old {
          let path = "\(directory)/\(name)"
          // Somebody may have stored it again meanwhile.
          guard let state = Self.changed(path), state.seconds < limit else { continue }
          try DurableFile.remove(path)
          sizes.append(state.size)
        }
        return sizes
      }
      report.removed += sizes.count
      report.bytes += sizes.reduce(0, +)
    }
    return report
  }

  /// When these very bytes came last, milliseconds since 1970 UTC; nil when they are not there.
  ///
  /// - Parameter path: from `path(of:)`.
  package func storedAt(_ path: String) -> Int? { Self.changed(path).map { $0.seconds * 1000 } }

  /// When a file was last stored, in seconds since 1970, and its size; nil when there is none.
  private static func changed(_ path: String) -> (seconds: Int, size: Int)? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return (Int(status.st_mtim.tv_sec), Int(status.st_size))
  }

  /// Says that a blob is wanted, so that no sweep takes it for old.
  static func renew(_ path: String) { utimensat(AT_FDCWD, path, nil, 0) }
}
