// The server's part in training: receipts become rows, and runs that are over are closed, whether or not a command waits
// for them.

import Billing
import Logging
import ServiceLifecycle
import Spool
import Storage

/// Drains the ledger once a second for as long as the server runs.
struct LedgerService: Service {
  let drain: LedgerDrain
  let training: Training
  let janitor: Janitor
  let removals: Removals
  let guidance: GuidanceReview
  let database: AppDatabase
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var isReconciled = false
      var sweptAt = 0
      await attempt("requests") { try await database.forgetUnansweredRequests() }
      await attempt("leak tests") {
        try await database.endBrokenLeakTests(now: WallClock.now())
        try await removals.removeLeakTests(olderThan: 86_400)
      }
      while !Task.isCancelled {
        // What a crash left apart, then news, then what follows from it. One that fails holds no other back.
        if !isReconciled {
          await attempt("janitor") {
            let report = try await janitor.run()
            if !report.isClean { logger.warning("\(report.line)") }
            isReconciled = true
          }
        }
        await attempt("ledger") { try await drain.drain() }
        await attempt("training") { try await training.advance() }
        await attempt("guidance") { try await guidance.run() }
        await attempt("cancelled") { try await training.dropCancelled() }
        await attempt("removals") { try await removals.advance() }
        let now = WallClock.now()
        if now - sweptAt > 3_600_000 {
          sweptAt = now
          await attempt("imports") { try await removals.removeImports(olderThan: 3_600) }
          await attempt("sweep") {
            try await database.sweepEnded(before: now)
            let days = Dictionary(
              uniqueKeysWithValues: PlanTier.allCases.compactMap { tier in
                tier.limits.retentionDays.map { (tier.rawValue, $0) }
              })
            try await database.sweepConversations(days: days, now: now)
            try await database.sweepWebhookReceipts(before: now - ContactController.memory)
            try await database.sweepVisitorAddresses(before: now - 30 * 86_400_000)
            try await database.sweepDeliveries(before: now - 30 * 86_400_000)
            _ = try await database.endGrace(ladder: Payments.ladder, now: now)
            try await database.checkpoint()
          }
        }
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  /// Chat goes on whatever fails here; it is tried again in a second.
  private func attempt(_ step: String, _ work: () async throws -> Void) async {
    do {
      try await work()
    } catch {
      logger.error("\(step)", metadata: ["error": "\(error)"])
    }
  }
}
