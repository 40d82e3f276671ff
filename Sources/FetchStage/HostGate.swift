// One request to a host at a time, and a pause before the next, whoever of this machine asks: politeness is the host's to
// receive, not a crawl's or a process's to keep. Within the process requests queue up; between processes a lock file decides
// (HostLocks).

import Synchronization

/// Lets requests to a host through one after the other.
package final class HostGate: Sendable {
  private struct Host {
    var isBusy = false
    var freeAt = ContinuousClock.now
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let hosts = Mutex<[String: Host]>([:])
  private let locks: HostLocks?

  /// - Parameter data: the data directory that this machine's processes share; nil for a gate of this process alone.
  package init(data: String? = nil) { locks = data.map { HostLocks(data: $0) } }

  /// Makes a request in its turn.
  ///
  /// - Parameters:
  ///   - host: host and port.
  ///   - pause: what must pass between the end of the last request and the beginning of this one.
  func pass<Value, Failure: Error>(
    _ host: String, pause: Duration, _ request: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let wait = await enter(host, pause: pause)
    // Woken early by a cancellation, it asks early: then nothing is sent either.
    if wait > .zero { try? await Task.sleep(for: wait) }
    let lock = await locks?.take(host, pause: pause)
    defer {
      lock?.letGo()
      leave(host)
    }
    return try await request()
  }

  private func enter(_ host: String, pause: Duration) async -> Duration {
    await withCheckedContinuation { continuation in
      let isFree = hosts.withLock { hosts -> Bool in
        var state = hosts[host] ?? Host(freeAt: .now - pause)
        defer { hosts[host] = state }
        if state.isBusy {
          state.waiters.append(continuation)
          return false
        }
        state.isBusy = true
        return true
      }
      if isFree { continuation.resume() }
    }
    return hosts.withLock { hosts in
      (hosts[host]?.freeAt ?? .now) + pause - .now
    }
  }

  private func leave(_ host: String) {
    let next = hosts.withLock { hosts -> CheckedContinuation<Void, Never>? in
      guard var state = hosts[host] else { return nil }
      state.freeAt = .now
      let next = state.waiters.isEmpty ? nil : state.waiters.removeFirst()
      state.isBusy = next != nil
      hosts[host] = state
      // Hosts of long ago are forgotten; a pause is never longer than a minute.
      if hosts.count > 1_000 {
        hosts = hosts.filter { $0.value.isBusy || .now - $0.value.freeAt < .seconds(60) }
      }
      return next
    }
    next?.resume()
  }
}
