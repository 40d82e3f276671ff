// A receipt as rows need it, without the spool's types: Storage does not know the spool, App translates.

/// What the ledger says of one try at one item.
package struct AppliedReceipt: Sendable {
  /// What it says of one document.
  package struct Document: Sendable {
    package let id: String
    /// done, retry, gone or failed.
    package let outcome: String
    package let reason: String?
    package let message: String?
    package let title: String?
    package let pages: Int
    package let chunks: Int
    package let tokens: Int

    package init(
      id: String, outcome: String, reason: String?, message: String?, title: String?, pages: Int,
      chunks: Int, tokens: Int
    ) {
      self.id = id
      self.outcome = outcome
      self.reason = reason
      self.message = message
      self.title = title
      self.pages = pages
      self.chunks = chunks
      self.tokens = tokens
    }
  }

  package let run: String
  package let stage: String
  package let item: String
  package let outcome: String
  package let tries: Int
  package let reason: String?
  package let due: Int?
  package let message: String?
  package let outputs: [(stage: String, item: String)]
  package let documents: [Document]
  /// The generation that an index order made live.
  package let generation: Int?
  /// The generation that an index order built and held back.
  package let heldGeneration: Int?
  /// When the try ended, milliseconds since 1970 UTC.
  package let at: Int

  package init(
    run: String, stage: String, item: String, outcome: String, tries: Int, reason: String?,
    due: Int?, message: String?, outputs: [(stage: String, item: String)], documents: [Document],
    generation: Int?, heldGeneration: Int? = nil, at: Int
  ) {
    self.run = run
    self.stage = stage
    self.item = item
    self.outcome = outcome
    self.tries = tries
    self.reason = reason
    self.due = due
    self.message = message
    self.outputs = outputs
    self.documents = documents
    self.generation = generation
    self.heldGeneration = heldGeneration
    self.at = at
  }

  /// Which of two receipts of one item with equal tries counts: the higher rank, and among equals the later.
  var rank: Int { Self.rank(outcome) }

  static func rank(_ outcome: String) -> Int {
    switch outcome {
    case "done": 3
    case "gone", "dropped": 2
    case "failed": 1
    default: 0
    }
  }

  /// Whether the item needs no more work.
  var isClosed: Bool { !["retry", "held", "released"].contains(outcome) }
}
