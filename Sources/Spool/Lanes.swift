// Whose turn it is: a pass goes round the lanes from a random one, one item a turn, within a lane by name. So a lane with
// five items waits for about one item of each other lane, however much those have queued.
//
// Items that were tried before stand behind fresh ones: while fresh ones wait, at most every second turn is a retry's.

/// Orders waiting items fairly.
package enum Lanes {
  /// The items of `names` that are due, lane by lane in turn.
  ///
  /// - Parameter full: lanes that have their share of the next stage and must wait.
  package static func order(
    _ names: [ItemName], now: Int, startingAt random: Int, full: Set<String> = []
  ) -> [ItemName] {
    let due = names.filter { $0.due <= now && !full.contains($0.lane) }
    let fresh = turns(due.filter { $0.tries == 0 }, startingAt: random)
    let tried = turns(due.filter { $0.tries > 0 }, startingAt: random)
    var order: [ItemName] = []
    order.reserveCapacity(due.count)
    for (first, second) in zip(fresh, tried) { order += [first, second] }
    let paired = min(fresh.count, tried.count)
    return order + fresh.dropFirst(paired) + tried.dropFirst(paired)
  }

  /// One item of each lane in turn, until none is left.
  private static func turns(_ names: [ItemName], startingAt random: Int) -> [ItemName] {
    var queues: [String: [ItemName]] = [:]
    for name in names { queues[name.lane, default: []].append(name) }
    let lanes = queues.keys.sorted()
    guard !lanes.isEmpty else { return [] }
    let first = Int(UInt(bitPattern: random) % UInt(lanes.count))
    var waiting = (lanes[first...] + lanes[..<first]).compactMap { lane in
      queues[lane].map { $0.sorted { ($0.due, $0.id) < ($1.due, $1.id) }[...] }
    }
    var order: [ItemName] = []
    order.reserveCapacity(names.count)
    while !waiting.isEmpty {
      for index in waiting.indices {
        if let name = waiting[index].popFirst() { order.append(name) }
      }
      waiting.removeAll { $0.isEmpty }
    }
    return order
  }

  /// Lanes that may not add to the next stage: it holds `bound` items, and the lane its fair share of them.
  ///
  /// - Parameter waiting: items that wait in the next stage, by lane.
  /// - Parameter sharing: lanes with items in this stage.
  package static func full(
    waiting: [String: Int], sharing: Set<String>, bound: Int
  ) -> Set<String> {
    guard waiting.values.reduce(0, +) >= bound else { return [] }
    let share = max(1, bound / max(1, sharing.union(waiting.keys).count))
    return Set(waiting.filter { $0.value >= share }.keys)
  }
}
