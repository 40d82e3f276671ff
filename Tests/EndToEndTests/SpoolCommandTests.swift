import Foundation
import Spool
import TestSupport
import Testing

/// `bobbin spool` with the built executable over a spool of the test's own, without a database.
@Suite struct SpoolCommandTests {
  let bobbin: Installation

  init() throws { bobbin = try Installation(model: false) }

  /// A failed page of a lane, as fetch's runner leaves it.
  @discardableResult
  private func failed(
    _ document: String, lane: String = "lane1", state: SpoolState = .failed,
    reason: String? = "http_503"
  ) throws -> ItemName {
    let record =
      #"{"document":"\#(document)","location":{"web":{"url":"https://example.com/"}},"#
      + #""name":"\#(String(repeating: "n", count: 300))","source":"s1"}"#
    let envelope = Envelope(
      schema: "bobbin.fetch/1", lane: lane, run: "run1", scope: "s", born: 1_700_000_000_000,
      madeBy: "test/1", from: [], recordCount: 1)
    let content = try ItemContent.encode(envelope, records: [Array(record.utf8)])
    let fetch = SpoolDirectory(spool: bobbin.spool, stage: "fetch")
    try fetch.prepare()
    var name = try fetch.publish(content, lane: lane, due: envelope.born)
    let source = fetch.file(.incoming, name.fileName)
    (name.tries, name.reason) = (reason == nil ? 0 : 5, reason)
    _ = try DurableFile.rename(source, to: fetch.file(state, name.fileName))
    return name
  }

  private func spool(
    _ arguments: [String], _ environment: [String: String] = [:]
  ) async throws -> Tool.Result {
    try await bobbin.tool("bobbin", environment).run(["spool"] + arguments)
  }

  private func json(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func count(_ state: SpoolState) throws -> Int {
    try SpoolDirectory(spool: bobbin.spool, stage: "fetch").items(state).count
  }

  @Test func `shape and ls tell the same to people and to programs`() async throws {
    let name = try failed("d1")
    try failed("d2", lane: "lane2")
    let fetch = SpoolDirectory(spool: bobbin.spool, stage: "fetch")
    try DurableFile.write([1], to: fetch.file(.failed, "notes.txt"))
    let shape = try await spool(["shape", "fetch"])
    #expect(shape.exitCode == 0, "\(shape.errors)")
    #expect(
      shape.output.contains(
        "        fetch/failed    T    5   10   20   40   80  160  320  640 1280 1280+\n"
          + "               TOTAL    2    2    0    0    0    0    0    0    0    0     0\n"))
    let queue = try #require(try json(try await spool(["shape", "--json"]).output).first)
    #expect(queue["total"] as? Int == 2)
    #expect(queue["strays"] as? Int == 1)
    #expect((queue["lanes"] as? [[String: Any]])?.count == 2)

    let list = try await spool(["ls", "fetch", "failed"]).output
    #expect(list.contains(name.id.prefix(8)) && list.contains("http_503"))
    #expect(list.contains("stray  \(fetch.file(.failed, "notes.txt"))"))
    let lines = try json(try await spool(["ls", "--json", "--lane", "lane1"]).output)
    #expect(lines.count == 1)
    let line = try #require(lines.first)
    #expect(line["id"] as? String == name.id)
    #expect(line["tries"] as? Int == 5)
    #expect(line["stage"] as? String == "fetch")
    #expect(line["state"] as? String == "failed")
    #expect((line["age_ms"] as? Int).map { $0 >= 0 } == true)
    #expect(try await spool(["ls", "--older-than", "60", "--json"]).output.isEmpty)
    // Looking makes nothing: no data directory's database, no ledger.
    #expect(!FileManager.default.fileExists(atPath: bobbin.data + "/bobbin.sqlite"))
    #expect(!FileManager.default.fileExists(atPath: bobbin.spool + "/ledger"))
  }

  @Test func `show gives the reason, the records cut short, and commands that work`() async throws {
    let name = try failed("d1")
    let shown = try await spool(["show", String(name.id.prefix(6))])
    #expect(shown.exitCode == 0, "\(shown.errors)")
    #expect(shown.output.contains("http_503: the site answers with an error of its own"))
    #expect(shown.output.contains("checksum, id, envelope and line count hold"))
    #expect(shown.output.contains("… (100 more)"))
    let full = try await spool(["show", name.fileName, "--full"]).output
    #expect(full.contains(String(repeating: "n", count: 300)))
    let fields = try #require(try json(try await spool(["show", name.id, "--json"]).output).first)
    #expect(fields["documents"] as? [String] == ["d1"])
    #expect((fields["envelope"] as? [String: Any])?["run"] as? String == "run1")
    #expect((fields["again"] as? String)?.contains("| bobbin-fetch --data") == true)
    let raw = try #require(fields["raw"] as? String)
    #expect(raw.hasPrefix("zstdcat ") && raw.hasSuffix(" | jq ."))
  }

