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
        + [Self.units()]
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

  /// What of it runs by itself.
  private static let unitNames = [
    "bobbin-serve.socket", "bobbin@fetch.path", "bobbin@extract.path", "bobbin@chunk.path",
    "bobbin@embed.path", "bobbin@index.path", "bobbin-recrawl.timer",
  ]

  /// What systemd says of the units; without systemd they are nobody's, which is no fault.
  private static func units() -> DoctorFinding {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["systemctl", "is-active"] + unitNames
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    var states: [Substring] = []
    var text = ""
    do {
      try process.run()
      text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      states = text.split(separator: "\n")
    } catch {
      // No systemctl: as where there is no systemd.
    }
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
}
