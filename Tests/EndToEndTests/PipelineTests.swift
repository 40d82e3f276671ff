import Foundation
import Spool
import TestSupport
import Testing

/// The foreground supervisor through the built executables.
@Suite(.serialized) struct PipelineTests {
  @Test func `a detached run is finished by a pipeline that drains`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("# Herons\n\nHerons stand still in shallow water.", "h.md")
    let detached = try await bobbin.tool("bobbin").run(["ingest", "birds", file, "--detach"])
    #expect(detached.exitCode == 0 && detached.output.hasPrefix("run "))
    let drained = try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"])
    #expect(drained.exitCode == 0, "\(drained.errors)")
    #expect(drained.errors.contains("done stage=index"))
    let status = try await bobbin.tool("bobbin").run(["status"])
    #expect(status.output == "birds: ready, generation 1, documents: 1 live\nspool: empty\n")
    #expect(try await bobbin.ask("birds", "What do herons do?").exitCode == 0)
  }

  @Test func `draining takes away what a worker left behind whose run is over`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("Herons stand still in shallow water.", "h.txt")
    _ = try await bobbin.tool("bobbin").run(["ingest", "birds", file, "--detach"])
    for stage in ["fetch", "extract", "chunk"] {
      _ = try await bobbin.tool("bobbin-\(stage)").run(["--spool", bobbin.spool])
    }
    // Its outputs and its receipt stand, so the run will close without it; its item does too.
    let killed = try await bobbin.tool("bobbin-embed", ["CRASH_AT": "before-unlink:1"]).run([
      "--spool", bobbin.spool,
    ])
    #expect(killed.exitCode == 9)
    do {
      let drained = try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"])
      try #require(drained.exitCode == 0, "\(drained.errors)")
      let left = try ["incoming", "active", "deferred", "failed"].flatMap { state in
        try FileManager.default.contentsOfDirectory(atPath: "\(bobbin.spool)/embed/\(state)")
      }
      #expect(left.isEmpty)
    }
    let status = try await bobbin.tool("bobbin").run(["status"])
    #expect(status.output == "birds: ready, generation 1, documents: 1 live\nspool: empty\n")
  }

  @Test func `a stage with nothing to do ends cleanly every time`() async throws {
    // While its network thread is still starting: one in thirty crashed on the way out.
    let bobbin = try Installation()
    for _ in 0..<60 {
      let result = try await bobbin.tool("bobbin-fetch").run(["--spool", bobbin.spool])
      try #require(result.exitCode == 0, "\(result.exitCode) \(result.errors)")
    }
  }

  @Test func `a stage that is killed is started again`() async throws {
    let bobbin = try Installation()
    let pipeline = try bobbin.tool("bobbin").prepare(["pipeline", "--quiet"])
    pipeline.standardInput = FileHandle.nullDevice
    pipeline.standardError = FileHandle.nullDevice
    try pipeline.start()
    defer {
      pipeline.terminate()
      pipeline.waitUntilExit()
    }
    var killed: Set<Int32> = []
    while killed.count < 3 {
      let children = Self.children(of: pipeline.processIdentifier, named: "bobbin-chunk")
      for child in children where !killed.contains(child) {
        kill(child, SIGKILL)
        killed.insert(child)
      }
      await Task.yield()
    }
    let file = try bobbin.folder.write("Herons stand still in shallow water.", "h.txt")
    _ = try await bobbin.tool("bobbin").run(["ingest", "birds", file, "--detach"])
    var status = ""
    while !status.hasPrefix("birds: ready") {
      status = try await bobbin.tool("bobbin").run(["status"]).output
    }
    #expect(status.contains("1 live"))
  }

  @Test func `a pipeline that cannot work says which setting is wrong`() async throws {
    let bobbin = try Installation(model: false)
    let file = try bobbin.folder.write("Herons.", "h.txt")
    _ = try await bobbin.tool("bobbin").run(["ingest", "birds", file, "--detach"])
    let drained = try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"])
    #expect(drained.exitCode == 78)
    #expect(drained.errors.contains("make model"))
  }

  @Test func `a web page is asked for again when it is due and changes nothing`() async throws {
    let site = try LoopbackServer { _, connection in
      connection.respond(
        200, ["Content-Type: text/plain"], body: Array("The ferry leaves at nine.".utf8))
    }
    let allowed = ["BOBBIN_ALLOWED_HOSTS": "127.0.0.1:\(site.port)"]
    let bobbin = try Installation()
    let url = "http://127.0.0.1:\(site.port)/ferry"
    #expect(try await bobbin.ingest("ferry", [url], environment: allowed).exitCode == 0)
    let early = try await bobbin.tool("bobbin").run(["recrawl"])
    #expect(early.exitCode == 0 && early.output == "no page is due\n")
    let due = try await bobbin.tool("bobbin").run(["recrawl", "--all"])
    #expect(due.output.contains(": 1 source of chatbot "))
    let drained = try await bobbin.tool("bobbin", allowed).run(["pipeline", "--until-drained"])
    #expect(drained.exitCode == 0, "\(drained.errors)")
    let status = try await bobbin.tool("bobbin").run(["status"])
    #expect(status.output.contains("generation 1, documents: 1 live"))
  }

  /// Children of a process by name, out of /proc.
  static func children(of parent: Int32, named name: String) -> [Int32] {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { Int32($0) }.filter { process in
      let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
      return status?.contains("Name:\t\(name)\n") == true
        && status?.contains("PPid:\t\(parent)\n") == true
    }
  }
}
