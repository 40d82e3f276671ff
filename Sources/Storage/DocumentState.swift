// What state a document is in, worked out from the receipts that name it: a function of a set, so the order in which
// receipts came, and how often, cannot matter.

import GRDB

/// What the latest receipt of one item says of one document.
package struct DocumentReceipt: Codable, Hashable, Sendable {
  package let stage: String
  package let item: String
  /// done, retry, gone, failed, dropped, held or released.
  package let outcome: String
  package let tries: Int
  package let due: Int?
  package let reason: String?
  package let message: String?
  package let pages: Int
  package let chunks: Int
  package let tokens: Int
  /// The generation that an order made live.
  package let generation: Int?
  /// Milliseconds since 1970 UTC.
  package let at: Int
  /// Of the stage that read it.
  package var title: String?
  /// Where its address leads, when that is elsewhere.
  package var leadsTo: String?
  package var httpStatus: Int?
}

extension DocumentReceipt {
  init(row: Row) {
    self.init(
      stage: row["stage"], item: row["item"], outcome: row["outcome"], tries: row["tries"],
      due: row["due_at"], reason: row["reason"], message: row["message"], pages: row["pages"],
      chunks: row["chunks"], tokens: row["tokens"], generation: row["generation"],
      at: row["created_at"], title: row["title"], leadsTo: row["leads_to"],
      httpStatus: row["http_status"])
  }

  /// 0 for fetch to 4 for index; a generation comes after all.
  fileprivate var step: Int {
    if generation != nil { return 5 }
    return Stages.order.firstIndex(of: stage) ?? 0
  }
}

/// The stages in order, as rows name them.
enum Stages {
  static let order = ["fetch", "extract", "chunk", "embed", "index"]
  /// What a document is called once a stage is done with it.
  static let done = ["fetched", "extracted", "chunked", "embedded", "embedded"]
}

/// A document's state with its cause.
struct DocumentState: Equatable {
  /// queued, fetched, extracted, chunked, embedded, live, waiting, held or ended.
  var name = "queued"
  var stage = "fetch"
  var reason: String?
  var message: String?
  var tries = 0
  var due: Int?
  /// Nil while the stage that counts them has not reported.
  var pages: Int?
  var chunks: Int?
  var tokens: Int?
  /// When the last of its receipts was written, milliseconds since 1970 UTC; 0 without one.
  var changedAt = 0
  var title: String?

  /// The reason of a document whose text is the one that answers.
  static let unchanged = "unchanged"

  init(_ receipts: [DocumentReceipt]) {
    // A page of a crawl waits beside its item and is read by a later one: then it waits no more.
    let isFetched = receipts.contains { $0.stage == "fetch" && $0.outcome != "retry" }
    // A total order, so that equal sets give equal rows.
    let sorted = receipts.filter { !isFetched || $0.stage != "fetch" || $0.outcome != "retry" }
      .sorted {
        ($0.step, $0.tries, $0.at, $0.item) < ($1.step, $1.tries, $1.at, $1.item)
      }
    title = sorted.last { $0.title != nil }?.title
    changedAt = sorted.map(\.at).max() ?? 0
    func last(_ outcomes: Set<String>) -> DocumentReceipt? {
      sorted.last { outcomes.contains($0.outcome) }
    }
    pages = sorted.last { $0.stage == "extract" && $0.outcome == "done" }?.pages
    let chunked = sorted.last { $0.stage == "chunk" && $0.outcome == "done" }
    (chunks, tokens) = (chunked?.chunks, chunked?.tokens)
    if let live = sorted.last(where: { $0.generation != nil && $0.outcome == "done" }) {
      take("live", live)
    } else if let ended = last(["failed", "gone", "dropped"]) {
      // Of a document in several items, one that ended is enough to keep it out.
      take("ended", ended)
    } else if let held = last(["held"]) {
      take("held", held)
    } else if let waiting = last(["retry"]) {
      take("waiting", waiting)
    } else if let done = last(["done"]) {
      take(Stages.done[min(done.step, Stages.done.count - 1)], done)
      tries = 0
    }
  }

  private mutating func take(_ name: String, _ receipt: DocumentReceipt) {
    self.name = name
    stage = receipt.stage
    reason = receipt.reason
    message = receipt.message
    tries = receipt.tries
    due = receipt.due
  }
}
