// Lists a spool for people: items with their files, and what does not belong there. Moves nothing, locks nothing.

import Glibc

/// What one state of one stage holds.
package struct SpoolListing: Sendable {
  package var items: [SpoolItem] = []
  /// Files of `tmp` that are being written.
  package var unfinished: [SpoolFile] = []
  /// Files whose names are none of the grammar: no program moves or counts them.
  package var strays: [SpoolFile] = []

  /// Lists one state; what vanishes meanwhile is left out.
  package init(_ directory: SpoolDirectory, _ state: SpoolState) throws(SpoolError) {
    for fileName in try DurableFile.names(in: directory.directory(state)) {
      guard
        let file = SpoolFile(
          stage: directory.stage, state: state, fileName: fileName,
          path: directory.file(state, fileName))
      else { continue }
      if state == .tmp {
        if Self.isTemporary(fileName) { unfinished.append(file) } else { strays.append(file) }
        continue
      }
      guard let name = ItemName(fileName) else {
        strays.append(file)
        continue
      }
      let claim = fileName.dropFirst(name.fileName.count)
      let owner = claim.first == "," ? ClaimOwner(claim.dropFirst()) : nil
      // In `active` a claim follows the name, elsewhere nothing does.
      if state == .active ? owner != nil : claim.isEmpty {
        items.append(SpoolItem(file: file, name: name, state: state, owner: owner))
      } else {
        strays.append(file)
      }
    }
    items.sort {
      ($0.name.due, $0.name.lane, $0.name.id) < ($1.name.due, $1.name.lane, $1.name.id)
    }
    strays.sort { $0.fileName < $1.fileName }
  }

  /// The id and 16 random digits.
  private static func isTemporary(_ fileName: String) -> Bool {
    let parts = fileName.utf8.split(separator: 46, omittingEmptySubsequences: false)
    return parts.count == 2 && parts[0].count == 32 && parts[1].count == 16
  }

  /// The stages that have a directory, those of `order` first and in that order.
  package static func stages(
    of spool: String, order: [String]
  ) throws(SpoolError) -> [String] {
    let found = try DurableFile.names(in: spool).filter { name in
      SpoolState.allCases.contains { DurableFile.exists("\(spool)/\(name)/\($0.rawValue)") }
    }
    return order.filter(found.contains) + found.filter { !order.contains($0) }.sorted()
  }

  /// What lies in a stage's directory beside the six.
  package static func strays(
    beside directory: SpoolDirectory
  ) throws(SpoolError) -> [SpoolFile] {
    try DurableFile.names(in: directory.path).sorted()
      .filter { SpoolState(rawValue: $0) == nil }
      .compactMap {
        SpoolFile(
          stage: directory.stage, state: nil, fileName: $0, path: "\(directory.path)/\($0)")
      }
  }
}
