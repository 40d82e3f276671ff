// A chatbot out as one file, and in again.

import Billing
import Corpus
import HTTPTypes
import Hummingbird
import NIOCore
import Spool
import Storage
import WebClient

/// `…/export/` and `/api/chatbots/import/`.
struct ArchiveController: Sendable {
  let database: AppDatabase
  let data: String
  let publicURL: String
  /// Which addresses owners' URLs may name.
  let policy: AddressPolicy

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/api/chatbots/{chatbot_id}/export/",
        "The chatbot as one archive: settings, sources, the generation that answers.",
        answers: [.media(["application/x-tar"])], ownerLimit: .hourly(20)),
      for: access.owner, { call, owner in try await export(call, owner) })
    routes.add(
      Route(
        .post, "/api/chatbots/import/", "Make a chatbot of such an archive; nothing is embedded.",
        body: .multipart(FormShape(parts: [required("file", .text)])),
        answers: [.json(201, .component("Chatbot"))],
        problems: [.malformed, .planLimit, .unsafeURL, .diskReserve],
        ownerLimit: .hourly(20)),
      for: access.owner, { call, owner in try await take(call, owner) })
  }

  private func export(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let (manifest, members) = try await ArchiveWriter(data: data, database: database)
      .contents(of: chatbot)
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/x-tar", .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"\(chatbot.slug).tar\"",
      ],
      body: ResponseBody { writer in
        var (head, padding) = Tar.header(name: "manifest.json", byteCount: manifest.count)
        try await writer.write(
          ByteBuffer(bytes: head + manifest + [UInt8](repeating: 0, count: padding)))
        for member in members {
          (head, padding) = Tar.header(name: member.name, byteCount: member.byteCount)
          try await writer.write(ByteBuffer(bytes: head))
          for offset in stride(from: 0, to: member.byteCount, by: 1 << 20) {
            let piece = try await BlockingWork.run {
              try DurableFile.piece(
                of: member.path, at: offset, count: min(1 << 20, member.byteCount - offset))
            }
            try await writer.write(ByteBuffer(bytes: piece))
          }
          try await writer.write(ByteBuffer(repeating: 0, count: padding))
        }
        try await writer.write(ByteBuffer(bytes: Tar.end))
        try await writer.finish(nil)
      })
  }

  private func take(_ call: Call, _ owner: Owner) async throws -> Response {
    do {
      try DiskReserve.check(data)
    } catch {
      throw error.isReserve ? AppError(.diskReserve) : error
    }
    guard let boundary = MultipartReader.boundary(of: call.request) else {
      throw AppError(.unsupportedMediaType)
    }
    let reader = ArchiveReader(data: data, database: database, policy: policy)
    let archive = try await reader.unpack(
      FileOfForm(body: call.request.body, boundary: boundary),
      byteLimit: owner.limits.storedBytes)
    defer { ArchiveReader.remove(archive.folder) }
    do {
      let chatbot = try await reader.install(archive, owner: owner, now: call.now)
      return Answer.json(
        ChatbotShape(try await database.summary(of: chatbot), publicURL: publicURL), .created,
        headers: [.location: "/api/chatbots/\(chatbot.id)/"])
    } catch ChatbotRefusal.limit(let used) {
      throw AppError.planLimit("chatbots", used: used, max: owner.limits.chatbots)
    } catch let refusal as SourceRefusal {
      throw SourceController.problem(refusal, owner)
    }
  }
}

/// The bytes of the part `file` of a form, as they come.
private struct FileOfForm: AsyncSequence, Sendable {
  typealias Element = [UInt8]
  typealias Failure = any Error

  let body: RequestBody
  let boundary: String

  struct Iterator: AsyncIteratorProtocol {
    var buffers: RequestBody.AsyncIterator
    var reader: MultipartReader
    var isFile = false
    var isOver = false

    mutating func next() async throws -> [UInt8]? {
      while !isOver {
        guard let buffer = try await buffers.next() else {
          try reader.finish()
          isOver = true
          return nil
        }
        var bytes: [UInt8] = []
        for event in try reader.feed(buffer.readableBytesView) {
          switch event {
          case .part(let head): isFile = head.name == "file"
          case .bytes(let piece): if isFile { bytes += piece }
          case .partEnd: isFile = false
          }
        }
        if !bytes.isEmpty { return bytes }
      }
      return nil
    }
  }

  func makeAsyncIterator() -> Iterator {
    Iterator(buffers: body.makeAsyncIterator(), reader: MultipartReader(boundary: boundary))
  }
}
