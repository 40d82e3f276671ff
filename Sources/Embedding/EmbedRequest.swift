// One call of embed: texts waiting to become vectors, and who waits for them.
//
// Relies on Synchronization. Many workers may deliver parts of one request; the caller is resumed
// exactly once, by whoever delivers the last text.

import Synchronization

/// The texts of one call and the vectors so far.
final class EmbedRequest: Sendable {
  typealias Answer = Result<[[Float]], EmbeddingError>

  private struct State {
    var vectors: [[Float]]
    var missing: Int
    var error: EmbeddingError?
    var waiting: CheckedContinuation<Answer, Never>?
  }

  let texts: [String]
  private let state: Mutex<State>

  /// A request for at least one text.
  init(texts: [String], waiting: CheckedContinuation<Answer, Never>) {
    self.texts = texts
    state = Mutex(
      State(
        vectors: [[Float]](repeating: [], count: texts.count), missing: texts.count, error: nil,
        waiting: waiting))
  }

  /// Whether the work still matters: false once a part has failed or the caller has gone.
  var isWanted: Bool { state.withLock { $0.error == nil } }

  /// Puts the vectors of some texts in their places.
  func deliver(_ vectors: [[Float]], at indices: [Int]) {
    finish(indices.count) { state in
      for (vector, index) in zip(vectors, indices) { state.vectors[index] = vector }
    }
  }

  /// Gives up on some texts, and with them on the whole call.
  func fail(_ error: EmbeddingError, count: Int) {
    finish(count) { state in state.error = state.error ?? error }
  }

  /// Counts texts whose batch was skipped because the call had failed already.
  func skip(count: Int) {
    finish(count) { _ in }
  }

  /// Marks the call as not wanted; the caller is resumed when the workers have let go of it.
  func cancel() {
    state.withLock { $0.error = $0.error ?? .cancelled }
  }

  private func finish(_ count: Int, _ change: (inout State) -> Void) {
    let resumption: (CheckedContinuation<Answer, Never>, Answer)? = state.withLock { state in
      change(&state)
      state.missing -= count
      guard state.missing <= 0, let waiting = state.waiting else { return nil }
      state.waiting = nil
      return (waiting, state.error.map { .failure($0) } ?? .success(state.vectors))
    }
    if let (waiting, answer) = resumption { waiting.resume(returning: answer) }
  }
}
