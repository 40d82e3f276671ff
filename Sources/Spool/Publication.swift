// The order that loses nothing, for one item or for several at once (SPOOL.md section 3): outputs durable and visible, then
// receipts durable and visible, and only then do the claims go.
//
// Several items share each sync: their files are written first and synced together, each directory once. A crash in the
// midst repeats the work of the group; it never tears one item's outputs from its receipt.

import Faults

/// An item whose outcome is decided and not yet on disk.
struct Settled: Sendable {
  /// An item to be made visible.
  struct Output: Sendable {
    let directory: SpoolDirectory
    let state: SpoolState
    let name: ItemName
    let content: [UInt8]
  }

  /// What becomes of the claimed file.
  enum End: Sendable {
    /// The work is done: it goes.
    case remove
    /// It waits in `deferred`, or ended in `failed`, under its new name.
    case move(SpoolState, ItemName)
  }

  let claim: Claim
  let outputs: [Output]
  /// The item's envelope, from which the receipts' is made.
  let envelope: Envelope
  /// What is told of the item, and of the item made of its records that wait.
  let receipts: [Receipt]
  let end: End
}

/// Publishes settled items of one stage.
struct Publication: Sendable {
  /// Names the stage and the version of its code in the receipts' envelopes.
  let madeBy: String
  let ledger: SpoolDirectory

  /// Makes a group durable and visible and ends its claims.
  ///
  /// An item whose claim is gone is left out: another worker took over after a sweep, publishes the same and speaks for it.
  ///
  /// - Returns: the items that were published.
  /// - Throws: `SpoolError`; the claims not yet ended still stand, and repeating them changes nothing.
  func publish(_ group: [Settled]) throws -> [Settled] {
    let staged = try stage(group)
    var standing: [Settled] = []
    var entered: Set<String> = []
    for (settled, temporaries) in zip(group, staged) {
      guard settled.claim.stands else {
        for temporary in temporaries { try DurableFile.remove(temporary) }
        continue
      }
      for (output, temporary) in zip(settled.outputs, temporaries) {
        let target = output.directory.file(output.state, output.name.fileName)
        try DurableFile.publish(temporary, as: target)
        FailPoint.hit("output-renamed")
        entered.insert(output.directory.directory(output.state))
      }
      standing.append(settled)
    }
    for directory in entered.sorted() { try DurableFile.syncDirectory(directory) }
    if standing.isEmpty { return [] }
    try publishReceipts(of: standing)
    var left: Set<String> = []
    for settled in standing {
      switch settled.end {
      case .remove: try settled.claim.complete()
      case .move(let state, let name):
        try settled.claim.rename(to: state, as: name)
        left.insert(settled.claim.directory.directory(state))
      }
    }
    for directory in left.sorted() { try DurableFile.syncDirectory(directory) }
    return standing
  }

  /// Writes all outputs of a group into `tmp` and syncs them together.
  ///
  /// - Returns: the temporary paths, in the order of each item's outputs.
  private func stage(_ group: [Settled]) throws(SpoolError) -> [[String]] {
    var files = UnsyncedFiles()
    do throws(SpoolError) {
      var paths: [[String]] = []
      for settled in group {
        var own: [String] = []
        for output in settled.outputs {
          let file = try output.directory.stageFile(output.content, id: output.name.id)
          own.append(file.path)
          try files.append(file)
        }
        paths.append(own)
      }
      try files.sync()
      return paths
    } catch {
      files.discard()
      throw error
    }
  }

  /// One ledger item for the receipts of each run, since an item never mixes two.
  private func publishReceipts(of group: [Settled]) throws {
    var runs: [String: [Settled]] = [:]
    for settled in group {
      runs["\(settled.claim.name.lane) \(settled.envelope.run)", default: []].append(settled)
    }
    let now = WallClock.now()
    var items: [(content: [UInt8], lane: String)] = []
    for (_, members) in runs.sorted(by: { $0.key < $1.key }) {
      guard let first = members.first else { continue }
      var envelope = first.envelope
      envelope.schema = Receipt.schema
      envelope.madeBy = madeBy
      envelope.from = members.map(\.claim.name.id)
      let records = try members.flatMap(\.receipts).map { try JSONLines.encode($0) }
      items.append(
        (try ItemContent.encode(envelope, records: records), first.claim.name.lane))
    }
    try ledger.publish(items, due: now)
    FailPoint.hit("receipt-published")
  }
}
