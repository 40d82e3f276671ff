// Which process of this machine asks a host: `hosts/<digest of host and port>` in the data directory, locked while it asks (man 2
// flock) and holding when the last request began or ended. The lock ends with its process, and a time that was written before a
// request stands there even if the process was killed in the middle of it.
//
// It is manners and not a promise: where the file cannot be had (a full disk, another user's file), the process keeps to its own
// queue alone. Waiting is asking again after a moment, so no thread stands still.

import Glibc
import Spool
import Synchronization

/// Lock files of hosts.
struct HostLocks: Sendable {
  /// Files that nobody has touched for this long are removed, in seconds; no pause is longer than a minute.
  static let age = 3_600
  /// Requests of a process between two looks for such files.
  private static let sweepEvery = 1_000
  private static let shortestPoll = 2
  private static let longestPoll = 50

  private let root: String
  private let requests = RequestCount()

  private final class RequestCount: Sendable {
    let value = Mutex(0)
  }

  init(data: String) { root = "\(data)/hosts" }

  /// Waits until no other process asks the host and `pause` has passed since the last one did.
  ///
  /// - Returns: nil when there is no lock to be had, or the task was cancelled: then nothing is sent anyway.
  func take(_ host: String, pause: Duration) async -> HostLock? {
    let number = requests.value.withLock { value in
      defer { value += 1 }
      return value
    }
    if number % Self.sweepEvery == 0 { sweep() }
    var poll = Self.shortestPoll
    while !Task.isCancelled {
      switch HostLock.attempt("\(root)/\(SHA256Digest(of: host).shortName)", in: root) {
      case .unavailable: return nil
      case .busy:
        // Not in step with others that wait.
        try? await Task.sleep(for: .milliseconds(Int.random(in: 1...poll)))
        poll = min(Self.longestPoll, poll * 2)
      case .held(let lock):
        let wait = lock.wait(pause)
        if wait > .zero { try? await Task.sleep(for: wait) }
        lock.note()
        return lock
      }
    }
    return nil
  }

  /// Best effort: files of hosts that nobody has asked for long.
  func sweep() {
    for name in (try? DurableFile.names(in: root)) ?? [] {
      let path = "\(root)/\(name)"
      var status = stat()
      guard stat(path, &status) == 0, status.st_mtim.tv_sec < time(nil) - Self.age,
        case .held(let lock) = HostLock.attempt(path, in: root)
      else { continue }
      // Locked by us: whoever waits for it finds that the name has gone, and makes it anew.
      unlink(path)
      lock.letGo(noting: false)
    }
  }
}

/// The right to ask a host; ends at the latest with the process.
final class HostLock: Sendable {
  enum Attempt {
    case held(HostLock)
    /// Another process asks.
    case busy
    case unavailable
  }

  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Locks a file without waiting.
  static func attempt(_ path: String, in folder: String) -> Attempt {
    var descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    if descriptor < 0, errno == ENOENT, (try? DurableFile.makeDirectory(folder)) != nil {
      descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    }
    guard descriptor >= 0 else { return .unavailable }
    let lock = HostLock(descriptor: descriptor)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      return errno == EWOULDBLOCK ? .busy : .unavailable
    }
    // A sweep may have removed it between the two calls; then it is nobody's.
    var (held, named) = (stat(), stat())
    guard fstat(descriptor, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino else {
      return .busy
    }
    return .held(lock)
  }

  /// What is left of a pause since the last request; a time that lies ahead is of another boot and counts for nothing.
  func wait(_ pause: Duration) -> Duration {
    var bytes = [UInt8](repeating: 0, count: 8)
    guard pread(descriptor, &bytes, 8, 0) == 8 else { return .zero }
    let last = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let now = Self.now()
    guard last <= now else { return .zero }
    return pause - .nanoseconds(Int64(clamping: now - last))
  }

  /// Notes that a request begins or has ended: 8 bytes, little-endian, nanoseconds of CLOCK_MONOTONIC, which all processes share.
  func note() {
    let now = Self.now()
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: now >> UInt64(8 * $0)) }
    // Best effort, as all of it: without it the next one asks sooner.
    _ = pwrite(descriptor, bytes, 8, 0)
  }

  /// Lets the next process ask.
  func letGo(noting: Bool = true) {
    if noting { note() }
    flock(descriptor, LOCK_UN)
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_nsec)
  }
}
