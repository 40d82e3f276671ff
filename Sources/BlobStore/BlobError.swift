// What can go wrong with a blob, as evidence for a person and a decision for the stage.

/// A failure of the blob store.
package enum BlobError: Error, Sendable, CustomStringConvertible {
  /// The name is not `sha256:` and 64 hex digits.
  case badName(String)
  /// No such blob: it was swept, or the data directory is not the one the item was made with.
  case missing(String)
  /// The bytes do not have the digest of their name.
  case damaged(String)
  /// The blob is larger than its reader allows.
  case tooLarge(String, limit: Int)

  package var description: String {
    switch self {
    case .badName(let name): "\(name.prefix(80)) is no blob name; the item that names it is damaged"
    case .missing(let name):
      "blob \(name) is not in the store; check BOBBIN_DATA, or fetch its source again"
    case .damaged(let name):
      "blob \(name) does not have the digest of its name; fetch its source again"
    case .tooLarge(let name, let limit): "blob \(name) is larger than \(limit) bytes"
    }
  }
}
