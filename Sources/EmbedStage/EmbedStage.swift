// Gives each chunk its vector. Text that was embedded before, within the same scope and by the same model, is taken from
// the cache: a second ingest of the same text embeds nothing.

package import BlobStore
package import Corpus
package import Embedding
package import Spool

/// Chunk → EmbeddedChunk.
package struct EmbedStage: Stage {
  package static let name = "embed"
  package static let version = 1
  package static let inputSchemas = [RecordSchema.chunk]
  package static let next: NextStage? = NextStage(
    stage: "index", schema: RecordSchema.embeddedChunk)

  private let blobs: DirectoryBlobs
  private let cache: EmbeddingCache
  private let embedder: Embedder

  package init(blobs: DirectoryBlobs, cache: EmbeddingCache, embedder: Embedder) {
    self.blobs = blobs
    self.cache = cache
    self.embedder = embedder
  }

  package func document(of input: Chunk) -> String { input.description.document.text }

  package func process(
    _ records: [Chunk], of envelope: Envelope
  ) async throws -> [Outcome<EmbeddedChunk>] {
    let scope = EmbeddingCache.Scope(name: envelope.scope, model: embedder.model)
    var vectors = records.map { cache.vector(for: $0.text, in: scope) }
    let missing = records.indices.filter { vectors[$0] == nil }
    if !missing.isEmpty {
      let made: [[Float]]
      do {
        made = try await embedder.embed(missing.map { records[$0].text })
      } catch {
        if error.stopsStage { throw StageFault("\(error)", exitCode: 78) }
        return try refuse(records, missing: missing, error: error)
      }
      for (index, vector) in zip(missing, made) {
        vectors[index] = vector
        try cache.store(vector, for: records[index].text, in: scope)
      }
    }
    let rows = vectors.compactMap { $0 }
    let blob = try blobs.put(
      VectorBlob.encode(rows), shape: [rows.count, embedder.model.dimension])
    let embedded = Set(missing)
    return records.enumerated().map { row, chunk in
      let output = EmbeddedChunk(
        chunk: chunk, model: embedder.model.identity, vectors: blob, row: row)
      let report = Receipt.Document(
        document: chunk.description.document.text, chunks: 1,
        tokens: embedded.contains(row) ? chunk.tokens : 0)
      return .done([output], [report])
    }
  }

  /// What an error that is not the machine's means for the records that needed a vector.
  private func refuse(
    _ records: [Chunk], missing: [Int], error: EmbeddingError
  ) throws -> [Outcome<EmbeddedChunk>] {
    var wait: Int?
    if case .endpointUnavailable(_, _, let seconds) = error { wait = seconds.map { $0 * 1000 } }
    if case .textRefused(let index, _) = error, missing.indices.contains(index) {
      // One text is refused: it ends, and the others are tried again without it.
      return records.indices.map { record in
        record == missing[index]
          ? .gone(reason: "text_refused", message: "\(error)")
          : .retry(reason: "neighbour_refused", message: "A neighbour was refused; tried again.")
      }
    }
    return records.map { _ in .retry(reason: "embedding", message: "\(error)", notBefore: wait) }
  }
}
