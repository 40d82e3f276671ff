// What was made of passages before: the same few go into the prompts of many answers, and all that is made of a passage alone is
// shared by the answers on their way.
//
// Bounded by bytes, the longest unused out first; what an answer on its way still holds lives until it ends. Keeps no
// text: a passage is known by 128 bits of a keyed hash, which is good for this process only.

import Synchronization

/// A memory of passages, shared by all threads.
package final class PassageMemory: Sendable {
  private struct State {
    var runs: Shelf<PassageRuns>
    var fingerprints: Shelf<Fingerprint>
  }

  private let state: Mutex<State>

  /// - Parameter byteLimit: bytes that private passages may take and citable ones may take, each; a private passage of
  ///   1,000 characters takes about 100 kB and a citable one 10 kB.
  package init(byteLimit: Int = 32 << 20) {
    state = Mutex(State(runs: Shelf(byteLimit), fingerprints: Shelf(byteLimit)))
  }

  /// Bytes in use.
  package var byteCount: Int {
    state.withLock { $0.runs.byteCount + $0.fingerprints.byteCount }
  }

  /// The runs of a private passage.
  func runs(of text: String, _ make: () -> PassageRuns) -> PassageRuns {
    let key = TextDigest(text)
    if let known = state.withLock({ $0.runs.value(of: key) }) { return known }
    let made = make()
    state.withLock { $0.runs.keep(made, for: key, byteCount: made.byteCount) }
    return made
  }

  /// The fingerprint of a citable passage.
  func fingerprint(of text: String) -> Fingerprint {
    let key = TextDigest(text)
    if let known = state.withLock({ $0.fingerprints.value(of: key) }) { return known }
    let made = Fingerprint(text)
    state.withLock { $0.fingerprints.keep(made, for: key, byteCount: made.keys.capacity * 8) }
    return made
  }
}

/// A text by two keyed hashes of different beginnings; equal only to that of the same bytes.
private struct TextDigest: Hashable, Sendable {
  private let first, second: Int

  init(_ text: String) {
    var text = text
    (first, second) = text.withUTF8 { bytes in
      var (one, two) = (Hasher(), Hasher())
      one.combine(0)
      two.combine(1)
      one.combine(bytes: UnsafeRawBufferPointer(bytes))
      two.combine(bytes: UnsafeRawBufferPointer(bytes))
      return (one.finalize(), two.finalize())
    }
  }
}

/// Values of one kind, up to a number of bytes.
private struct Shelf<Value: Sendable>: Sendable {
  private struct Entry {
    let value: Value
    let byteCount: Int
    var used: Int
  }

  private let byteLimit: Int
  private var entries: [TextDigest: Entry] = [:]
  private(set) var byteCount = 0
  private var clock = 0
  /// What an entry takes beside its value, about.
  private static var overhead: Int { 128 }

  init(_ byteLimit: Int) { self.byteLimit = max(0, byteLimit) }

  mutating func value(of key: TextDigest) -> Value? {
    clock += 1
    entries[key]?.used = clock
    return entries[key]?.value
  }

  mutating func keep(_ value: Value, for key: TextDigest, byteCount made: Int) {
    // Another answer may have made the same meanwhile.
    guard entries[key] == nil, made + Self.overhead <= byteLimit / 2 else { return }
    entries[key] = Entry(value: value, byteCount: made + Self.overhead, used: clock)
    byteCount += made + Self.overhead
    guard byteCount > byteLimit else { return }
    // Down to half at once: sorting is then rare, whatever the traffic.
    for (key, entry) in entries.sorted(by: { $0.value.used < $1.value.used })
    where byteCount > byteLimit / 2 {
      entries[key] = nil
      byteCount -= entry.byteCount
    }
  }
}
