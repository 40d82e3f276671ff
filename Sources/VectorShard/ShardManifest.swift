// Which segments make up a generation of a shard: a small JSON file that carries its own SHA-256.
//
// The only place that holds a run's name; no clock. How it gets on disk: ShardManifest+publish.

import FoundationEssentials

/// One generation of a shard.
package struct ShardManifest: Codable, Sendable, Hashable {
  /// One segment of the generation.
  package struct Segment: Codable, Sendable, Hashable {
    /// The segment's file without `.segment`.
    package let digest: String
    /// Its rows, those of deleted documents too.
    package let rows: Int
    /// Length of its file.
    package let bytes: Int
    /// Indices of documents that are no longer part of the shard, ascending.
    package let deletedDocuments: [Int]

    package init(digest: String, rows: Int, bytes: Int, deletedDocuments: [Int] = []) {
      self.digest = digest
      self.rows = rows
      self.bytes = bytes
      self.deletedDocuments = deletedDocuments
    }

    /// A segment just written, with nothing deleted.
    package init(_ summary: SegmentSummary) {
      self.init(digest: summary.digest, rows: summary.rowCount, bytes: summary.byteCount)
    }
  }

  /// The format of this file: 1.
  package let format: Int
  /// Name of the embedding model of all segments.
  package let identity: String
  /// Numbers of a vector.
  package let dimension: Int
  /// 1 for a shard's first; each one built is higher than all before it.
  package let generation: Int
  /// The generation it was built from: the current one at that time.
  ///
  /// Nil for a shard's first, and in files of before this member.
  package let base: Int?
  package let segments: [Segment]
  /// The run that made the generation.
  package let run: String
  /// Rows of documents that are not deleted.
  package let rowCount: Int
  /// Documents that are not deleted.
  package let documentCount: Int

  /// The manifest format this program writes and reads.
  package static let formatVersion = 1

  package init(
    identity: String, dimension: Int, generation: Int, base: Int? = nil, segments: [Segment],
    run: String, rowCount: Int, documentCount: Int
  ) {
    self.format = Self.formatVersion
    self.identity = identity
    self.dimension = dimension
    self.generation = generation
    self.base = base
    self.segments = segments
    self.run = run
    self.rowCount = rowCount
    self.documentCount = documentCount
  }

  /// A manifest of open segments, with the counts worked out.
  ///
  /// - Throws: `invalid` for a deleted document that a segment does not have.
  package init(
    identity: String, dimension: Int, generation: Int, base: Int? = nil, run: String,
    segments: [(reader: SegmentReader, deletedDocuments: Set<Int>)]
  ) throws(ShardError) {
    var rowCount = 0
    var documentCount = 0
    var entries: [Segment] = []
    for (reader, deleted) in segments {
      let sorted = deleted.sorted()
      rowCount += reader.rowCount
      documentCount += reader.documentCount - sorted.count
      for index in sorted { rowCount -= try reader.entry(index).rows.count }
      entries.append(
        Segment(
          digest: reader.digest, rows: reader.rowCount, bytes: reader.byteCount,
          deletedDocuments: sorted))
    }
    self.init(
      identity: identity, dimension: dimension, generation: generation, base: base,
      segments: entries, run: run, rowCount: rowCount, documentCount: documentCount)
  }

  /// The file's bytes: one line of JSON with sorted keys, and `sha256 <hex of that line>`.
  func fileBytes() throws(ShardError) -> (bytes: [UInt8], digest: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json: [UInt8]
    do {
      json = Array(try encoder.encode(self)) + [0x0A]
    } catch {
      throw .invalid("a manifest that JSON cannot hold: \(error)")
    }
    let digest = json.withUnsafeBytes { sha256($0) }
    return (json + Array("sha256 \(digest)\n".utf8), digest)
  }

  /// Reads a manifest's file.
  ///
  /// - Throws: `corrupt` or `unsupported`.
  static func parse(
    _ bytes: [UInt8], file: String
  ) throws(ShardError) -> (manifest: ShardManifest, digest: String) {
    let trailerLength = "sha256 ".utf8.count + 64 + 1
    guard bytes.count > trailerLength else {
      throw .corrupt(file: file, detail: "it is too short for a manifest")
    }
    let json = Array(bytes.dropLast(trailerLength))
    let digest = json.withUnsafeBytes { sha256($0) }
    guard bytes.suffix(trailerLength).elementsEqual("sha256 \(digest)\n".utf8), json.last == 0x0A
    else { throw .corrupt(file: file, detail: "its last line is not the SHA-256 of the first") }
    do {
      let version = try JSONDecoder().decode(Version.self, from: Data(json)).format
      guard version == formatVersion else {
        throw ShardError.unsupported(file: file, version: version)
      }
      let manifest = try JSONDecoder().decode(ShardManifest.self, from: Data(json))
      guard manifest.generation > 0, manifest.base ?? 0 < manifest.generation,
        manifest.segments.allSatisfy({ isDigest($0.digest) })
      else {
        throw ShardError.corrupt(file: file, detail: "it holds an impossible name or number")
      }
      return (manifest, digest)
    } catch let error as ShardError {
      throw error
    } catch {
      throw .corrupt(file: file, detail: "it is not the JSON of a manifest: \(error)")
    }
  }

  private struct Version: Decodable { let format: Int }
}
