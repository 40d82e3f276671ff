import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Manners between processes.
@Suite struct PolitenessTests {
  private struct Seen {
    var asking = 0
    var most = 0
    var pages = 0
    var ended: ContinuousClock.Instant?
    var shortestPause = Duration.seconds(1_000)
  }

  @Test func `a worker and a fetch by hand ask a host one after the other, with the pause`()
    async throws
  {
    let seen = Mutex(Seen())
    let server = try LoopbackServer { request, connection in
      seen.withLock { state in
        state.asking += 1
        state.most = max(state.most, state.asking)
        state.pages += 1
        if let ended = state.ended {
          state.shortestPause = min(state.shortestPause, ContinuousClock.now - ended)
        }
      }
      // Long enough for the other one to come in between, if it could.
      usleep(20_000)
      // The end is noted before the other side can know of it.
      seen.withLock { state in
        state.asking -= 1
        state.ended = .now
      }
      connection.respond(
        200, ["Content-Type: text/html"], body: TestSite.page("Page", "At \(request.path)."))
    }
    let bobbin = try Installation()
    let pipeline = try bobbin.folder.write("FETCH_HOST_DELAY_MS = 60\n", "pipeline.mk")
    let environment = ["BOBBIN_ALLOWED_HOSTS": server.hostAndPort]
    let begun = try await bobbin.tool("bobbin", environment).run(
      ["ingest", "harbour"] + (0..<6).map { server.url("/worker/\($0)") }
        + ["--detach", "--pipeline", pipeline])
    #expect(begun.exitCode == 0, "\(begun.errors)")
    let fetch = bobbin.tool("bobbin-fetch", environment)
    async let worker = fetch.run([
      "--spool", bobbin.spool, "--pipeline", pipeline, "--quiet", "--workers", "4",
    ])
    async let byHand = fetch.run(
      (0..<6).map { server.url("/hand/\($0)") } + ["--pipeline", pipeline, "--quiet"])
    let results = try await [worker, byHand]
    #expect(results.map(\.exitCode) == [0, 0], "\(results.map(\.errors))")
    let all = seen.withLock { $0 }
    #expect(all.pages == 12)
    #expect(all.most == 1)
    #expect(all.shortestPause >= .milliseconds(60))
    let files = try FileManager.default.contentsOfDirectory(atPath: bobbin.data + "/hosts")
    #expect(files.count == 1)
  }
}
