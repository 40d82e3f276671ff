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

    package var isEmpty: Bool { waiting + active + deferred + held + failed == 0 }
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
  package static func of(
    _ chatbot: Chatbot, database: AppDatabase, spool: String
  ) async throws -> StatusReport {
    let now = WallClock.now()
    let run = try await database.latestRun(of: chatbot.id)
    var progress: RunProgress?
    if let run { progress = try await database.progress(of: run) }
    let documents = try await database.documents(of: chatbot.id)
    let unfinished = documents.filter { $0.state != "live" && $0.reason != "removed" }
    let oldest = unfinished.filter { $0.state != "ended" }.map(\.changedAt).min()
    let stuck = try await Janitor(spool: spool, database: database).stuckItems()
    let runs = Set(try await database.runs(of: chatbot.id).map(\.text))
    return StatusReport(
      chatbot: chatbot.slug, state: state(progress, documents), progress: progress?.fraction ?? 0,
      generation: try await database.generation(of: chatbot.id), run: run?.text,
      stages: try counts(of: chatbot.id, spool: spool), oldestAge: oldest.map { now - $0 },
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

  private static func counts(
    of chatbot: ChatbotID, spool: String
  ) throws -> [String: StageCounts] {
    var stages: [String: StageCounts] = [:]
    for stage in ["fetch", "extract", "chunk", "embed", "index"] {
      let directory = SpoolDirectory(spool: spool, stage: stage)
      func count(_ state: SpoolState) throws -> Int {
        try directory.items(state).filter { $0.lane == chatbot.text }.count
      }
      let counts = StageCounts(
        waiting: try count(.incoming), active: try count(.active), deferred: try count(.deferred),
        held: try count(.hold), failed: try count(.failed))
      if !counts.isEmpty { stages[stage] = counts }
    }
    return stages
  }
}
