// The child process end to end: a document in, its text or its reason out, whatever the document does.
//
// Needs the built `bobbin-extract`, which `swift test` builds with the package; found beside the test bundle.

import Corpus
import Extraction
import FoundationEssentials
import Testing

@testable import ExtractStage

@Suite struct SandboxTests {
  private static let executable: String? = {
    // .build/debug/bobbinPackageTests.xctest or .build/<triple>/debug/…: the executable is a neighbour.
    var folder = CommandLine.arguments.first ?? ""
    for _ in 0..<4 {
      guard let slash = folder.lastIndex(of: "/") else { break }
      folder = String(folder[..<slash])
      let candidate = folder + "/bobbin-extract"
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
      let built = folder + "/.build/debug/bobbin-extract"
      if FileManager.default.isExecutableFile(atPath: built) { return built }
    }
    folder = #filePath
    while let slash = folder.lastIndex(of: "/") {
      folder = String(folder[..<slash])
      let built = folder + "/.build/debug/bobbin-extract"
      if FileManager.default.isExecutableFile(atPath: built) { return built }
    }
    return nil
  }()

  private func extract(
    _ bytes: [UInt8], name: String, limits: ExtractionLimits = .init()
  ) async throws -> ExtractedText {
    let executable = try #require(Self.executable, "bobbin-extract is not built")
    let path =
      FileManager.default.temporaryDirectory.path + "/sandbox-\(UInt64.random(in: 0 ... .max))"
    try Data(bytes).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await Sandbox(executable: executable, limits: limits).extract(
      blobPath: path, fileName: name, declaredType: nil, charset: nil)
  }

  @Test func `a text comes back from the child as it is read here`() async throws {
    let bytes = Array("# Title\n\nSome words, naïve and 日本語.\n".utf8)
    let there = try await extract(bytes, name: "note.md")
    let here = try Extractor.extract(
      bytes: bytes, fileName: "note.md", declaredType: nil, charset: nil, limits: .init())
    #expect(there == here)
    #expect(there.title == "Title")
  }

  @Test func `a reason found by the child comes back as that reason`() async throws {
    await #expect(throws: ExtractionError.noText(what: "the file is empty")) {
      try await extract([], name: "empty.txt")
    }
  }

  @Test func `a document that needs too much memory fails with memory`() async throws {
    var limits = ExtractionLimits()
    limits.addressSpaceBytes = 120 << 20
    let page = Array(String(repeating: "<p>word</p>", count: 2_000_000).utf8)
    do {
      _ = try await extract(page, name: "page.html", limits: limits)
      Issue.record("the page was read in spite of the limit")
    } catch let error as ExtractionError {
      #expect(error.reason == "memory")
    }
  }

  @Test func `a document that takes too long fails with timeout`() async throws {
    var limits = ExtractionLimits()
    limits.wallSeconds = 0
    do {
      _ = try await extract(Array("text".utf8), name: "a.txt", limits: limits)
      Issue.record("the child was not stopped")
    } catch let error as ExtractionError {
      #expect(error.reason == "timeout")
    }
  }

  @Test func `many children at once all answer`() async throws {
    let titles = try await withThrowingTaskGroup(of: String.self) { group in
      for index in 0..<12 {
        group.addTask { try await extract(Array("# T\(index)\n\nx\n".utf8), name: "t.md").title }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(titles == Set((0..<12).map { "T\($0)" }))
  }

  @Test func `a missing executable is the machine's failure, not the document's`() async throws {
    let sandbox = Sandbox(executable: "/nonexistent/bobbin-extract", limits: .init())
    await #expect(throws: SandboxFailure.self) {
      try await sandbox.extract(
        blobPath: "/dev/null", fileName: nil, declaredType: nil, charset: nil)
    }
  }

  @Test func `an ordinary process is no child`() {
    #expect(SandboxChild.runIfRequested(arguments: ["bobbin-extract", "--spool", "x"]) == nil)
  }
}
