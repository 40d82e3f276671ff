// bobbin doctor: looks the installation over and says what to do.

import App
import ArgumentParser
import Foundation
import StageCommand

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Looks the whole installation over and says what to do.",
    discussion: "Exit codes: 0 nothing to mend, 65 something will not work.")

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin doctor") {
      let findings =
        await Doctor(try common.configuration(), executables: Supervisor.directory).examine()
        + [await Self.units()]
      for finding in findings {
        if common.json {
          try printJSON(finding)
          continue
        }
        let mark =
          switch finding.verdict {
          case .good: "✓"
          case .notice: "·"
          case .bad: "✗"
          }
        print("\(mark) \(finding.name): \(finding.found)")
        if let remedy = finding.remedy { print("    → \(remedy)") }
      }
      return findings.contains { $0.verdict == .bad } ? 65 : 0
    }
    throw ExitCode(code)
  }

  /// What of it runs by itself: bobbin.target's own list.
  private static let unitNames =
    ["bobbin-serve.socket"]
    + ["fetch", "extract", "chunk", "embed", "index"].flatMap {
      ["bobbin@\($0).path", "bobbin-due@\($0).timer"]
    } + ["bobbin-recrawl.timer", "bobbin-billing.timer"]

  /// What systemd says of the units; without systemd they are nobody's, which is no fault.
  private static func units() async -> DoctorFinding {
    let states = await states(of: unitNames)
    guard states.count == unitNames.count, !states.contains("offline") else {
      return DoctorFinding(
        name: "units", verdict: .notice, found: "no systemd here",
        remedy: "keep bobbin-serve and bobbin pipeline running, and bobbin recrawl at its times")
    }
    let idle = zip(unitNames, states).filter { $1 != "active" }.map { "\($0) is \($1)" }
    return idle.isEmpty
      ? DoctorFinding(
        name: "units", verdict: .good, found: "all \(unitNames.count) are active", remedy: nil)
      : DoctorFinding(
        name: "units", verdict: .notice, found: idle.joined(separator: ", "),
        remedy: "systemctl enable --now bobbin.target, unless something else runs them")
  }

  /// One word for each unit; none where there is no systemctl, or where it says nothing within ten seconds.
  private static func states(of units: [String]) async -> [String] {
    await withCheckedContinuation { continuation in
      // Waiting blocks a thread of its own, none of Swift's pool.
      Thread.detachNewThread {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "10", "systemctl", "is-active"] + units
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        var text = ""
        // Best effort: no systemctl is as no systemd.
        if (try? process.run()) != nil {
          text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
          process.waitUntilExit()
        }
        continuation.resume(returning: text.split(separator: "\n").map(String.init))
      }
    }
  }
}
