// Whether a visitor may see a source's text. It is a property of the source's row, read at query time: neither a spool
// item nor a shard holds it, so that a toggle acts on the next answer and nothing is embedded again (PRIVACY.md).

/// What a visitor may see of a source.
package enum Visibility: String, Codable, Sendable {
  /// May be quoted and cited.
  case citable
  /// May steer an answer; is never quoted, cited or named.
  case learnOnly = "learn_only"
}
