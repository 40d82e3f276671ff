// Orders that cannot be carried out: what a receipt says of them, and which troubles of a shard are such.

import VectorShard

/// An order that cannot be carried out, with the remedy; trying again changes nothing.
struct Refusal: Error {
  let reason: String
  /// A sentence for the owner, without path or document text.
  let message: String

  init(reason: String, message: String) {
    self.reason = reason
    self.message = message
  }

  /// The refusal that an error of the shard amounts to; nil for trouble with the machine, which may pass.
  init?(_ error: ShardError) {
    switch error {
    case .system:
      guard error.isDamage else { return nil }
      fallthrough
    case .corrupt, .unsupported:
      self.init(
        reason: "shard_damaged",
        message: "A file of this chatbot's index is damaged, so nothing was built on it. "
          + "`bobbin shard verify` says which, and what to do.")
    case .tooLarge(let what, let limit):
      self.init(
        reason: "too_large", message: "\(what) is larger than the limit of \(limit); split it.")
    case .identityMismatch:
      self.init(
        reason: "model_changed",
        message: "The embedding model changed: train all sources of this chatbot again at once.")
    case .invalid:
      self.init(
        reason: "invalid", message: "The index cannot hold this; report it with the item's id.")
    }
  }
}

extension ShardError {
  /// Whether files are not what they should be, a missing one too.
  var isDamage: Bool {
    switch self {
    case .corrupt, .unsupported: true
    // A segment or manifest that a kept generation names and that is gone does not come back by waiting.
    case .system(let call, _, let code): call == "open" && code == 2
    case .identityMismatch, .invalid, .tooLarge: false
    }
  }
}
