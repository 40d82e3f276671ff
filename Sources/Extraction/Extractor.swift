// The front door: bytes in, text out. Chooses the reader, then fills in what every kind shares.
//
// Runs C libraries on strangers' bytes, synchronously and with no limit on time or memory of its own: production calls it
// through ExtractStage's Sandbox only.

internal import Corpus

/// Reads documents.
package enum Extractor {
  /// Reads one document from memory.
  ///
  /// `fileName` gives the extension and the last resort for a title, never a path; `declaredType` is a media type without
  /// parameters.
  /// - Throws: the reason why there is no text.
  package static func extract(
    bytes: [UInt8], fileName: String?, declaredType: String?, charset: String?,
    limits: ExtractionLimits
  ) throws(ExtractionError) -> ExtractedText {
    guard bytes.count <= limits.maxBytes else {
      throw .tooLarge(what: "\(bytes.count) bytes, more than \(limits.maxBytes >> 20) MiB")
    }
    let kind = try FileKind.find(
      bytes, fileName: fileName, declaredType: declaredType?.lowercased())
    let reading: Reading
    switch kind {
    case .pdf: reading = try PDFPages.read(bytes, limits: limits)
    case .docx: reading = try OfficeText.read(bytes, limits: limits)
    case .html: reading = try WebPageText.read(bytes, charset: charset, limits: limits)
    case .markdown: reading = try MarkdownText.read(bytes, charset: charset, limits: limits)
    case .plainText: reading = try PlainText.read(bytes, charset: charset, limits: limits)
    case .captions: reading = try Captions.read(bytes, charset: charset, limits: limits)
    }
    return ExtractedText(
      title: title(reading.title, fileName: fileName),
      language: language(reading.language), mediaType: kind.mediaType, content: reading.content,
      pageCount: reading.pageCount, warnings: reading.warnings,
      keptCharacters: reading.content.text.unicodeScalars.count,
      droppedCharacters: reading.droppedCharacters)
  }

  /// The reader's title, the file's name without extension, or a fixed word; at most 300 scalars.
  private static func title(_ found: String?, fileName: String?) -> String {
    let own = TextCleaner.inline(found ?? "")
    if !own.isEmpty { return shortened(own) }
    var name = fileName ?? ""
    if let suffix = FileKind.fileExtension(name) { name = String(name.dropLast(suffix.count + 1)) }
    let cleaned = TextCleaner.inline(name)
    return cleaned.isEmpty ? "Untitled" : shortened(cleaned)
  }

  private static func shortened(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(300)))
  }

  /// `de` for `de-CH` or `de_CH`; nil for anything that is not a language tag.
  private static func language(_ tag: String?) -> String? {
    guard let primary = tag?.lowercased().split(whereSeparator: { "-_. ,;".contains($0) }).first,
      (2...3).contains(primary.utf8.count),
      primary.utf8.allSatisfy({ (97...122).contains($0) })
    else { return nil }
    return String(primary)
  }
}
