import Foundation
import Spool
import TestSupport
import Testing

/// The stages as Unix filters, and as workers that die.
@Suite(.serialized) struct FilterTests {
  @Test func `five filters in a row build a shard`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("# Tides\n\nHigh water at Orrin is at noon.", "tides.md")
    var lines = ""
    for (stage, arguments) in [
      ("fetch", [file]), ("extract", []), ("chunk", []), ("embed", []), ("index", []),
    ] {
      let result = try await bobbin.tool("bobbin-\(stage)").run(arguments, input: lines)
      #expect(result.exitCode == 0, "\(stage): \(result.errors)")
      lines = result.output
    }
    #expect(lines == "generation 1\n")
    #expect(FileManager.default.fileExists(atPath: bobbin.data + "/shards/filter/CURRENT"))
  }

  @Test func `a record that cannot be read is told on standard error`() async throws {
    let bobbin = try Installation()
    let result = try await bobbin.tool("bobbin-fetch").run([bobbin.folder.path + "/nothing.txt"])
    #expect(result.exitCode == 1)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("unreadable"))
    let garbage = try await bobbin.tool("bobbin-chunk").run([], input: "this is no JSON\n")
    #expect(garbage.exitCode == 64)
  }

  @Test func `every executable explains itself`() async throws {
    for name in ["bobbin", "bobbin-serve"]
      + ["fetch", "extract", "chunk", "embed", "index"].map({ "bobbin-\($0)" })
    {
      let result = try await Tool(name).run(["--help"])
      #expect(result.exitCode == 0)
      #expect(result.output.contains("USAGE"), "\(name)")
      #expect(try await Tool(name).run(["--no-such-option"]).exitCode == 64)
    }
  }

  /// A crash at each step of the fetch stage; afterwards a drained spool holds the same items as the undisturbed run.
  @Test(arguments: [
    "claimed", "file-written", "file-synced", "output-renamed", "directory-synced", "published",
    "receipt-published", "before-unlink",
  ])
  func `a worker killed at any step loses nothing`(step: String) async throws {
    func drained(killedAt step: String?) async throws -> [String] {
      let bobbin = try Installation()
      let file = try bobbin.folder.write("Herons stand still.", "h.txt")
      let source =
        #"{"document":"d1","location":{"file":{"path":"\#(file)"}},"name":"h.txt","source":"s1"}"#
      let envelope = Envelope(
        schema: "bobbin.fetch/1", lane: "lane1", run: "run1", scope: "s", born: 1_700_000_000_000,
        madeBy: "test/1", from: [], recordCount: 1)
      let content = try ItemContent.encode(envelope, records: [Array(source.utf8)])
      let fetch = SpoolDirectory(spool: bobbin.spool, stage: "fetch")
      try fetch.prepare()
      _ = try fetch.publish(content, lane: "lane1", due: envelope.born)
      if let step {
        let killed = try await bobbin.tool("bobbin-fetch", ["CRASH_AT": "\(step):1"])
          .run(["--spool", bobbin.spool])
        #expect(killed.exitCode == 9, "\(step) was never passed")
      }
      let result = try await bobbin.tool("bobbin-fetch").run(["--spool", bobbin.spool])
      #expect(result.exitCode == 0, "\(result.errors)")
      for state in SpoolState.allCases where state != .tmp {
        #expect(try fetch.items(state).isEmpty, "\(step ?? "-"): \(state)")
      }
      let receipts = try Ledger(spool: bobbin.spool).waiting().map(\.receipt)
      #expect(receipts.contains { $0.outcome == .done })
      // The paths of the two runs differ, the page does not.
      return try SpoolDirectory(spool: bobbin.spool, stage: "extract").items(.incoming).map {
        name in
        let directory = SpoolDirectory(spool: bobbin.spool, stage: "extract")
        let frame = try DurableFile.read(
          directory.file(.incoming, name.fileName), limit: JSONLines.itemLimit)
        let content = try ItemContent(frame: frame, name: name)
        return content.records.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
      }
    }
    let undisturbed = try await drained(killedAt: nil)
    #expect(undisturbed.count == 1)
    #expect(try await drained(killedAt: step) == undisturbed)
  }
}
