// PRIVACY.md's pass line P10: without an endpoint of others set, private text goes nowhere. All of it is done where there is no network
// at all, not even the loopback (man 7 network_namespaces).

import Foundation
import TestSupport
import Testing

@Suite struct OfflineTests {
  /// Whether this machine lets us have a namespace of our own.
  private static let hasNamespaces =
    (try? Process.run(URL(fileURLWithPath: "/usr/bin/unshare"), arguments: ["-n", "true"]) { _ in })
    .map { process in
      process.waitUntilExit()
      return process.terminationStatus == 0
    } ?? false

  @Test(.enabled(if: hasNamespaces, "unshare -n needs root"))
  func `reading, embedding, answering and the leak test need no network`() async throws {
    let bobbin = try Installation()
    let open = try bobbin.folder.write("The tower of Orrin is 31 metres high.", "open.txt")
    let secret = try bobbin.folder.write("The keeper's word is quibblewort.", "secret.txt")
    let settings = bobbin.tool("bobbin").environment.map { "\($0)=\($1)" }
    /// Runs it with nothing but an interface that is down.
    func alone(_ arguments: [String]) async throws -> (exitCode: Int32, text: String) {
      try await InstallTests.run(
        "/usr/bin/unshare",
        ["-n", "/usr/bin/env"] + settings
          + [Checkout.executables.appendingPathComponent("bobbin").path] + arguments)
    }
    for (file, options) in [(open, []), (secret, ["--learn-only"])] {
      let read = try await alone(["ingest", "tower", file] + options)
      #expect(read.exitCode == 0, "\(read.text)")
    }
    let asked = try await alone(["ask", "tower", "How high is the tower of Orrin?", "--json"])
    #expect(asked.exitCode == 0 && asked.text.contains("31 metres"), "\(asked.text)")
    let tested = try await alone(["leak-test", "tower", "--only", "guess-and-confirm"])
    #expect(tested.exitCode == 0 && tested.text.contains("passed"), "\(tested.text)")
    // There is indeed no way out in there: what can be reached from here cannot from there.
    let server = try LoopbackServer { _, connection in connection.respond(200) }
    let reach = ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(server.port)"]
    #expect(try await InstallTests.run("/bin/bash", reach).exitCode == 0)
    #expect(
      try await InstallTests.run("/usr/bin/unshare", ["-n", "/bin/bash"] + reach).exitCode != 0)
  }
}
