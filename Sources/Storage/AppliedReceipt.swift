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
    package let found: Found?
    /// The document that stands for it, and its address.
    package let kept: (document: String, uri: String)?

    package init(
      id: String, outcome: String, reason: String?, message: String?, title: String?, pages: Int,
      chunks: Int, tokens: Int, found: Found? = nil, kept: (document: String, uri: String)? = nil
    ) {
      self.id = id
      self.outcome = outcome
      self.reason = reason
      self.message = message
      self.title = title
      self.pages = pages
      self.chunks = chunks
      self.tokens = tokens
      self.found = found
      self.kept = kept
    }
  }

  /// What fetch learned of a document's address.
  package struct Found: Sendable {
    package let source: String
    /// Nil when the document's row has it.
    package let uri: String?
    package let leadsTo: String?
    package let status: Int?
    package let depth: Int?
    package let etag: String?
    package let lastModified: String?
    package let content: String?
    package let tries: Int?
    package let due: Int?
    /// When it was asked for, milliseconds since 1970 UTC.
    package let asked: Int?

    package init(
      source: String, uri: String?, leadsTo: String?, status: Int?, depth: Int?, etag: String?,
      lastModified: String?, content: String?, tries: Int?, due: Int?, asked: Int? = nil
    ) {
      self.source = source
      self.uri = uri
      self.leadsTo = leadsTo
      self.status = status
      self.depth = depth
      self.etag = etag
      self.lastModified = lastModified
      self.content = content
      self.tries = tries
      self.due = due
      self.asked = asked
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
  /// What was counted on the way, as a JSON object of numbers.
  package let counts: String

  package init(
    run: String, stage: String, item: String, outcome: String, tries: Int, reason: String?,
    due: Int?, message: String?, outputs: [(stage: String, item: String)], documents: [Document],
    generation: Int?, heldGeneration: Int? = nil, at: Int, counts: String = "{}"
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
    self.counts = counts
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
