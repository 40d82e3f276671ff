import Foundation
import Glibc

@testable import Spool

extension TemporarySpool {
  /// Publishes an item and puts it into a state under a name of that state.
  @discardableResult
  func place(
    _ record: String, in stage: String = "s", _ state: SpoolState, lane: String = "lane1",
    due: Int = 1_700_000_000_000, tries: Int = 0, reason: String? = nil
  ) throws -> SpoolItem {
    var name = try publish([record], to: stage, lane: lane)
    let directory = directory(stage)
    let source = directory.file(.incoming, name.fileName)
    (name.due, name.tries, name.reason) = (due, tries, reason)
    let suffix = state == .active ? ",host-77-0123456789abcdef-1" : ""
    _ = try DurableFile.rename(source, to: directory.file(state, name.fileName + suffix))
    return try item(stage, state, name.id)
  }

  /// The item of that id in a state.
  func item(_ stage: String, _ state: SpoolState, _ id: String) throws -> SpoolItem {
    struct Missing: Error {}
    guard
      let item = try SpoolListing(directory(stage), state).items.first(where: { $0.name.id == id })
    else { throw Missing() }
    return item
  }

  /// `state` of every file of a stage, by id.
  func states(of stage: String) throws -> [String: SpoolState] {
    var states: [String: SpoolState] = [:]
    for state in SpoolState.allCases where state != .tmp {
      for name in try directory(stage).items(state) { states[name.id] = state }
    }
    return states
  }
}
