import Foundation
import Glibc
import Testing

@testable import Spool

@Suite struct ClaimTests {
  let spool: TemporarySpool

  init() throws { spool = try TemporarySpool() }

  @Test func `a claimed item is invisible to a second worker`() throws {
    let item = try spool.publish(["a"], to: "s")
    let claim = try #require(try Claim.take(item, in: spool.directory("s"), by: Worker()))
    #expect(try Claim.take(item, in: spool.directory("s"), by: Worker()) == nil)
    #expect(claim.stands)
    #expect(try spool.directory("s").items(.incoming).isEmpty)
    #expect(try spool.directory("s").items(.active) == [item])
  }

  @Test func `a live claim is left alone by the sweep`() throws {
    let item = try spool.publish(["a"], to: "s")
    let claim = try #require(try Claim.take(item, in: spool.directory("s"), by: Worker()))
    let result = try Sweep.run(spool.directory("s"), now: WallClock.now())
    #expect(result.deadClaims == 0)
    #expect(claim.stands)
  }

  @Test func `the claim of a dead worker comes back with one more try`() throws {
    let item = try spool.publish(["a"], to: "s")
    var claim = try Claim.take(item, in: spool.directory("s"), by: Worker())
    #expect(claim != nil)
    // The descriptor closes as it would when the process dies.
    claim = nil
    let result = try Sweep.run(spool.directory("s"), now: WallClock.now())
    #expect(result.deadClaims == 1)
    let back = try spool.directory("s").items(.incoming)
    #expect(back.map(\.tries) == [1])
    #expect(back.map(\.reason) == ["crashed"])
    #expect(back.map(\.id) == [item.id])
  }

  @Test func `a deferred item comes back when it is due and not before`() throws {
    let item = try spool.publish(["a"], to: "s")
    let directory = spool.directory("s")
    _ = try DurableFile.rename(
      directory.file(.incoming, item.fileName), to: directory.file(.deferred, item.fileName))
    #expect(try Sweep.run(directory, now: item.due - 1).dueItems == 0)
    #expect(try Sweep.run(directory, now: item.due).dueItems == 1)
    #expect(try directory.items(.incoming) == [item])
  }

  @Test func `old temporary files go and young ones stay`() throws {
    let directory = spool.directory("s")
    try directory.prepare()
    try DurableFile.write([1], to: directory.file(.tmp, "young"))
    try DurableFile.write([1], to: directory.file(.tmp, "old"))
    var times = [timeval(tv_sec: 1_000, tv_usec: 0), timeval(tv_sec: 1_000, tv_usec: 0)]
    #expect(utimes(directory.file(.tmp, "old"), &times) == 0)
    #expect(
      try Sweep.run(directory, now: WallClock.now()).oldFiles == 1)
    #expect(try DurableFile.names(in: directory.directory(.tmp)) == ["young"])
  }
}
