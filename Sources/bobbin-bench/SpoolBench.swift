// Items a second through an empty stage: what the spool itself costs, with and without group commit.
//
// Relies on Spool alone and runs the real StageRunner over a spool on the disk. The peer, Celery with Redis on the same
// records, is Tests/bench/spool_celery.py. Starting the process is not counted on either side; here the clock runs from the
// call of the runner, first listing included, until it has drained the stage. Checks that nothing was lost.

import FoundationEssentials
import Glibc
import Spool

/// The spool part of the bench.
enum SpoolBench {
  /// What the command line gives.
  struct Options: Sendable {
    var texts = ""
    var folder = ""
    var items = 1_000
    var workers = 2
  }

  private struct Case: Encodable {
    let recordsPerItem: Int
    let items: Int
    let group: Int
    let publishItemsPerSecond: Double
    let publishRecordsPerSecond: Double
    let itemsPerSecond: Double
    let recordsPerSecond: Double
    let seconds: Double
    /// User and system time of the stage.
    let cpuSeconds: Double
  }

  private struct Result: Encodable {
    let workers: Int
    let cases: [Case]
  }

  private static let lane = "bench"

  /// Measures each size of item with each size of group, each in a spool of its own.
  ///
  /// - Parameter sizes: records an item.
  /// - Parameter groups: items settled together; 1 is without group commit, for the producer too.
  /// - Returns: a JSON object.
  static func run(_ options: Options, sizes: [Int], groups: [Int]) async throws -> String {
    let items = try BenchItems(textsFile: options.texts)
    var cases: [Case] = []
    for size in sizes {
      for group in groups {
        let spool = "\(options.folder)/spool-\(getpid())-\(size)-\(group)"
        // Best effort: the folder is the caller's and goes with it.
        defer { try? FileManager.default.removeItem(atPath: spool) }
        cases.append(
          try await measure(items, size: size, group: group, spool: spool, options))
      }
    }
    let result = Result(workers: options.workers, cases: cases)
    return String(decoding: try JSONLines.encode(result), as: UTF8.self)
  }

  private static func measure(
    _ items: BenchItems, size: Int, group: Int, spool: String, _ options: Options
  ) async throws -> Case {
    let clock = ContinuousClock()
    let directory = SpoolDirectory(spool: spool, stage: EmptyStage.name)
    // As where the stages around it run: making directories is not what is measured.
    for stage in [EmptyStage.name, "sink", Ledger.stage] {
      try SpoolDirectory(spool: spool, stage: stage).prepare()
    }
    var published = Duration.zero
    for start in stride(from: 0, to: options.items, by: group) {
      published += try clock.measure {
        // Encoding is within, as it is within the peer's sending of a task.
        let batch = try (start..<min(start + group, options.items)).map { number in
          (content: try items.content(number, recordCount: size, lane: lane), lane: lane)
        }
        try directory.publish(batch, due: BenchItems.born)
      }
    }
    let runner = StageRunner(
      stage: EmptyStage(), spool: spool,
      settings: RunnerSettings(workers: options.workers, groupLimit: group), stop: StopFlag(),
      log: { _ in })
    let cpu = cpuSeconds()
    let start = clock.now
    try await runner.run()
    let seconds = (clock.now - start) / .seconds(1)
    let used = cpuSeconds() - cpu
    try check(spool, options.items)
    let count = Double(options.items)
    return Case(
      recordsPerItem: size, items: options.items, group: group,
      publishItemsPerSecond: count / (published / .seconds(1)),
      publishRecordsPerSecond: count * Double(size) / (published / .seconds(1)),
      itemsPerSecond: count / seconds, recordsPerSecond: count * Double(size) / seconds,
      seconds: seconds, cpuSeconds: used)
  }

  /// Every item has come through once, with a receipt.
  private static func check(_ spool: String, _ count: Int) throws {
    let sink = try SpoolDirectory(spool: spool, stage: "sink").items(.incoming).count
    let receipts = try Ledger(spool: spool).waiting(limit: .max)
    let done = Set(receipts.filter { $0.receipt.outcome == .done }.map(\.receipt.item)).count
    guard sink == count, done == count, receipts.count == count else {
      throw StageFault(
        "of \(count) items \(sink) came through, \(done) with a receipt of \(receipts.count)",
        exitCode: 70)
    }
  }

  /// User and system time of this process so far.
  private static func cpuSeconds() -> Double {
    var used = rusage()
    getrusage(__rusage_who_t(0), &used)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(used.ru_utime) + seconds(used.ru_stime)
  }
}
