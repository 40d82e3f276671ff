import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import FetchStage

@Suite struct HostGateTests {
  /// Who asks, how many at most did so at once, and when each began and ended.
  final class Witness: Sendable {
    struct State {
      var asking = 0
      var most = 0
      var count = 0
      var ended: ContinuousClock.Instant?
      var shortestPause = Duration.seconds(1_000)
    }

    let state = Mutex(State())

    func ask() async {
      state.withLock { state in
        state.asking += 1
        state.count += 1
        state.most = max(state.most, state.asking)
        if let ended = state.ended {
          state.shortestPause = min(state.shortestPause, ContinuousClock.now - ended)
        }
      }
      await Task.yield()
      state.withLock { state in
        state.asking -= 1
        state.ended = .now
      }
    }
  }

  /// A lock belongs to an open file, so two gates stand for two processes.
  @Test func `two gates on one data directory ask a host one after the other, with the pause`()
    async throws
  {
    let folder = try TemporaryFolder()
    let gates = (0..<2).map { _ in HostGate(data: folder.path) }
    let witness = Witness()
    let pause = Duration.milliseconds(5)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask {
          await gates[number % 2].pass("http://a:1", pause: pause) { await witness.ask() }
        }
      }
    }
    let seen = witness.state.withLock { $0 }
    #expect(seen.most == 1 && seen.count == 20)
    #expect(seen.shortestPause >= pause)
  }

  @Test func `another host is not waited for`() async throws {
    let folder = try TemporaryFolder()
    let (one, other) = (HostGate(data: folder.path), HostGate(data: folder.path))
    await one.pass("http://a:1", pause: .seconds(3_600)) {
      // Inside of the first request; it would wait for an hour.
      await other.pass("http://b:1", pause: .seconds(3_600)) {}
    }
  }

  @Test func `the time of a request outlives its process, one of another boot counts for nothing`()
    throws
  {
    let folder = try TemporaryFolder()
    let path = folder.path + "/hosts/x"
    func held() throws -> HostLock {
      guard case .held(let lock) = HostLock.attempt(path, in: folder.path + "/hosts") else {
        throw CocoaError(.fileLocking)
      }
      return lock
    }
    func wait() throws -> Duration {
      let lock = try held()
      defer { lock.letGo(noting: false) }
      return lock.wait(.seconds(3_600))
    }
    do {
      let lock = try held()
      #expect(lock.wait(.seconds(60)) == .zero)
      lock.note()
      guard case .busy = HostLock.attempt(path, in: folder.path) else {
        Issue.record("it is held")
        return
      }
      // No end is noted: as if its process had been killed.
      lock.letGo(noting: false)
    }
    let left = try wait()
    #expect(left > .seconds(1_000) && left <= .seconds(3_600))
    try Data(repeating: 0xFF, count: 8).write(to: URL(fileURLWithPath: path))
    #expect(try wait() == .zero)
    try Data([1, 2]).write(to: URL(fileURLWithPath: path))
    #expect(try wait() == .zero)
  }

  @Test func `files of hosts that nobody asks any more are removed`() async throws {
    let folder = try TemporaryFolder()
    let locks = HostLocks(data: folder.path)
    let fresh = await locks.take("http://a", pause: .zero)
    fresh?.letGo()
    for name in ["old", "held"] { _ = try folder.write("", "hosts/\(name)") }
    var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
    for name in ["old", "held"] { #expect(utimes("\(folder.path)/hosts/\(name)", &times) == 0) }
    let other = HostLock.attempt("\(folder.path)/hosts/held", in: folder.path)
    locks.sweep()
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/hosts")
    #expect(left.count == 2 && left.contains("held") && !left.contains("old"))
    withExtendedLifetime(other) {}
  }

  @Test func `without a folder to write in, a process keeps to its own queue`() async throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("a file", "data")
    let gate = HostGate(data: folder.path + "/data")
    let witness = Witness()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<5 {
        group.addTask { await gate.pass("http://a", pause: .zero) { await witness.ask() } }
      }
    }
    #expect(witness.state.withLock { $0.most == 1 && $0.count == 5 })
  }
}
