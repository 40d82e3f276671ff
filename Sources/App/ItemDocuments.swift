// What an item's records name, for those who look at a spool and do not run its stages: documents and blobs. The only
// reader of all schemas at once.

import BlobStore
package import Corpus
import Glibc
package import Spool

/// The documents of an item's records.
package enum ItemDocuments {
  /// The distinct documents in the order they are first named; none where a record or its schema is not understood.
  package static func ids(of content: ItemContent) -> [String] {
    var seen: Set<String> = []
    return content.records.flatMap { ids(of: $0, schema: content.envelope.schema) }
      .filter { seen.insert($0).inserted }
  }

  private static func ids(of line: ArraySlice<UInt8>, schema: String) -> [String] {
    // A line that does not decode names no document: what fails on it is the stage, with its own receipt.
    func one<Record: Decodable>(_ type: Record.Type, _ id: (Record) -> DocumentID) -> [String] {
      (try? JSONLines.decode(type, from: line)).map { [id($0).text] } ?? []
    }
    switch schema {
    case RecordSchema.source: return one(Source.self) { $0.document }
    case RecordSchema.page: return one(Page.self) { $0.document }
    case RecordSchema.document: return one(Document.self) { $0.description.document }
    case RecordSchema.chunk: return one(Chunk.self) { $0.description.document }
    case RecordSchema.embeddedChunk:
      return one(EmbeddedChunk.self) { $0.chunk.description.document }
    case RecordSchema.order:
      return (try? JSONLines.decode(IndexOrder.self, from: line))?.live.map(\.text) ?? []
    case Receipt.schema:
      return (try? JSONLines.decode(Receipt.self, from: line))?.documents.map(\.document) ?? []
    default: return []
    }
  }
}

/// A blob that a record names, and its file.
package struct NamedBlob: Sendable {
  package let reference: BlobReference
  /// Nil when the name follows no grammar.
  package let path: String?
  /// The length of the file; nil when there is none.
  package let byteCount: Int?

  package var stands: Bool { byteCount != nil }

  /// The distinct blobs that an item's records name, whatever their schema.
  package static func all(of content: ItemContent, data: String) -> [NamedBlob] {
    let blobs = DirectoryBlobs(data: data)
    return references(in: content.records).map { reference in
      let path = try? blobs.path(of: reference)
      return NamedBlob(reference: reference, path: path, byteCount: path.flatMap(length))
    }
  }

  /// The distinct blobs that records name, whatever their schema.
  static func references(in records: [ArraySlice<UInt8>]) -> [BlobReference] {
    var found: [BlobReference] = []
    for line in records {
      // What is no JSON names no blob.
      guard let value = try? JSONLines.decode(JSONValue.self, from: line) else { continue }
      collect(value, into: &found)
    }
    var seen: Set<String> = []
    return found.filter { seen.insert($0.blob).inserted }
  }

  private static func collect(_ value: JSONValue, into found: inout [BlobReference]) {
    switch value {
    case .object(let fields):
      if case .string(let name) = fields["blob"], case .integer(let bytes) = fields["bytes"] {
        found.append(BlobReference(blob: name, bytes: bytes))
      }
      for field in fields.sorted(by: { $0.key < $1.key }) { collect(field.value, into: &found) }
    case .array(let values): for value in values { collect(value, into: &found) }
    case .null, .bool, .integer, .number, .string: break
    }
  }

  /// The length of a file; nil when there is none.
  static func length(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }
}
