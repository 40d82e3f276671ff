// Which paragraphs of a PDF are headings: those the outline names, else those set larger or bolder than the body.

/// Recognises headings of one document.
struct PDFHeadings {
  private let bodySize: Double
  /// Sizes of headings, largest first: the place gives the level.
  private let sizes: [Double]
  /// Levels by page and shape of the title.
  private var outline: [Int: [String: Int]] = [:]
  private let usesOutline: Bool

  init(pages: [[PDFLine]], outline entries: [PDFOutlineEntry]) {
    var weights: [Int: Int] = [:]
    for line in pages.joined() {
      weights[PDFHeadings.bucket(line.size), default: 0] += line.text.utf8.count
    }
    let body = weights.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 20
    bodySize = Double(body) / 2
    let total = weights.values.reduce(0, +)
    // A size that carries much of the text is no heading's.
    let larger = weights.filter {
      Double($0.key) >= Double(body) * 1.12 && $0.value * 4 < total
    }
    sizes = larger.keys.sorted(by: >).map { Double($0) / 2 }
    for entry in entries {
      // The page an entry leads to may be that before the heading.
      for page in [entry.page, entry.page + 1] {
        let key = PDFHeadings.shape(entry.title)
        if outline[page]?[key] == nil { outline[page, default: [:]][key] = entry.level }
      }
    }
    usesOutline = entries.count >= 3
  }

  /// The level of a paragraph as heading; nil for text.
  func level(of lines: [PDFLine], page: Int) -> Int? {
    guard let first = lines.first, lines.count <= 4,
      first.cells.count == 1 || first.cells.count == 2 && isNumber(first.cells[0].text)
    else { return nil }
    let text = lines.map(\.text).joined(separator: " ")
    guard (2...200).contains(text.unicodeScalars.count),
      text.unicodeScalars.contains(where: \.properties.isAlphabetic)
    else { return nil }
    if let titles = outline[page] {
      if let level = titles[PDFHeadings.shape(text)] { return min(level, 6) }
      // Outlines often leave the section's number out.
      let words = text.split(separator: " ", maxSplits: 1)
      if words.count == 2, isNumber(String(words[0])),
        let level = titles[PDFHeadings.shape(String(words[1]))]
      {
        return min(level, 6)
      }
    }
    if usesOutline { return nil }
    if let size = sizes.firstIndex(where: { abs($0 - first.size) < 0.3 }) {
      return min(size + 1, 6)
    }
    let isSentence = text.hasSuffix(".") || text.hasSuffix(",") || text.hasSuffix(":")
    if lines.allSatisfy(\.isBold), lines.count <= 2, !isSentence, first.size >= bodySize * 0.95 {
      return min(sizes.count + 1, 6)
    }
    return nil
  }

  /// The number of a section, such as `2.1`, which often stands apart from its title.
  private func isNumber(_ text: String) -> Bool {
    text.utf8.count <= 10 && text.utf8.allSatisfy { (48...57).contains($0) || $0 == 0x2E }
  }

  /// The largest text of the first page, as a title.
  func title(firstPage: [PDFLine]) -> String? {
    guard let largest = firstPage.map(\.size).max(), largest >= bodySize * 1.12 else { return nil }
    let lines = firstPage.filter { abs($0.size - largest) < 0.3 }.prefix(4)
    let title = lines.map(\.text).joined(separator: " ")
    return (3...200).contains(title.unicodeScalars.count) ? title : nil
  }

  /// Half points.
  private static func bucket(_ size: Double) -> Int { Int(min(max(size * 2, 0), 10_000).rounded()) }

  /// Letters and digits only: outline and page differ in spaces and numbering marks.
  private static func shape(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.lowercased().unicodeScalars.filter {
          $0.properties.isAlphabetic || $0.properties.numericType != nil
        }))
  }
}
