// What an answer costs while it is made: an answer that breaks off has cost something, too.

import Synchronization

/// Counts the model tokens of one answer, and asks before they are spent.
package final class UsageMeter: Sendable {
  private let total = Mutex(Answer.Usage())
  private let allows: @Sendable (Int) async -> Bool

  /// - Parameter allows: asked before each call of a model, with the tokens that the call may cost at most.
  package init(allows: @escaping @Sendable (Int) async -> Bool = { _ in true }) {
    self.allows = allows
  }

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

  /// Begins to count a call; nil when it may cost more than is left.
  ///
  /// - Parameters:
  ///   - promptTokens: counted by our tokenizer; the model's may count a third more.
  ///   - replyTokens: the bound that the model is given.
  func call(promptTokens: Int, replyTokens: Int) async -> Call? {
    guard await allows(promptTokens + promptTokens / 3 + replyTokens) else { return nil }
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
