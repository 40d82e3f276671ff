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

    package init(stage: String, item: String) {
      self.stage = stage
      self.item = item
    }
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
    /// Where a stage found the document, when its row is not made by whoever began the run.
    package var found: Found?
    /// Which document stands for it, when it is not in a generation by itself.
    package var kept: Kept?

    package init(
      document: String, outcome: Outcome = .done, reason: String? = nil, message: String? = nil,
      title: String? = nil, pages: Int = 0, chunks: Int = 0, tokens: Int = 0, found: Found? = nil,
      kept: Kept? = nil
    ) {
      self.document = document
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

  /// The document that stands for another one.
  package struct Kept: Codable, Hashable, Sendable {
    package let document: String
    package let uri: String

    package init(document: String, uri: String) {
      self.document = document
      self.uri = uri
    }
  }

  /// What fetch learned of a document's address.
  package struct Found: Codable, Hashable, Sendable {
    /// The source it belongs to.
    package let source: String
    /// Its address; nil when the document's row has it.
    package var uri: String?
    /// Where the address leads, when that is elsewhere.
    package var leadsTo: String?
    /// The HTTP status.
    package var status: Int?
    /// Links from the start of the crawl.
    package var depth: Int?
    package var etag: String?
    package var lastModified: String?
    /// The raw bytes that came with these, `sha256:…`.
    package var content: String?
    /// Tries so far and when the next one is due, of a document that waits beside its item.
    package var tries: Int?
    package var due: Int?
    /// When it was asked for, milliseconds since 1970 UTC; nil when it was not.
    package var asked: Int?

    package init(
      source: String, uri: String? = nil, leadsTo: String? = nil, status: Int? = nil,
      depth: Int? = nil, etag: String? = nil, lastModified: String? = nil,
      content: String? = nil, tries: Int? = nil, due: Int? = nil, asked: Int? = nil
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
  /// What a stage counted on the way, by its name: addresses of a crawl that were not followed.
  package let counts: [String: Int]?

  package init(
    stage: String, item: String, outcome: Outcome, tries: Int, reason: String? = nil,
    due: Int? = nil, message: String? = nil, outputs: [Output] = [], documents: [Document] = [],
    startedAt: Int, milliseconds: Int, worker: String, generation: Int? = nil,
    heldGeneration: Int? = nil, counts: [String: Int]? = nil
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
    self.counts = counts
  }
}
