// How much of what age lies where: the table that Postfix's qshape made, for a spool. Counts by stage, state, lane and age.
//
// The age of an item is that of its file in its state (SpoolItem.swift says by which clock). A deferred item's age says how
// long it has waited, not whether its time has come: that is `due`, counted beside.

/// Counts of a spool at one moment.
package struct SpoolShape: Sendable {
  /// Upper ends of the age buckets, minutes; a last bucket holds what is older.
  package static let minutes = [5, 10, 20, 40, 80, 160, 320, 640, 1280]

  /// Counts of one lane, or of all.
  package struct Counts: Sendable, Equatable {
    package var total = 0
    /// One more than `minutes`.
    package var buckets = [Int](repeating: 0, count: SpoolShape.minutes.count + 1)
    /// Items whose due time has come.
    package var due = 0

    mutating func add(age: Int, isDue: Bool) {
      total += 1
      buckets[SpoolShape.bucket(ofAge: age)] += 1
      if isDue { due += 1 }
    }
  }

  /// One state of one stage.
  package struct Queue: Sendable {
    package let stage: String
    package let state: SpoolState
    package var all = Counts()
    /// Lanes with the most items first.
    package var lanes: [(lane: String, counts: Counts)] = []
    /// The earliest due time that is still ahead, milliseconds since 1970 UTC.
    package var nextDue: Int?
    /// The age of the oldest file, milliseconds.
    package var oldest: Int?
    package var strays = 0
  }

  /// States that hold something, in the order of the stages and of the states.
  package let queues: [Queue]

  /// Counts the files of `stages` that fit `selector`.
  ///
  /// What is being written, and strays, have no lane and no reason: they count where the selector asks for neither.
  package init(
    spool: String, stages: [String], selecting selector: ItemSelector, now: Int
  ) throws(SpoolError) {
    var queues: [Queue] = []
    for stage in stages where selector.stage == nil || selector.stage == stage {
      for state in selector.states {
        let listing = try SpoolListing(SpoolDirectory(spool: spool, stage: stage), state)
        let queue = Self.queue(stage, state, listing, selector, now: now)
        if queue.all.total + queue.strays > 0 { queues.append(queue) }
      }
    }
    self.queues = queues
  }

  private static func queue(
    _ stage: String, _ state: SpoolState, _ listing: SpoolListing, _ selector: ItemSelector,
    now: Int
  ) -> Queue {
    var queue = Queue(stage: stage, state: state)
    var lanes: [String: Counts] = [:]
    for item in listing.items where selector.matches(item, now: now) {
      let age = item.file.age(at: now)
      let isDue = item.name.due <= now
      queue.all.add(age: age, isDue: isDue)
      lanes[item.name.lane, default: Counts()].add(age: age, isDue: isDue)
      queue.oldest = max(queue.oldest ?? 0, age)
      if !isDue { queue.nextDue = min(queue.nextDue ?? item.name.due, item.name.due) }
    }
    if selector.takesUnnamed {
      for file in listing.unfinished {
        queue.all.add(age: file.age(at: now), isDue: false)
        queue.oldest = max(queue.oldest ?? 0, file.age(at: now))
      }
      queue.strays = listing.strays.count
    }
    queue.lanes = lanes.map { (lane: $0.key, counts: $0.value) }.sorted {
      ($1.counts.total, $0.lane) < ($0.counts.total, $1.lane)
    }
    return queue
  }

  /// The bucket of an age in milliseconds.
  package static func bucket(ofAge age: Int) -> Int {
    minutes.firstIndex { age <= $0 * 60_000 } ?? minutes.count
  }
}
