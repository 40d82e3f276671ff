// Inputs with the text people would recognise in them: fixtures/extract/<case>/{input.*, expected.txt}.
//
// With BOBBIN_UPDATE_FIXTURES=1 the expectations are rewritten instead; read the difference before committing it.

import Corpus
import Extraction
import FoundationEssentials
import Testing

@Suite struct FixturePairTests {
  static let cases: [String] = {
    let manager = FileManager.default
    let folders = (try? manager.contentsOfDirectory(atPath: Fixtures.folder)) ?? []
    return folders.sorted().compactMap { name in
      let files = (try? manager.contentsOfDirectory(atPath: Fixtures.folder + "/" + name)) ?? []
      return files.first { $0.hasPrefix("input.") }.map { "\(name)/\($0)" }
    }
  }()

  /// Title, language, headings and text in one readable form.
  static func form(_ text: ExtractedText) -> String {
    let headings = text.content.headings.map { "h\($0.level)@\($0.offset) \($0.title)" }
    return """
      title: \(text.title)
      language: \(text.language ?? "-")
      type: \(text.mediaType)
      headings: \(headings.joined(separator: "; "))

      \(text.content.text)

      """
  }

  @Test(arguments: cases)
  func `a document reads as people would read it`(_ name: String) throws {
    let found = Self.form(try Fixtures.extract(name))
    let folder = name.split(separator: "/").first.map(String.init) ?? ""
    let path = "\(Fixtures.folder)/\(folder)/expected.txt"
    if ProcessInfo.processInfo.environment["BOBBIN_UPDATE_FIXTURES"] == "1" {
      try Data(found.utf8).write(to: URL(filePath: path))
      return
    }
    #expect(found == String(decoding: try Fixtures.bytes(path), as: UTF8.self))
  }

  @Test func `the cases are there`() {
    #expect(Self.cases.count >= 10)
  }

  @Test(arguments: cases)
  func `headings stand where their offsets say`(_ name: String) throws {
    let content = try Fixtures.extract(name).content
    let scalars = Array(content.text.unicodeScalars)
    for heading in content.headings {
      let title = Array(heading.title.unicodeScalars)
      #expect(Array(scalars[heading.offset..<heading.offset + title.count]) == title)
    }
  }
}
