// What can go wrong with rows: what is ours to say, and SQLite's own words for a supervisor.

import GRDB
import Glibc

/// A failure of the store of rows.
package enum StorageError: Error, Sendable, CustomStringConvertible {
  /// The database cannot be opened.
  case cannotOpen(path: String, reason: String)
  /// The disk is full.
  case full(path: String)
  /// Another process holds the database.
  case busy(path: String)
  /// More changes wait for the writer than may.
  case overloaded
  /// A name that does not follow its grammar.
  case badSlug(String)
  /// No chatbot of this name.
  case noChatbot(String)
  /// No run of this id.
  case noRun(String)

  /// The exit code that tells a supervisor what to do (sysexits).
  package var exitCode: Int32 {
    switch self {
    case .cannotOpen: 74
    case .busy, .full, .overloaded: 75
    case .badSlug, .noChatbot, .noRun: 64
    }
  }

  package var description: String {
    switch self {
    case .busy(let path):
      "the database \(path) is held by another process; try again when that has ended"
    case .overloaded: "too many changes wait for the database; try again shortly"
    case .full(let path):
      "no space is left for the database \(path); free some and run again, nothing is lost"
    case .cannotOpen(let path, let reason):
      "the database \(path) cannot be opened: \(reason); check the folder's owner and free space"
    case .badSlug(let name):
      "“\(name.prefix(80))” cannot name a chatbot: use 1 to 64 of a-z, 0-9 and -"
    case .noRun(let run):
      "there is no run “\(run.prefix(40))”; `bobbin status` shows the runs there are"
    case .noChatbot(let name):
      "there is no chatbot “\(name.prefix(80))”; make one with `bobbin ingest \(name.prefix(80)) FILE…`"
    }
  }

  /// The exit code for an error of SQLite's that a statement threw; nil when it is none.
  ///
  /// Source: the result codes of sqlite3.h.
  package static func exitCode(ofDatabase error: any Error) -> Int32? {
    guard let error = error as? DatabaseError else { return nil }
    return switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_NOMEM: 75
    case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY: 74
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: 65
    default: nil
    }
  }

  /// Whether the disk is the reason that a file of the database could not be written.
  ///
  /// SQLite reports a full disk as such only while it writes pages, and as an I/O error where it makes its helper files.
  static func isDiskFull(_ error: DatabaseError, path: String) -> Bool {
    switch error.resultCode {
    case .SQLITE_FULL: return true
    case .SQLITE_IOERR, .SQLITE_CANTOPEN:
      var file = statvfs()
      let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
      guard statvfs(folder, &file) == 0 else { return false }
      return file.f_bavail * UInt(file.f_frsize) < 1 << 20 || file.f_favail == 0
    default: return false
    }
  }
}
