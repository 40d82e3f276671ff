// Texts in, vectors out, whatever is behind it: the model in this process, an endpoint, a test's
// hashing.
//
// Relies on EmbeddingModel and EmbeddingError. Does not cache and does not cut texts into chunks.

/// A model and the two things it can do, as values.
package struct Embedder: Sendable {
  /// Which model makes the vectors.
  package let model: EmbeddingModel
  /// One vector a text, in the order of the texts, `model.dimension` numbers each, unit length.
  ///
  /// A text of more than `model.maxTokens` tokens is embedded by its beginning.
  /// - Throws: an `EmbeddingError` for the whole call; there are no partial answers.
  package let embed: @Sendable ([String]) async throws(EmbeddingError) -> [[Float]]
  /// How many tokens the model sees in a text, the special ones counted, without any limit.
  package let countTokens: @Sendable (String) -> Int

  package init(
    model: EmbeddingModel,
    embed: @escaping @Sendable ([String]) async throws(EmbeddingError) -> [[Float]],
    countTokens: @escaping @Sendable (String) -> Int
  ) {
    self.model = model
    self.embed = embed
    self.countTokens = countTokens
  }
}
