// A web page from bytes to text: encoding, tree, main content, title and language.

internal import Corpus
internal import Markup

/// Reads web pages.
enum WebPageText {
  /// Reads HTML of any common encoding.
  ///
  /// - Throws: `noText` when nothing visible is there, `tooLarge`, `memory`.
  static func read(
    _ bytes: [UInt8], charset: String?, limits: ExtractionLimits
  ) throws(ExtractionError) -> Reading {
    let decoded = try CharacterDecoding.decode(bytes, declared: charset, inside: metaCharset(bytes))
    // The parser stops at a NUL; people see nothing there.
    let utf8 = decoded.text.utf8.map { $0 == 0 ? UInt8(ascii: " ") : $0 }
    let page: HTMLPage
    do {
      page = try HTMLPage(utf8: utf8)
    } catch {
      switch error {
      case .noMemory: throw .memory(mebibytes: limits.addressSpaceBytes >> 20)
      case .tooLarge: throw .tooLarge(what: "\(bytes.count) bytes of HTML")
      case .documentType, .malformed: throw .malformed(what: "\(error)")
      }
    }
    return try read(page, limits: limits)
  }

  private static func read(
    _ page: HTMLPage, limits: ExtractionLimits
  ) throws(ExtractionError) -> Reading {
    let selection = MainContent(page).select()
    var rendering = PageRendering(page, removed: selection.removed, limits: limits)
    var builder = try rendering.render(selection.roots)
    var title = PageTitle.find(in: page)
    if title == nil { title = builder.firstHeading }
    let content = builder.finish()
    guard !content.text.isEmpty else {
      throw .noText(what: "the page shows nothing without its scripts")
    }
    var reading = Reading(title: title, language: page.language, content: content)
    let visible = PageStatistics(
      page, removed: PageVisibility.hidden(in: page, keepsNoscript: false)
    ).total[0].length
    reading.droppedCharacters = max(0, visible - selection.length)
    if page.isCut {
      reading.warnings.append("The page is nested too deeply; its text may not be complete.")
    }
    return reading
  }

  /// The charset that `<meta>` declares within the first bytes.
  static func metaCharset(_ bytes: [UInt8]) -> String? {
    let head = String(decoding: bytes.prefix(4_096), as: UTF8.self).lowercased()
    if head.hasPrefix("<?xml"), let declaration = head.split(separator: "?>").first,
      let label = value(after: "encoding=", in: declaration[...])
    {
      return label
    }
    var rest = head[...]
    while let tag = rest.range(of: "<meta") {
      rest = rest[tag.upperBound...]
      let inside = rest.prefix { $0 != ">" }
      if let label = value(after: "charset=", in: inside) { return label }
    }
    return nil
  }

  private static func value(after name: String, in text: Substring) -> String? {
    guard let range = text.range(of: name) else { return nil }
    let rest = text[range.upperBound...].drop { $0 == "\"" || $0 == "'" || $0 == " " }
    let label = rest.prefix { $0.isLetter || $0.isNumber || "-_:.".contains($0) }
    return label.isEmpty ? nil : String(label)
  }
}

extension StringProtocol where SubSequence == Substring {
  /// The first place of `word`; the standard library has none without Foundation.
  fileprivate func range(of word: String) -> Range<Index>? {
    guard let first = word.first else { return nil }
    var start = startIndex
    while let hit = self[start...].firstIndex(of: first) {
      if self[hit...].hasPrefix(word) {
        return hit..<index(hit, offsetBy: word.count)
      }
      start = index(after: hit)
    }
    return nil
  }
}
