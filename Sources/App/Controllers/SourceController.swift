// What a chatbot knows: files and pages given, switched between citable and learn-only, taken away.

import Billing
import BlobStore
import Corpus
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Spool
import Storage
import WebClient

/// `/api/chatbots/{chatbot_id}/sources/…`.
struct SourceController: Sendable {
  let database: AppDatabase
  let uploads: Uploads
  /// The data directory.
  let data: String
  /// Which addresses owners' URLs may name.
  let policy: AddressPolicy
  /// Nil where the operator has named none.
  let prices: TokenPrices?

  private static let path = "/api/chatbots/{chatbot_id}/sources/"

  private static let form = FormShape(
    parts: [
      required("file", .text), optional("is_citable", .choice(["true", "false"])),
      optional("source_type", .choice(["file", "video"])),
      optional("source_url", .string(1...2048, .webURL)),
      optional("name", .string(1...255, .oneLine)),
    ],
    need: .init(part: "source_url", beside: "source_type", values: ["video"]))

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let source = AnswerShape.json(200, .component("Source"))
    let citable = optional("is_citable", Schema.boolean)
    let url = required("source_url", Schema.string(1...2048, .webURL))
    let web = Schema.object([
      required("source_type", .choice(["url"])), url, citable,
      optional("crawl", Components.crawl(asked: true)),
    ])
    let words = Schema.string(1...1_000_000, .filled)
    let video = Schema.object([
      required("source_type", .choice(["video"])), url, citable,
      optional("crawl", Components.captions),
      // With a transcript the video's site is not asked for one.
      optional("name", .string(1...255, .oneLine)), optional("text", words),
    ])
    let text = Schema.object([
      required("source_type", .choice(["file"])), required("name", .string(1...255, .oneLine)),
      required("text", words), citable,
    ])
    routes.add(
      Route(
        .get, Self.path, "The chatbot's sources, newest first.",
        query: Components.page
          + [optional("status", .choice(["pending", "processing", "ready", "failed"]))],
        answers: [.json(200, Components.listing("Source"))]),
      for: access.owner, { call, owner in try await list(call, owner) })
    routes.add(
      Route(
        .post, Self.path,
        "Give the chatbot a page, a video, a text, or (as a form) a file, to be read at the next "
          + "training.",
        body: .jsonOrMultipart(.either([web, video, text]), Self.form),
        answers: [.json(201, .component("Source"))],
        problems: [.planLimit, .duplicateSource, .unsafeURL, .diskReserve, .unsupportedType],
        ownerLimit: .hourly(60), bodyLimit: 5 << 20, isIdempotent: true),
      for: access.owner, { call, owner in try await create(call, owner) })
    routes.add(
      Route(.get, Self.path + "{source_id}/", "A source.", answers: [source]), for: access.owner,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        return try await shape(try await found(call, chatbot), chatbot)
      })
    routes.add(
      Route(
        .patch, Self.path + "{source_id}/",
        "Change a source; citable or learn-only holds from the next answer on.",
        body: .json(
          .object([
            citable, optional("name", .string(1...255, .oneLine)),
            optional("crawl", Components.crawl(asked: true)),
          ])), answers: [source]),
      for: access.owner, { call, owner in try await change(call, owner) })
    routes.add(
      Route(
        .delete, Self.path + "{source_id}/",
        "Take a source away: out of answers at once, its bytes within a day.",
        answers: [.json(200, .component("Removal"))]),
      for: access.owner, { call, owner in try await remove(call, owner) })
  }

  private func found(_ call: Call, _ chatbot: Chatbot) async throws -> KnowledgeSource {
    guard let source = try await database.source(try call.id("source_id"), of: chatbot.id) else {
      throw AppError.notFound
    }
    return source
  }

  private func shape(
    _ source: KnowledgeSource, _ chatbot: Chatbot, _ status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    let state = try await database.sourceStates(of: chatbot.id).first { $0.id == source.id.text }
    return Answer.json(SourceShape(source, state, prices), status)
  }

  private func list(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let page = try call.page()
    let states = Dictionary(
      try await database.sourceStates(of: chatbot.id).map { ($0.id, $0) },
      uniquingKeysWith: { first, _ in first })
    let sources = try await database.sources(of: chatbot.id, page)
    let shapes = sources.map { SourceShape($0, states[$0.id.text], prices) }
    let wanted = call.query("status")
    return Answer.json(
      Listing(
        // A page may hold fewer than asked for: what does not match is left out of it.
        shapes.filter { wanted == nil || $0.status == wanted },
        next: sources.count == page.limit
          ? sources.last.map { Cursor(createdAt: $0.createdAt, id: $0.id.text) } : nil))
  }

  // MARK: Giving

  private func create(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    try checkReserve()
    do {
      try await database.checkRoom(
        of: chatbot.id, owner: owner.user.id,
        bytes: call.request.headers[.contentLength].flatMap { Int($0) } ?? 0,
        sourceLimit: owner.limits.sourcesPerChatbot, byteLimit: owner.limits.storedBytes)
    } catch let refusal as SourceRefusal {
      throw Self.problem(refusal, owner)
    }
    if MultipartReader.boundary(of: call.request) != nil {
      return try await upload(call, owner, chatbot)
    }
    let input = call.input
    let isCitable = input.flag("is_citable") ?? true
    if input.text("source_type") == "video" {
      return try await add(call, owner, chatbot, video: input, isCitable: isCitable)
    }
    if let text = input.text("text") {
      let name = Uploads.shown(input.text("name"))
      let blob = try await uploads.store(text)
      let path = try uploads.blobs.path(of: blob)
      return try await add(
        call, owner, chatbot, type: "file", location: .file(path: path),
        // Text is what it says it is, whatever its name: without an ending it is read as plain text.
        name: name, bytes: blob.bytes, isCitable: isCitable, crawl: "{}")
    }
    let url = try policy.ownersAddress(input.text("source_url") ?? "")
    let crawl = input.members["crawl"].map { String(decoding: JSONText.encode($0), as: UTF8.self) }
    try check(crawl: input.object("crawl"), owner.limits)
    return try await add(
      call, owner, chatbot, type: "url", location: .web(url: url), name: url, bytes: 0,
      isCitable: isCitable, crawl: crawl ?? "{}")
  }

  /// A video by its address, with its transcript where the owner has one.
  private func add(
    _ call: Call, _ owner: Owner, _ chatbot: Chatbot, video input: Input, isCitable: Bool
  ) async throws -> Response {
    let url = try policy.ownersAddress(input.text("source_url") ?? "")
    let crawl = input.members["crawl"].map { String(decoding: JSONText.encode($0), as: UTF8.self) }
    var captions: BlobReference?
    if let text = input.text("text") { captions = try await uploads.store(text) }
    return try await add(
      call, owner, chatbot, type: "video",
      location: .video(
        url: url, captions: try captions.map { try uploads.blobs.path(of: $0) },
        language: input.object("crawl")?.text("language")),
      name: input.text("name").map(Uploads.shown) ?? url, bytes: captions?.bytes ?? 0,
      isCitable: isCitable, crawl: crawl ?? "{}")
  }

  private func checkReserve() throws {
    do {
      try DiskReserve.check(data)
    } catch {
      throw error.isReserve ? AppError(.diskReserve) : error
    }
  }

  private func upload(_ call: Call, _ owner: Owner, _ chatbot: Chatbot) async throws -> Response {
    let form = try await uploads.read(call.request, limit: owner.limits.fileBytes)
    guard let file = form.file else { throw AppError.invalid("file", "required") }
    for name in form.fields.keys
    where !["is_citable", "source_type", "source_url", "name"].contains(name) {
      throw AppError.malformed("The form has a part that is not known here.")
    }
    let problems = Self.form.problems(in: form.fields)
    guard problems.isEmpty else { throw AppError.invalid(problems) }
    let citable = form.fields["is_citable"] ?? "true"
    let path = try uploads.blobs.path(of: file)
    let isVideo = form.fields["source_type"] == "video"
    let location: Source.Location =
      isVideo
      ? .video(
        url: try policy.ownersAddress(form.fields["source_url"] ?? ""), captions: path,
        language: nil)
      : .file(path: path)
    return try await add(
      call, owner, chatbot, type: isVideo ? "video" : "file", location: location,
      name: form.fields["name"].map(Uploads.shown)
        ?? (isVideo ? CaptionsController.title(form.fileName) : form.fileName),
      bytes: file.bytes, isCitable: citable == "true", crawl: "{}")
  }

  private func add(
    _ call: Call, _ owner: Owner, _ chatbot: Chatbot, type: String, location: Source.Location,
    name: String, bytes: Int, isCitable: Bool, crawl: String
  ) async throws -> Response {
    let source = Training.source(location, name: name, of: chatbot.id)
    let (url, path): (String?, String?) =
      switch location {
      case .file(let path): (nil, path)
      case .web(let url): (url, nil)
      case .video(let url, let captions, _): (url, captions)
      }
    let row = KnowledgeSource(
      id: source.source, chatbot: chatbot.id, type: type, url: url, path: path, name: name,
      isCitable: isCitable, bytes: bytes, crawl: crawl, now: call.now)
    do {
      try await database.addSource(
        row, owner: owner.user.id, sourceLimit: owner.limits.sourcesPerChatbot,
        byteLimit: owner.limits.storedBytes)
    } catch let refusal as SourceRefusal {
      throw Self.problem(refusal, owner)
    }
    var response = try await shape(row, chatbot, .created)
    response.headers[.location] = "/api/chatbots/\(chatbot.id)/sources/\(row.id)/"
    return response
  }

  static func problem(_ refusal: SourceRefusal, _ owner: Owner) -> AppError {
    switch refusal {
    case .limit(let used):
      .planLimit("sources", used: used, max: owner.limits.sourcesPerChatbot)
    case .storage(let used): .planLimit("bytes", used: used, max: owner.limits.storedBytes)
    case .duplicate: AppError(.duplicateSource)
    }
  }

  private func check(crawl: Input?, _ limits: PlanLimits) throws(AppError) {
    if let pages = crawl?.whole("max_pages"), pages > limits.pagesPerCrawl {
      throw .planLimit("pages_per_crawl", used: pages, max: limits.pagesPerCrawl)
    }
    if let depth = crawl?.whole("depth"), depth > limits.crawlDepth {
      throw .planLimit("crawl_depth", used: depth, max: limits.crawlDepth)
    }
  }

  // MARK: Changing

  private func change(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    try check(crawl: call.input.object("crawl"), owner.limits)
    let crawl = call.input.members["crawl"].map {
      String(decoding: JSONText.encode($0), as: UTF8.self)
    }
    guard
      let source = try await database.changeSource(
        try call.id("source_id"), of: chatbot.id, name: call.input.text("name"),
        isCitable: call.input.flag("is_citable"), crawl: crawl, now: call.now)
    else { throw AppError.notFound }
    return try await shape(source, chatbot)
  }

  private func remove(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    guard
      let receipt = try await database.removeSource(
        try call.id("source_id"), of: chatbot.id, now: call.now)
    else { throw AppError.notFound }
    return Answer.json(RemovalShape(receipt, now: call.now))
  }
}
