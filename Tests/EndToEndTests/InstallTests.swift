// What `make install` puts in place, and systemd's own opinion of it: the units are valid, and as closed as promised.
//
// Relies on systemd-analyze, which needs no running systemd. Whether a stage works behind those walls is not tested here.

import Foundation
import TestSupport
import Testing

@Suite struct InstallTests {
  static let stages = ["fetch", "extract", "chunk", "embed", "index"]
  static let executables = ["bobbin", "bobbin-serve"] + stages.map { "bobbin-\($0)" }
  /// Services with the exposure, in tenths, that none may exceed: 15 with a network, 5 without.
  static let services =
    [
      ("bobbin-serve.service", 15), ("bobbin@fetch.service", 15), ("bobbin-recrawl.service", 5),
      ("bobbin-billing.service", 15),
    ]
    + ["extract", "chunk", "embed", "index"].map { ("bobbin@\($0).service", 5) }
  static let units =
    services.map(\.0) + stages.flatMap { ["bobbin@\($0).path", "bobbin-due@\($0).timer"] }
    + [
      "bobbin.target", "bobbin-serve.socket", "bobbin-recrawl.timer", "bobbin-billing.timer",
      "bobbin-ingest.slice",
    ]
  static let noAnalyzer: Comment =
    "systemd-analyze is not on the PATH; pipelines/setup.sh installs Debian's package systemd"

  static let analyzer: String? = ["/usr/bin", "/bin", "/usr/local/bin"]
    .map { "\($0)/systemd-analyze" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(.enabled(if: analyzer != nil, noAnalyzer))
  func `systemd finds nothing to say against the installed units, and few openings`() async throws {
    let analyzer = try #require(Self.analyzer)
    let folder = try TemporaryFolder()
    let destination = folder.path
    try await Self.install(to: destination, from: Checkout.executables.path)
    for name in Self.executables {
      let help = try await Self.run("\(destination)/usr/local/bin/\(name)", ["--help"])
      #expect(help.exitCode == 0, "\(name): \(help.text)")
    }

    // Stand-ins for what a whole system has below --root.
    for name in ["sysinit", "basic", "shutdown"] {
      try Self.write(
        "[Unit]\nDescription=\(name)\nDefaultDependencies=no\n",
        "\(destination)/lib/systemd/system/\(name).target")
    }
    try Self.write("#!/bin/sh\n", "\(destination)/bin/sh", permissions: 0o755)

    let verdict = try await Self.run(
      analyzer, ["verify", "--man=no", "--root=\(destination)"] + Self.units,
      directory: "\(destination)/usr/local/lib/systemd/system")
    #expect(verdict.exitCode == 0)
    #expect(verdict.text.isEmpty, "\(verdict.text)")

    let document = try DocumentTests.text("pipelines/README.md")
    for (service, threshold) in Self.services {
      let exposure = try await Self.run(
        analyzer,
        [
          "security", "--offline=true", "--no-pager", "--root=\(destination)",
          "--threshold=\(threshold)", service,
        ])
      #expect(exposure.exitCode == 0, "\(service): \(exposure.text)")
      let score = try DocumentTests.matches(
        "exposure level for [^:]+: ([0-9.]+)", in: exposure.text
      ).first
      let row = try #require(
        document.split(separator: "\n").first { $0.hasPrefix("| `\(service)` |") }, "\(service)")
      #expect(row.hasSuffix("| \(score ?? "no score") |"), "\(row)")
    }
  }

  @Test func `another prefix is written into every file, and uninstalling leaves nothing`()
    async throws
  {
    let folder = try TemporaryFolder()
    for name in Self.executables {
      try Self.write("#!/bin/sh\n", "\(folder.path)/built/\(name)", permissions: 0o755)
    }
    let destination = "\(folder.path)/root"
    let place = ["--prefix", "/opt/bobbin-1"]
    try await Self.install(to: destination, from: "\(folder.path)/built", place)
    let files = Self.files(below: destination)
    // systemd reads no other prefix's lib.
    #expect(files.contains("usr/local/lib/systemd/system/bobbin@.service"))
    #expect(files.isSuperset(of: Self.executables.map { "opt/bobbin-1/bin/\($0)" }))
    for file in files where file.contains("systemd") {
      let text = try String(contentsOfFile: "\(destination)/\(file)", encoding: .utf8)
      #expect(!text.contains("/usr/local/"), "\(file)")
    }
    let stage = try String(
      contentsOfFile: "\(destination)/usr/local/lib/systemd/system/bobbin@.service",
      encoding: .utf8)
    #expect(stage.contains("ExecStart=/opt/bobbin-1/bin/bobbin-%i "))

    let result = try await Self.run(
      Self.script, ["--uninstall", "--destdir", destination] + place)
    #expect(result.exitCode == 0, "\(result.text)")
    #expect(Self.files(below: destination).isEmpty)
  }

