// Files between their writing and their sync, so that several share the wait for the disk.

import Faults
import CLinux
import Faults
import Glibc
import Synchronization

/// A file that is written and not yet durable.
final class UnsyncedFile: Sendable {
  let path: String
  let descriptor: Int32
  private let isOpen = Atomic(true)

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Closes the descriptor once; closing again is no error.
  @discardableResult
  func close() -> Int32 {
    isOpen.exchange(false, ordering: .relaxed) ? Glibc.close(descriptor) : 0
  }

  deinit { close() }
}

/// Files that become durable together, in slices, so that open descriptors stay few.
struct UnsyncedFiles {
  private static let sliceLength = 64
  private var files: [UnsyncedFile] = []
  private var syncedCount = 0

  /// The files' paths in the order they were added.
  var paths: [String] { files.map(\.path) }

  /// Adds a file; every 64th syncs the slice.
  mutating func append(_ file: UnsyncedFile) throws(SpoolError) {
    files.append(file)
    if files.count - syncedCount == Self.sliceLength { try sync() }
  }

  /// Makes all files durable: write-back of the slice is started before the first is waited for, so that they share the
  /// journal's commits.
  ///
  /// - Throws: `SpoolError.system` when one could not be synced or closed; the caller then discards all and starts over
  ///   from its input, because the kernel may have marked the pages of a failed sync clean.
  mutating func sync() throws(SpoolError) {
    let slice = files[syncedCount...]
    if slice.count > 1 {
      // A hint; what counts is the fsync below.
      for file in slice { _ = clinux_start_write_back(file.descriptor) }
    }
    for file in slice {
      guard fsync(file.descriptor) == 0 else { throw .system("fsync", file.path, errno) }
      // A network file system tells of a full disk only here.
      guard file.close() == 0 else { throw .system("close", file.path, errno) }
      FailPoint.hit("file-synced")
    }
    syncedCount = files.count
  }

  /// Removes files that did not become durable: best effort, for the sweep of `tmp` finds what stays.
  func discard() {
    for file in files {
      file.close()
      unlink(file.path)
    }
  }
}
