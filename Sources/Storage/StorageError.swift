// What can go wrong with rows beyond what SQLite says itself.

/// A failure of the store of rows.
package enum StorageError: Error, Sendable, CustomStringConvertible {
  /// The database cannot be opened.
  case cannotOpen(path: String, reason: String)
  /// Another process holds the database.
  case busy(path: String)
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
    case .busy: 75
    case .badSlug, .noChatbot, .noRun: 64
    }
  }

  package var description: String {
    switch self {
    case .busy(let path):
      "the database \(path) is held by another process; try again when that has ended"
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
}
