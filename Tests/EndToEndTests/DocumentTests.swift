// The READMEs against the code: every setting, every key of a log line, every target and every suite has its line, and
// every link leads somewhere.

import Foundation
import TestSupport
import Testing

@Suite struct DocumentTests {
  /// The text of a file of this checkout.
  static func text(_ path: String) throws -> String {
    try String(contentsOf: Checkout.root.appendingPathComponent(path), encoding: .utf8)
  }

  /// What the first group of `pattern` matches in `text`.
  static func matches(_ pattern: String, in text: String) throws -> Set<String> {
    let expression = try NSRegularExpression(pattern: pattern, options: .anchorsMatchLines)
    let whole = NSRange(text.startIndex..., in: text)
    return Set(
      expression.matches(in: text, range: whole).compactMap { match in
        Range(match.range(at: 1), in: text).map { String(text[$0]) }
      })
  }

  /// The names in the first column of the tables under a heading.
  static func named(in path: String, under heading: String) throws -> Set<String> {
    let sections = try text(path).components(separatedBy: "\n## ")
    let section = try #require(sections.first { $0.hasPrefix(heading) }, "\(path): \(heading)")
    return try matches("^\\| `([^`]+)` \\|", in: section)
  }

  /// Folders of a folder that hold Swift sources.
  static func swiftFolders(of path: String) throws -> [String] {
    let folder = Checkout.root.appendingPathComponent(path)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { name in
      let files = FileManager.default.enumerator(atPath: folder.appendingPathComponent(name).path)
      return files?.contains { ($0 as? String)?.hasSuffix(".swift") == true } == true
    }
  }

