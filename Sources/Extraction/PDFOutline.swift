// The outline ("bookmarks") of a PDF: titles with pages and depth, used to recognise headings.

internal import CPoppler

/// One entry of the outline.
struct PDFOutlineEntry {
  let title: String
  /// From 1; 0 when the entry leads nowhere.
  let page: Int
  /// From 1.
  let level: Int
}

/// Reads outlines, bounded in depth and number.
enum PDFOutline {
  static func read(_ document: OpaquePointer) -> [PDFOutlineEntry] {
    guard let iterator = poppler_index_iter_new(document) else { return [] }
    defer { poppler_index_iter_free(iterator) }
    var entries: [PDFOutlineEntry] = []
    read(iterator, document, level: 1, into: &entries)
    return entries
  }

  private static func read(
    _ iterator: OpaquePointer, _ document: OpaquePointer, level: Int,
    into entries: inout [PDFOutlineEntry]
  ) {
    repeat {
      guard entries.count < 20_000 else { return }
      if let action = poppler_index_iter_get_action(iterator) {
        defer { poppler_action_free(action) }
        let title =
          bobbin_action_title(action).map { TextCleaner.inline(String(cString: $0)) } ?? ""
        if !title.isEmpty {
          entries.append(
            PDFOutlineEntry(
              title: title, page: Int(bobbin_action_page(document, action)), level: level))
        }
      }
      if level < 8, let child = poppler_index_iter_get_child(iterator) {
        defer { poppler_index_iter_free(child) }
        read(child, document, level: level + 1, into: &entries)
      }
    } while poppler_index_iter_next(iterator) != 0
  }
}
