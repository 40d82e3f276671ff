// Which model made a vector. It stands in every shard header and beside every query vector, because
// vectors of two models say nothing about one another.
//
// Relies on nothing. Does not run the model: see Embedder.

/// The identity of an embedding model; two vectors may be compared only when their models are
/// equal.
package struct EmbeddingModel: Codable, Hashable, Sendable {
  /// What people call it, such as `all-MiniLM-L6-v2`.
  package let name: String
  /// Everything that changes the numbers: digests of weights and vocabulary (or the endpoint's
  /// label), dimension, pooling, normalisation, token limit.
  package let identity: String
  /// Numbers in a vector.
  package let dimension: Int
  /// Most tokens of one text, the special ones counted; what is beyond has no influence on the
  /// vector.
  package let maxTokens: Int

  package init(name: String, identity: String, dimension: Int, maxTokens: Int) {
    self.name = name
    self.identity = identity
    self.dimension = dimension
    self.maxTokens = maxTokens
  }
}
