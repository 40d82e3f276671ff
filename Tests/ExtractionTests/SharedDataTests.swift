// Public data that is not in the repository: hostile files, and web pages with the content a reader mode shows
// (EXTRACTION.md set C). Both skip where the data is absent.

import Corpus
import Extraction
import FoundationEssentials
import Markup
import Testing

@Suite struct SharedDataTests {
  @Test(
    .enabled(if: Fixtures.hasShared("hostile"), "needs ../shared/data/hostile"),
    arguments: [("bomb.docx", "too_large"), ("slip.docx", "malformed")])
  func `hostile documents end with their reason`(_ name: String, _ expected: String) throws {
    let bytes = try Fixtures.bytes(Fixtures.shared + "/hostile/" + name)
    do throws(ExtractionError) {
      _ = try Extractor.extract(
        bytes: bytes, fileName: name, declaredType: nil, charset: nil, limits: .init())
      Issue.record("\(name) was read")
    } catch {
      #expect(error.reason == expected)
    }
  }

  @Test(
    .enabled(if: Fixtures.hasShared("hostile"), "needs ../shared/data/hostile"),
    arguments: ["laughs.xml", "quad.xml", "xxe.xml"])
  func `hostile XML is refused at its document type`(_ name: String) throws {
    let bytes = try Fixtures.bytes(Fixtures.shared + "/hostile/" + name)
    #expect(throws: MarkupError.documentType) { try XMLReader.read(bytes) { _ in true } }
  }

  @Test(
    .enabled(if: Fixtures.hasShared("readability-pages"), "needs ../shared/data/readability-pages"))
  func `main content of reader-mode pages reaches F1 0_97`() throws {
    let folder = Fixtures.shared + "/readability-pages"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    var sum = 0.0
    var count = 0.0
    // Every third page keeps the suite quick; the figure over all stands in the bench.
    for (index, name) in names.enumerated() where index % 3 == 0 {
      let source = try Fixtures.bytes("\(folder)/\(name)/source.html")
      let expected = try HTMLPage(utf8: Fixtures.bytes("\(folder)/\(name)/expected.html"))
      let found = try? Extractor.extract(
        bytes: source, fileName: "page.html", declaredType: "text/html", charset: nil,
        limits: .init())
      sum += Self.score(found?.content.text ?? "", expected.text(of: 0))
      count += 1
    }
    #expect(count > 40)
    #expect(sum / count >= 0.97)
  }

  /// F1 over the multisets of words.
  private static func score(_ found: String, _ expected: String) -> Double {
    let left = words(found)
    let right = words(expected)
    let common = left.reduce(0) { $0 + min($1.value, right[$1.key] ?? 0) }
    let total = left.values.reduce(0, +) + right.values.reduce(0, +)
    return total == 0 ? 0 : 2 * Double(common) / Double(total)
  }

  private static func words(_ text: String) -> [Substring: Int] {
    var counts: [Substring: Int] = [:]
    for word in text.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
      counts[word, default: 0] += 1
    }
    return counts
  }
}
