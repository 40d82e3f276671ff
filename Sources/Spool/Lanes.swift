// Whose turn it is: a pass goes round the lanes from a random one, one item a turn, within a lane by name. So a lane with
// five items waits for about one item of each other lane, however much those have queued.

/// Orders waiting items fairly.
package enum Lanes {
  /// The items of `names` that are due, lane by lane in turn.
  package static func order(_ names: [ItemName], now: Int, startingAt random: Int) -> [ItemName] {
    var queues: [String: [ItemName]] = [:]
    for name in names where name.due <= now { queues[name.lane, default: []].append(name) }
    let lanes = queues.keys.sorted()
    guard !lanes.isEmpty else { return [] }
    let sorted = queues.mapValues { $0.sorted { ($0.due, $0.id) < ($1.due, $1.id) } }
    let first = Int(UInt(bitPattern: random) % UInt(lanes.count))
    let longest = sorted.values.map(\.count).max() ?? 0
    var order: [ItemName] = []
    for turn in 0..<longest {
      for step in 0..<lanes.count {
        let queue = sorted[lanes[(first + step) % lanes.count]] ?? []
        if turn < queue.count { order.append(queue[turn]) }
      }
    }
    return order
  }
}
