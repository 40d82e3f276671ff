import Foundation
import TestSupport
import Testing

/// A restart as systemd does it: the port is held by another, the server ends and comes back, and nobody is turned away.
@Suite(.serialized) struct RestartTests {
  @Test func `no request fails while the server is restarted under load`() async throws {
    struct Report: Decodable {
      let requests: Int
      let failures: [String]
      let statuses: [Int]
      let answers: Int
      let kept: Int
      let replies: Int
    }
    let bobbin = try Installation(model: false)
    let peer = try Peer(
      "restarts.py", [Checkout.executables.appendingPathComponent("bobbin-serve").path, "4"],
      environment: [
        "BOBBIN_DATA": bobbin.data, "BOBBIN_SPOOL": bobbin.spool, "BOBBIN_MAIL": "none",
        "BOBBIN_DISK_RESERVE_MIB": "16", "BOBBIN_BCRYPT_COST": "4",
        "BOBBIN_TRUSTED_PROXIES": "127.0.0.1",
      ])
    let line = try #require(peer.line())
    let report = try JSONDecoder().decode(Report.self, from: Data(line.utf8))
    #expect(report.failures.isEmpty, "\(report.failures)")
    #expect(report.statuses == [0, 0, 0, 0, 0])
    #expect(report.requests > 50)
    // What visitors were answered is what is kept, each once.
    #expect(report.answers > 20 && report.answers == report.kept)
    #expect(report.replies == report.kept)
  }
}
