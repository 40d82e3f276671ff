// The owner's gate: a generation that a training has built and that is held for it is asked the chatbot's golden questions,
// then ordered to go live, or left held with a sentence that says what it lacks.
//
// Runs beside the ledger, never in it: an evaluation takes seconds, and longer with a slow embedder. Nothing but the verdict is
// written, in one transaction with the order that follows from it, so a crash before it repeats the evaluation and a crash
// after it repeats the order. Any number of processes may do this at once: the second verdict comes too late.

import Corpus
import Evaluation
import FoundationEssentials
import ServiceLifecycle
import Spool
package import Storage

/// Judges generations that wait for it.
package struct Gatekeeper: Sendable {
  /// Tries until a generation that cannot be evaluated stays held; with the pauses between them four minutes.
  private static let mostTries = 8

  private let database: AppDatabase
  private let training: Training
  private let quality: QualityCheck
  /// Told of trouble; for the log.
  private let report: @Sendable (String) -> Void

  package init(
    database: AppDatabase, training: Training, quality: QualityCheck,
    report: @escaping @Sendable (String) -> Void
  ) {
    self.database = database
    self.training = training
    self.quality = quality
    self.report = report
  }

  /// Judges what comes to wait, until the task is cancelled.
  package func run() async {
    var tries: [RunID: (count: Int, next: ContinuousClock.Instant)] = [:]
    while !Task.isCancelled {
      do {
        let waiting = try await database.openRuns().filter { $0.evaluatedGeneration != nil }
        tries = tries.filter { entry in waiting.contains { $0.id == entry.key } }
        for run in waiting where (tries[run.id]?.next ?? .now) <= .now {
          do {
            try await judge(run)
          } catch {
            guard !Task.isCancelled else { return }
            let count = (tries[run.id]?.count ?? 0) + 1
            tries[run.id] = (count, .now + .seconds(1 << min(count - 1, 7)))
            report("evaluation of run \(run.id): \(error)")
            if count >= Self.mostTries { try await giveUp(run) }
          }
        }
      } catch {
        // The database is busy or the disk is full: it is looked at again.
        report("evaluations: \(error)")
      }
      // Cancelled meanwhile: the loop ends.
      try? await Task.sleep(for: .milliseconds(500))
    }
  }

  /// Judges one run's generation.
  ///
  /// - Throws: what kept it from being evaluated.
  package func judge(_ run: OpenRun) async throws {
    guard let generation = run.evaluatedGeneration,
      let chatbot = try await database.chatbot(run.chatbot.text)
    else { return }
    let gate = QualityGate(json: chatbot.settings.qualityGate)
    let questions = try await quality.questions(of: chatbot.id)
    var figures: Figures?
    // The owner may have changed their mind since it was ordered.
    if !gate.isOff, !questions.isEmpty {
      let shard = try quality.shard(of: chatbot.id, generation: generation)
      figures = try await quality.report(on: questions, of: chatbot, in: shard, isDeep: false)
        .totals
    }
    guard let objection = figures.flatMap(gate.objection) else {
      let verdict = try Self.verdict(GateFinding(figures, passed: true), generation)
      if try await training.order(run, passing: verdict) { return }
      // No order came of it: it was refused before, or somebody else has judged the generation.
      return try await hold(run, "It was refused before; train the chatbot again.")
    }
    try await hold(
      run,
      "\(objection). Generation \(generation) is built and waits; what answers now goes on until "
        + "you publish the new one or train again.", figures)
  }

  private func giveUp(_ run: OpenRun) async throws {
    try await hold(
      run,
      "It could not be evaluated; the server's log says why. What answers now goes on until you "
        + "publish the new generation or train again.")
  }

  private func hold(_ run: OpenRun, _ reason: String, _ figures: Figures? = nil) async throws {
    guard let generation = run.evaluatedGeneration else { return }
    let verdict = try Self.verdict(GateFinding(figures, passed: false), generation)
    try await database.hold(run.id, verdict, reason: reason)
  }

  private static func verdict(_ finding: GateFinding, _ generation: Int) throws -> Verdict {
    Verdict(
      generation: generation,
      json: String(decoding: try JSONLines.encode(finding), as: UTF8.self))
  }
}

/// The server's part in evaluations.
struct EvaluationService: Service {
  let gatekeeper: Gatekeeper

  func run() async throws {
    // Cut short by a shutdown, an evaluation begins anew with the next start.
    await cancelWhenGracefulShutdown { await gatekeeper.run() }
  }
}

extension QualityGate {
  /// The gate of a chatbot's row; text that is none demands nothing.
  init(json: String) {
    self =
      (try? JSONDecoder().decode(QualityGate.self, from: Data(json.utf8))) ?? QualityGate()
  }

  /// As a chatbot's row has it: `{}` when nothing is demanded.
  var json: String {
    isOff ? "{}" : String(decoding: JSONText.encode(self), as: UTF8.self)
  }
}

extension GateFinding {
  /// The finding of a run's row; nil when there is none.
  init?(json: String?) {
    guard let json,
      let found = try? JSONDecoder().decode(GateFinding.self, from: Data(json.utf8))
    else { return nil }
    self = found
  }
}
