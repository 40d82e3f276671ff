// A Word document (DOCX) from bytes to text: named parts of the container, styles and numbering first, then the body.
//
// Headers, footers, comments, deleted text and tables of contents are left out. Other Office formats are a later issue.

internal import Corpus
internal import Markup

/// Reads DOCX.
enum OfficeText {
  private static let mainPart = "word/document.xml"

  /// Reads a DOCX.
  ///
  /// - Throws: `unsupported` for a container that is no Word document, `malformed` for damage and for document type
  ///   declarations, `encrypted`, `tooLarge`, `noText`.
  static func read(
    _ bytes: [UInt8], limits: ExtractionLimits
  ) throws(ExtractionError) -> Reading {
    var parts = try ContainerReader.parts(
      bytes,
      names: [
        mainPart, "_rels/.rels", "word/styles.xml", "word/numbering.xml", "word/footnotes.xml",
        "word/endnotes.xml", "docProps/core.xml",
      ], limits: limits)
    let body = try findBody(&parts, bytes, limits)
    let styles = WordStyles()
    try read(parts["word/styles.xml"], styles.take)
    let numbering = WordNumbering()
    try read(parts["word/numbering.xml"], numbering.take)
    let properties = OfficeProperties()
    try read(parts["docProps/core.xml"], properties.take)
    var notes: [String: [String]] = [:]
    for (part, kind) in [("word/footnotes.xml", "footnote"), ("word/endnotes.xml", "endnote")] {
      let parser = WordBody(styles: styles, numbering: numbering, noteKind: kind, limits: limits)
      try read(parts[part], parser.take)
      notes.merge(parser.notes) { first, _ in first }
    }
    let parser = WordBody(styles: styles, numbering: numbering, noteKind: nil, limits: limits)
    try read(body, parser.take)
    if parser.isTooLarge {
      throw .tooLarge(what: "its text is more than \(limits.maxTextBytes >> 20) MiB")
    }
    guard parser.isWordDocument else {
      throw .unsupported(what: "an archive that is no Word document")
    }
    var writer = WordWriter(notes: notes, limits: limits)
    for block in parser.blocks { try writer.write(block) }
    let content = try writer.finish()
    guard !content.text.isEmpty else { throw .noText(what: "the document is empty") }
    var reading = Reading(
      title: properties.title ?? parser.title ?? content.headings.first?.title,
      language: properties.language ?? styles.language, content: content)
    reading.droppedCharacters = parser.droppedCharacters
    return reading
  }

  /// The main part, whose name is usual but not fixed.
  private static func findBody(
    _ parts: inout [String: [UInt8]], _ bytes: [UInt8], _ limits: ExtractionLimits
  ) throws(ExtractionError) -> [UInt8] {
    if let body = parts[mainPart] { return body }
    let relations = OfficeRelations()
    try read(parts["_rels/.rels"], relations.take)
    guard let target = relations.mainPart, target.hasPrefix("word/") else {
      throw .unsupported(what: "an archive that is no Word document")
    }
    let found = try ContainerReader.parts(bytes, names: [target], limits: limits)
    guard let body = found[target] else { throw .malformed(what: "its main part is missing") }
    return body
  }

  private static func read(
    _ bytes: [UInt8]?, _ visit: @escaping (XMLEvent) -> Bool
  ) throws(ExtractionError) {
    guard let bytes else { return }
    do {
      try XMLReader.read(bytes, visit: visit)
    } catch {
      switch error {
      case .documentType, .malformed: throw .malformed(what: "\(error)")
      case .tooLarge: throw .tooLarge(what: "\(bytes.count) bytes of XML")
      case .noMemory: throw .memory(mebibytes: limitsInMebibytes)
      }
    }
  }

  private static var limitsInMebibytes: Int { ExtractionLimits().addressSpaceBytes >> 20 }
}
