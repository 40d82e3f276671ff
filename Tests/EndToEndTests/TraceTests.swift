import Foundation
import Spool
import TestSupport
import Testing

/// `bobbin trace` after a real ingest.
@Suite(.serialized) struct TraceTests {
  private struct Chain: Decodable {
    struct Link: Decodable {
      let stands: Bool
      var path: String?
      var text: String?
      var page: Int?
      var broken: String?
      var references: String?
      var id: String?
    }

    let whole: Bool
    var chunk: Link?
    var chunks: Link?
    let document: Link?
    let bytes: Link?
    let source: Link
    let run: Link
  }

  private func trace(
    _ bobbin: Installation, _ arguments: [String]
  ) async throws -> (exitCode: Int32, chain: Chain?, result: Tool.Result) {
    let result = try await bobbin.tool("bobbin").run(["trace", "--json"] + arguments)
    let chain = try? JSONDecoder().decode(Chain.self, from: Data(result.output.utf8))
    return (result.exitCode, chain, result)
  }

  @Test func `a chunk leads back to its bytes, and a flipped byte breaks the chain`() async throws {
    let bobbin = try Installation()
    let manual = Checkout.fixtures.appendingPathComponent("handbook/workshop-safety.pdf").path
    let ingested = try await bobbin.ingest("shop", [manual])
    #expect(ingested.exitCode == 0, "\(ingested.errors)")
    // Read again, only to learn the id: the same source always gives the same document.
    let listing = try await bobbin.tool("bobbin").run(["ingest", "shop", manual, "--json"])
    struct Document: Decodable { let id: String }
    struct Listing: Decodable { let documents: [Document] }
    let id = try #require(
      try JSONDecoder().decode(Listing.self, from: Data(listing.output.utf8)).documents.first?.id)

    let (code, found, result) = try await trace(bobbin, ["\(id.prefix(8)).1", "--chatbot", "shop"])
    #expect(code == 0, "\(result.errors)\(result.output)")
    let chain = try #require(found)
    #expect(chain.whole)
    #expect(chain.chunk?.text?.isEmpty == false)
    #expect(chain.document?.id == id)
    #expect(chain.source.path == manual)
    let blob = try #require(chain.bytes?.path)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: blob))
        == Data(
          contentsOf: URL(fileURLWithPath: manual)))

    let whole = try await trace(bobbin, [id])
    #expect(whole.exitCode == 0)
    #expect(whole.chain?.chunks?.references?.hasPrefix("\(id.prefix(8)).0") == true)
    #expect(
      try await bobbin.tool("bobbin").run(["trace", "\(id.prefix(8)).1"]).output.contains(
        "the whole chain stands"))

    #expect(try await trace(bobbin, ["\(id.prefix(8)).999"]).exitCode == 65)
    #expect(try await trace(bobbin, ["zzzzzzzz.0"]).exitCode == 69)
    #expect(try await trace(bobbin, ["no reference"]).exitCode == 64)
    #expect(try await trace(bobbin, ["\(id.prefix(8)).1", "--chatbot", "nobody"]).exitCode == 64)

    var bytes = try Data(contentsOf: URL(fileURLWithPath: blob))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(fileURLWithPath: blob))
    let flipped = try await trace(bobbin, ["\(id.prefix(8)).1"])
    #expect(flipped.exitCode == 65)
    #expect(flipped.chain?.bytes?.broken?.contains("not those that were fetched") == true)
    #expect(flipped.chain?.source.stands == true)

    try FileManager.default.removeItem(atPath: blob)
    let swept = try await trace(bobbin, ["\(id.prefix(8)).1"])
    #expect(swept.exitCode == 65)
    #expect(swept.chain?.bytes?.broken?.contains("the blob is gone") == true)

    // Without rows the shard still speaks, and the links that are rows are said to be missing.
    for name in try FileManager.default.contentsOfDirectory(atPath: bobbin.data)
    where name.hasPrefix("bobbin.sqlite") {
      try FileManager.default.removeItem(atPath: "\(bobbin.data)/\(name)")
    }
    let rowless = try await trace(bobbin, ["\(id.prefix(8)).1"])
    #expect(rowless.exitCode == 65)
    #expect(rowless.chain?.chunk?.stands == true)
    #expect(rowless.chain?.source.broken?.contains("no database") == true)
  }
}
