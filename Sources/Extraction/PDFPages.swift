// A PDF from bytes to text: pages in reading order, words whole again, without what repeats on every page; the page number
// on every block.
//
// Relies on poppler-glib. poppler may loop or crash on hostile files: Sandbox is the limit on time and memory.

internal import CPoppler

/// Reads PDFs.
enum PDFPages {
  /// Reads a PDF.
  ///
  /// - Throws: `encrypted` when a password is needed, `malformed` when poppler cannot open it, `tooLarge` above the page
  ///   limit, `noText` when all pages are pictures.
  static func read(
    _ bytes: [UInt8], limits: ExtractionLimits
  ) throws(ExtractionError) -> Reading {
    bobbin_silence_glib()
    let document = try open(bytes)
    defer { bobbin_unref(UnsafeMutableRawPointer(document)) }
    let count = Int(poppler_document_get_n_pages(document))
    guard count > 0 else { throw .malformed(what: "it has no pages") }
    guard count <= limits.maxPages else {
      throw .tooLarge(what: "\(count) pages, more than \(limits.maxPages)")
    }
    var pages: [PDFPage] = []
    var textBytes = 0
    for index in 0..<count {
      let page = readPage(document, index)
      textBytes += page.segments.reduce(0) { $0 + $1.text.utf8.count }
      guard textBytes <= limits.maxTextBytes else {
        throw .tooLarge(what: "its text is more than \(limits.maxTextBytes >> 20) MiB")
      }
      pages.append(page)
    }
    guard textBytes > 0 else {
      if !isComplete(bytes) { throw .malformed(what: "the end of the file is missing") }
      throw .noText(what: count == 1 ? "its page is a picture" : "its \(count) pages are pictures")
    }
    let empty = pages.indices.filter { pages[$0].segments.isEmpty }.map { $0 + 1 }
    var dropped = PDFRunningText.remove(from: &pages)
    var lines = pages.map { PDFReadingOrder.lines(of: $0) }
    dropped += PDFRunningText.removeContents(from: &lines)
    let headings = PDFHeadings(pages: lines, outline: PDFOutline.read(document))
    var writer = PDFWriter(words: PDFWords(lines), headings: headings, limits: limits)
    for (index, page) in lines.enumerated() { try writer.write(page, number: index + 1) }
    var reading = Reading(
      title: title(document) ?? headings.title(firstPage: lines.first ?? []),
      content: writer.finish(), pageCount: count)
    reading.droppedCharacters = dropped
    if !empty.isEmpty { reading.warnings.append(warning(for: empty)) }
    if !isComplete(bytes) {
      reading.warnings.append("The end of the file is missing; its text may not be complete.")
    }
    return reading
  }

  private static func open(_ bytes: [UInt8]) throws(ExtractionError) -> OpaquePointer {
    let copy = bytes.withUnsafeBytes { g_bytes_new($0.baseAddress, gsize($0.count)) }
    defer { g_bytes_unref(copy) }
    var error: UnsafeMutablePointer<GError>?
    if let document = poppler_document_new_from_bytes(copy, nil, &error) { return document }
    defer { if let error { g_error_free(error) } }
    if bobbin_is_encrypted(error) != 0 { throw .encrypted }
    throw .malformed(what: "it cannot be opened as a PDF")
  }

  private static func readPage(_ document: OpaquePointer, _ index: Int) -> PDFPage {
    guard let page = poppler_document_get_page(document, Int32(index)) else {
      return PDFPage(width: 0, height: 0, segments: [])
    }
    defer { bobbin_unref(UnsafeMutableRawPointer(page)) }
    return PDFPageText.read(page)
  }

  /// Whether the end of the file has the words a complete one ends with.
  private static func isComplete(_ bytes: [UInt8]) -> Bool {
    String(decoding: bytes.suffix(2_048), as: UTF8.self).contains("startxref")
  }

  /// The title the document declares, unless it is what programs write there by themselves.
  private static func title(_ document: OpaquePointer) -> String? {
    guard let pointer = poppler_document_get_title(document) else { return nil }
    defer { g_free(pointer) }
    let title = TextCleaner.inline(String(cString: pointer))
    let lowered = title.lowercased()
    let isMachineMade =
      lowered.hasPrefix("microsoft word -") || lowered.hasPrefix("microsoft powerpoint -")
      || lowered == "untitled" || lowered == "(anonymous)" || lowered.hasPrefix("slide 1")
      || [".doc", ".docx", ".pdf", ".indd", ".tex", ".dvi", ".qxd", ".ppt", ".pptx", ".odt"]
        .contains {
          lowered.hasSuffix($0)
        }
    return title.count < 3 || isMachineMade ? nil : title
  }

  private static func warning(for pages: [Int]) -> String {
    let list = pages.prefix(10).map { "\($0)" }.joined(separator: ", ")
    let more = pages.count > 10 ? " and \(pages.count - 10) more" : ""
    return pages.count == 1
      ? "Page \(list) holds no text." : "Pages \(list)\(more) hold no text."
  }
}
