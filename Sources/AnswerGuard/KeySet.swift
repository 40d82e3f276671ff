// Keys in a row with a bitmap before them: a third of what a hash table takes.

/// An immutable set of keys.
struct KeySet: Sendable {
  private let filter: KeyFilter
  /// Ascending.
  private let keys: [UInt64]

  init(_ keys: Set<UInt64>) {
    var filter = KeyFilter(keyCount: keys.count, bitsPerKey: 16)
    for key in keys { filter.insert(key) }
    self.filter = filter
    self.keys = keys.sorted()
  }

  /// How many keys.
  var count: Int { keys.count }

  @inline(__always) func contains(_ key: UInt64) -> Bool {
    filter.mayContain(key) && keys.contains(sorted: key)
  }
}
