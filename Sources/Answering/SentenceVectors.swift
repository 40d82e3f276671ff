// Vectors of sentences that were looked at before: visitors ask about the same passages again and again, and embedding
// their sentences is most of an answer's work.
//
// Kept in memory, a bounded number, the longest unused out first. Keyed by chatbot, so that no chatbot's answers come
// sooner for what another holds. Citable sentences only: nothing else is ever quoted.

import Corpus
import Embedding
import Synchronization

/// A bounded memory of sentence vectors for one embedder.
final class SentenceVectors: Sendable {
  private struct Key: Hashable {
    let chatbot: ChatbotID
    let model: String
    let text: String
  }

  private struct Entry {
    let vector: [Float]
    var used: Int
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var clock = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: vectors kept; one of 384 numbers takes about 2 kB with its text.
  init(limit: Int = 4_096) { self.limit = max(2, limit) }

  /// The vectors of `texts` in their order; those not known are embedded in one call and kept.
  func vectors(
    of texts: [String], for chatbot: ChatbotID, by embedder: Embedder
  ) async throws(EmbeddingError) -> [[Float]] {
    let keys = texts.map { Key(chatbot: chatbot, model: embedder.model.identity, text: $0) }
    var vectors = known(keys)
    let missing = vectors.indices.filter { vectors[$0] == nil }
    if !missing.isEmpty {
      let made = try await embedder.embed(missing.map { texts[$0] })
      for (index, vector) in zip(missing, made) { vectors[index] = vector }
      keep(zip(missing.map { keys[$0] }, made).map { ($0, $1) })
    }
    return vectors.map { $0 ?? [] }
  }

  private func known(_ keys: [Key]) -> [[Float]?] {
    state.withLock { state in
      state.clock += 1
      return keys.map { key in
        state.entries[key]?.used = state.clock
        return state.entries[key]?.vector
      }
    }
  }

  private func keep(_ made: [(key: Key, vector: [Float])]) {
    state.withLock { state in
      for (key, vector) in made {
        state.entries[key] = Entry(vector: vector, used: state.clock)
      }
      guard state.entries.count > limit else { return }
      // Half at once: sorting is then rare, whatever the traffic.
      let oldest = state.entries.sorted { $0.value.used < $1.value.used }
      for (key, _) in oldest.prefix(state.entries.count - limit / 2) {
        state.entries[key] = nil
      }
    }
  }
}
