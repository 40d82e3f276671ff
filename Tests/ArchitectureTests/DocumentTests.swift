import Foundation
import Testing

/// Documents that name files and tests name ones that are there.
@Suite struct DocumentTests {
  /// The names of files below a folder, and of Swift files the text.
  private static func files(below folder: String) throws -> [String: String] {
    let root = Checkout.root.appendingPathComponent(folder)
    var files: [String: String] = [:]
    for case let path as String in FileManager.default.enumerator(atPath: root.path) ?? .init() {
      let url = root.appendingPathComponent(path)
      guard !url.hasDirectoryPath else { continue }
      // Two targets may have files of one name.
      files[url.lastPathComponent, default: ""] +=
        path.hasSuffix(".swift") ? try String(contentsOf: url, encoding: .utf8) : ""
    }
    return files
  }

  @Test func `each row of the security table names files and tests that are there`() throws {
    let sources = try Self.files(below: "Sources")
    let tests = try Self.files(below: "Tests")
    let text = try String(
      contentsOf: Checkout.root.appendingPathComponent("Sources/App/SECURITY.md"), encoding: .utf8)
    var rows: [String] = []
    for line in text.split(separator: "\n") where line.firstMatch(of: /^\| [WBC][0-9]/) != nil {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      try #require(cells.count == 5, "\(line)")
      rows.append(cells[0])
      for match in cells[2].matches(of: /`([A-Za-z+]+\.(?:swift|js))`/) {
        #expect(sources[String(match.1)] != nil, "\(cells[0]) names \(match.1)")
      }
      // A suite, then its tests.
      for part in cells[3].split(separator: ";") {
        guard let suite = part.firstMatch(of: /([A-Za-z]+Tests) `/)?.1 else { continue }
        let file = try #require(tests["\(suite).swift"], "\(cells[0]) names \(suite)")
        for name in part.matches(of: /`([^`]+)`/) {
          #expect(file.contains("func `\(name.1)`"), "\(cells[0]) names “\(name.1)”")
        }
      }
    }
    #expect(
      rows == (1...28).map { "W\($0)" } + (1...9).map { "B\($0)" } + (1...7).map { "C\($0)" })
  }
}