  @Test func `show of a damaged item says what does not hold and leaves it where it is`()
    async throws
  {
    let name = try failed("d1")
    let path = SpoolDirectory(spool: bobbin.spool, stage: "fetch").file(.failed, name.fileName)
    var bytes = try DurableFile.read(path, limit: 1 << 20)
    bytes[bytes.count / 2] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let shown = try await spool(["show", name.id])
    #expect(shown.exitCode == 0)
    #expect(shown.output.contains("item \(name.id) is damaged"))
    #expect(try count(.failed) == 1)
  }

  @Test func `a life of an item by hand: hold, release, retry, drop`() async throws {
    let name = try failed("d1", state: .deferred)
    let id = String(name.id.prefix(8))
    #expect(try await spool(["hold", id]).exitCode == 0)
    #expect(try count(.hold) == 1)
    let refused = try await spool(["retry", id])
    #expect(refused.exitCode == 65)
    #expect(refused.output.contains("release it first"))
    #expect(try await spool(["release", "--lane", "lane1"]).exitCode == 0)
    #expect(try count(.incoming) == 1)
    // Not a terminal: it does not guess what the answer would be.
    #expect(try await spool(["drop", id]).exitCode == 64)
    #expect(try count(.incoming) == 1)
    let dropped = try json(try await spool(["drop", id, "--yes", "--json"]).output)
    #expect(dropped.first?["moved"] as? Bool == true)
    #expect(try await spool(["drop", id, "--yes"]).exitCode == 69)
    let receipts = try Ledger(spool: bobbin.spool).waiting().map(\.receipt)
    #expect(Set(receipts.map(\.outcome)) == [.held, .released, .dropped])
    #expect(receipts.allSatisfy { $0.documents.map(\.document) == ["d1"] })
  }

  @Test func `a move killed after its receipt is done by the same command again`() async throws {
    let name = try failed("d1")
    let killed = try await spool(["retry", name.id], ["CRASH_AT": "published:1"])
    #expect(killed.exitCode == 9)
    #expect(try count(.failed) == 1)
    #expect(try Ledger(spool: bobbin.spool).waiting().map(\.receipt.outcome) == [.retry])
    #expect(try await spool(["retry", name.id]).exitCode == 0)
    #expect(try count(.failed) == 0)
    let back = try SpoolDirectory(spool: bobbin.spool, stage: "fetch").items(.incoming)
    #expect(back.map(\.tries) == [6])
    #expect(back.map(\.reason) == [nil])
  }

  @Test func `filters choose what is moved, and nothing else moves`() async throws {
    try failed("d1", reason: "http_503")
    try failed("d2", reason: "error")
    try failed("d3", lane: "lane2", reason: "error")
    let result = try await spool(["retry", "--reason", "error", "--lane", "lane1", "--json"])
    #expect(try json(result.output).count == 1)
    #expect(try count(.failed) == 2)
    #expect(try await spool(["retry", "--stage", "fetch", "--limit", "1"]).exitCode == 0)
    #expect(try count(.failed) == 1)
    #expect(try await spool(["retry", "--reason", "never"]).output.contains("nothing was moved"))
  }

  @Test(arguments: [
    (["retry"], 64), (["retry", "12"], 64), (["retry", "0123456789"], 69), (["show", "xyz"], 64),
    (["ls", "nostage"], 64), (["ls", "fetch", "nostate"], 64), (["hold", "--state", "failed"], 64),
    (["ls", "--chatbot", "nobody"], 64), (["shape", "--limit", "0"], 64), (["nothing"], 64),
    (["shape", "--spool", "/nowhere/at/all"], 74),
  ])
  func `wrong words end with their exit code and a sentence`(
    arguments: [String], exitCode: Int
  ) async throws {
    try failed("d1")
    let result = try await spool(arguments)
    #expect(result.exitCode == Int32(exitCode), "\(result.errors)")
    #expect(!result.errors.isEmpty)
    #expect(try count(.failed) == 1)
  }

  @Test func `watch shows as often as it is told, a line each with json`() async throws {
    try failed("d1")
    let lines = try json(try await spool(["watch", "--count", "1", "--json"]).output)
    #expect(lines.count == 1)
    #expect((lines.first?["queues"] as? [[String: Any]])?.first?["state"] as? String == "failed")
    #expect(try await spool(["watch", "--count", "1"]).output.contains("fetch/failed"))
  }

  @Test(arguments: ["shape", "ls", "show", "watch", "retry", "hold", "release", "drop"])
  func `each subcommand explains itself with an example`(name: String) async throws {
    let help = try await spool([name, "--help"])
    #expect(help.exitCode == 0)
    #expect(help.output.contains("\nbobbin spool \(name)"), "\(help.output)")
  }
}
