import BlobStore
import Corpus
import Embedding
import Foundation
import Spool
import Synchronization
import TestSupport
import Testing

@testable import EmbedStage

@Suite struct EmbedStageTests {
  /// Counts what it is asked.
  final class Counter: Sendable {
    let texts = Mutex<[String]>([])

    func embedder(failing error: EmbeddingError? = nil) -> Embedder {
      Embedder(
        model: EmbeddingModel(name: "t", identity: "t/2", dimension: 2, maxTokens: 512),
        embed: { (texts: [String]) async throws(EmbeddingError) -> [[Float]] in
          if let error { throw error }
          self.texts.withLock { $0 += texts }
          return texts.map { [Float($0.utf8.count), 1] }
        }, countTokens: { $0.utf8.count })
    }
  }

  let folder: TemporaryFolder
  let counter = Counter()

  init() throws { folder = try TemporaryFolder() }

  func stage(failing error: EmbeddingError? = nil) -> EmbedStage {
    EmbedStage(
      blobs: DirectoryBlobs(data: folder.path), cache: EmbeddingCache(data: folder.path),
      embedder: counter.embedder(failing: error))
  }

  func chunk(_ text: String, _ ordinal: Int) -> Chunk {
    Chunk(
      id: ChunkID(unchecked: "c\(ordinal)"),
      description: DocumentDescription(
        document: DocumentID(unchecked: "d"), source: SourceID(unchecked: "s"), uri: "u",
        title: "t",
        language: nil, mediaType: "text/plain", rawDigest: "", textDigest: ""),
      ordinal: ordinal, count: 2, offset: 0, place: Place(), tokens: 3, text: text)
  }

  func envelope(scope: String) -> Envelope {
    Envelope(
      schema: RecordSchema.chunk, lane: "l", run: "r", scope: scope, born: 0, madeBy: "", from: [],
      recordCount: 0)
  }

  func vectors(_ outcomes: [Outcome<EmbeddedChunk>]) throws -> [[Float]] {
    try outcomes.map { outcome in
      guard case .done(let outputs, _, _, _) = outcome, let made = outputs.first else { return [] }
      let bytes = try DirectoryBlobs(data: folder.path).get(made.vectors)
      return VectorBlob.decode(bytes, dimension: 2)?[made.row] ?? []
    }
  }

  @Test func `the same text is embedded once and costs nothing the second time`() async throws {
    let records = [chunk("one", 0), chunk("three", 1)]
    let first = try await stage().process(records, of: envelope(scope: "owner"))
    #expect(try vectors(first) == [[3, 1], [5, 1]])
    let second = try await stage().process(records, of: envelope(scope: "owner"))
    #expect(try vectors(second) == [[3, 1], [5, 1]])
    #expect(counter.texts.withLock { $0 } == ["one", "three"])
  }

  @Test func `owners do not share the cache`() async throws {
    _ = try await stage().process([chunk("one", 0)], of: envelope(scope: "a"))
    _ = try await stage().process([chunk("one", 0)], of: envelope(scope: "b"))
    #expect(counter.texts.withLock { $0 } == ["one", "one"])
  }

  @Test func `a torn cache value is made again`() async throws {
    let records = [chunk("one", 0)]
    _ = try await stage().process(records, of: envelope(scope: "a"))
    let cache = folder.path + "/cache/embeddings"
    let files = (FileManager.default.enumerator(atPath: cache)?.compactMap { $0 as? String } ?? [])
      .filter { $0.split(separator: "/").last?.count == 64 }
    #expect(files.count == 1)
    for file in files {
      let url = URL(fileURLWithPath: cache + "/" + file)
      var bytes = try Data(contentsOf: url)
      bytes[0] ^= 1
      try bytes.write(to: url)
    }
    let again = try await stage().process(records, of: envelope(scope: "a"))
    #expect(try vectors(again) == [[3, 1]])
    #expect(counter.texts.withLock { $0.count } == 2)
  }

  @Test func `a missing model stops the stage and condemns no record`() async {
    await #expect(throws: StageFault.self) {
      try await stage(failing: .modelMissing(path: "x"))
        .process([chunk("one", 0)], of: envelope(scope: "a"))
    }
  }

  @Test func `an endpoint that is away is tried again`() async throws {
    let outcomes = try await stage(
      failing: .endpointUnavailable(endpoint: "e", reason: "r", retryAfterSeconds: 9)
    ).process([chunk("one", 0)], of: envelope(scope: "a"))
    guard case .retry(_, _, let notBefore) = outcomes.first else {
      Issue.record("expected a retry")
      return
    }
    #expect(notBefore == 9_000)
  }
}
