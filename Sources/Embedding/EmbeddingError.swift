// Why a text got no vector: the closed list, with what a person needs to mend it.
//
// Relies on nothing. Does not decide how often to try again: that is the stage's retry policy.

/// What can go wrong between a text and its vector.
package enum EmbeddingError: Error, Hashable, Sendable {
  /// A file of the model is not where it should be.
  case modelMissing(path: String)
  /// A file of the model is there but is not the model that was asked for.
  case modelDamaged(path: String, reason: String)
  /// The kernels could not start or gave a result that is not a vector.
  case kernelFailed(reason: String)
  /// A text that the model cannot embed; `index` is its place in the call.
  case textRefused(index: Int, reason: String)
  /// The remote endpoint did not answer, or asked to be left alone for a while.
  case endpointUnavailable(endpoint: String, reason: String, retryAfterSeconds: Int?)
  /// The remote endpoint answers, but not to us: wrong key, wrong path, unknown model.
  case endpointRefused(endpoint: String, status: Int, reason: String)
  /// The remote endpoint answered something that is not the vectors that were asked for.
  case endpointAnswerInvalid(endpoint: String, reason: String)
  /// The caller's task was cancelled before the vectors were ready.
  case cancelled

  /// Whether the same call can succeed later without anyone changing anything.
  package var isTransient: Bool {
    switch self {
    case .endpointUnavailable, .endpointAnswerInvalid, .cancelled: true
    case .modelMissing, .modelDamaged, .kernelFailed, .textRefused, .endpointRefused: false
    }
  }

  /// Whether no other text would fare better: the stage stops (exit 78) and condemns no item.
  package var stopsStage: Bool {
    switch self {
    case .modelMissing, .modelDamaged, .kernelFailed, .endpointRefused: true
    case .textRefused, .endpointUnavailable, .endpointAnswerInvalid, .cancelled: false
    }
  }
}

extension EmbeddingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .modelMissing(let path):
      "embedding model: \(path) is missing; get it with `make model`"
    case .modelDamaged(let path, let reason):
      "embedding model: \(path): \(reason); delete the file and get it again with `make model`"
    case .kernelFailed(let reason):
      "embedding model: \(reason)"
    case .textRefused(let index, let reason):
      "embedding: text \(index) was refused: \(reason)"
    case .endpointUnavailable(let endpoint, let reason, let seconds):
      "embedding endpoint \(endpoint) is unavailable: \(reason); "
        + (seconds.map { "it asks to be tried again in \($0) s" } ?? "it will be tried again")
    case .endpointRefused(let endpoint, let status, let reason):
      "embedding endpoint \(endpoint) refused with \(status): \(reason); "
        + "check its address, key and model name in the configuration"
    case .endpointAnswerInvalid(let endpoint, let reason):
      "embedding endpoint \(endpoint) gave a wrong answer: \(reason)"
    case .cancelled:
      "embedding was cancelled"
    }
  }
}
