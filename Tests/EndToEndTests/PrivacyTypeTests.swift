// What must not compile (PRIVACY.md, P1): the compiler itself is asked, with the very modules that were built.

import Foundation
import TestSupport
import Testing

@Suite struct PrivacyTypeTests {
  /// A program that uses our modules, with what it must be refused for; nil for one that must compile.
  private static let programs: [(String, String?)] = [
    (
      """
      func ask(_ text: Citable, _ request: AnswerRequest) {
        var generator = SystemRandomNumberGenerator()
        _ = Prompt(
          passages: [text], for: request, noAnswerText: "", countTokens: { $0.count }, using: &generator)
      }
      """, nil
    ),
    (
      """
      func ask(_ text: LearnOnly, _ request: AnswerRequest) {
        var generator = SystemRandomNumberGenerator()
        _ = Prompt(
          passages: [text], for: request, noAnswerText: "", countTokens: { $0.count }, using: &generator)
      }
      """, "cannot convert value of type 'LearnOnly' to expected element type 'Citable'"
    ),
    (
      "func send(_ text: LearnOnly) throws { _ = try JSONEncoder().encode(text) }",
      "requires that 'LearnOnly' conform to 'Encodable'"
    ),
    (
      "func send(_ chunk: Chunk) -> Citable { Citable(chunk) }",
      "'Citable' initializer is inaccessible"
    ),
    (
      #"func read(_ reply: Ungated) -> String { "" }"#, "cannot find type 'Ungated' in scope"
    ),
    (
      "func read(_ prompt: BlendedPrompt) {}", "cannot find type 'BlendedPrompt' in scope"
    ),
  ]

  @Test(.timeLimit(.minutes(2))) func `private text has no way that compiles`() async throws {
    let folder = try TemporaryFolder()
    for (number, (program, refusal)) in Self.programs.enumerated() {
      let file = try folder.write(
        "import Answering\nimport Corpus\nimport FoundationEssentials\n\n\(program)\n",
        "program\(number).swift")
      let (code, text) = try await Self.check(file)
      if let refusal {
        #expect(code != 0 && text.contains(refusal), "\(program)\n\(text)")
      } else {
        #expect(code == 0, "\(program)\n\(text)")
      }
    }
  }

  private static func check(_ file: String) async throws -> (code: Int32, text: String) {
    let root = Checkout.root
    let maps = try ["CCurl", "CZstd", "COpenSSL", "CStemmer", "CKernels/include"].map { name in
      let map = root.appendingPathComponent("Sources/\(name)/module.modulemap").path
      try #require(FileManager.default.fileExists(atPath: map), "\(name)")
      return ["-Xcc", "-fmodule-map-file=\(map)"]
    }
    let output = Pipe()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      [
        // SwiftPM names the package after its folder.
        "swiftc", "-typecheck", "-package-name", root.lastPathComponent.lowercased(),
        "-swift-version", "6", "-I", Checkout.executables.appendingPathComponent("Modules").path,
      ] + maps.flatMap { $0 } + [file]
    process.standardOutput = output
    process.standardError = output
    return try await withCheckedThrowingContinuation { continuation in
      // The compiler may take seconds: not on the tests' own threads.
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            try process.start()
            let text = String(
              decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, text)
          })
      }
    }
  }
}
