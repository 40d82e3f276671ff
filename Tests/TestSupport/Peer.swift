// A Python program that a test talks to, from `Tests/peers`, in the environment that `Tests/peers/install.sh` makes.

import Foundation

/// A running peer; ended with the value.
package final class Peer {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var rest = Data()

  /// Why a peer cannot be had.
  package struct Missing: Error, CustomStringConvertible {
    package let description: String
  }

  /// - Parameter environment: variables on top of the test's own.
  package init(
    _ script: String, _ arguments: [String] = [], environment: [String: String] = [:]
  ) throws {
    let python = Checkout.root.appendingPathComponent(".build/test-venv/bin/python")
    guard FileManager.default.isExecutableFile(atPath: python.path) else {
      throw Missing(description: "\(python.path) is missing: run Tests/peers/install.sh")
    }
    process.executableURL = python
    process.arguments =
      [Checkout.root.appendingPathComponent("Tests/peers/\(script)").path] + arguments
    if !environment.isEmpty {
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    }
    process.standardInput = input
    process.standardOutput = output
    try process.start()
  }

  deinit {
    // A process that was never started must not be ended: Foundation traps.
    guard process.isRunning else { return }
    try? input.fileHandleForWriting.close()
    process.terminate()
    process.waitUntilExit()
  }

  package func write(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }

  /// The next line it prints; nil when it has ended.
  package func line() -> String? {
    while true {
      if let end = rest.firstIndex(of: 10) {
        let line = String(decoding: rest[..<end], as: UTF8.self)
        rest = Data(rest[rest.index(after: end)...])
        return line
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      rest += more
    }
  }
}
