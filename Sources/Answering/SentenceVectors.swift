// Vectors of sentences that were looked at before: visitors ask about the same passages again and again, and embedding
// their sentences is most of an answer's work.
//
// Kept in memory, a bounded number, the longest unused out first. Keyed by chatbot, so that no chatbot's answers come
// sooner for what another holds. Citable sentences only: nothing else is ever quoted.

import Corpus
import Embedding

/// A bounded memory of sentence vectors for one embedder.
final class SentenceVectors: Sendable {
  private struct Key: Hashable, Sendable {
    let chatbot: ChatbotID
    let model: String
    let text: String
  }

  private let memory: BoundedMemory<Key, [Float]>

  /// - Parameter limit: vectors kept; one of 384 numbers takes about 2 kB with its text.
  init(limit: Int = 4_096) { memory = BoundedMemory(limit: limit) }

  /// The vectors of `texts` in their order; those not known are embedded in one call and kept.
  func vectors(
    of texts: [String], for chatbot: ChatbotID, by embedder: Embedder
  ) async throws(EmbeddingError) -> [[Float]] {
    let keys = texts.map { Key(chatbot: chatbot, model: embedder.model.identity, text: $0) }
    var vectors = memory.values(of: keys)
    let missing = vectors.indices.filter { vectors[$0] == nil }
    if !missing.isEmpty {
      let made = try await embedder.embed(missing.map { texts[$0] })
      for (index, vector) in zip(missing, made) { vectors[index] = vector }
      memory.keep(zip(missing.map { keys[$0] }, made).map { ($0, $1) })
    }
    return vectors.map { $0 ?? [] }
  }
}
