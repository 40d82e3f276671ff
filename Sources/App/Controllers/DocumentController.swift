// One document as its owner sees it: what became of it, what was read, the bytes as they came, and what waits of it in the
// spool moved by hand. Private text is streamed as text and has no JSON encoder.

import BlobStore
import Corpus
import HTTPTypes
import Hummingbird
import NIOCore
import Spool
import Storage
import VectorShard

/// `/api/chatbots/{chatbot_id}/documents/{document_id}/…`.
struct DocumentController: Sendable {
  let database: AppDatabase
  let spool: String
  /// The data directory.
  let data: String
  let runs: RunController

  private static let base = "/api/chatbots/{chatbot_id}/documents/{document_id}/"
  /// Chunks that one answer lists.
  private static let listedChunks = 200

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let receipt = Schema.object([
      required("stage", .text), required("item", .text), required("outcome", .text),
      required("reason", .nullable(.text)), required("message", .nullable(.text)),
      required("tries", .count), required("at", .time),
      // Of the report that a generation with it went live.
      required("generation", .nullable(.count)),
    ])
    routes.add(
      Route(
        .get, Self.base, "A document and what each stage has said of it.",
        answers: [
          .json(
            200,
            .object([
              required("document", .component("Document")),
              // What the bytes were found to be; null until something was read of them.
              required("media_type", .nullable(.text)),
              required("receipts", .array(receipt, 0...10_000)),
            ]))
        ]),
      for: access.owner, { call, owner in try await show(call, owner) })
    routes.add(
      Route(
        .get, Self.base + "text/",
        "What was read of it, as the live generation holds it, or another that is kept.",
        query: [optional("generation", .count)],
        answers: [.media(["text/plain"])]),
      for: access.owner, { call, owner in try await text(call, owner) })
    let chunk = Schema.object([
      required("ordinal", .count), required("offset", .count), required("length", .count),
      required("tokens", .count), required("page", .nullable(.count)),
      required("last_page", .nullable(.count)), required("second", .nullable(.count)),
      required("headings", .array(.text, 0...64)),
    ])
    routes.add(
      Route(
        .get, Self.base + "chunks/",
        "The chunks it was cut into, by their place in its text; from an ordinal on.",
        query: [optional("from", .count), optional("generation", .count)],
        answers: [
          .json(
            200,
            .object([
              required("generation", .count), required("count", .count),
              required("items", .array(chunk, 0...Self.listedChunks)),
            ]))
        ]),
      for: access.owner, { call, owner in try await chunks(call, owner) })
    routes.add(
      Route(
        .get, Self.base + "original/", "The bytes as they came.",
        answers: [.media(["application/octet-stream"])]),
      for: access.owner, { call, owner in try await original(call, owner) })
    for verb in OperatorVerb.allCases {
      routes.add(
        Route(
          .post, Self.base + "\(verb.rawValue)/", Self.summary(verb),
          answers: [.json(202, .component("Document"))],
          problems: [.claimed, .nothingToRetry, .diskReserve]),
        for: access.owner, { call, owner in try await move(verb, call, owner) })
    }
  }

  private static func summary(_ verb: OperatorVerb) -> String {
    switch verb {
    case .retry: "Try it again now."
    case .hold: "Put it aside until it is released."
    case .release: "Let it go on."
    case .drop: "Leave it out of this training."
    }
  }

  private func found(_ call: Call, _ owner: Owner) async throws -> (Chatbot, DocumentRow) {
    let chatbot = try await database.owned(call, owner)
    guard let row = try await database.document(try call.id("document_id"), of: chatbot.id) else {
      throw AppError.notFound
    }
    return (chatbot, row)
  }

  private func show(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Receipt: Encodable {
      let stage, item, outcome, at: String
      let reason, message: Nullable<String>
      let tries: Int
      let generation: Nullable<Int>
    }
    struct Shown: Encodable {
      let document: DocumentShape
      let media_type: Nullable<String>
      let receipts: [Receipt]
    }
    let (chatbot, row) = try await found(call, owner)
    let mediaType = try await BlockingWork.run {
      try self.live(chatbot, row.id)?.description.mediaType
    }
    let receipts = try await database.receipts(of: DocumentID(unchecked: row.id))
    return Answer.json(
      Shown(
        document: DocumentShape(row, now: call.now), media_type: Nullable(mediaType),
        receipts: receipts.map {
          Receipt(
            stage: $0.stage, item: $0.item, outcome: $0.outcome, at: APITime.text($0.at),
            reason: Nullable($0.reason), message: Nullable($0.message), tries: $0.tries,
            generation: Nullable($0.generation))
        }))
  }

  // MARK: Text and bytes

  /// What the live generation says of a document.
  ///
  /// - Parameter generation: another one that is kept.
  private func live(
    _ chatbot: Chatbot, _ id: String, generation: Int? = nil
  ) throws -> (shard: ShardSet, rows: [ShardSet.RowReference], description: DocumentDescription)? {
    guard let shard = try shard(of: chatbot, generation) else { return nil }
    let rows = try shard.rows(ofDocument: id)
    guard let first = rows.first else { return nil }
    let document = try shard.document(of: first)
    return (
      shard, rows, try JSONLines.decode(DocumentDescription.self, from: document.payload)
    )
  }

  private func shard(of chatbot: Chatbot, _ generation: Int?) throws -> ShardSet? {
    let directory = "\(data)/shards/\(chatbot.id)"
    guard let generation else { return try ShardSet.open(directory: directory) }
    guard try ShardManifest.generations(in: directory).contains(generation) else { return nil }
    return try ShardSet(
      try ShardManifest.manifest(generation: generation, in: directory), in: directory)
  }

  private func text(_ call: Call, _ owner: Owner) async throws -> Response {
    let (chatbot, row) = try await found(call, owner)
    let generation = call.query("generation").flatMap { Int($0) }
    let bytes = try await BlockingWork.run {
      try self.liveText(chatbot, row.id, generation: generation)
    }
    return Self.attachment(
      ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)), type: "text/plain; charset=utf-8",
      "text.txt")
  }

  /// Where each chunk stands in the text; what it says is a part of that, so that private text has one way out.
  private func chunks(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Item: Encodable {
      let ordinal, offset, length, tokens: Int
      let page, last_page, second: Nullable<Int>
      let headings: [String]
    }
    struct Listed: Encodable {
      let generation, count: Int
      let items: [Item]
    }
    let (chatbot, row) = try await found(call, owner)
    let generation = call.query("generation").flatMap { Int($0) }
    let first = call.query("from").flatMap { Int($0) } ?? 0
    return Answer.json(
      try await BlockingWork.run { () -> Listed in
        guard let (shard, rows, _) = try live(chatbot, row.id, generation: generation) else {
          throw AppError.notFound
        }
        let items = try rows.dropFirst(first).prefix(Self.listedChunks).map { reference in
          let chunk = try JSONLines.decode(Chunk.self, from: try shard.payload(of: reference))
          return Item(
            ordinal: chunk.ordinal, offset: chunk.offset, length: chunk.text.unicodeScalars.count,
            tokens: chunk.tokens, page: Nullable(chunk.place.page),
            last_page: Nullable(chunk.place.lastPage), second: Nullable(chunk.place.second),
            headings: Array(chunk.place.headingPath.prefix(64)))
        }
        return Listed(generation: shard.manifest.generation, count: rows.count, items: items)
      })
  }

  /// More than a splitter takes away is a damaged shard.
  private static let longestGap = 4096

  /// The text of a document, put together again out of its chunks.
  private func liveText(
    _ chatbot: Chatbot, _ id: String, generation: Int?
  ) throws -> [UInt8] {
    guard let (shard, rows, _) = try live(chatbot, id, generation: generation) else {
      throw AppError.notFound
    }
    // Chunks overlap; their offsets say where each begins.
    var scalars = String.UnicodeScalarView()
    var end = 0
    for reference in rows {
      let chunk = try JSONLines.decode(Chunk.self, from: try shard.payload(of: reference))
      let text = chunk.text.unicodeScalars
      // White space that lay between two; as much of it, so that offsets hold in what is shown.
      for _ in 0..<max(0, min(Self.longestGap, chunk.offset - end)) { scalars.append("\n") }
      scalars.append(contentsOf: text.dropFirst(max(0, end - chunk.offset)))
      end = max(end, chunk.offset + text.count)
    }
    return Array(String(scalars).utf8)
  }

  private func original(_ call: Call, _ owner: Owner) async throws -> Response {
    let (chatbot, row) = try await found(call, owner)
    let source = try await database.source(row.source, of: chatbot.id)
    let found = try await BlockingWork.run { () -> (path: String, count: Int)? in
      let blobs = DirectoryBlobs(data: data)
      let path: String
      if let description = try self.live(chatbot, row.id)?.description {
        let reference = BlobReference(blob: description.rawDigest, bytes: 0)
        // An archive may have brought a document without its bytes.
        guard reference.hexDigits != nil else { return nil }
        path = try blobs.path(of: reference)
      } else if let uploaded = source?.path, uploaded.hasPrefix("\(data)/blobs/") {
        // Nothing was read of it: what was uploaded is what its owner wants to look at.
        path = uploaded
      } else {
        return nil
      }
      return NamedBlob.length(path).map { (path, $0) }
    }
    guard let found else { throw AppError.notFound }
    let body = ResponseBody(contentLength: found.count) { writer in
      for offset in stride(from: 0, to: found.count, by: 1 << 20) {
        let piece = try await BlockingWork.run {
          try DurableFile.piece(
            of: found.path, at: offset, count: min(1 << 20, found.count - offset))
        }
        try await writer.write(ByteBuffer(bytes: piece))
      }
      try await writer.finish(nil)
    }
    return Self.attachment(body, type: "application/octet-stream", "original")
  }

  /// Never shown inline: what a stranger wrote must not run in a page of ours (SECURITY.md U9).
  private static func attachment(_ body: ResponseBody, type: String, _ name: String) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: type, .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"\(name)\"",
        .contentSecurityPolicy: "default-src 'none'; sandbox",
      ], body: body)
  }

  // MARK: Moving

  private func move(_ verb: OperatorVerb, _ call: Call, _ owner: Owner) async throws -> Response {
    let (chatbot, row) = try await found(call, owner)
    do {
      try await BlockingWork.run { try self.move(verb, row.id, of: chatbot, now: call.now) }
    } catch let error as AppError where error.code == .nothingToRetry && verb == .retry {
      // Nothing of it waits anywhere: it is read anew, in a run of its own.
      try await runs.readAgain(row, of: chatbot)
    }
    let now = try await database.document(row.id, of: chatbot.id) ?? row
    return Answer.json(DocumentShape(now, now: call.now), .accepted)
  }

  /// Moves the items that hold a document.
  private func move(_ verb: OperatorVerb, _ id: String, of chatbot: Chatbot, now: Int) throws {
    var selector = ItemSelector()
    selector.lane = chatbot.id.text
    let items = try selector.items(in: spool, stages: PipelineStage.names, now: now).filter {
      item in
      let directory = SpoolDirectory(spool: spool, stage: item.stage)
      // One that has moved is not there to be moved.
      guard
        let frame = try? DurableFile.read(
          directory.file(item.state, item.name.fileName), limit: JSONLines.itemLimit),
        let content = try? ItemContent(frame: frame, name: item.name)
      else { return false }
      return ItemDocuments.ids(of: content).contains(id)
    }
    let movable = items.filter { verb.sources.contains($0.state) }
    guard !movable.isEmpty else {
      throw items.contains { $0.state == .active } ? AppError(.claimed) : AppError(.nothingToRetry)
    }
    let results = try OperatorMove(spool: spool, documents: ItemDocuments.ids(of:))
      .apply(verb, to: movable, now: now)
    let isMoved = results.contains { if case .moved = $0.result { true } else { false } }
    guard isMoved else { throw AppError(.claimed) }
  }
}
