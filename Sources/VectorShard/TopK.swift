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
      siftUp(entry)
    } else if entry.beats(heap[0]) {
      siftDown(entry)
    }
  }

  /// Moves `entry`, which stands last, up to its place.
  private mutating func siftUp(_ entry: Entry) {
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[parent].beats(entry) else { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = entry
  }

  /// Puts `entry` in the place of the worst and moves it down to its own.
  private mutating func siftDown(_ entry: Entry) {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child].beats(heap[child + 1]) { child += 1 }
      guard entry.beats(heap[child]) else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = entry
  }

  /// What was kept, best first.
  func sorted() -> [Entry] { heap.sorted { $0.beats($1) } }
}
