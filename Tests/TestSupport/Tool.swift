// Runs the built executables as their users do.

package import Foundation

/// One of our executables, with an environment of its own.
package struct Tool: Sendable {
  /// What a finished run left.
  package struct Result: Sendable {
    package let exitCode: Int32
    package let output: String
    package let errors: String
  }

  package let name: String
  package let environment: [String: String]

  package init(_ name: String, _ environment: [String: String] = [:]) {
    self.name = name
    self.environment = environment
  }

  /// Runs to the end.
  ///
  /// Waiting blocks a thread of its own: on Swift's pool it would starve the tests that run beside this one.
  package func run(_ arguments: [String], input: String = "") async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Swift.Result { try runBlocking(arguments, input: input) })
      }
    }
  }

  private func runBlocking(_ arguments: [String], input: String) throws -> Result {
    let process = try prepare(arguments)
    let folder = try TemporaryFolder()
    // Files, not pipes: nothing can fill up and hang.
    let files = ["in", "out", "err"].map { folder.url.appendingPathComponent($0) }
    try Data(input.utf8).write(to: files[0])
    for file in files[1...] { try Data().write(to: file) }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.start()
    process.waitUntilExit()
    return Result(
      exitCode: process.terminationStatus,
      output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
  }

  /// A process that is not started yet.
  package func prepare(_ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = Checkout.executables.appendingPathComponent(name)
    process.arguments = arguments
    process.currentDirectoryURL = Checkout.root
    var variables = ["PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"]
    if let path = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] {
      variables["LD_LIBRARY_PATH"] = path
    }
    variables.merge(environment) { _, given in given }
    process.environment = variables
    return process
  }
}
