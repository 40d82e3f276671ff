// What was worked out before and may be asked for again: a bounded number of values, the longest unused out first.

import Synchronization

/// A memory shared by all threads.
final class BoundedMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    let value: Value
    var used: Int
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var clock = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: values kept, at least 2.
  init(limit: Int) { self.limit = max(2, limit) }

  /// The values of `keys` in their order; nil where none is kept.
  func values(of keys: [Key]) -> [Value?] {
    state.withLock { state in
      state.clock += 1
      return keys.map { key in
        guard let place = state.entries.index(forKey: key) else { return nil }
        state.entries.values[place].used = state.clock
        return state.entries.values[place].value
      }
    }
  }

  /// The value of `key`; nil when none is kept.
  func value(of key: Key) -> Value? { values(of: [key])[0] }

  /// Keeps values.
  func keep(_ made: [(key: Key, value: Value)]) {
    state.withLock { state in
      for (key, value) in made { state.entries[key] = Entry(value: value, used: state.clock) }
      guard state.entries.count > limit else { return }
      // Half at once: sorting is then rare, whatever the traffic.
      let oldest = state.entries.sorted { $0.value.used < $1.value.used }
      for (key, _) in oldest.prefix(state.entries.count - limit / 2) { state.entries[key] = nil }
    }
  }
}
