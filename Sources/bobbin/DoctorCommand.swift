// bobbin doctor: looks the installation over and says what to do.

import App
import ArgumentParser
import StageCommand

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Looks the whole installation over and says what to do.",
    discussion: "Exit codes: 0 nothing to mend, 65 something will not work.")

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin doctor") {
      let findings = await Doctor(
        try common.configuration(), executables: Supervisor.directory
      ).examine()
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
}
