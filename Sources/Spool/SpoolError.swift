// What can go wrong with a spool, as evidence for a person and a decision for the runner.

import Glibc

/// A failure of the spool.
package enum SpoolError: Error, Sendable, CustomStringConvertible {
  /// A system call failed: its name, the path, errno.
  case system(_ call: String, _ path: String, _ code: Int32)
  /// A file is larger than its kind may be.
  case tooLarge(path: String, limit: Int)
  /// The bytes are not what their name or checksum says.
  case damaged(item: String, what: String)
  /// The item's schema is not one this stage reads.
  case unknownSchema(item: String, schema: String)
  /// A file system without the locks a spool needs.
  case networkFileSystem(path: String)
  /// The disk reserve is reached: intake stops until space is free.
  case diskReserve(path: String, freeBytes: Int, neededBytes: Int)
  /// The reserve of inodes is reached: files cannot be made, however much space is free.
  case inodeReserve(path: String, freeCount: Int)

  /// Whether the machine, not the item, is at fault: the claim is given back and no try is counted.
  package var isMachineFault: Bool {
    switch self {
    case .system(_, _, let code):
      [ENOSPC, EDQUOT, EIO, EROFS, EMFILE, ENFILE, ENOMEM, EACCES, EPERM].contains(code)
    case .diskReserve, .inodeReserve, .networkFileSystem: true
    case .tooLarge, .damaged, .unknownSchema: false
    }
  }

  /// The exit code that tells a supervisor what to do (sysexits).
  package var exitCode: Int32 {
    switch self {
    case .system(_, _, let code) where code == EIO || code == EROFS: 74
    case .system(_, _, let code) where code == EACCES || code == EPERM || code == ENOENT: 78
    case .networkFileSystem: 78
    case .system, .diskReserve, .inodeReserve: 75
    case .tooLarge, .damaged, .unknownSchema: 70
    }
  }

  package var description: String {
    switch self {
    case .system(let call, let path, let code):
      "\(call) \(path): \(String(cString: strerror(code)))\(Self.remedy(code))"
    case .tooLarge(let path, let limit):
      "\(path) is larger than \(limit) bytes, more than its kind may be; it was not read"
    case .damaged(let item, let what):
      "item \(item) is damaged: \(what); spool/README.md says how to look at it"
    case .unknownSchema(let item, let schema):
      "item \(item) has schema \(schema), which this stage does not read; update Bobbin or drop it"
    case .networkFileSystem(let path):
      "\(path) lies on a network file system, whose locks do not end with a process; "
        + "put the spool on a local disk"
    case .diskReserve(let path, let free, let needed):
      "\(path) has \(free >> 20) MiB free, less than its reserve of \(needed >> 20) MiB; "
        + "free some space and run again, nothing is lost"
    case .inodeReserve(let path, let free):
      "\(path) has \(free) inodes free, less than 5 % of them; "
        + "remove some files and run again, nothing is lost"
    }
  }

  /// Whether intake must wait for space.
  package var isReserve: Bool {
    switch self {
    case .diskReserve, .inodeReserve: true
    case .system, .tooLarge, .damaged, .unknownSchema, .networkFileSystem: false
    }
  }

  private static func remedy(_ code: Int32) -> String {
    switch code {
    case ENOSPC, EDQUOT: "; free some space and run again, nothing is lost"
    case EROFS: "; remount the file system for writing and run again, nothing is lost"
    case EACCES, EPERM: "; give this user the right to write there"
    case EMFILE, ENFILE: "; raise the limit of open files"
    default: ""
    }
  }
}
