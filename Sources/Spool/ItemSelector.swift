// Which items a person means: one by the first digits of its id, or all that fit some filters. Reads names, never content.

/// A choice of items.
package struct ItemSelector: Sendable {
  /// The first digits of an id, at least six; nil for all.
  package var id: String?
  package var stage: String?
  /// States looked into.
  package var states: [SpoolState] = SpoolState.allCases.filter { $0 != .tmp }
  package var lane: String?
  package var reason: String?
  /// Milliseconds that an item must have been in its state, at least.
  package var olderThan: Int?

  package init() {}

  /// What an item may be called: digits of its id, its file's name, or its path.
  ///
  /// - Throws: `SelectorError.notAnItem`.
  package mutating func name(_ text: String) throws(SelectorError) {
    let last = text.split(separator: "/").last.map(String.init) ?? text
    if let name = ItemName(last) {
      id = name.id
    } else if (6...32).contains(text.utf8.count),
      text.utf8.allSatisfy({ (97...102).contains($0) || (48...57).contains($0) })
    {
      id = text
    } else {
      throw .notAnItem(text)
    }
  }

  /// Whether an item fits.
  package func matches(_ item: SpoolItem, now: Int) -> Bool {
    if let id, !item.name.id.hasPrefix(id) { return false }
    if let stage, item.stage != stage { return false }
    if let lane, item.name.lane != lane { return false }
    if let reason, item.name.reason != reason { return false }
    if let olderThan, item.file.age(at: now) < olderThan { return false }
    return states.contains(item.state)
  }

  /// Whether files without an item's name may count too.
  package var takesUnnamed: Bool { id == nil && lane == nil && reason == nil && olderThan == nil }

  /// The items that fit, by stage, state, due time and lane.
  package func items(
    in spool: String, stages: [String], now: Int
  ) throws(SpoolError) -> [SpoolItem] {
    var found: [SpoolItem] = []
    for name in stages where stage == nil || stage == name {
      for state in states {
        let listing = try SpoolListing(SpoolDirectory(spool: spool, stage: name), state)
        found += listing.items.filter { matches($0, now: now) }
      }
    }
    return found
  }

  /// The one item that is meant.
  ///
  /// - Parameter preferred: states that decide where equal bytes lie in several.
  /// - Throws: `SelectorError` when there is none or more than one; `SpoolError` for a fault of the disk.
  package func item(
    in spool: String, stages: [String], preferring preferred: [SpoolState] = [], now: Int
  ) throws -> SpoolItem {
    let found = try items(in: spool, stages: stages, now: now)
    guard let first = found.first else { throw SelectorError.none(id ?? "") }
    if found.count == 1 { return first }
    let fitting = found.filter { preferred.contains($0.state) }
    if Set(found.map(\.name.id)).count == 1, fitting.count == 1, let one = fitting.first {
      return one
    }
    throw SelectorError.ambiguous(id ?? "", found)
  }
}

/// Why a name leads to no item, or to more than one.
package enum SelectorError: Error, Sendable, CustomStringConvertible {
  case notAnItem(String)
  case none(String)
  case ambiguous(String, [SpoolItem])

  package var description: String {
    switch self {
    case .notAnItem(let text):
      "“\(text.prefix(80))” names no item: give six or more digits of its id, or its file's name"
    case .none(let id):
      "no item \(id) is in the spool: it is done, was dropped, or lies in another spool (--spool); "
        + "`bobbin spool ls` lists what is there"
    case .ambiguous(let id, let items):
      "\(id) names \(items.count) items; give more digits, or --stage and --state:\n"
        + items.prefix(20).map { "  \($0.name.id)  \($0.stage)/\($0.state.rawValue)" }
        .joined(separator: "\n") + (items.count > 20 ? "\n  and \(items.count - 20) more" : "")
    }
  }
}
