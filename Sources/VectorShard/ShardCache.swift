// Thousands of shards, opened when first asked for, the least recently used let go by mapped bytes.
//
// A call costs one stat of CURRENT; when that file was replaced, the new generation is opened beside the old and takes its
// place in one step. A new generation that does not open leaves the old one answering. The lock is never held while a file
// is opened. Watches nothing by itself: a shard nobody asks for costs nothing.

import Glibc
import Synchronization

/// Open shards by name, shared by all threads.
package final class ShardCache: Sendable {
  /// What tells one CURRENT from the next.
  private struct Stamp: Equatable {
    let inode: UInt64
    let seconds: Int
    let nanoseconds: Int
    let changeSeconds: Int
    let changeNanoseconds: Int
    let size: Int
  }

  private struct Entry {
    var set: ShardSet
    var stamp: Stamp
    var byteCount: Int
    var lastUse: UInt64
    /// Why a later generation, of stamp `failedStamp`, could not take the place of this one.
    var failure: ShardError?
    var failedStamp: Stamp?
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var byteCount = 0
    var clock: UInt64 = 0
  }

  private let root: String
  private let byteLimit: Int
  private let fixed: [String: ShardSet]
  private let state = Mutex(State())

  /// Serves the shards in the folders of `root`, keeping at most about `byteLimit` bytes of them mapped.
  ///
  /// The shard that was asked for last stays open even when it alone is larger.
  package init(root: String, byteLimit: Int) {
    self.root = root
    self.byteLimit = byteLimit
    fixed = [:]
  }

  /// Serves these sets and no others, whatever is current: for a generation that is looked at before it is published.
  package init(fixed: [String: ShardSet]) {
    root = ""
    byteLimit = 0
    self.fixed = fixed
  }

  /// What `shard` returns, if that is open already; nil when files would have to be read for it, or when there is none.
  package func known(_ name: String) -> ShardSet? {
    if root.isEmpty { return fixed[name] }
    guard Self.isName(name),
      let stamp = try? stamp(of: "\(root)/\(name)/\(CurrentPointer.fileName)"),
      let known = used(name, stamp), known.isCurrent
    else { return nil }
    return known.set
  }

  private func used(_ name: String, _ stamp: Stamp) -> (set: ShardSet, isCurrent: Bool)? {
    state.withLock { state in
      guard var entry = state.entries[name] else { return nil }
      state.clock += 1
      entry.lastUse = state.clock
      state.entries[name] = entry
      return (entry.set, entry.stamp == stamp || entry.failedStamp == stamp)
    }
  }

  /// The current generation of the shard called `name`; nil when there is none.
  ///
  /// What is returned stays valid for as long as it is held, even when the cache lets the shard go.
  ///
  /// - Throws: `invalid` for a name outside `a-z 0-9 - _`, otherwise as `ShardSet.open` when no generation is open yet.
  package func shard(_ name: String) throws(ShardError) -> ShardSet? {
    guard Self.isName(name) else { throw .invalid("a shard named \(name)") }
    if root.isEmpty { return fixed[name] }
    let directory = "\(root)/\(name)"
    guard let stamp = try stamp(of: "\(directory)/\(CurrentPointer.fileName)") else {
      forget(name)
      return nil
    }
    let known = used(name, stamp)
    if let known, known.isCurrent { return known.set }
    do {
      guard let opened = try ShardSet.open(directory: directory, reusing: known?.set) else {
        forget(name)
        return nil
      }
      return keep(opened, stamp, as: name)
    } catch {
      guard let known else { throw error }
      state.withLock { state in
        state.entries[name]?.failure = error
        state.entries[name]?.failedStamp = stamp
      }
      return known.set
    }
  }

  /// Why the newest generation of a shard is not the one that answers; nil when it is.
  package func failure(of name: String) -> ShardError? {
    state.withLock { $0.entries[name]?.failure }
  }

  /// How many shards are open, and how many bytes they map.
  package var usage: (shards: Int, bytes: Int) {
    state.withLock { ($0.entries.count, $0.byteCount) }
  }

  /// Lets go of a shard, such as one whose folder was removed.
  package func forget(_ name: String) {
    // The set is dropped after the lock is released: unmapping takes time.
    let dropped = state.withLock { state -> Entry? in
      let entry = state.entries.removeValue(forKey: name)
      state.byteCount -= entry?.byteCount ?? 0
      return entry
    }
    withExtendedLifetime(dropped) {}
  }

  /// Puts a set in its place unless another thread has put a newer one there; returns the one that stands.
  private func keep(_ opened: ShardSet, _ stamp: Stamp, as name: String) -> ShardSet {
    let (kept, dropped) = state.withLock { state -> (ShardSet, [Entry]) in
      var dropped: [Entry] = []
      if let old = state.entries.removeValue(forKey: name) {
        state.byteCount -= old.byteCount
        dropped.append(old)
      }
      let byteCount = opened.byteCount
      state.clock += 1
      state.entries[name] = Entry(
        set: opened, stamp: stamp, byteCount: byteCount, lastUse: state.clock)
      state.byteCount += byteCount
      if state.byteCount > byteLimit { evict(&state, sparing: name, into: &dropped) }
      return (opened, dropped)
    }
    withExtendedLifetime(dropped) {}
    return kept
  }

  /// Lets go of the least recently used until nine tenths of the limit remain, so that the sort pays for many calls.
  private func evict(_ state: inout State, sparing name: String, into dropped: inout [Entry]) {
    let target = byteLimit / 10 * 9
    for (other, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      guard state.byteCount > target else { return }
      guard other != name else { continue }
      state.entries.removeValue(forKey: other)
      state.byteCount -= entry.byteCount
      dropped.append(entry)
    }
  }

  private func stamp(of path: String) throws(ShardError) -> Stamp? {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .system(call: "stat", path: path, code: errno)
    }
    return Stamp(
      inode: UInt64(status.st_ino), seconds: status.st_mtim.tv_sec,
      nanoseconds: status.st_mtim.tv_nsec, changeSeconds: status.st_ctim.tv_sec,
      changeNanoseconds: status.st_ctim.tv_nsec, size: Int(status.st_size))
  }

  /// 1 to 64 of `a-z 0-9 - _`: never a path.
  private static func isName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95
      }
  }
}
