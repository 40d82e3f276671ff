// The captions of a video that its site refuses to servers: its owner adds them as a file, and they are read at once.

import Billing
import BlobStore
import Corpus
import Hummingbird
import Storage

/// `/api/chatbots/{chatbot_id}/sources/{source_id}/captions/`.
struct CaptionsController: Sendable {
  let database: AppDatabase
  let uploads: Uploads
  let runs: RunController

  private static let path = "/api/chatbots/{chatbot_id}/sources/{source_id}/captions/"

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .put, Self.path,
        "Give a video its captions (.srt, .vtt, or a transcript as .txt) and read them.",
        body: .multipart(FormShape(parts: [required("file", .text)])),
        answers: [.json(202, .component("Run"))],
        problems: [.planLimit, .diskReserve, .unsupportedType], ownerLimit: .hourly(60)),
      for: access.owner, { call, owner in try await put(call, owner) })
  }

  private func put(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let id = try call.id("source_id")
    guard try await database.source(id, of: chatbot.id)?.type == "video" else {
      throw AppError.notFound
    }
    let form = try await uploads.read(call.request, limit: owner.limits.fileBytes)
    guard let file = form.file else { throw AppError.invalid("file", "required") }
    guard form.fields.isEmpty else {
      throw AppError.malformed("The form has a part that is not known here.")
    }
    let source: KnowledgeSource?
    do {
      source = try await database.setCaptions(
        of: id, chatbot: chatbot.id, path: try uploads.blobs.path(of: file), bytes: file.bytes,
        owner: owner.user.id, byteLimit: owner.limits.storedBytes, now: call.now)
    } catch SourceRefusal.storage(let used) {
      throw AppError.planLimit("bytes", used: used, max: owner.limits.storedBytes)
    }
    guard let source else { throw AppError.notFound }
    return try await runs.begin([source], chatbot, force: false, again: true)
  }

  /// What a video is called after a file of its captions, until its owner names it.
  static func title(_ fileName: String) -> String {
    for suffix in [".srt", ".vtt", ".txt"] where fileName.lowercased().hasSuffix(suffix) {
      let name = String(fileName.dropLast(suffix.count))
      if !name.isEmpty { return name }
    }
    return fileName
  }
}
