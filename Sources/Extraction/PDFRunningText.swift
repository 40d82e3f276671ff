// Running headers, footers and page numbers: text that stands at the same place near the edge of many pages, the same but
// for its digits.

/// Finds and removes what repeats from page to page.
enum PDFRunningText {
  /// Removes running text from all pages; returns how many Unicode scalars went.
  static func remove(from pages: inout [PDFPage]) -> Int {
    guard pages.count >= 2 else { return 0 }
    var counts: [Key: Int] = [:]
    for page in pages {
      // Each key once a page, in both neighbouring places, so that a point of difference does not matter.
      var keys: Set<Key> = []
      for segment in page.segments where isNearEdge(segment, page) {
        keys.formUnion(Key.all(segment, page))
      }
      for key in keys { counts[key, default: 0] += 1 }
    }
    // Left and right pages may differ, and chapters change their headers: a fifth of the pages is enough.
    let needed = pages.count == 2 ? 2 : max(3, (pages.count + 4) / 5)
    var dropped = 0
    for index in pages.indices {
      let page = pages[index]
      let repeated = page.segments.filter { segment in
        isNearEdge(segment, page)
          && Key.all(segment, page).contains { (counts[$0] ?? 0) >= needed }
      }
      // The chapter's name beside a page number changes too often to repeat, and is no more text than the number.
      let numbers = repeated.filter { segment in segment.text.allSatisfy(\.isNumber) }
      pages[index].segments.removeAll { segment in
        guard isNearEdge(segment, page) else { return false }
        let isRunning =
          Key.all(segment, page).contains { (counts[$0] ?? 0) >= needed }
          || numbers.contains { $0.isBeside(segment) }
        if isRunning { dropped += segment.text.unicodeScalars.count }
        return isRunning
      }
    }
    return dropped
  }

  /// Removes lines of a table of contents: words, a row of dots, a number; returns how many scalars went.
  static func removeContents(from pages: inout [[PDFLine]]) -> Int {
    var dropped = 0
    for index in pages.indices {
      pages[index].removeAll { line in
        let text = line.text
        guard text.last?.isNumber ?? false, isDotted(text) else { return false }
        dropped += text.unicodeScalars.count
        return true
      }
    }
    return dropped
  }

  private static func isDotted(_ text: String) -> Bool {
    var dots = 0
    for byte in text.utf8 {
      if byte == UInt8(ascii: ".") {
        dots += 1
        if dots >= 5 { return true }
      } else if byte != UInt8(ascii: " ") {
        dots = 0
      }
    }
    return false
  }

  private static func isNearEdge(_ segment: PDFSegment, _ page: PDFPage) -> Bool {
    segment.bottom < page.height * 0.12 || segment.top > page.height * 0.88
  }

  private struct Key: Hashable {
    let place: Int
    let text: String

    /// The key at the two places nearest to the segment, 8 points apart.
    static func all(_ segment: PDFSegment, _ page: PDFPage) -> [Key] {
      var shape = ""
      var wasDigit = false
      for character in segment.text.lowercased() {
        let isDigit = character.isNumber
        if !(isDigit && wasDigit) { shape.append(isDigit ? "#" : character) }
        wasDigit = isDigit
      }
      if isRoman(segment.text) { shape = "#" }
      let place = Int((segment.middle / 8).rounded(.down))
      return [Key(place: place, text: shape), Key(place: place + 1, text: shape)]
    }

    private static func isRoman(_ text: String) -> Bool {
      text.utf8.count <= 7 && text.utf8.allSatisfy { "ivxlcIVXLC".utf8.contains($0) }
    }
  }
}
