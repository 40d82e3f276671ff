// Runs one stage the way its arguments say: as a worker on its spool directory, or as a Unix filter on JSON Lines. Both use
// the same `process`, so what a step does can be seen and replayed by hand.

import Dispatch
import FoundationEssentials
import Glibc
package import Spool

/// The body of every stage executable.
package enum StageProgram {
  /// Runs until drained, stopped or at the end of standard input; then the process ends with 0 ran, 70 bug, 74 I/O,
  /// 75 temporary, 78 configuration.
  ///
  /// - Parameter records: records given as arguments instead of on standard input (fetch's URLs).
  package static func run<S: Stage>(
    _ stage: S, _ options: StageOptions, records: [S.Input] = []
  ) async -> Never {
    await run(options, records: records) { stage }
  }

  /// The same, for a stage whose making can fail for want of configuration (exit code 78).
  package static func run<S: Stage>(
    _ options: StageOptions, records: [S.Input] = [], making make: () async throws -> S
  ) async -> Never {
    ProcessEnd.now(await exitCode(options, records: records, making: make))
  }

  /// The same for an executable that has something to do afterwards: returns the exit code.
  package static func exitCode<S: Stage>(
    _ options: StageOptions, records: [S.Input] = [], making make: () async throws -> S
  ) async -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    let stage: S
    do {
      stage = try await make()
    } catch {
      StandardStream.error.line("bobbin-\(S.name): \(error)")
      return 78
    }
    do {
      if let spool = options.spool {
        try await work(stage, options, spool: spool)
      } else {
        try await filter(stage, records: records)
      }
      return 0
    } catch let fault as StageFault {
      StandardStream.error.line("bobbin-\(S.name): \(fault)")
      return fault.exitCode
    } catch let error as SpoolError {
      StandardStream.error.line("bobbin-\(S.name): \(error)")
      return error.exitCode
    } catch {
      StandardStream.error.line("bobbin-\(S.name): \(error)")
      return 70
    }
  }

  private static func work<S: Stage>(
    _ stage: S, _ options: StageOptions, spool: String
  ) async throws {
    var settings = try options.pipelineFile().settings(for: S.name, watch: options.watch)
    if let workers = options.workers { settings.workers = workers }
    let stop = StopFlag(heedingSignals: true)
    if options.untilEof { stopAtEndOfInput(stop) }
    let quiet = options.quiet
    let runner = StageRunner(stage: stage, spool: spool, settings: settings, stop: stop) { line in
      if !quiet { StandardStream.error.line(line) }
    }
    try await runner.run()
  }

  /// A thread of its own, because read blocks.
  private static func stopAtEndOfInput(_ stop: StopFlag) {
    DispatchQueue(label: "standard input").async {
      var byte: UInt8 = 0
      while read(0, &byte, 1) > 0 {}
      stop.set()
    }
  }

  /// Reads records a line each (an item's envelope is skipped), writes outputs a line each.
  ///
  /// Records that end as retry or gone are told on standard error and make the exit code 1.
  private static func filter<S: Stage>(_ stage: S, records: [S.Input]) async throws {
    var failures = 0
    let envelope = Envelope(
      schema: S.inputSchemas.first ?? "", lane: "filter", run: "filter", scope: "filter", born: 0,
      madeBy: "", from: [], recordCount: 0)
    func process(_ batch: [S.Input]) async throws {
      let outcomes = try await stage.process(batch, of: envelope)
      for (record, outcome) in zip(batch, outcomes) {
        switch outcome {
        case .done(let outputs, let documents, _, let onward):
          for output in outputs { StandardStream.output.write(try JSONLines.encode(output) + [10]) }
          for document in documents where document.outcome != .done {
            failures += 1
            let reason = document.reason ?? document.outcome.rawValue
            StandardStream.error.line(
              "\(document.found?.uri ?? document.document) reason=\(reason)"
                + (document.message.map { ": \($0)" } ?? ""))
          }
          // A filter has no spool that what is left could wait in.
          if let onward, !onward.record.isEmpty {
            if let pause = onward.pause {
              try await Task.sleep(for: .milliseconds(pause.milliseconds))
            }
            try await process([try JSONLines.decode(S.Input.self, from: onward.record)])
          }
        case .retry(let reason, let message, _), .gone(let reason, let message):
          failures += 1
          StandardStream.error.line("\(stage.document(of: record)) reason=\(reason): \(message)")
        }
      }
    }
    if !records.isEmpty {
      try await process(records)
    } else {
      var batch: [S.Input] = []
      while let line = readLine() {
        if line.isEmpty || line.contains(#""schema":"bobbin."#) { continue }
        do {
          batch.append(try JSONLines.decode(S.Input.self, from: line.utf8))
        } catch {
          throw StageFault(
            "standard input: a line is no record of \(S.name): \(line.prefix(80))", exitCode: 64)
        }
        if batch.count == 64 {
          try await process(batch)
          batch = []
        }
      }
      if !batch.isEmpty { try await process(batch) }
    }
    if failures > 0 { throw StageFault("\(failures) of the records did not pass", exitCode: 1) }
  }
}
