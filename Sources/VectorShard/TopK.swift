// The best k of a stream of scores, by a bounded heap.
//
// Order: higher score first, then lower index; so the result does not depend on the order of offers. Not for sorting all.

/// Keeps the `limit` best of what it is offered.
struct TopK {
  /// A score and where it was seen.
  struct Entry {
    let score: Float
    let index: Int

    /// Whether this entry is to be kept rather than `other`.
    @inline(__always)
    func beats(_ other: Entry) -> Bool {
      score > other.score || (score == other.score && index < other.index)
    }
  }

  private let limit: Int
  /// A heap whose first entry is the worst of those kept.
  private var heap: [Entry] = []

  init(limit: Int) { self.limit = max(0, limit) }

  /// A score has to be above this to change anything, when indices are offered in ascending order.
  ///
  /// `floor` while there is room.
  @inline(__always)
  func threshold(floor: Float) -> Float {
    guard heap.count >= limit, let worst = heap.first else { return floor }
    return max(floor, worst.score)
  }

  /// Offers one entry; NaN is never kept.
  mutating func offer(_ score: Float, at index: Int) {
    guard limit > 0, !score.isNaN else { return }
    let entry = Entry(score: score, index: index)
    if heap.count < limit {
      heap.append(entry)
      var child = heap.count - 1
      while child > 0 {
        let parent = (child - 1) / 2
        guard heap[parent].beats(heap[child]) else { break }
        heap.swapAt(parent, child)
        child = parent
      }
    } else if entry.beats(heap[0]) {
      heap[0] = entry
      var parent = 0
      while true {
        var worst = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
          if heap[worst].beats(heap[child]) { worst = child }
        }
        if worst == parent { break }
        heap.swapAt(parent, worst)
        parent = worst
      }
    }
  }

  /// What was kept, best first.
  func sorted() -> [Entry] { heap.sorted { $0.beats($1) } }
}
