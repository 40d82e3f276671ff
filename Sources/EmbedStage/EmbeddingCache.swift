// Vectors by the digest of their text: `cache/embeddings/<scope>/<model>/ab/<digest>`. The scope is the chatbot, because a
// cache shared between owners would tell one what the other has, and because it goes with the chatbot.
//
// A value is written beside and renamed, so a reader sees a whole one or none; it is not synced, because it can be made
// again, and its checksum tells a torn one.

import BlobStore
package import Embedding
import Spool

/// The content-addressed store of embeddings.
package struct EmbeddingCache: Sendable {
  /// Whose vectors, by which model.
  package struct Scope: Sendable {
    let directory: String
    let dimension: Int

    /// - Parameter name: opaque, from the envelope.
    package init(name: String, model: EmbeddingModel) {
      // A chatbot's id is its folder's name, so that whoever removes the chatbot finds it.
      let folder = ItemName.isLane(name) ? name : SHA256Digest(of: name).shortName
      directory = "\(folder)/\(SHA256Digest(of: model.identity).shortName)"
      dimension = model.dimension
    }
  }

  private let root: String

  /// - Parameter data: the data directory.
  package init(data: String) { root = "\(data)/cache/embeddings" }

  /// The stored vector, or nil when there is none that is whole.
  package func vector(for text: String, in scope: Scope) -> [Float]? {
    let size = scope.dimension * 4
    // Unreadable counts as absent: the vector is then made again, which is always right.
    guard let bytes = try? DurableFile.read(path(text, scope), limit: size + 16),
      bytes.count == size + 16,
      Array(SHA256Digest(of: Array(bytes[..<size])).bytes.prefix(16)) == Array(bytes[size...])
    else { return nil }
    return VectorBlob.decode(Array(bytes[..<size]), dimension: scope.dimension)?.first
  }

  /// Stores a vector.
  ///
  /// - Throws: `SpoolError.system` for a fault of the disk.
  package func store(_ vector: [Float], for text: String, in scope: Scope) throws {
    var bytes = VectorBlob.encode([vector])
    bytes += SHA256Digest(of: bytes).bytes.prefix(16)
    try DurableFile.replace(path(text, scope), with: bytes)
  }

  private func path(_ text: String, _ scope: Scope) -> String {
    let digits = SHA256Digest(of: text).hexDigits
    return "\(root)/\(scope.directory)/\(digits.prefix(2))/\(digits)"
  }
}
