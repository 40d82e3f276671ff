// Runs our executables as children and starts them again when they end, each time a little later. A child ends with us
// however we end: its standard input is our pipe, and it stops when that closes.

import App
import Foundation
import Glibc
import Spool
import StageCommand
import Synchronization

/// The stages of a pipeline, and the server if asked for, as running children.
final class Supervisor: Sendable {
  /// One executable beside this one.
  struct Program: Sendable {
    let name: String
    let arguments: [String]
  }

  /// A child that ended, and what follows.
  struct End: Sendable {
    /// What ended and how.
    let message: String
    /// The code that says what would help (sysexits); 70 for a signal.
    let exitCode: Int32
    /// How often in a row it has ended soon after its start.
    let count: Int
    let bySignal: Bool
  }

  private struct Child {
    let program: Program
    var process: Process?
    var input: Pipe?
    var startedAt = ContinuousClock.now
    var endCount = 0
    var restartAt = ContinuousClock.now
  }

  /// A child that lived this long has recovered.
  private static let recovery = Duration.seconds(60)
  private let children: Mutex<[Child]>

  /// Starts one process each.
  ///
  /// - Throws: `StageFault` (78) when an executable is not beside this one.
  init(_ programs: [Program]) throws {
    var started: [Child] = []
    for program in programs {
      let path = "\(Self.directory)/\(program.name)"
      guard access(path, X_OK) == 0 else {
        throw StageFault("\(path) is missing; build it with `make build`", exitCode: 78)
      }
      var child = Child(program: program)
      try Self.start(&child)
      started.append(child)
    }
    children = Mutex(started)
  }

  /// The five stages, waiting for items until they are stopped.
  static func stages(
    _ pipeline: PipelineFile, pipelinePath: String?, configuration: App.Configuration, quiet: Bool
  ) -> [Program] {
    pipeline.stages.map { stage in
      Program(
        name: "bobbin-\(stage)",
        arguments: [
          "--spool", configuration.spool, "--data", configuration.data, "--watch", "--until-eof",
        ] + (quiet ? ["--quiet"] : []) + (pipelinePath.map { ["--pipeline", $0] } ?? []))
    }
  }

  private static func start(_ child: inout Child) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(directory)/\(child.program.name)")
    process.arguments = child.program.arguments
    let input = Pipe()
    process.standardInput = input
    process.standardOutput = FileHandle.standardError
    try process.run()
    child.process = process
    child.input = input
    child.startedAt = .now
  }

  /// Looks after the children once: notices ends, starts again what is due.
  ///
  /// - Returns: the ends since the last look.
  func look() -> [End] {
    children.withLock { children in
      var ends: [End] = []
      for index in children.indices {
        if let process = children[index].process {
          guard !process.isRunning else { continue }
          ends.append(Self.end(of: &children[index], process))
        } else if children[index].restartAt <= .now {
          // Best effort: what cannot be started now is tried again at the next look.
          try? Self.start(&children[index])
        }
      }
      return ends
    }
  }

  private static func end(of child: inout Child, _ process: Process) -> End {
    let status = process.terminationStatus
    let bySignal = process.terminationReason == .uncaughtSignal
    if ContinuousClock.now - child.startedAt > recovery { child.endCount = 0 }
    child.endCount += 1
    // 0.2 s, 0.4 s, … a minute; a minute at once where only another configuration helps.
    let delay =
      [64, 78].contains(status) && !bySignal
      ? 60.0 : min(60, 0.1 * pow(2, Double(min(child.endCount, 20))))
    child.restartAt = .now + .seconds(delay)
    child.process = nil
    child.input = nil
    return End(
      message: "\(child.program.name) ended "
        + (bySignal ? "by signal \(status)" : "with exit code \(status)")
        + "; its items wait in the spool, nothing is lost",
      exitCode: bySignal || status == 0 ? 70 : status, count: child.endCount, bySignal: bySignal)
  }

  /// Lets the children finish the item in hand, and waits for them.
  func stop() {
    children.withLock { children in
      for child in children {
        // The server takes SIGTERM; stages take the end of their input as well.
        child.process?.terminate()
        try? child.input?.fileHandleForWriting.close()
      }
      for child in children { child.process?.waitUntilExit() }
      children = []
    }
  }

  /// The directory this executable lies in.
  static var directory: String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    return DurableFile.parentDirectory(path)
  }
}