  @Test(arguments: [
    (["--bin", "/nowhere"], Int32(66), "make build"),
    (["--prefix", "relative"], 64, "--prefix relative"),
    (["--prefix", "/a|b"], 64, "--prefix /a|b"),
    (["--colour"], 64, "usage"),
  ])
  func `a wrong argument installs nothing and says why`(
    arguments: [String], code: Int32, words: String
  ) async throws {
    let folder = try TemporaryFolder()
    let result = try await Self.run(Self.script, arguments + ["--destdir", folder.path])
    #expect(result.exitCode == code)
    #expect(result.text.contains(words), "\(result.text)")
    #expect(Self.files(below: folder.path).isEmpty)
  }

  @Test func `every stage of ingest.mk has its path unit, its timer and its directory`() throws {
    let stages = try DocumentTests.matches(
      "^STAGES = (.*)$", in: DocumentTests.text("pipelines/ingest.mk"))
    #expect(stages == [Self.stages.joined(separator: " ")])
    let target = try DocumentTests.text("pipelines/systemd/bobbin.target")
    let directories = try DocumentTests.text("pipelines/systemd/bobbin.tmpfiles")
    for stage in Self.stages {
      #expect(target.contains("bobbin@\(stage).path"))
      #expect(target.contains("bobbin-due@\(stage).timer"))
      #expect(directories.contains("d /var/lib/bobbin/spool/\(stage)/incoming 0750 bobbin bobbin"))
    }
  }

  @Test func `every setting of recrawl.mk is explained with its value, and no other`() throws {
    let document = try DocumentTests.text("pipelines/README.md")
    let lines = try DocumentTests.text("pipelines/recrawl.mk").split(separator: "\n")
      .filter { !$0.hasPrefix("#") }.map { $0.components(separatedBy: " = ") }
    #expect(lines.allSatisfy { $0.count == 2 })
    for line in lines {
      #expect(document.contains("| `\(line[0])` | \(line.last ?? "") |"), "\(line[0])")
    }
    #expect(
      try DocumentTests.named(in: "pipelines/README.md", under: "Settings: recrawl.mk")
        == Set(lines.map { $0[0] }))
  }

  @Test func `every setting of the example is one that the page explains`() throws {
    let named = try DocumentTests.matches(
      "^#([A-Z_]+)=", in: DocumentTests.text("pipelines/systemd/bobbin.env.example"))
    // The one that the units alone read.
    let explained = try DocumentTests.named(
      in: "pipelines/README.md", under: "Settings: the environment"
    ).union(["BOBBIN_PIPELINES"])
    #expect(named.contains("BOBBIN_PORT"))
    #expect(named.isSubset(of: explained), "\(named.subtracting(explained))")
  }

  // MARK: -

  private static let script = Checkout.root.appendingPathComponent("pipelines/install.sh").path

  private static func install(
    to destination: String, from built: String, _ more: [String] = []
  ) async throws {
    let result = try await run(script, ["--bin", built, "--destdir", destination] + more)
    try #require(result.exitCode == 0, "\(result.text)")
  }

  private static func write(_ text: String, _ path: String, permissions: Int = 0o644) throws {
    let file = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
  }

  /// Paths of the files below a folder, relative to it.
  private static func files(below folder: String) -> Set<String> {
    let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return Set(
      all.filter { path in
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(
          atPath: "\(folder)/\(path)", isDirectory: &isDirectory) && !isDirectory.boolValue
      })
  }

  /// Runs a program of the system to its end; its output and errors as one text.
  ///
  /// On a thread of its own, for the reason that `Tool.run` gives.
  static func run(
    _ path: String, _ arguments: [String], directory: String? = nil
  ) async throws -> (exitCode: Int32, text: String) {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Swift.Result {
            let folder = try TemporaryFolder()
            let output = URL(fileURLWithPath: try folder.write("", "out"))
            let process = Process()
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            process.currentDirectoryURL =
              directory.map { URL(fileURLWithPath: $0) } ?? Checkout.root
            var environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
            // Debug executables find Swift's libraries as the tests do.
            environment["LD_LIBRARY_PATH"] =
              ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
            process.environment = environment
            process.standardInput = FileHandle.nullDevice
            let handle = try FileHandle(forWritingTo: output)
            process.standardOutput = handle
            process.standardError = handle
            try process.start()
            process.waitUntilExit()
            return (
              process.terminationStatus,
              String(decoding: try Data(contentsOf: output), as: UTF8.self)
            )
          })
      }
    }
  }
}
