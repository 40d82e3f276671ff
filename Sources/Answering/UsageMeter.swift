// What an answer costs while it is made: an answer that breaks off has cost something, too.

import Synchronization

/// Counts the model tokens of one answer.
package final class UsageMeter: Sendable {
  private let total = Mutex(Answer.Usage())

  /// What has been spent so far.
  package var usage: Answer.Usage { total.withLock { $0 } }

  /// A call of a model, counted by estimate until the endpoint says what it was.
  struct Call {
    fileprivate let meter: UsageMeter
    private(set) var estimate: Answer.Usage

    /// Counts a piece of the reply.
    mutating func add(replyTokens: Int) {
      estimate.replyTokens += replyTokens
      meter.change(by: Answer.Usage(replyTokens: replyTokens))
    }

    /// Puts the endpoint's own figures in the place of the estimate.
    mutating func settle(promptTokens: Int, replyTokens: Int) {
      meter.change(
        by: Answer.Usage(
          promptTokens: promptTokens - estimate.promptTokens,
          replyTokens: replyTokens - estimate.replyTokens))
      estimate = Answer.Usage(promptTokens: promptTokens, replyTokens: replyTokens)
    }
  }

  /// Begins to count a call.
  func call(promptTokens: Int) -> Call {
    let estimate = Answer.Usage(promptTokens: promptTokens)
    change(by: estimate)
    return Call(meter: self, estimate: estimate)
  }

  private func change(by usage: Answer.Usage) {
    total.withLock {
      $0.promptTokens = max(0, $0.promptTokens + usage.promptTokens)
      $0.replyTokens = max(0, $0.replyTokens + usage.replyTokens)
    }
  }
}
