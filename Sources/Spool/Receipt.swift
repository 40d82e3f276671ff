// What became of an item: a record in spool/ledger, where an item holds the receipts of a group of one run. Names, counts and sentences only, never document text.

/// The outcome of one try at one item.
package struct Receipt: Codable, Hashable, Sendable {
  /// How a try ended, for an item or for one of its documents; `held`, `released` and `dropped` are a person's doing.
  package enum Outcome: String, Codable, Sendable {
    case done, retry, gone, failed, dropped, held, released
  }

  /// An item that this one became.
  package struct Output: Codable, Hashable, Sendable {
    package let stage: String
    package let item: String
  }

  /// What the try did for one document; counts are of this item alone.
  package struct Document: Codable, Hashable, Sendable {
    package let document: String
    package var outcome: Outcome
    package var reason: String?
    /// A sentence for the owner, without path, address or document text.
    package var message: String?
    package var title: String?
    package var pages: Int
    package var chunks: Int
    package var tokens: Int

    package init(
      document: String, outcome: Outcome = .done, reason: String? = nil, message: String? = nil,
      title: String? = nil, pages: Int = 0, chunks: Int = 0, tokens: Int = 0
    ) {
      self.document = document
      self.outcome = outcome
      self.reason = reason
      self.message = message
      self.title = title
      self.pages = pages
      self.chunks = chunks
      self.tokens = tokens
    }
  }

  package static let schema = "bobbin.ledger/1"

  package let stage: String
  package let item: String
  package let outcome: Outcome
  /// Tries that ended without success, this one included.
  package let tries: Int
  package let reason: String?
  /// When the item is tried again, milliseconds since 1970 UTC.
  package let due: Int?
  package let message: String?
  package let outputs: [Output]
  package let documents: [Document]
  /// Milliseconds since 1970 UTC.
  package let startedAt: Int
  package let milliseconds: Int
  package let worker: String
  /// The generation that an index order made live.
  package let generation: Int?
  /// The generation that an index order built and that does not answer yet; `message` says why, and `reason` is
  /// `evaluation` when it is not for its owner's word.
  package let heldGeneration: Int?

  package init(
    stage: String, item: String, outcome: Outcome, tries: Int, reason: String? = nil,
    due: Int? = nil, message: String? = nil, outputs: [Output] = [], documents: [Document] = [],
    startedAt: Int, milliseconds: Int, worker: String, generation: Int? = nil,
    heldGeneration: Int? = nil
  ) {
    self.stage = stage
    self.item = item
    self.outcome = outcome
    self.tries = tries
    self.reason = reason
    self.due = due
    self.message = message
    self.outputs = outputs
    self.documents = documents
    self.startedAt = startedAt
    self.milliseconds = milliseconds
    self.worker = worker
    self.generation = generation
    self.heldGeneration = heldGeneration
  }
}
