// How soon work goes on after kill -9, with thousands of items queued.
//
// A child of this process works on an empty stage, is killed in the midst of a group, and a new one is started: the clock
// runs from its start (before posix_spawn) to the line it writes when the stage gets its first item, which is after the
// sweep, the listing, the claim and the reading. The new one is the next round's victim. Machine and cache stay as they
// are: what a reboot adds is not in it.

import FoundationEssentials
import Glibc
import Spool

/// The recovery part of the bench.
enum SpoolRecovery {
  private struct Result: Encodable {
    let queued: Int
    let lanes: Int
    let workers: Int
    /// Items the killed worker held, a round each.
    let heldByKilled: [Int]
    let milliseconds: [Double]
    let medianMilliseconds: Double
  }

  private static let laneCount = 8

  /// Kills and starts `rounds` times.
  ///
  /// - Returns: a JSON object.
  /// - Throws: `StageFault` when a child does not work, or a dead worker's claim is not back at the first new one.
  static func run(_ options: SpoolBench.Options, rounds: Int) throws -> String {
    let spool = "\(options.folder)/recovery-\(getpid())"
    // Best effort: the folder is the caller's and goes with it.
    defer { try? FileManager.default.removeItem(atPath: spool) }
    let directory = SpoolDirectory(spool: spool, stage: EmptyStage.name)
    for stage in [EmptyStage.name, "sink", Ledger.stage] {
      try SpoolDirectory(spool: spool, stage: stage).prepare()
    }
    let items = try BenchItems(textsFile: options.texts)
    var made = 0
    func fill() throws {
      let missing = options.items - (try directory.items(.incoming).count)
      for number in made..<made + max(0, missing) {
        let lane = "lane\(number % laneCount)"
        let content = try items.content(number, recordCount: 1, lane: lane)
        let name = ItemName(due: BenchItems.born, lane: lane, id: SpoolDirectory.id(of: content))
        // Unsynced: no power is cut here, and 10,000 syncs would be most of the bench.
        try DurableFile.replace(
          directory.file(.incoming, name.fileName), with: try Zstd.compress(content))
      }
      made += max(0, missing)
    }
    var held: [Int] = []
    var times: [Double] = []
    try fill()
    var worker = try Child(spool: spool, workers: options.workers)
    defer { worker.kill() }
    for round in 0..<rounds {
      // Somewhere within a group, never at the same place.
      try worker.wait(forItem: 40 + 37 * round)
      worker.kill()
      let dead = Set(try DurableFile.names(in: directory.directory(.active)))
      held.append(dead.count)
      try fill()
      let clock = ContinuousClock()
      let start = clock.now
      worker = try Child(spool: spool, workers: options.workers)
      try worker.wait(forItem: 1)
      times.append((clock.now - start) / .milliseconds(1))
      let left = dead.intersection(try DurableFile.names(in: directory.directory(.active)))
      guard left.isEmpty else {
        throw StageFault("\(left.count) claims of the killed worker are still there", exitCode: 70)
      }
    }
    let result = Result(
      queued: options.items, lanes: laneCount, workers: options.workers, heldByKilled: held,
      milliseconds: times, medianMilliseconds: times.sorted()[times.count / 2])
    return String(decoding: try JSONLines.encode(result), as: UTF8.self)
  }

  /// The child's part: works and writes the number of each item it begins, a line each.
  static func work(spool: String, workers: Int) async throws {
    let stage = EmptyStage { number in StandardStream.output.line("\(number)") }
    let runner = StageRunner(
      stage: stage, spool: spool, settings: RunnerSettings(workers: workers), stop: StopFlag(),
      log: { _ in })
    try await runner.run()
  }

  /// A worker process of this executable, with its standard output.
  private struct Child {
    private let process: pid_t
    private let output: Int32

    /// Starts it; man 3 posix_spawn.
    init(spool: String, workers: Int) throws {
      var ends: [Int32] = [0, 0]
      guard pipe(&ends) == 0 else { throw SpoolError.system("pipe", "", errno) }
      // Glibc's pipe2 does not import. The copy made below is open in the child, these are not.
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      var actions = posix_spawn_file_actions_t()
      posix_spawn_file_actions_init(&actions)
      defer { posix_spawn_file_actions_destroy(&actions) }
      posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
      let arguments = [
        "bobbin-bench", "spool-work", "--spool", spool, "--workers", "\(workers)",
      ]
      var pointers = arguments.map { strdup($0) }
      defer { for pointer in pointers { free(pointer) } }
      pointers.append(nil)
      var started: pid_t = 0
      let code = posix_spawn(&started, "/proc/self/exe", &actions, nil, pointers, environ)
      close(ends[1])
      guard code == 0 else {
        close(ends[0])
        throw SpoolError.system("posix_spawn", "/proc/self/exe", code)
      }
      (process, output) = (started, ends[0])
    }

    /// Reads lines until the one of that item, or of a later one, as two workers may write in either order.
    func wait(forItem number: Int) throws {
      var line: [UInt8] = []
      var byte: UInt8 = 0
      while true {
        let count = read(output, &byte, 1)
        if count < 0, errno == EINTR { continue }
        guard count == 1 else {
          throw StageFault("the worker ended before item \(number)", exitCode: 70)
        }
        if byte != 10 {
          line.append(byte)
          continue
        }
        if let begun = Int(String(decoding: line, as: UTF8.self)), begun >= number { return }
        line = []
      }
    }

    /// kill -9, and waits until it is gone, so that its locks are.
    func kill() {
      Glibc.kill(process, SIGKILL)
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
      close(output)
    }
  }
}
