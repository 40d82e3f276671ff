// A file of a spool as a listing finds it, for people who look: its name, its age, and who has it.
//
// Relies on names and stat alone. The age is that of the inode's change time (ctime): each rename sets it on ext4, xfs,
// btrfs and tmpfs, and nothing else that happens to an item does, so it tells since when a file is in its state. The
// modification time would not: it stays that of the writing, or of the last claim. A restored back-up begins at zero, and
// says so rightly: since then it lies there.

import Glibc

/// Any file below a stage.
package struct SpoolFile: Sendable {
  package let stage: String
  /// Nil for what lies beside the six directories.
  package let state: SpoolState?
  package let fileName: String
  package let path: String
  /// When it came into its state, milliseconds since 1970 UTC.
  package let since: Int
  package let byteCount: Int

  /// Nil when the file is gone by now.
  init?(stage: String, state: SpoolState?, fileName: String, path: String) {
    var status = stat()
    // man 2 lstat: a link is looked at, not followed.
    guard lstat(path, &status) == 0 else { return nil }
    self.stage = stage
    self.state = state
    self.fileName = fileName
    self.path = path
    since = status.st_ctim.tv_sec * 1_000 + status.st_ctim.tv_nsec / 1_000_000
    byteCount = Int(status.st_size)
  }

  /// Milliseconds since it came into its state; never negative.
  package func age(at now: Int) -> Int { max(0, now - since) }
}

/// An item with its file.
package struct SpoolItem: Sendable {
  package let file: SpoolFile
  package let name: ItemName
  package let state: SpoolState
  /// Who has claimed it; only in `active`.
  package let owner: ClaimOwner?

  package var stage: String { file.stage }
}

/// The worker that a claim's name names.
package struct ClaimOwner: Hashable, Sendable {
  /// Host label, pid and random digits, joined by `-`.
  package let worker: String
  package let host: String
  package let pid: Int

  /// Reads `host-pid-digits-n`, what follows the comma of a claim's name; nil when it is something else.
  init?(_ text: Substring) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, let pid = Int(parts[parts.count - 3]), pid > 0,
      parts[parts.count - 2].utf8.count == 16, Int(parts[parts.count - 1]) != nil
    else { return nil }
    worker = parts.dropLast().joined(separator: "-")
    host = parts.dropLast(3).joined(separator: "-")
    self.pid = pid
  }

  /// Whether a claim's process lives.
  package enum Life: String, Sendable {
    case alive, dead
    /// The claim ended while it was looked at.
    case gone
  }

  /// Asks for the claim's lock and lets go at once.
  ///
  /// A living worker has it since before the file came into `active`, so asking cannot take it from anyone. A shared lock is
  /// asked for, so that two who look do not take each other for a worker; a sweep that comes in that instant finds a dead
  /// claim one pass later.
  package static func life(of path: String) -> Life {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return .gone }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) == 0 ? .dead : .alive
  }
}
