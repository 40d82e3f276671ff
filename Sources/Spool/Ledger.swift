// The reading side of spool/ledger. Receipts are applied in one transaction and then removed, so that a crash between only
// applies them again, which changes nothing.

/// Receipts that wait to become rows.
package struct Ledger: Sendable {
  /// A receipt with the run and lane of the item it speaks of.
  package struct Entry: Sendable {
    package let name: ItemName
    package let lane: String
    package let run: String
    package let receipt: Receipt
  }

  /// The directory's name among the stages.
  package static let stage = "ledger"

  private let directory: SpoolDirectory

  package init(spool: String) { directory = SpoolDirectory(spool: spool, stage: Self.stage) }

  /// About `limit` receipts, oldest first, and whole items only.
  ///
  /// A damaged one goes to `failed` and is not looped on.
  ///
  /// - Throws: `SpoolError` when the machine is at fault.
  package func waiting(limit: Int = 500) throws -> [Entry] {
    try directory.prepare()
    var entries: [Entry] = []
    let names = try directory.items(.incoming).sorted { ($0.due, $0.id) < ($1.due, $1.id) }
    for name in names where entries.count < limit {
      let path = directory.file(.incoming, name.fileName)
      do {
        let frame = try DurableFile.read(path, limit: JSONLines.itemLimit)
        let content = try ItemContent(frame: frame, name: name)
        guard content.envelope.schema == Receipt.schema, !content.records.isEmpty else {
          throw SpoolError.unknownSchema(item: name.id, schema: content.envelope.schema)
        }
        for receipt in try content.records.map({ try JSONLines.decode(Receipt.self, from: $0) }) {
          entries.append(
            Entry(name: name, lane: name.lane, run: content.envelope.run, receipt: receipt))
        }
      } catch let error as SpoolError where error.isMachineFault {
        throw error
      } catch SpoolError.system(_, _, _) {
        // Another drainer was first.
        continue
      } catch {
        _ = try DurableFile.rename(path, to: directory.file(.failed, name.fileName))
      }
    }
    return entries
  }

  /// Removes receipts whose rows are committed.
  package func remove(_ entries: [Entry]) throws {
    for name in Set(entries.map(\.name)) {
      try DurableFile.remove(directory.file(.incoming, name.fileName))
    }
  }
}
