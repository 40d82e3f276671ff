// The operator's view of work: all runs, what lies in the spool and how old it is, items moved by hand, and each probe of
// readiness with what it found. The same spool as `bobbin spool` shows; every move is in the audit log.

import Corpus
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/admin/runs/`, `/api/admin/spool/…`, `/api/admin/health/`.
struct AdminSpoolController: Sendable {
  let database: AppDatabase
  let configuration: Configuration
  let audit: AuditTrail
  let view: OperatorView

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/api/admin/runs/", "All runs, newest first.",
        query: Components.page + [
          optional("state", .choice(["running", "held", "done", "failed", "cancelled"])),
          optional("q", .string(0...100)),
        ], answers: [.json(200, Components.listing("Run"))]),
      for: access.admin, { call, _ in try await runs(call) })
    routes.add(
      Route(
        .get, "/api/admin/spool/", "What lies in the spool: counts by stage, state and age.",
        answers: [
          .json(
            200,
            .object([
              required("age_minutes", .array(.count, 9...9)),
              required("queues", .array(.component("SpoolQueue"), 0...100)),
            ]))
        ]),
      for: access.admin, { call, _ in try await shape(call) })
    routes.add(
      Route(
        .get, "/api/admin/spool/items/", "Items of one stage in one state, the soonest due first.",
        query: [
          required("stage", .choice(PipelineStage.names)),
          required("state", .choice(Self.shownStates.map(\.rawValue))),
        ],
        answers: [
          .json(
            200,
            .object([
              required("total", .count),
              required("items", .array(.component("SpoolItem"), 0...Self.mostItems)),
            ]))
        ]),
      for: access.admin, { call, _ in try await items(call) })
    for verb in OperatorVerb.allCases {
      routes.add(
        Route(
          .post, "/api/admin/spool/{stage}/{item}/\(verb.rawValue)/", Self.summary(verb),
          answers: [.empty(202)], problems: [.claimed]),
        for: access.admin, { call, owner in try await move(verb, call, owner) })
    }
    routes.add(
      Route(
        .get, "/api/admin/health/", "Each probe of readiness, with what it found.",
        answers: [
          .json(
            200,
            .object([
              required("ready", .boolean),
              required(
                "probes",
                .array(
                  .object([
                    required("name", .text), required("ok", .boolean), required("detail", .text),
                  ]), 0...20)),
            ]))
        ]),
      for: access.admin, { _, _ in await health() })
  }

  private static func summary(_ verb: OperatorVerb) -> String {
    switch verb {
    case .retry: "Try an item again now."
    case .hold: "Put an item aside until it is released."
    case .release: "Let an item go on."
    case .drop: "Take an item out; its documents end."
    }
  }

  private func runs(_ call: Call) async throws -> Response {
    let page = try call.page()
    let rows = try await database.runRows(
      of: nil, state: call.query("state"), search: call.query("q") ?? "", page)
    return Answer.json(
      Listing(
        try await view.shapes(of: rows), page,
        cursor: rows.last.map { Cursor(createdAt: $0.startedAt, id: $0.id.text) }))
  }

  // MARK: The spool

  private func shape(_ call: Call) async throws -> Response {
    struct Lane: Encodable {
      let chatbot_id: String
      let items: Int
    }
    struct Queue: Encodable {
      let stage, state: String
      let items, due, strays: Int
      let ages: [Int]
      let oldest_seconds: Nullable<Int>
      let next_due_at: Nullable<String>
      let largest: [Lane]
    }
    struct Shape: Encodable {
      let age_minutes: [Int]
      let queues: [Queue]
    }
    let spool = configuration.spool
    let shape = try await BlockingWork.run {
      try SpoolShape(
        spool: spool, stages: PipelineStage.names + ["ledger"], selecting: ItemSelector(),
        now: WallClock.now())
    }
    return Answer.json(
      Shape(
        age_minutes: SpoolShape.minutes,
        queues: shape.queues.map { queue in
          Queue(
            stage: queue.stage, state: queue.state.rawValue, items: queue.all.total,
            due: queue.all.due, strays: queue.strays, ages: queue.all.buckets,
            oldest_seconds: Nullable(queue.oldest.map { $0 / 1000 }),
            next_due_at: Nullable(queue.nextDue.map(APITime.text)),
            largest: queue.lanes.prefix(10).map {
              Lane(chatbot_id: $0.lane, items: $0.counts.total)
            })
        }))
  }

  /// Items that one answer lists: what is there to be looked at, not a queue of 10,000.
  private static let mostItems = 200
  /// What is still being written is no item yet.
  private static let shownStates = SpoolState.allCases.filter { $0 != .tmp }

  private func items(_ call: Call) async throws -> Response {
    struct Item: Encodable {
      let id, stage, state, chatbot_id, due_at: String
      let tries, bytes, age_seconds: Int
      let reason: Nullable<String>
      let moves: [String]
    }
    struct Items: Encodable {
      let total: Int
      let items: [Item]
    }
    var selector = ItemSelector()
    selector.stage = call.query("stage")
    selector.states = call.query("state").flatMap { SpoolState(rawValue: $0) }.map { [$0] } ?? []
    let (spool, wanted, now) = (configuration.spool, selector, call.now)
    let found = try await BlockingWork.run {
      try wanted.items(in: spool, stages: PipelineStage.names, now: now)
        .sorted { ($0.name.due, $0.name.id) < ($1.name.due, $1.name.id) }
    }
    return Answer.json(
      Items(
        total: found.count,
        items: found.prefix(Self.mostItems).map { item in
          Item(
            id: item.name.id, stage: item.stage, state: item.state.rawValue,
            chatbot_id: item.name.lane, due_at: APITime.text(item.name.due),
            tries: item.name.tries, bytes: item.file.byteCount,
            age_seconds: item.file.age(at: now) / 1000, reason: Nullable(item.name.reason),
            moves: OperatorVerb.allCases.filter { $0.sources.contains(item.state) }
              .map(\.rawValue))
        }))
  }

  private func move(_ verb: OperatorVerb, _ call: Call, _ owner: Owner) async throws -> Response {
    let stage = try call.parameter("stage")
    let name = try call.parameter("item")
    guard PipelineStage.names.contains(stage) else { throw AppError.notFound }
    var selector = ItemSelector()
    selector.stage = stage
    // A whole id: what acts must name one.
    guard name.utf8.count == 32, (try? selector.name(name)) != nil else { throw AppError.notFound }
    let (spool, wanted) = (configuration.spool, selector)
    let item = try await BlockingWork.run {
      let items = try wanted.items(in: spool, stages: [stage], now: call.now)
      guard let item = items.first(where: { verb.sources.contains($0.state) }) else {
        throw items.contains { $0.state == .active } ? AppError(.claimed) : AppError.notFound
      }
      return item
    }
    // Noted first: an act that is not in the log has not been done.
    try await audit.note(
      "item.\(verb.rawValue)", "item", item.name.id,
      detail: ["stage": .string(stage), "lane": .string(item.name.lane)], by: owner, now: call.now)
    try await BlockingWork.run {
      let results = try OperatorMove(spool: spool, documents: ItemDocuments.ids(of:))
        .apply(verb, to: [item], now: call.now)
      guard results.contains(where: { if case .moved = $0.result { true } else { false } }) else {
        throw AppError(.claimed)
      }
    }
    return Response(status: .accepted, headers: [.cacheControl: "no-store"])
  }

  // MARK: Health

  private struct Probe: Encodable {
    let name: String
    let ok: Bool
    let detail: String
  }

  private func health() async -> Response {
    struct Health: Encodable {
      let ready: Bool
      let probes: [Probe]
    }
    var probes: [Probe] = []
    for (name, check) in Readiness.checks(database: database, configuration: configuration) {
      do {
        try await check()
        probes.append(Probe(name: name, ok: true, detail: ""))
      } catch {
        probes.append(Probe(name: name, ok: false, detail: "\(error)"))
      }
    }
    return Answer.json(Health(ready: probes.allSatisfy(\.ok), probes: probes))
  }
}
