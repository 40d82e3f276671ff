// What a generation says of its documents: for whoever compares two.

package import Corpus
import Spool
package import VectorShard

/// The documents of a generation.
package enum GenerationDocuments {
  /// Those that answer, by id.
  ///
  /// - Throws: what reading the shard throws.
  package static func all(in set: ShardSet) throws -> [DocumentID: DocumentDescription] {
    var found: [DocumentID: DocumentDescription] = [:]
    for document in try set.liveDocuments {
      let description = try JSONLines.decode(
        DocumentDescription.self, from: try set.payload(of: document))
      found[description.document] = description
    }
    return found
  }
}
