// Everything an owner is told of a chatbot's training: the run and its progress, every source and its documents' states,
// what the stages hold. Made of rows and of the spool's own names; the command prints it, the API will send it.

package import Corpus
package import Spool
package import Storage

/// The training status of one chatbot.
package struct StatusReport: Encodable, Sendable {
  /// What stands in one stage for this chatbot.
  package struct StageCounts: Encodable, Sendable {
    package var waiting = 0
    package var active = 0
    package var deferred = 0
    package var held = 0
    package var failed = 0
  }

  package let chatbot: String
  /// empty, training, held, ready or failed.
  package let state: String
  /// The share of the latest run that is done, 0 to 1.
  package let progress: Double
  /// The generation that answers; nil before the first.
  package let generation: Int?
  /// The latest run; nil when there never was one.
  package let run: String?
  package let stages: [String: StageCounts]
  /// Milliseconds since the oldest unfinished document got into its state; nil when none is unfinished.
  package let oldestAge: Int?
  /// An estimate; nil while there is nothing to base it on.
  package let secondsLeft: Int?
  /// Items that have been silent for longer than any work may take: zero, or something is wrong.
  package let stuck: Int
  /// Why a generation is held back, or the latest order was refused.
  package let heldReason: String?
  package let sources: [SourceState]
  /// Documents that are not live, with their cause.
  package let unfinished: [DocumentRow]

  enum CodingKeys: String, CodingKey {
    case chatbot, state, progress, generation, run, stages, stuck, sources, unfinished
    case oldestAge = "oldest_age_ms"
    case secondsLeft = "seconds_left"
    case heldReason = "held_reason"
  }

  /// Reads rows and spool.
  ///
  /// - Parameter board: what stands in the spool, when many ask at once.
  package static func of(
    _ chatbot: Chatbot, database: AppDatabase, spool: String, board: SpoolBoard? = nil
  ) async throws -> StatusReport {
    let board = board ?? SpoolBoard(spool: spool, database: database)
    let (stages, stuck) = try await board.look(at: chatbot.id)
    let now = WallClock.now()
    let run = try await database.latestRun(of: chatbot.id)
    var progress: RunProgress?
    if let run { progress = try await database.progress(of: run) }
    let documents = try await database.documents(of: chatbot.id)
    let unfinished = documents.filter { $0.state != "live" && $0.reason != "removed" }
    let oldest = unfinished.filter { $0.state != "ended" }.map(\.changedAt).min()
    let runs = Set(try await database.runs(of: chatbot.id).map(\.text))
    return StatusReport(
      chatbot: chatbot.slug, state: state(progress, documents), progress: progress?.fraction ?? 0,
      generation: try await database.generation(of: chatbot.id), run: run?.text,
      stages: stages, oldestAge: oldest.map { now - $0 },
      secondsLeft: progress?.secondsLeft(now: now),
      stuck: stuck.filter { runs.contains($0.run) }.count, heldReason: progress?.heldReason,
      sources: try await database.sourceStates(of: chatbot.id), unfinished: unfinished)
  }

  private static func state(_ run: RunProgress?, _ documents: [DocumentRow]) -> String {
    guard let run else { return "empty" }
    switch run.state {
    case "running": return "training"
    case "held": return "held"
    default: return documents.contains { $0.generation != nil } ? "ready" : "failed"
    }
  }
}

/// What stands in the spool by chatbot, looked at once a second at most, however many ask.
package actor SpoolBoard {
  private enum State {
    case unseen
    case seen(at: ContinuousClock.Instant, Task<Look, any Error>)
  }

  private struct Look: Sendable {
    var stages: [String: [String: StatusReport.StageCounts]] = [:]
    var stuck: [OpenItem] = []
  }

  private let spool: String
  private let database: AppDatabase
  private var state = State.unseen

  package init(spool: String, database: AppDatabase) {
    self.spool = spool
    self.database = database
  }

  /// Counts of a chatbot by stage, and the items of all that are stuck.
  package func look(
    at chatbot: ChatbotID
  ) async throws -> (stages: [String: StatusReport.StageCounts], stuck: [OpenItem]) {
    let look = try await current().value
    return (look.stages[chatbot.text] ?? [:], look.stuck)
  }

  private func current() -> Task<Look, any Error> {
    if case .seen(let at, let task) = state, ContinuousClock.now - at < .seconds(1) { return task }
    let (spool, database) = (spool, database)
    let task = Task {
      var look = Look()
      look.stages = try await BlockingWork.run { try Self.counts(spool) }
      look.stuck = try await Janitor(spool: spool, database: database).stuckItems()
      return look
    }
    state = .seen(at: .now, task)
    return task
  }

  private static func counts(
    _ spool: String
  ) throws -> [String: [String: StatusReport.StageCounts]] {
    var all: [String: [String: StatusReport.StageCounts]] = [:]
    for stage in PipelineStage.names {
      let directory = SpoolDirectory(spool: spool, stage: stage)
      func count(
        _ state: SpoolState, _ member: WritableKeyPath<StatusReport.StageCounts, Int>
      ) throws {
        for item in try directory.items(state) {
          all[item.lane, default: [:]][stage, default: .init()][keyPath: member] += 1
        }
      }
      try count(.incoming, \.waiting)
      try count(.active, \.active)
      try count(.deferred, \.deferred)
      try count(.hold, \.held)
      try count(.failed, \.failed)
    }
    return all
  }
}
