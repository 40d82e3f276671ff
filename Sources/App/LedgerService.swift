// The server's part in training: receipts become rows, and runs that are over are closed, whether or not a command waits
// for them.

import Logging
import ServiceLifecycle

/// Drains the ledger once a second for as long as the server runs.
struct LedgerService: Service {
  let drain: LedgerDrain
  let training: Training
  let janitor: Janitor
  let removals: Removals
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var isReconciled = false
      while !Task.isCancelled {
        do {
          // What a crash left apart, then news, then what follows from it.
          if !isReconciled {
            let report = try await janitor.run()
            if !report.isClean { logger.warning("\(report.line)") }
            isReconciled = true
          }
          try await drain.drain()
          try await training.advance()
          try await training.dropCancelled()
          try await removals.advance()
        } catch {
          // Chat goes on; the receipts wait.
          logger.error("ledger", metadata: ["error": "\(error)"])
        }
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }
}
