// Guidance lines: written by the owner, or drafted by a model from a source, and approved by the owner one at a time; an API key may do
// none of it.

import Answering
import Billing
import Corpus
import HTTPTypes
import Hummingbird
import Logging
import Spool
import Storage
import Synchronization
import VectorShard

/// `/api/chatbots/{chatbot_id}/guidance/`.
struct GuidanceController: Sendable {
  /// Lines of a chatbot.
  static let limit = 100
  /// A line's text.
  static let text = Schema.string(1...500, .oneLine)
  /// Passages of a source that a draft is made from at most; the model's context holds fewer.
  private static let draftedPassages = 64
  /// Tokens for the rules, a little text and a short reply: with less a draft is not begun.
  private static let leastDraftTokens = 1_200
  private static let base = "/api/chatbots/{chatbot_id}/guidance/"

  let database: AppDatabase
  /// The data directory.
  let data: String
  /// Nil when none is set.
  let model: LanguageModel?
  let reservations: TokenReservations
  let logger: Logger
  /// Drafts under way: each holds a connection while a model writes.
  private let drafting = OpenStreams(inAll: 4)

  init(
    _ services: Services, reservations: TokenReservations, logger: Logger
  ) {
    database = services.database
    data = services.configuration.data
    // What it fails at must not take the model from visitors.
    model = services.testModel
    self.reservations = reservations
    self.logger = logger
  }

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let line = Schema.component("GuidanceLine")
    routes.add(
      Route(
        .get, Self.base, "Lines for prompts, newest first; approved ones are in use.",
        query: Components.page, answers: [.json(200, Components.listing("GuidanceLine"))]),
      for: access.user,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        let page = try call.page()
        let lines = try await database.guidance(of: chatbot.id, page)
        return Answer.json(
          Listing(
            lines.map(Shape.init), page,
            cursor: lines.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
      })
    routes.add(
      Route(
        .post, Self.base, "Write a line; it is a draft until it is approved.",
        body: .json(
          .object([required("text", Self.text), optional("source_id", .id)])),
        answers: [.json(201, line)], problems: [.planLimit], isIdempotent: true),
      for: access.user, { call, owner in try await add(call, owner) })
    routes.add(
      Route(
        .post, Self.base + "drafts/",
        "Have the language model put a source into lines; they are drafts until each is approved.",
        body: .json(.object([required("source_id", .id)])),
        answers: [
          .json(201, .object([required("items", .array(line, 0...GuidanceDraft.mostLines))]))
        ],
        problems: [.planLimit, .notConfigured, .noSources, .stillRunning, .modelUnavailable],
        ownerLimit: .hourly(30), isIdempotent: true),
      for: access.user, { call, owner in try await draft(call, owner) })
    routes.add(
      Route(
        .patch, Self.base + "{line_id}/",
        "Change a line; approve it as it was read, by its text; take approval back.",
        body: .json(
          .object([optional("text", Self.text), optional("approved", .boolean)])),
        answers: [.json(200, line)], problems: [.lineChanged]),
      for: access.user, { call, owner in try await change(call, owner) })
    routes.add(
      Route(.delete, Self.base + "{line_id}/", "Remove a line.", answers: [.empty()]),
      for: access.user,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        guard try await database.removeGuidance(try call.id("line_id"), of: chatbot.id) else {
          throw AppError.notFound
        }
        return Answer.empty
      })
  }

  private struct Shape: Encodable {
    let id, text, state, created_at: String
    let source_id, approved_at: Nullable<String>

    init(_ line: GuidanceLine) {
      id = line.id
      text = line.text
      state = line.state
      created_at = APITime.text(line.createdAt)
      source_id = Nullable(line.source?.text)
      approved_at = Nullable(line.approvedAt.map(APITime.text))
    }
  }

  private func found(_ id: String, _ chatbot: Chatbot) async throws -> GuidanceLine {
    guard let line = try await database.guidanceLine(id, of: chatbot.id) else {
      throw AppError.notFound
    }
    return line
  }

  private func add(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let text = call.input.text("text") ?? ""
    var source: SourceID?
    if let id = call.input.text("source_id") {
      guard let known = try await database.source(id, of: chatbot.id) else {
        throw AppError.notFound
      }
      source = known.id
    }
    let id = FreshID.text(now: call.now)
    guard
      try await database.addGuidance(
        id, of: chatbot.id, source: source, text: text, hash: SHA256Digest(of: text).bytes,
        limit: Self.limit, now: call.now)
    else { throw AppError.planLimit("guidance", used: Self.limit, max: Self.limit) }
    return Answer.json(Shape(try await found(id, chatbot)), .created)
  }

  // MARK: Drafts

  private func draft(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    guard let model else { throw AppError(.notConfigured) }
    guard
      let source = try await database.source(call.input.text("source_id") ?? "", of: chatbot.id)
    else { throw AppError.notFound }
    let passages = try await BlockingWork.run { try self.passages(of: source.id, in: chatbot.id) }
    guard !passages.isEmpty else {
      throw AppError(.noSources, detail: "Nothing of this source has been read yet. Train first.")
    }
    // Before anything is paid for.
    guard
      try await database.guidance(of: chatbot.id, PageRequest(limit: Self.limit)).count < Self.limit
    else { throw AppError.planLimit("guidance", used: Self.limit, max: Self.limit) }
    let lease: OpenStreams.Lease
    do {
      lease = try drafting.open(owner.user.id, limit: 1)
    } catch {
      throw AppError(.stillRunning, detail: "Another draft is being written on this server.")
    }
    defer { withExtendedLifetime(lease) {} }
    let lines = try await written(passages, of: chatbot, by: model, call, owner)
    var made: [GuidanceLine] = []
    for (number, text) in lines.enumerated() {
      // Lists go by time: one order of what was written at once, today and tomorrow.
      let now = call.now + number
      let id = FreshID.text(now: now)
      guard
        try await database.addGuidance(
          id, of: chatbot.id, source: source.id, text: text, hash: SHA256Digest(of: text).bytes,
          limit: Self.limit, now: now)
      else {
        // Somebody has written lines meanwhile.
        if made.isEmpty { throw AppError.planLimit("guidance", used: Self.limit, max: Self.limit) }
        break
      }
      made.append(try await found(id, chatbot))
    }
    struct Lines: Encodable { let items: [Shape] }
    return Answer.json(Lines(items: made.map(Shape.init)), .created)
  }

  /// What the model writes; what it costs is counted, whatever comes of it.
  private func written(
    _ passages: [LearnOnly], of chatbot: Chatbot, by model: LanguageModel, _ call: Call,
    _ owner: Owner
  ) async throws -> [String] {
    let period = owner.user.period(at: call.now)
    let caps = [chatbot.settings.monthlyTokenCap, owner.user.tier.limits.modelTokensPerPeriod]
    let used = try await database.modelTokens(
      of: chatbot.id, owner: owner.user.id, periodStart: period.start, periodEnd: period.end)
    // The cap that is nearest: as much of the source is read as it leaves.
    let nearest = zip([used.chatbot, used.owner], caps).compactMap { used, cap in
      cap.map { (used: used, max: $0) }
    }.min { $0.max - $0.used < $1.max - $1.used }
    let left = nearest.map { max(0, $0.max - $0.used) } ?? Int.max
    let exceeded = AppError.planLimit(
      "model_tokens", used: nearest?.used ?? 0, max: nearest?.max ?? 0)
    guard left >= Self.leastDraftTokens else { throw exceeded }
    let reserved = reservations.share(of: chatbot.id, owner: owner.user.id)
    defer { reserved.release() }
    let allowance = TokenAllowance(
      database: database, chatbot: chatbot.id, owner: owner.user.id, chatbotCap: caps[0],
      ownerCap: caps[1], period: period.start..<period.end, reserved: reserved)
    let trouble = Mutex<(any Error)?>(nil)
    let meter = UsageMeter { tokens in
      do {
        return try await allowance.take(tokens)
      } catch {
        trouble.withLock { $0 = error }
        return false
      }
    }
    let outcome: Result<[String]?, any Error>
    do {
      outcome = .success(
        try await GuidanceDraft.lines(
          from: passages, by: model,
          budget: Prompt.Budget(
            contextTokens: min(model.budget.contextTokens, left),
            replyTokens: model.budget.replyTokens),
          // No tokenizer is at hand here: four bytes a token.
          meter: meter, countTokens: { $0.utf8.count / 4 }))
    } catch {
      outcome = .failure(error)
    }
    let usage = meter.usage
    try await database.note(
      TokenCounts(read: usage.promptTokens, written: usage.replyTokens), of: chatbot.id,
      owner: owner.user.id, period: period.start..<period.end, now: call.now)
    switch outcome {
    case .success(let lines?): return lines
    case .success(nil):
      if let error = trouble.withLock({ $0 }) { throw error }
      throw exceeded
    case .failure(let error):
      logger.error("guidance", metadata: ["error": "\(error)"])
      var error = AppError(.modelUnavailable)
      error.retryAfter = 30
      throw error
    }
  }

  /// What the live generation holds of a source, in its order, as private text whatever its class: a draft is no answer.
  private func passages(of source: SourceID, in chatbot: ChatbotID) throws -> [LearnOnly] {
    guard let shard = try ShardSet.open(directory: "\(data)/shards/\(chatbot)") else { return [] }
    var found: [LearnOnly] = []
    for document in try shard.liveDocuments where document.entry.group == source.text {
      for row in try shard.rows(ofDocument: document.entry.id) {
        guard found.count < Self.draftedPassages else { return found }
        let chunk = try JSONLines.decode(Chunk.self, from: try shard.payload(of: row))
        if case .learnOnly(let passage) = Passage(chunk, visibility: .learnOnly) {
          found.append(passage)
        }
      }
    }
    return found
  }

  private func change(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let id = try call.id("line_id")
    let line = try await found(id, chatbot)
    let text = call.input.text("text") ?? line.text
    if call.input.flag("approved") == true {
      // What is approved is what its owner has read, not what another window has made of it meanwhile.
      guard call.input.has("text") else { throw AppError.invalid("text", "required") }
      guard text == line.text else { throw AppError(.lineChanged) }
    }
    let hash = SHA256Digest(of: text).bytes
    if text != line.text {
      try await database.changeGuidance(id, of: chatbot.id, text: text, hash: hash, now: call.now)
    }
    if let isApproved = call.input.flag("approved") {
      var digest: String?
      if isApproved, let source = line.source {
        digest = try await GuidanceReview.digest(of: source, in: chatbot.id, data: data)
      }
      guard
        try await database.approveGuidance(
          id, of: chatbot.id, hash: hash, by: isApproved ? owner.user.id : nil,
          sourceDigest: digest, now: call.now)
      else { throw AppError.notFound }
    }
    return Answer.json(Shape(try await found(id, chatbot)))
  }
}
