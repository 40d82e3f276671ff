// Cuts documents into chunks with their places. Numbers of scalars decide, the tokenizer only guards the embedder's limit.

package import Corpus
package import Spool

/// Document → Chunk.
package struct ChunkStage: Stage {
  package static let name = "chunk"
  package static let version = 1
  package static let inputSchemas = [RecordSchema.document]
  package static let next: NextStage? = NextStage(stage: "embed", schema: RecordSchema.chunk)

  private let chunker: Chunker

  package init(chunker: Chunker) { self.chunker = chunker }

  package func document(of input: Document) -> String { input.description.document.text }

  package func process(
    _ records: [Document], of envelope: Envelope
  ) async throws -> [Outcome<Chunk>] {
    records.map { document in
      let chunks = chunker.chunks(of: document)
      guard !chunks.isEmpty else {
        return .gone(
          reason: "no_text", message: "The document holds no text: check what was uploaded.")
      }
      let report = Receipt.Document(
        document: document.description.document.text, chunks: chunks.count,
        tokens: chunks.reduce(0) { $0 + $1.tokens })
      return .done(chunks, [report])
    }
  }
}