  @Test func `every variable that is read is explained, and no other`() async throws {
    let sources = Checkout.root.appendingPathComponent("Sources")
    let files = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String }
    var read: Set<String> = []
    for file in files ?? [] where file.hasSuffix(".swift") && !file.hasPrefix("bobbin-bench/") {
      read.formUnion(
        try Self.matches(
          "\"((?:BOBBIN|OPENAI)_[A-Z_]+|CRASH_AT)\"", in: Self.text("Sources/\(file)")))
    }
    #expect(read.contains("BOBBIN_DATA"))
    #expect(
      try Self.named(in: "pipelines/README.md", under: "Settings: the environment") == read)
  }

  @Test func `every setting of the pipeline is explained with its value, and no other`()
    async throws
  {
    let lines = try Self.text("pipelines/ingest.mk").split(separator: "\n")
    let document = try Self.text("pipelines/README.md")
    var names: Set<String> = []
    for line in lines where !line.hasPrefix("#") {
      let parts = line.components(separatedBy: " = ")
      #expect(parts.count == 2, "\(line)")
      names.insert(parts[0])
      #expect(document.contains("| `\(parts[0])` | \(parts[1]) |"), "\(line)")
    }
    #expect(try Self.named(in: "pipelines/README.md", under: "Settings: ingest.mk") == names)
  }

  @Test func `every key of a log line is explained, and no other`() async throws {
    let code = try Self.text("Sources/Spool/StageRunner.swift")
    let log = try #require(code.components(separatedBy: "static func line(").dropFirst().first)
    let call = log.components(separatedBy: "\n  }").first ?? ""
    let keys = try Self.matches("\\b([a-z]+)=\\\\\\(", in: call)
    #expect(keys.contains("item"))
    #expect(try Self.named(in: "pipelines/README.md", under: "Log lines") == keys)
  }

  @Test func `every target has its line in the map`() async throws {
    let document = try Self.text("Sources/README.md")
    let stages = ["bobbin-fetch", "bobbin-extract", "bobbin-chunk", "bobbin-embed", "bobbin-index"]
    #expect(document.contains("| bobbin-fetch … bobbin-index |"))
    for target in try Self.swiftFolders(of: "Sources") where !stages.contains(target) {
      #expect(document.contains("\n| \(target) |"), "\(target)")
    }
  }

  @Test func `every suite has its line`() async throws {
    let document = try Self.text("Tests/README.md")
    for suite in try Self.swiftFolders(of: "Tests") {
      #expect(document.contains("\n| \(suite) |"), "\(suite)")
    }
  }

  @Test(arguments: ["Sources", "spool", "pipelines", "Tests"])
  func `every link leads to a file`(folder: String) throws {
    let base = Checkout.root.appendingPathComponent(folder)
    let links = try Self.matches("\\]\\(([^)#]+)", in: Self.text("\(folder)/README.md"))
    for link in links where !link.contains("://") {
      let path = base.appendingPathComponent(link).standardizedFileURL.path
      #expect(FileManager.default.fileExists(atPath: path), "\(folder)/README.md: \(link)")
    }
  }

  @Test(arguments: ["Entry points", "Invariants"])
  func `files named in the map exist`(heading: String) throws {
    let sections = try Self.text("Sources/README.md").components(separatedBy: "\n## ")
    let section = try #require(sections.first { $0.hasPrefix(heading) })
    let paths = try Self.matches("\\b((?:[A-Za-z-]+/)+[A-Za-z+]+\\.swift)", in: section)
    #expect(!paths.isEmpty)
    for path in paths {
      let candidates = ["Sources/\(path)", path]
      let exists = candidates.contains {
        FileManager.default.fileExists(atPath: Checkout.root.appendingPathComponent($0).path)
      }
      #expect(exists, "\(path)")
    }
  }

  @Test func `the README's commands are ones that exist`() async throws {
    let readme = try Self.text("README.md")
    let targets = try Self.matches("^([a-z-]+):", in: Self.text("Makefile"))
    let named = try Self.matches("\\bmake ([a-z-]+)", in: readme)
    #expect(named.isSuperset(of: ["demo", "test", "run", "ingest", "ask", "bench"]))
    // The stages' targets are made from the list of stages.
    #expect(named.subtracting(targets).isEmpty, "\(named.subtracting(targets))")
    let help = try await Tool("bobbin").run(["--help"]).output
    for name in try Self.matches("`bobbin ([a-z]+)`", in: readme) {
      #expect(help.contains("  \(name) "), "bobbin \(name)")
    }
  }

  @Test func `what somebody without an account can reach is listed`() async throws {
    struct Line: Decodable { let method, path, access: String }
    func routes(_ arguments: [String]) async throws -> [Line] {
      let result = try await Installation().tool("bobbin").run(["routes", "--json"] + arguments)
      #expect(result.exitCode == 0, "\(result.errors)")
      return try result.output.split(separator: "\n").map {
        try JSONDecoder().decode(Line.self, from: Data($0.utf8))
      }
    }
    let (all, open) = (try await routes([]), try await routes(["--public"]))
    #expect(all.count > 140 && open.count < all.count)
    #expect(Set(open.map(\.access)) == ["any", "visitor", "visitor or owner", "signed"])
    // The API that needs no account: signing in, chats, what others sign, and the plans.
    let places = Set(
      open.map(\.path).filter { $0.hasPrefix("/api/") }.map {
        $0.split(separator: "/").prefix(2).joined(separator: "/")
      })
    #expect(places == ["api/auth", "api/billing", "api/chat", "api/webhooks"])
    #expect(
      open.filter { $0.path.hasPrefix("/api/billing/") }.map(\.path) == ["/api/billing/plans/"])
  }

  @Test func `the README's filter does what it says`() async throws {
    let bobbin = try Installation()
    let manual = Checkout.fixtures.appendingPathComponent("handbook/workshop-safety.pdf").path
    var lines = ""
    for (stage, arguments) in [("fetch", [manual]), ("extract", []), ("chunk", [])] {
      let result = try await bobbin.tool("bobbin-\(stage)").run(arguments, input: lines)
      #expect(result.exitCode == 0, "\(result.errors)")
      lines = result.output
    }
    struct Chunk: Decodable { let text: String }
    let texts = try lines.split(separator: "\n").map {
      try JSONDecoder().decode(Chunk.self, from: Data($0.utf8)).text
    }
    #expect(texts.count > 3 && texts.allSatisfy { !$0.isEmpty })
  }

  @Test func `the README's transcript asks the demo's questions`() throws {
    let readme = try Self.text("README.md")
    let questions = try JSONDecoder().decode(
      [IngestTests.DemoQuestion].self,
      from: Data(Self.text("fixtures/handbook/demo-questions.json").utf8))
    for question in questions { #expect(readme.contains("» \(question.question)")) }
  }
}
