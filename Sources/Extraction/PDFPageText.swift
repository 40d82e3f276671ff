// One page of a PDF as segments: poppler's characters with their boxes, cut at line breaks and wide gaps.
//
// Relies on poppler-glib's page text, layout and attributes, whose indices agree but for the direction marks poppler
// writes around right-to-left runs.

internal import CPoppler

/// Reads pages.
enum PDFPageText {
  /// The segments of a page, in poppler's order.
  static func read(_ page: OpaquePointer) -> PDFPage {
    var width = 0.0
    var height = 0.0
    poppler_page_get_size(page, &width, &height)
    guard let raw = poppler_page_get_text(page) else {
      return PDFPage(width: width, height: height, segments: [])
    }
    defer { g_free(raw) }
    let scalars = Array(String(cString: raw).unicodeScalars)
    var rectangles: UnsafeMutablePointer<PopplerRectangle>?
    var count: guint = 0
    guard poppler_page_get_text_layout(page, &rectangles, &count) != 0, let rectangles else {
      return PDFPage(width: width, height: height, segments: [])
    }
    defer { g_free(rectangles) }
    let boxes = UnsafeBufferPointer(start: rectangles, count: Int(count))
    let fonts = PDFFonts(page)
    var segments: [PDFSegment] = []
    var collector = SegmentCollector()
    var box = 0
    for (index, scalar) in scalars.enumerated() {
      if (0x202A...0x202E).contains(scalar.value) || scalar.value == 0x200E
        || scalar.value == 0x200F,
        scalars.count > boxes.count
      {
        continue
      }
      let rectangle = box < boxes.count ? boxes[box] : nil
      box += 1
      if scalar == "\n" {
        if let done = collector.take() { segments.append(done) }
        continue
      }
      guard let rectangle else { continue }
      if collector.isFarFrom(rectangle), let done = collector.take() { segments.append(done) }
      collector.add(scalar, rectangle, fonts.font(at: index))
    }
    if let done = collector.take() { segments.append(done) }
    return PDFPage(width: width, height: height, segments: segments)
  }
}

/// Fonts by position in the page's text.
private struct PDFFonts {
  struct Font {
    var size: Double
    var isBold: Bool
  }

  private var ends: [(end: Int, font: Font)] = []

  init(_ page: OpaquePointer) {
    guard let list = poppler_page_get_text_attributes(page) else { return }
    defer { poppler_page_free_text_attributes(list) }
    var item: UnsafeMutablePointer<GList>? = list
    while let current = item {
      if let attributes = current.pointee.data?.assumingMemoryBound(to: PopplerTextAttributes.self)
      {
        let name = attributes.pointee.font_name.map { String(cString: $0).lowercased() } ?? ""
        let isBold =
          name.contains("bold") || name.contains("black") || name.contains("heavy")
          || name.hasSuffix("-bd") || name.contains("semibold")
        ends.append(
          (
            Int(attributes.pointee.end_index),
            Font(size: attributes.pointee.font_size, isBold: isBold)
          ))
      }
      item = current.pointee.next
    }
  }

  func font(at index: Int) -> Font {
    // Binary search for the first range that ends at or after the index.
    var low = 0
    var high = ends.count
    while low < high {
      let middle = (low + high) / 2
      if ends[middle].end < index { low = middle + 1 } else { high = middle }
    }
    return low < ends.count ? ends[low].font : Font(size: 10, isBold: false)
  }
}

/// Collects characters of one segment.
private struct SegmentCollector {
  private var text = String.UnicodeScalarView()
  private var left = 0.0
  private var top = 0.0
  private var right = 0.0
  private var bottom = 0.0
  private var sizes = 0.0
  private var boldCount = 0
  private var inkCount = 0

  /// Whether a character stands too far right (or left) of the last to belong to the same run of words.
  func isFarFrom(_ box: PopplerRectangle) -> Bool {
    guard inkCount > 0 else { return false }
    let size = sizes / Double(inkCount)
    return box.x1 - right > 1.5 * size || left - box.x2 > 1.5 * size
  }

  mutating func add(_ scalar: Unicode.Scalar, _ box: PopplerRectangle, _ font: PDFFonts.Font) {
    // A space's box may reach over a gap: it joins words but does not widen the run.
    if scalar == " " || scalar.value == 0xA0 || scalar.value == 0x09 {
      if inkCount > 0 { text.append(" ") }
      return
    }
    if inkCount == 0 {
      (left, top, right, bottom) = (box.x1, box.y1, box.x2, box.y2)
    } else {
      left = min(left, box.x1)
      top = min(top, box.y1)
      // A gap that poppler did not call a space: after bullets and numbers.
      if text.last != " ", box.x1 - right > 0.25 * sizes / Double(inkCount) { text.append(" ") }
      right = max(right, box.x2)
      bottom = max(bottom, box.y2)
    }
    if let letters = PDFCharacters.mapped(scalar) {
      text.append(contentsOf: letters.unicodeScalars)
    } else {
      text.append(scalar)
    }
    sizes += font.size
    boldCount += font.isBold ? 1 : 0
    inkCount += 1
  }

  mutating func take() -> PDFSegment? {
    defer { self = SegmentCollector() }
    let cleaned = TextCleaner.inline(String(text))
    guard inkCount > 0, !cleaned.isEmpty else { return nil }
    let isPlausible = [left, top, right, bottom].allSatisfy { $0.isFinite && abs($0) < 1e6 }
    guard isPlausible else { return nil }
    return PDFSegment(
      text: PDFCharacters.endsInSoftHyphen(text) ? cleaned + "\u{2010}" : cleaned, left: left,
      top: top, right: right, bottom: bottom, size: sizes / Double(inkCount),
      isBold: boldCount * 2 > inkCount)
  }
}

/// Characters that fonts use and text should not.
enum PDFCharacters {
  /// Ligatures as letters, the bullets of symbol fonts as bullets, other private characters as nothing; nil for
  /// what stays as it is.
  static func mapped(_ scalar: Unicode.Scalar) -> String? {
    switch scalar.value {
    case 0xFB00: "ff"
    case 0xFB01: "fi"
    case 0xFB02: "fl"
    case 0xFB03: "ffi"
    case 0xFB04: "ffl"
    case 0xFB05, 0xFB06: "st"
    case 0xF0B7, 0xF0A7, 0xF0D8, 0xF076, 0xF0FC, 0xF06E, 0x25AA, 0x25CF, 0x2023: "•"
    case 0xE000...0xF8FF, 0xF0000...0x10FFFD: ""
    default: nil
    }
  }

  static func endsInSoftHyphen(_ text: String.UnicodeScalarView) -> Bool {
    text.last { $0 != " " }?.value == 0xAD
  }
}
