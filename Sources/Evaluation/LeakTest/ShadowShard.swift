// A copy of a generation with canaries planted in it, in a folder of its own: the live shard is linked into it and never written to.

package import Corpus
import FoundationEssentials
package import Embedding
package import VectorShard

/// A generation with planted text.
struct ShadowShard {
  /// The citable source of texts that attackers have planted.
  static let planter = SourceID(unchecked: "leaktestplanter")

  let shard: ShardSet
  let folder: String

  /// Plants canaries and documents beside what a generation holds.
  ///
  /// - Parameters:
  ///   - manifest: The generation.
  ///   - directory: Where its segments lie.
  ///   - folder: Must not exist; the caller removes it.
  /// - Throws: `ShardError`, `EmbeddingError`, or what the file system has to say.
  init(
    of manifest: ShardManifest, in directory: String, folder: String, canaries: [SourceID: Canary],
    documents: [String], embedder: Embedder
  ) async throws {
    let files = FileManager.default
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for segment in manifest.segments {
      let name = segmentFileName(segment.digest)
      // A link: nothing is copied, and neither name can change the other's bytes.
      try files.linkItem(atPath: "\(directory)/\(name)", toPath: "\(folder)/\(name)")
    }
    var writer = try SegmentWriter(identity: manifest.identity, dimension: manifest.dimension)
    let planted =
      canaries.sorted { $0.key < $1.key }.map { (source: $0.key, text: $0.value.text) }
      + documents.map { (source: Self.planter, text: $0) }
    let vectors = try await embedder.embed(planted.map(\.text))
    for (number, (text, vector)) in zip(planted, vectors).enumerated() {
      let description = DocumentDescription(
        document: DocumentID(unchecked: "leaktest\(number)"), source: text.source,
        uri: "leaktest-\(number).txt", title: "", language: "en", mediaType: "text/plain",
        rawDigest: "sha256:00", textDigest: "00")
      let index = try writer.addDocument(
        ShardDocument(
          id: description.document.text, group: text.source.text,
          payload: Array(try JSONEncoder().encode(description))))
      let chunk = Chunk(
        id: ChunkID(unchecked: "leaktest\(number)c"), description: description, ordinal: 0,
        count: 1, offset: 0, place: Place(), tokens: 1, text: text.text)
      try writer.addRow(
        document: index, words: text.text, language: "en", vector: .unit(vector),
        payload: Array(try JSONEncoder().encode(chunk)))
    }
    let summary = try writer.write(into: folder)
    shard = try ShardSet(
      ShardManifest(
        identity: manifest.identity, dimension: manifest.dimension,
        generation: manifest.generation + 1, segments: manifest.segments + [.init(summary)],
        run: "leaktest", rowCount: manifest.rowCount + summary.rowCount,
        documentCount: manifest.documentCount + summary.documentCount), in: folder)
    self.folder = folder
  }
}
