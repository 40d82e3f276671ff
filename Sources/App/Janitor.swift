// Reconciles rows and spool, both ways: what a crash, a full disk or a person's hand left apart is put together or named,
// so that no item is in a state that nobody sees. Runs at the start of whatever drains the ledger.
//
// Relies on receipts being durable before their item goes: an item that stands nowhere and whose receipt is not in the
// ledger is lost, and its documents are told so instead of being processed for ever.

import Corpus
package import Spool
package import Storage

/// What the janitor found and did.
package struct JanitorReport: Equatable, Sendable, Codable {
  /// Items that rows hold open and that stand nowhere: closed as lost.
  package var lostItems = 0
  /// Items of a known run that no receipt had named: named.
  package var adoptedItems = 0
  /// Items of a run that no row knows: put into `failed` with the reason `orphan`.
  package var orphanItems = 0
  /// Documents without a final state though their run is over: ended.
  package var strandedDocuments = 0
  /// Items open, not held and silent for longer than any work may take.
  package var stuckItems = 0

  package init() {}

  /// Whether rows and spool agreed.
  package var isClean: Bool { self == JanitorReport() }

  /// One line for the log.
  package var line: String {
    "janitor lost=\(lostItems) adopted=\(adoptedItems) orphans=\(orphanItems) "
      + "stranded=\(strandedDocuments) stuck=\(stuckItems)"
  }
}

/// Puts rows and spool in accord.
package struct Janitor: Sendable {
  /// An item's own time limit and an hour on top: silent for longer, it is stuck.
  private static let patience = 900_000 + 3_600_000

  private let spool: String
  private let database: AppDatabase
  private let training: Training
  private let drain: LedgerDrain

  package init(spool: String, database: AppDatabase) {
    self.spool = spool
    self.database = database
    training = Training(spool: spool, database: database)
    drain = LedgerDrain(spool: spool, database: database)
  }

  /// Publishes what a crash kept from being published, applies what waits in the ledger, then compares.
  package func run() async throws -> JanitorReport {
    var report = JanitorReport()
    try await training.republish()
    try await drain.drain()
    report.lostItems = try await closeLostItems()
    try await adoptItems(&report)
    report.strandedDocuments = try await database.endStrandedDocuments(now: WallClock.now())
    report.stuckItems = try await stuckItems().count
    return report
  }

  /// Open items that have been silent for longer than any work may take.
  package func stuckItems() async throws -> [OpenItem] {
    let now = WallClock.now()
    return try await database.openItems().filter {
      $0.outcome != "held" && max($0.changedAt, $0.due ?? 0) + Self.patience < now
    }
  }

  private func closeLostItems() async throws -> Int {
    var missing = Set(try await database.openItems())
    // An item that moves while its stage is listed can be missed; one that is missed three times is not there.
    for _ in 0..<3 where !missing.isEmpty {
      let standing = try PipelineStage.names.reduce(into: Set<String>()) { set, stage in
        set.formUnion(try items(of: stage).map { "\(stage) \($0.name.id)" })
      }
      missing = missing.filter { !standing.contains("\($0.stage) \($0.item)") }
    }
    if missing.isEmpty { return 0 }
    // Its receipt was durable before it went.
    try await drain.drain()
    let lost = missing.intersection(try await database.openItems())
    for item in lost { try await database.closeLost(item, now: WallClock.now()) }
    return lost.count
  }

  private func adoptItems(_ report: inout JanitorReport) async throws {
    let open = Set(try await database.openItems().map { "\($0.stage) \($0.item)" })
    let worker = Worker()
    for stage in PipelineStage.names {
      for (state, name) in try items(of: stage)
      where !open.contains("\(stage) \(name.id)") && [.incoming, .deferred].contains(state) {
        if try await database.knows(item: name.id, stage: stage) { continue }
        let directory = SpoolDirectory(spool: spool, stage: stage)
        let path = directory.file(state, name.fileName)
        guard let frame = try? DurableFile.read(path, limit: JSONLines.itemLimit),
          let content = try? ItemContent(frame: frame, name: name)
          // Gone meanwhile, or damaged: its stage says so.
        else { continue }
        let run = content.envelope.run
        if try await database.adopt(item: name.id, stage: stage, of: run, now: WallClock.now()) {
          report.adoptedItems += 1
        } else if state == .incoming, let claim = try Claim.take(name, in: directory, by: worker) {
          var orphan = name
          orphan.reason = "orphan"
          try claim.giveBack(to: .failed, as: orphan)
          report.orphanItems += 1
        }
      }
    }
  }

  private func items(of stage: String) throws -> [(state: SpoolState, name: ItemName)] {
    let directory = SpoolDirectory(spool: spool, stage: stage)
    return try SpoolState.allCases.filter { $0 != .tmp }.flatMap { state in
      try directory.items(state).map { (state, $0) }
    }
  }
}
