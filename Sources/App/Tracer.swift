// Follows a citation back: chunk, shard, document, page, bytes, source, run. Reads shards, blobs and rows, changes nothing,
// and trusts no link: digests are computed anew, once for each segment and blob of one tracer. Files are read and hashed
// off the cooperative pool.

import BlobStore
package import Corpus
import Spool
package import Storage
import Synchronization
import VectorShard

/// Walks from a reference to the fetched bytes.
package struct Tracer: Sendable {
  private let data: String
  private let blobs: DirectoryBlobs
  private let database: AppDatabase?
  private let checked = Checked()

  /// - Parameter database: nil where there is none; the links that are rows are then broken.
  package init(data: String, database: AppDatabase?) {
    self.data = data
    self.database = database
    blobs = DirectoryBlobs(data: data)
  }

  /// What was read and hashed before: citations of one answer mostly lie in one segment, and a blob may have a gigabyte.
  private final class Checked: Sendable {
    /// By digest; why one is damaged.
    private let segments = Mutex<[String: String?]>([:])
    private let blobs = Mutex<[String: Trace.Link]>([:])

    func verify(_ segment: SegmentReader) -> String? {
      if let known = segments.withLock({ $0[segment.digest] }) { return known }
      var problem: String?
      do { try segment.verify() } catch { problem = "\(error)" }
      segments.withLock { $0[segment.digest] = .some(problem) }
      return problem
    }

    func bytes(_ digest: String, _ read: () -> Trace.Link) -> Trace.Link {
      if let known = blobs.withLock({ $0[digest] }) { return known }
      let link = read()
      blobs.withLock { $0[digest] = link }
      return link
    }
  }

  /// A document where a shard has it.
  private struct Found: Sendable {
    let chatbot: String
    let document: String
    /// Nil when only a row knows it.
    let shard: ShardSet?
  }

  /// Follows `reference`.
  ///
  /// - Parameters:
  ///   - chatbot: looks into this one's shard and rows only.
  ///   - generation: that of the answer: a document may have another text by now. The present one where that is not kept any
  ///     more; a broken link then says so.
  /// - Throws: `TraceError` when there is nothing to follow, `SpoolError` and `StorageError` of the machine.
  package func trace(
    _ reference: TraceReference, chatbot: ChatbotID? = nil, generation: Int? = nil
  ) async throws -> Trace {
    let (found, unreadable) = try await find(reference, chatbot: chatbot, generation: generation)
    var trace = Trace(reference: reference, chatbot: found.chatbot)
    let row = try await database?.provenance(of: [found.document]).first
    var description: DocumentDescription?
    if let shard = found.shard {
      let (links, known) = try await BlockingWork.run {
        shardLinks(
          shard, found, ordinal: reference.ordinal, directory: directory(found.chatbot))
      }
      trace.links += links
      description = known
      if let generation, shard.manifest.generation != generation {
        var link = Trace.Link("generation")
        link.breaks(
          "generation \(generation), which was asked, is not kept any more; this is what generation \(shard.manifest.generation) says"
        )
        trace.links.append(link)
      }
    } else {
      var link = Trace.Link("chunk")
      link.breaks(
        unreadable.first ?? "no shard holds the document; its row below says how far it got")
      trace.links.append(link)
    }
    if let description {
      let asked = row?.readAt
      trace.links += try await BlockingWork.run {
        documentLinks(description, id: found.document, askedFor: asked)
      }
    }
    trace.links += rowLinks(row, source: description?.source)
    return trace
  }

  private func directory(_ chatbot: String) -> String { "\(data)/shards/\(chatbot)" }

  // MARK: Finding

  /// The one document that is meant, and why shards could not be asked.
  private func find(
    _ reference: TraceReference, chatbot: ChatbotID?, generation: Int?
  ) async throws -> (Found, unreadable: [String]) {
    var found: [Found] = []
    var unreadable: [String] = []
    let names =
      try chatbot.map { [$0.text] }
      ?? Spool.DurableFile.names(in: "\(data)/shards").filter { ItemName.isLane($0) }.sorted()
    for name in names {
      switch try await BlockingWork.run({
        search(name, for: reference.document, generation: generation)
      }) {
      case .success(let more): found += more
      case .failure(let error): unreadable.append("\(error)")
      }
    }
    let known = Set(found.map(\.document))
    let rows =
      try await database?.documents(beginning: reference.document, of: chatbot) ?? []
    found += rows.filter { !known.contains($0.id) }.map {
      Found(chatbot: $0.chatbot, document: $0.id, shard: nil)
    }
    // A whole id is meant as such, even if another one began with it.
    let exact = found.filter { $0.document == reference.document }
    if exact.count == 1, let one = exact.first { return (one, unreadable) }
    guard let first = found.first else {
      throw TraceError.none(reference, unreadable: unreadable)
    }
    if found.count == 1 { return (first, unreadable) }
    throw TraceError.ambiguous(reference, found.map { ($0.document, $0.chatbot) })
  }

  private func search(
    _ chatbot: String, for prefix: String, generation: Int?
  ) -> Result<[Found], ShardError> {
    Result { () throws(ShardError) -> [Found] in
      let directory = directory(chatbot)
      let shard: ShardSet
      if let generation,
        let kept = try? ShardManifest.manifest(
          generation: generation, in: directory)
      {
        shard = try ShardSet(kept, in: directory)
      } else {
        guard let current = try ShardSet.open(directory: directory) else { return [] }
        shard = current
      }
      let ids = try Self.documents(of: shard, beginning: prefix)
      return ids.map { Found(chatbot: chatbot, document: $0, shard: shard) }
    }
  }

  private static func documents(
    of shard: ShardSet, beginning prefix: String
  ) throws(ShardError) -> [String] {
    var ids: [String] = []
    for (number, segment) in shard.segments.enumerated() {
      let deleted = Set(shard.manifest.segments[number].deletedDocuments)
      for (index, entry) in try segment.documents.enumerated()
      where !deleted.contains(index) && entry.id.hasPrefix(prefix) { ids.append(entry.id) }
    }
    return ids
  }

  // MARK: The shard's links

  private func shardLinks(
    _ shard: ShardSet, _ found: Found, ordinal: Int?, directory: String
  ) -> (links: [Trace.Link], description: DocumentDescription?) {
    var chunkLink = Trace.Link(ordinal == nil ? "chunks" : "chunk")
    var shardLink = Trace.Link("shard")
    var description: DocumentDescription?
    do {
      let rows = try shard.rows(ofDocument: found.document)
      if let first = rows.first {
        let document = try shard.document(of: first)
        description = try JSONLines.decode(DocumentDescription.self, from: document.payload)
        if document.group != description?.source.text {
          shardLink.breaks("the shard's table and the document name different sources")
        }
      }
      if let ordinal {
        if rows.indices.contains(ordinal) {
          let row = rows[ordinal]
          try Self.describe(
            try JSONLines.decode(Chunk.self, from: shard.payload(of: row)), &chunkLink)
          shardLink.add("row", row.row)
        } else {
          chunkLink.breaks(
            "the document has \(rows.count) chunks, numbered from 0: it was read anew since")
        }
      } else {
        chunkLink.add("count", rows.count)
        let short = found.document.prefix(8)
        chunkLink.add("references", rows.isEmpty ? nil : "\(short).0 to \(short).\(rows.count - 1)")
      }
      shardLink.add("path", directory)
      shardLink.add("generation", shard.manifest.generation)
      shardLink.add("made by run", shard.manifest.run)
      if let first = rows.first {
        let segment = shard.segments[first.segment]
        shardLink.add("segment", segment.digest)
        if let problem = checked.verify(segment) {
          shardLink.breaks(problem)
        } else {
          shardLink.add("checked", "every checksum of the segment, and its SHA-256")
        }
      }
    } catch {
      shardLink.breaks("\(error)")
    }
    return ([chunkLink, shardLink], description)
  }

  private static func describe(_ chunk: Chunk, _ link: inout Trace.Link) throws {
    link.add("id", chunk.id.text)
    link.add("number", chunk.ordinal)
    link.add("of", chunk.count)
    link.add("offset", chunk.offset)
    link.add("end", chunk.offset + chunk.text.unicodeScalars.count)
    link.add("tokens", chunk.tokens)
    link.add("page", chunk.place.page)
    link.add("last page", chunk.place.lastPage)
    link.add("second", chunk.place.second)
    let headings = chunk.place.headingPath
    link.add("heading", headings.isEmpty ? nil : headings.joined(separator: " › "))
    link.add("text", chunk.text)
  }

  // MARK: Document, page, bytes

  private func documentLinks(
    _ description: DocumentDescription, id: String, askedFor: Int?
  ) -> [Trace.Link] {
    var document = Trace.Link("document")
    document.add("id", description.document.text)
    document.add("title", description.title)
    document.add("uri", description.uri)
    document.add("language", description.language)
    document.add("text digest", "sha256:\(description.textDigest)")
    if description.document.text != id {
      document.breaks("the shard's table calls it \(id); roll the shard back or ingest again")
    }
    var page = Trace.Link("page")
    page.add("media type", description.mediaType)
    page.add("raw digest", description.rawDigest)
    // Of a web page: also when it said that nothing has changed since its bytes came.
    page.add("asked for", askedFor)
    let digest = description.rawDigest
    return [document, page, checked.bytes(digest) { bytes(named: digest) }]
  }

  private func bytes(named digest: String) -> Trace.Link {
    var link = Trace.Link("bytes")
    do {
      let path = try blobs.path(of: BlobReference(blob: digest, bytes: 0))
      link.add("path", path)
      guard DurableFile.exists(path) else {
        link.breaks("the blob is gone (swept, or another data directory); fetch the source again")
        return link
      }
      let bytes = try DurableFile.read(path, limit: 1 << 30)
      let computed = "sha256:\(SHA256Digest(of: bytes).hexDigits)"
      link.add("size", bytes.count)
      link.add("fetched", blobs.storedAt(path))
      link.add("digest now", computed)
      if computed != digest {
        link.breaks("the bytes are not those that were fetched: disk trouble; fetch them again")
      }
    } catch {
      link.breaks("\(error)")
    }
    return link
  }

  // MARK: Rows

  private func rowLinks(_ row: DocumentProvenance?, source expected: SourceID?) -> [Trace.Link] {
    var source = Trace.Link("source")
    var run = Trace.Link("run")
    guard let row else {
      let why =
        database == nil
        ? "there is no database in \(data)" : "the document's row is gone: its source was removed"
      source.breaks(why)
      run.breaks(why)
      return [source, run]
    }
    if let known = row.source {
      source.add("id", known.id)
      source.add("type", known.type)
      source.add("url", known.url)
      source.add("path", known.path)
      source.add("name", known.name)
      source.add("shown", known.isCitable ? "citable" : "learn-only: steers answers, never shown")
      if let expected, expected.text != known.id {
        source.breaks("the row's source is not the one in the shard, \(expected)")
      }
    } else {
      source.breaks("the source's row is gone")
    }
    run.add("document", row.state)
    run.add("stage", row.stage)
    run.add("tries", row.tries)
    run.add("reason", row.reason)
    run.add("message", row.message)
    run.add("pages", row.pages)
    run.add("chunks", row.chunks)
    run.add("tokens", row.tokens)
    if let known = row.run {
      run.add("id", known.id)
      run.add("state", known.state)
      run.add("generation", known.generation)
      run.add("started", known.startedAt)
      run.add("finished", known.finishedAt)
      run.add("items", Self.list(known.items))
    } else {
      run.breaks("the run's row is gone")
    }
    return [source, run]
  }

  private static func list(_ items: [RunProvenance.Items]) -> String {
    items.map { "\($0.stage) \($0.count) \($0.outcome ?? "open")" }.joined(separator: ", ")
  }
}
