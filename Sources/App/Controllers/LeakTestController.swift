// The leak test by button: started for one chatbot at a time, run off the request's path, kept as a row.

import Answering
import Billing
import Corpus
import Evaluation
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import Spool
import Storage
import Synchronization

/// How far the tests of this process are: a test dies with its process, so a row need not know.
private final class LeakTestProgress: Sendable {
  struct Share: Encodable {
    /// Answers.
    let done, total: Int
  }

  private let shares = Mutex<[String: Share]>([:])

  subscript(id: String) -> Share? {
    get { shares.withLock { $0[id] } }
    set { shares.withLock { $0[id] = newValue } }
  }
}

/// `/api/chatbots/{chatbot_id}/leak-test/`.
struct LeakTestController: Sendable {
  private static let base = "/api/chatbots/{chatbot_id}/leak-test/"

  let database: AppDatabase
  let services: Services
  /// Nil where the operator has named none.
  let prices: TokenPrices?
  let logger: Logger
  /// Tests under way; more would take the processor from visitors.
  private let running = OpenStreams(inAll: 1)
  private let progress = LeakTestProgress()

  init(_ services: Services, prices: TokenPrices?, logger: Logger) {
    self.services = services
    self.prices = prices
    database = services.database
    self.logger = logger
  }

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let test = Schema.component("LeakTest")
    routes.add(
      Route(
        .post, Self.base,
        "Attack a copy of the chatbot; against a real model only when its price is accepted.",
        body: .json(
          .object([
            optional("against", .choice(["stub", "model"])),
            optional("accept_tokens", .integer(0...1_000_000_000)),
          ])), answers: [.json(202, test)],
        problems: [.stillRunning, .priceNotAccepted, .notConfigured, .noSources],
        ownerLimit: .hourly(10), isIdempotent: true),
      for: access.user, { call, owner in try await begin(call, owner) })
    routes.add(
      Route(
        .get, Self.base, "The chatbot's leak tests, newest first.", query: Components.page,
        answers: [.json(200, Components.listing("LeakTest"))]),
      for: access.user,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        let page = try call.page()
        let rows = try await database.leakTests(of: chatbot.id, page)
        return Answer.json(
          Listing(
            rows.map { Shape($0, progress[$0.id]) }, page,
            cursor: rows.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
      })
    routes.add(
      Route(.get, Self.base + "{test_id}/", "A leak test.", answers: [.json(200, test)]),
      for: access.user,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        guard let row = try await database.leakTest(try call.id("test_id"), of: chatbot.id) else {
          throw AppError.notFound
        }
        return Answer.json(Shape(row, progress[row.id]))
      })
  }

  private struct Shape: Encodable {
    let id, against, state, created_at: String
    let finished_at: Nullable<String>
    let result: Nullable<RawJSON>
    let progress: Nullable<LeakTestProgress.Share>

    init(_ row: LeakTestRow, _ share: LeakTestProgress.Share?) {
      id = row.id
      against = row.against
      state = row.state
      created_at = APITime.text(row.createdAt)
      finished_at = Nullable(row.finishedAt.map(APITime.text))
      result = Nullable(row.result.map(RawJSON.init))
      progress = Nullable(row.state == "running" ? share : nil)
    }
  }

  private func begin(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    let against = call.input.text("against") ?? "stub"
    if against == "model" {
      guard let model = services.testModel else { throw AppError(.notConfigured) }
      let hidden = try await database.visibilities(of: chatbot.id).values.count {
        $0 == .learnOnly
      }
      let most = try LeakTest.tokens(of: model, sources: hidden)
      guard call.input.whole("accept_tokens") ?? 0 >= most else {
        throw AppError.priceNotAccepted(tokens: most, cost: prices?.most(of: most))
      }
    }
    guard try await database.generation(of: chatbot.id) != nil else { throw AppError(.noSources) }
    let lease: OpenStreams.Lease
    do {
      lease = try running.open(owner.user.id, limit: 1)
    } catch {
      throw AppError(.stillRunning, detail: "Another leak test is running on this server.")
    }
    let id = FreshID.text(now: call.now)
    try await database.addLeakTest(id, of: chatbot.id, against: against, now: call.now)
    // Lives as long as it takes, or as the process: an unfinished one is told so at the next start.
    Task(priority: .background) {
      defer { withExtendedLifetime(lease) {} }
      await run(id, chatbot, against)
    }
    guard let row = try await database.leakTest(id, of: chatbot.id) else {
      throw AppError(.internal)
    }
    return Answer.json(Shape(row, nil), .accepted)
  }

  private func run(_ id: String, _ chatbot: Chatbot, _ against: String) async {
    defer { progress[id] = nil }
    do {
      let report = try await services.quality.leakReport(
        of: chatbot, model: against == "model" ? services.testModel : nil,
        vocabulary: await services.vocabulary(),
        progress: { done, total in progress[id] = LeakTestProgress.Share(done: done, total: total) }
      )
      if against == "model" {
        let now = WallClock.now()
        let period =
          try await database.owner(of: chatbot.id)?.period(at: now)
          ?? UsagePeriod(containing: now)
        let written = report.sources.reduce(0) { $0 + $1.replyTokens }
        let all = report.sources.reduce(0) { $0 + $1.tokens }
        try await database.note(
          TokenCounts(read: all - written, written: written), of: chatbot.id,
          owner: chatbot.owner, period: period.start..<period.end, now: now)
      }
      try await database.endLeakTest(
        id, state: report.passed ? "passed" : "failed",
        result: String(decoding: JSONText.encode(report), as: UTF8.self), now: WallClock.now())
    } catch {
      logger.error("leak test", metadata: ["error": "\(error)"])
      // Best effort: a row that stays running is ended at the next start.
      try? await database.endLeakTest(id, state: "broken", result: nil, now: WallClock.now())
    }
  }
}
