// Everything that can go wrong with a shard, with its evidence.
//
// A damaged file is always one of these, never a trap: a trap would take every tenant of the server down.

/// What went wrong with a shard, where, and what to do.
package enum ShardError: Error, Hashable, Sendable {
  /// The file's bytes do not agree with its checksums or with FORMAT.md.
  case corrupt(file: String, detail: String)
  /// The file follows a version of the format that this program does not read.
  case unsupported(file: String, version: Int)
  /// The question was embedded by another model than the rows.
  case identityMismatch(asked: String, found: String)
  /// The caller gave something that cannot be stored or searched for.
  case invalid(String)
  /// Something is larger than the format allows.
  case tooLarge(what: String, limit: Int)
  /// A call to the system failed.
  case system(call: String, path: String, code: Int32)

  /// True when trying again later, with nothing changed by hand, can succeed.
  package var isTransient: Bool {
    switch self {
    case .system: true
    case .corrupt, .unsupported, .identityMismatch, .invalid, .tooLarge: false
    }
  }
}

extension ShardError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .corrupt(let file, let detail):
      "\(file) is damaged: \(detail); roll back with `bobbin shard rollback` or ingest again"
    case .unsupported(let file, let version):
      "\(file) is of format \(version), this program reads "
        + "\(ShardFormat.majorVersion); ingest again or use a newer program"
    case .identityMismatch(let asked, let found):
      "the question is embedded by \(asked), the shard by \(found); "
        + "ask with that model or ingest again"
    case .invalid(let reason):
      "not possible in a shard: \(reason)"
    case .tooLarge(let what, let limit):
      "\(what) is larger than the format's limit of \(limit); split it"
    case .system(let call, let path, let code):
      "\(call) failed on \(path) with errno \(code); check the disk, its space and its permissions"
    }
  }
}
