// A person moves items: retry, hold, release, drop. Receipts first and durable, then the renames, as everywhere.
//
// The item's lock is held from before the receipt until after the rename, so no worker can claim it in between; a sweep,
// which takes no lock of deferred items, may carry it to incoming meanwhile and is followed there. A claimed item is never
// touched. Does not know documents: a closure names them, because only a reader of records can.

import Faults
import Glibc

/// What a person may do with an item.
package enum OperatorVerb: String, CaseIterable, Sendable {
  case retry, hold, release, drop

  /// The states it takes items from.
  package var sources: [SpoolState] {
    switch self {
    case .retry: [.failed, .deferred]
    case .hold: [.incoming, .deferred]
    case .release: [.hold]
    case .drop: [.incoming, .deferred, .hold, .failed]
    }
  }

  /// The state it puts them into; nil when they go.
  package var target: SpoolState? {
    switch self {
    case .retry, .release: .incoming
    case .hold: .hold
    case .drop: nil
    }
  }

  var outcome: Receipt.Outcome {
    switch self {
    case .retry: .retry
    case .hold: .held
    case .release: .released
    case .drop: .dropped
    }
  }

  /// What the receipt says to the owner.
  var message: String {
    switch self {
    case .retry: "The operator lets it be tried again."
    case .hold: "The operator put it aside."
    case .release: "The operator lets it go on."
    case .drop: "The operator dropped it; add its source again to have it read anew."
    }
  }
}

