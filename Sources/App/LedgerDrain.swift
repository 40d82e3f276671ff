// Receipts → rows: the one place where the writing half's news reaches the reading half.

import Billing
package import Spool
package import Storage

/// Drains spool/ledger into the database.
package struct LedgerDrain: Sendable {
  private let ledger: Ledger
  private let database: AppDatabase

  package init(spool: String, database: AppDatabase) {
    ledger = Ledger(spool: spool)
    self.database = database
  }

  /// Applies what waits, up to 500 receipts in a transaction, until nothing waits.
  ///
  /// - Returns: how many were applied.
  @discardableResult
  package func drain() async throws -> Int {
    var total = 0
    while true {
      let entries = try ledger.waiting()
      if entries.isEmpty { return total }
      try await database.apply(entries.map { Self.row(of: $0.receipt, run: $0.run) })
      try ledger.remove(entries)
      total += entries.count
    }
  }

  private static func row(of receipt: Receipt, run: String) -> AppliedReceipt {
    AppliedReceipt(
      run: run, stage: receipt.stage, item: receipt.item, outcome: receipt.outcome.rawValue,
      tries: receipt.tries, reason: receipt.reason, due: receipt.due, message: receipt.message,
      outputs: receipt.outputs.map { ($0.stage, $0.item) },
      documents: receipt.documents.map { document in
        AppliedReceipt.Document(
          id: document.document, outcome: document.outcome.rawValue, reason: document.reason,
          message: document.message, title: document.title, pages: document.pages,
          chunks: document.chunks, tokens: document.tokens,
          found: document.found.map { found in
            AppliedReceipt.Found(
              source: found.source, uri: found.uri, leadsTo: found.leadsTo, status: found.status,
              depth: found.depth, etag: found.etag, lastModified: found.lastModified,
              content: found.content, tries: found.tries, due: found.due,
              asked: found.asked)
          }, kept: document.kept.map { ($0.document, $0.uri) })
      },
      generation: receipt.generation, heldGeneration: receipt.heldGeneration,
      at: receipt.startedAt + receipt.milliseconds,
      counts: receipt.counts.map { String(decoding: JSONText.encode($0), as: UTF8.self) } ?? "{}")
  }
}

extension AppDatabase {
  /// Applies receipts in one transaction; what they have embedded counts in the period of the chatbot's owner.
  func apply(_ receipts: [AppliedReceipt]) async throws {
    try await apply(receipts) { user, instant in
      let period = user.period(at: instant)
      return period.start..<period.end
    }
  }
}
