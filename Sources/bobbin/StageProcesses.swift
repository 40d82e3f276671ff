// The five stages as children of `bobbin ingest`: each watches its spool directory until our end of its standard input
// closes, which happens however we end.

import App
import Foundation
import Glibc
import Spool
import StageCommand
import Synchronization

/// Running stage executables.
final class StageProcesses: Sendable {
  /// A stage that ended though it should not have.
  struct Failure: Sendable {
    let message: String
    let exitCode: Int32
  }

  private struct Child {
    let stage: String
    let process: Process
    let input: Pipe
  }

  private let children: Mutex<[Child]>

  /// Starts one process a stage.
  ///
  /// - Throws: `StageFault` (78) when an executable is not beside this one.
  init(pipeline: PipelineFile, pipelinePath: String?, configuration: App.Configuration) throws {
    var started: [Child] = []
    for stage in pipeline.stages {
      let path = "\(Self.directory)/bobbin-\(stage)"
      guard access(path, X_OK) == 0 else {
        throw StageFault("\(path) is missing; build it with `make build`", exitCode: 78)
      }
      let process = Process()
      process.executableURL = URL(fileURLWithPath: path)
      process.arguments =
        [
          "--spool", configuration.spool, "--data", configuration.data, "--watch", "--until-eof",
          "--quiet",
        ] + (pipelinePath.map { ["--pipeline", $0] } ?? [])
      let input = Pipe()
      process.standardInput = input
      process.standardOutput = FileHandle.standardError
      try process.run()
      started.append(Child(stage: stage, process: process, input: input))
    }
    children = Mutex(started)
  }

  /// The first stage that has ended, with what it means.
  var failure: Failure? {
    children.withLock { children in
      for child in children where !child.process.isRunning {
        let status = child.process.terminationStatus
        let crashed = child.process.terminationReason == .uncaughtSignal
        return Failure(
          message: "bobbin-\(child.stage) ended "
            + (crashed ? "by signal \(status)" : "with exit code \(status)")
            + "; its items wait in the spool, nothing is lost",
          exitCode: crashed || status == 0 ? 70 : status)
      }
      return nil
    }
  }

  /// Lets the stages finish the item in hand, and waits for them.
  func stop() {
    children.withLock { children in
      for child in children { try? child.input.fileHandleForWriting.close() }
      for child in children { child.process.waitUntilExit() }
      children = []
    }
  }

  /// The directory this executable lies in.
  private static var directory: String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    return DurableFile.parentDirectory(path)
  }
}

/// Whether Ctrl-C was pressed or the process was asked to end.
final class Interruption {
  private let flag = StopFlag()
  private let sources: [any DispatchSourceSignal]

  init() {
    let flag = flag
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { flag.set() }
      source.resume()
      return source
    }
  }

  var happened: Bool { flag.isSet }
}