/// Moves items at a person's word.
package struct OperatorMove: Sendable {
  /// How it went with one item.
  package enum Result: Sendable, Equatable {
    /// Where it is now; nil when it was dropped.
    case moved(SpoolState?, ItemName)
    /// Why it was left where it is.
    case refused(String)
  }

  private let spool: String
  private let documents: @Sendable (ItemContent) -> [String]
  /// Items whose receipts share a sync; also a bound on open descriptors.
  private static let groupLength = 64

  /// - Parameter documents: the distinct documents that an item's records belong to.
  package init(spool: String, documents: @escaping @Sendable (ItemContent) -> [String]) {
    self.spool = spool
    self.documents = documents
  }

  /// Does `verb` with each item, in order.
  ///
  /// - Throws: what is the machine's fault; items whose receipt is durable and which did not move say so by a second call.
  package func apply(
    _ verb: OperatorVerb, to items: [SpoolItem], now: Int
  ) throws -> [(item: SpoolItem, result: Result)] {
    var results: [(item: SpoolItem, result: Result)] = []
    var rest = items[...]
    while !rest.isEmpty {
      let group = rest.prefix(Self.groupLength)
      rest = rest.dropFirst(group.count)
      results += try apply(verb, group: Array(group), now: now)
    }
    return results
  }

  /// An item with its lock.
  private final class Held {
    let item: SpoolItem
    let descriptor: Int32

    init(item: SpoolItem, descriptor: Int32) {
      self.item = item
      self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Whether `path` is the very file that is locked.
    func isAt(_ path: String) -> Bool {
      var held = stat()
      var named = stat()
      return fstat(descriptor, &held) == 0 && stat(path, &named) == 0
        && held.st_ino == named.st_ino && held.st_dev == named.st_dev
    }

    /// Lets workers claim it as soon as it lies where it should, not only when its whole group does.
    func unlock() { flock(descriptor, LOCK_UN) }
  }

  private enum Attempt {
    case held(Held)
    case refused(String)
  }

  private func apply(
    _ verb: OperatorVerb, group: [SpoolItem], now: Int
  ) throws -> [(item: SpoolItem, result: Result)] {
    let attempts = try group.map { try lock($0, for: verb) }
    var receipts: [(content: [UInt8], lane: String)] = []
    for case .held(let held) in attempts where held.item.stage != Ledger.stage {
      let content = try receipt(of: verb, held, now: now)
      receipts.append((content, held.item.name.lane))
    }
    if !receipts.isEmpty {
      try SpoolDirectory(spool: spool, stage: Ledger.stage).publish(receipts, due: now)
      FailPoint.hit("receipt-published")
    }
    var results: [(item: SpoolItem, result: Result)] = []
    var changed: Set<String> = []
    for (item, attempt) in zip(group, attempts) {
      switch attempt {
      case .refused(let why): results.append((item, .refused(why)))
      case .held(let held):
        results.append((item, try move(held, verb, now: now, &changed)))
      }
    }
    for directory in changed.sorted() { try DurableFile.syncDirectory(directory) }
    return results
  }

  private func lock(_ item: SpoolItem, for verb: OperatorVerb) throws(SpoolError) -> Attempt {
    guard verb.sources.contains(item.state) else {
      return .refused(Self.refusal(of: verb, item))
    }
    let path = item.file.path
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return .refused(Self.lost) }
      throw .system("open", path, errno)
    }
    let held = Held(item: item, descriptor: descriptor)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      return .refused("a worker or another operator has just locked it; look again")
    }
    // It may have been claimed and given back under another name between the listing and the lock.
    return held.isAt(path) ? .held(held) : .refused(Self.lost)
  }

  private static let lost = "someone else moved it first; look again"

  private static func refusal(of verb: OperatorVerb, _ item: SpoolItem) -> String {
    if item.state == .active, let owner = item.owner {
      switch ClaimOwner.life(of: item.file.path) {
      case .alive:
        return "claimed by pid \(owner.pid); wait for it, or end that process and try again"
      case .dead:
        return "claimed by pid \(owner.pid), which is gone; a worker's next sweep frees it, or "
          + "`bobbin-\(item.stage) --spool …` does"
      case .gone: return lost
      }
    }
    let advice =
      switch item.state {
      case .hold: "; release it first"
      case .incoming: "; it waits for a worker already"
      case .failed: "; retry or drop it"
      case .tmp, .active, .deferred: ""
      }
    return "\(verb.rawValue) takes items of "
      + verb.sources.map(\.rawValue).joined(separator: ", ")
      + ", this one is in \(item.state.rawValue)\(advice)"
  }

  private static func name(of item: SpoolItem, after verb: OperatorVerb, now: Int) -> ItemName {
    var name = item.name
    switch verb {
    case .retry:
      name.due = now
      name.tries = min(99, name.tries + 1)
      name.reason = nil
    case .release: name.due = now
    case .hold, .drop: break
    }
    return name
  }

  private func receipt(
    of verb: OperatorVerb, _ held: Held, now: Int
  ) throws -> [UInt8] {
    let item = held.item
    let name = Self.name(of: item, after: verb, now: now)
    // A damaged item says nothing of itself that could be trusted: its receipt names the item alone.
    var envelope = Envelope(
      schema: Receipt.schema, lane: name.lane, run: "", scope: "", born: name.due, madeBy: "",
      from: [], recordCount: 1)
    var names: [String] = []
    do throws(SpoolError) {
      let frame = try DurableFile.read(
        held.descriptor, item.file.path, limit: JSONLines.itemLimit)
      let content = try ItemContent(frame: frame, name: item.name)
      envelope = content.envelope
      names = documents(content)
    } catch  where error.isMachineFault {
      throw error
    } catch {
      // Not readable: what stands above is all there is to say.
    }
    envelope.schema = Receipt.schema
    envelope.madeBy = "operator/1"
    envelope.from = [name.id]
    let reason: String? =
      switch verb {
      case .hold: "held"
      case .drop: "dropped"
      case .retry, .release: nil
      }
    let receipt = Receipt(
      stage: item.stage, item: name.id, outcome: verb.outcome, tries: name.tries, reason: reason,
      due: verb.target == .incoming ? now : nil, message: verb.message,
      documents: names.map {
        Receipt.Document(
          document: $0, outcome: verb.outcome, reason: reason, message: verb.message)
      },
      startedAt: now, milliseconds: max(0, WallClock.now() - now), worker: "operator")
    return try ItemContent.encode(envelope, records: [try JSONLines.encode(receipt)])
  }

  /// Renames or removes the locked file, wherever a sweep has carried it.
  private func move(
    _ held: Held, _ verb: OperatorVerb, now: Int, _ changed: inout Set<String>
  ) throws(SpoolError) -> Result {
    let item = held.item
    let directory = SpoolDirectory(spool: spool, stage: item.stage)
    let name = Self.name(of: item, after: verb, now: now)
    for state in [item.state, .incoming] {
      let path = directory.file(state, item.name.fileName)
      guard held.isAt(path) else { continue }
      if let target = verb.target {
        let place = directory.file(target, name.fileName)
        guard try DurableFile.rename(path, to: place), held.isAt(place) else { continue }
        changed.insert(directory.directory(target))
      } else {
        try DurableFile.remove(path)
        // A removed item must not come back with a power cut: a person was told that it is gone.
        changed.insert(directory.directory(state))
      }
      FailPoint.hit("moved")
      held.unlock()
      return .moved(verb.target, name)
    }
    return .refused("someone else moved it after its receipt was written; look again")
  }
}
