// spool/README.md against the code: the grammar of names, the states, the fail points and the numbers of retries. Who
// changes one of them changes the other, or a test here fails.

import Foundation
import Testing

@testable import Spool

@Suite struct ReadmeTests {
  let root: URL
  let text: String

  init() throws {
    var folder = URL(fileURLWithPath: #filePath)
    while folder.path != "/",
      !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path)
    {
      folder.deleteLastPathComponent()
    }
    root = folder
    text = try String(contentsOf: folder.appendingPathComponent("spool/README.md"), encoding: .utf8)
  }

  /// The cells of the rows of the table whose first head cell is `head`.
  private func table(_ head: String) throws -> [[String]] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let start = try #require(lines.firstIndex { $0.hasPrefix("| \(head) |") }, "no table \(head)")
    return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
      line.split(separator: "|").map { cell in
        cell.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
      }
    }
  }

  /// What stands between the fences or the indents of the line that begins with `start`.
  private func line(beginning start: String) throws -> String {
    let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    return try #require(lines.first { $0.hasPrefix(start) }, "no line begins with \(start)")
  }

  /// Writes a name as the grammar says, each word of it replaced by its value.
  private func name(
    _ grammar: String, _ values: [String: String], withReason: Bool
  ) throws -> String {
    var name = ""
    var isOptional = false
    for token in grammar.split(separator: " ") {
      switch token {
      case "[": isOptional = true
      case "]": isOptional = false
      default:
        if isOptional, !withReason { continue }
        if token.hasPrefix("\"") {
          name += token.dropFirst().dropLast()
        } else {
          name += try #require(values[String(token)], "the grammar has a word \(token)")
        }
      }
    }
    return name
  }

  @Test func `the grammar of names is the one that is written and read`() throws {
    let grammar = try line(beginning: "due \".\"")
    let values = [
      "due": "1767225600000", "lane": "k7q2m9x4c1", "id": "9f86d081884c7d659a2feaa0c55ad015",
      "tries": "02", "reason": "http_503",
    ]
    for withReason in [false, true] {
      let item = ItemName(
        due: 1_767_225_600_000, lane: "k7q2m9x4c1", id: "9f86d081884c7d659a2feaa0c55ad015",
        tries: 2, reason: withReason ? "http_503" : nil)
      let name = try name(grammar, values, withReason: withReason)
      #expect(name == item.fileName)
      #expect(ItemName(name) == item)
    }
  }

  @Test func `the example is a name`() throws {
    let example = try line(beginning: "1767225600000.")
    #expect(ItemName(example)?.fileName == example)
  }

  @Test func `the parts have the lengths that are given`() throws {
    let grammar = Dictionary(
      try table("part").map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
    #expect(Set(grammar.keys) == ["due", "lane", "id", "tries", "reason"])
    #expect(grammar["due"]?.hasPrefix("13 digits") == true)
    #expect(grammar["id"]?.hasPrefix("32 hex digits") == true)
    #expect(grammar["tries"]?.hasPrefix("2 digits") == true)
    #expect(grammar["lane"]?.hasPrefix("1 to 32 ") == true)
    #expect(ItemName.isLane(String(repeating: "a", count: 32)))
    #expect(!ItemName.isLane(String(repeating: "a", count: 33)))
    #expect(grammar["reason"]?.hasPrefix("1 to 24 ") == true)
    #expect(ItemName.isReason(String(repeating: "a", count: 24)))
    #expect(!ItemName.isReason(String(repeating: "a", count: 25)))
  }

  @Test func `every state is in the table and nothing else is`() throws {
    let rows = try table("state")
    #expect(rows.map(\.first) == SpoolState.allCases.map(\.rawValue))
    for row in rows { #expect(row.count == 6, "\(row)") }
  }

  @Test func `every fail point is listed and every listed one exists`() throws {
    let sources = root.appendingPathComponent("Sources")
    let files = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String }
    var points: Set<String> = []
    for file in files ?? [] where file.hasSuffix(".swift") {
      let code = try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
      for call in code.components(separatedBy: "FailPoint.hit(\"").dropFirst() {
        let name = String(call.prefix { $0 != "\"" })
        // Those of a shard's files stand in VectorShard/FORMAT.md.
        if !name.hasPrefix("shard-") { points.insert(name) }
      }
    }
    #expect(points.contains("moved"))
    #expect(Set(try table("fail point").compactMap(\.first)) == points)
  }

  @Test func `the delays are those of the policy`() throws {
    let policy = RetryPolicy()
    let rows = try table("after try")
    #expect(rows.count == policy.tries - 1)
    for row in rows {
      let tries = try #require(Int(row[0]))
      #expect(row[1] == String(policy.delay(after: tries, jitter: 1) / 1_000))
    }
    #expect(text.contains("RETRY_TRIES (\(policy.tries)) tries"))
    #expect(text.contains("RETRY_HARMFUL_TRIES (\(policy.harmfulTries)) when"))
    for reason in ["timeout", "memory", "crashed"] {
      #expect(policy.limit(for: reason) == policy.harmfulTries)
    }
  }
}
