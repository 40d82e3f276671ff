import Foundation
import Spool
import TestSupport
import Testing

/// Generations through the built executables: looked at, checked, held, published, gone back from.
@Suite(.serialized) struct ShardCommandTests {
  struct Chatbot: Decodable {
    let chatbot: String
    let current: Int?
    let documents: Int
    let generations: [Int]
    let held: [Int]
  }

  /// A chatbot of ten documents, generation 1, and an eleventh, generation 2.
  func installation() async throws -> (Installation, [String]) {
    let bobbin = try Installation()
    let files = try (0..<10).map {
      try bobbin.folder.write("Ferry number \($0) leaves at \($0 + 8) o'clock.", "ferry\($0).txt")
    }
    #expect(try await bobbin.ingest("ferry", files).exitCode == 0)
    let more = try bobbin.folder.write("The harbour office is closed on Sundays.", "office.txt")
    #expect(try await bobbin.ingest("ferry", [more]).exitCode == 0)
    return (bobbin, files)
  }

  func list(_ bobbin: Installation) async throws -> Chatbot {
    let result = try await bobbin.tool("bobbin").run(["shard", "ls", "--json"])
    return try JSONDecoder().decode(Chatbot.self, from: Data(result.output.utf8))
  }

  @Test func `generations are listed, compared, searched and gone back to`() async throws {
    let (bobbin, _) = try await installation()
    let listed = try await list(bobbin)
    #expect(listed.current == 2 && listed.documents == 11 && listed.generations == [1, 2])
    let diff = try await bobbin.tool("bobbin").run(["shard", "diff", "ferry", "1", "2"])
    #expect(diff.output.contains("+ office.txt"))
    #expect(diff.output.contains("1 added, 0 removed, 0 changed, 10 unchanged"))
    let found = try await bobbin.tool("bobbin").run(["shard", "search", "ferry", "harbour office"])
    #expect(found.exitCode == 0 && found.output.contains("closed on Sundays"))
    let info = try await bobbin.tool("bobbin").run(["shard", "info", "ferry", "--all"])
    #expect(info.exitCode == 0 && info.output.contains("11 documents, 11 rows"))
    #expect(try await bobbin.ask("ferry", "When is the harbour office closed?").exitCode == 0)

    let back = try await bobbin.tool("bobbin").run(["shard", "rollback", "ferry"])
    #expect(back.exitCode == 0, "\(back.errors)")
    #expect(back.output.contains("- office.txt"))
    #expect(back.output.contains("ferry: generation 1 answers now"))
    #expect(try await list(bobbin).current == 1)
    #expect(try await bobbin.ask("ferry", "When is the harbour office closed?").exitCode == 69)
    let status = try await bobbin.tool("bobbin").run(["status", "ferry"])
    #expect(status.output.contains("generation 1") && status.output.contains("rolled_back"))
    // A later build takes a number that no generation has had.
    let other = try bobbin.folder.write("Bicycles travel free.", "bicycles.txt")
    let next = try await bobbin.ingest("ferry", [other])
    #expect(next.exitCode == 0 && next.report.generation == 3)
  }

  @Test func `a shard that would shrink waits for the owner's word`() async throws {
    let (bobbin, files) = try await installation()
    let held = try await bobbin.ingest("ferry", Array(files.prefix(3)), ["--replace"])
    #expect(held.exitCode == 65, "\(held.errors)")
    #expect(try await list(bobbin).held == [3])
    // Until then the old generation answers.
    #expect(try await bobbin.ask("ferry", "When is the harbour office closed?").exitCode == 0)
    let status = try await bobbin.tool("bobbin").run(["status", "ferry"])
    #expect(status.output.contains("held") && status.output.contains("8 of 11 documents"))
    let published = try await bobbin.tool("bobbin").run(["shard", "publish", "ferry"])
    #expect(published.exitCode == 0, "\(published.errors)")
    #expect(try await list(bobbin).documents == 3)
    #expect(try await bobbin.ask("ferry", "When is the harbour office closed?").exitCode == 69)
    let allowed = try await bobbin.ingest("ferry", [files[0]], ["--replace", "--allow-shrink"])
    #expect(allowed.exitCode == 0, "\(allowed.errors)")
    #expect(try await list(bobbin).documents == 1)
  }

  @Test func `a flipped byte is found, and the way back is named`() async throws {
    let (bobbin, _) = try await installation()
    #expect(try await bobbin.tool("bobbin").run(["shard", "verify"]).exitCode == 0)
    let shards = bobbin.data + "/shards"
    let shard = try #require(
      try FileManager.default.contentsOfDirectory(atPath: shards).first.map { "\(shards)/\($0)" })
    let manifest = try String(contentsOfFile: shard + "/1.manifest", encoding: .utf8)
    let newer = try #require(
      try FileManager.default.contentsOfDirectory(atPath: shard)
        .first { $0.hasSuffix(".segment") && !manifest.contains($0.prefix(32)) })
    let path = URL(fileURLWithPath: "\(shard)/\(newer)")
    var bytes = try Data(contentsOf: path)
    bytes[bytes.count / 2] ^= 0xFF
    try bytes.write(to: path)
    let verified = try await bobbin.tool("bobbin").run(["shard", "verify", "ferry"])
    #expect(verified.exitCode == 65)
    #expect(verified.output.contains("generation 1: whole"))
    #expect(verified.errors.contains("bobbin shard rollback ferry 1"))
    let back = try await bobbin.tool("bobbin").run(["shard", "rollback", "ferry", "1"])
    #expect(back.exitCode == 0, "\(back.errors)")
    #expect(try await bobbin.ask("ferry", "When does ferry number 3 leave?").exitCode == 0)
  }

  @Test func `a generation that is not kept is refused with those that are`() async throws {
    let (bobbin, _) = try await installation()
    let missing = try await bobbin.tool("bobbin").run([
      "shard", "info", "ferry", "--generation", "9",
    ])
    #expect(missing.exitCode == 69 && missing.errors.contains("kept are 1, 2"))
    let none = try await bobbin.tool("bobbin").run(["shard", "publish", "ferry"])
    #expect(none.exitCode == 69)
    let unknown = try await bobbin.tool("bobbin").run(["shard", "info", "nobody"])
    #expect(unknown.exitCode == 64)
  }
}
