// The body of a Word document, or its notes, from XML events to blocks. Keeps a stack of open paragraphs and tables, as
// text boxes hold paragraphs within paragraphs and tables hold tables.

internal import Markup

/// Parses `word/document.xml`, or `word/footnotes.xml` when given a kind of note.
final class WordBody {
  private(set) var blocks: [WordBlock] = []
  /// Paragraphs of notes, by `footnote 7`.
  private(set) var notes: [String: [String]] = [:]
  private(set) var title: String?
  private(set) var droppedCharacters = 0
  private(set) var isWordDocument = false
  private(set) var isTooLarge = false

  private let styles: WordStyles
  private let numbering: WordNumbering
  private let noteKind: String?
  private let maxBytes: Int
  private var byteCount = 0
  private var paragraphs: [WordParagraph] = []
  private var tables: [WordTable] = []
  private var note: String?
  /// Depth inside an element whose content is not shown.
  private var skipDepth = 0
  private var isInText = false
  private var isInRunProperties = false
  private var isHiddenRun = false
  /// `w:tab` within `w:tabs` is a tab stop, not a tab.
  private var isInTabStops = false
  /// Blocks of text boxes, which follow the paragraph around them.
  private var boxes: [WordBlock] = []

  init(styles: WordStyles, numbering: WordNumbering, noteKind: String?, limits: ExtractionLimits) {
    self.styles = styles
    self.numbering = numbering
    self.noteKind = noteKind
    maxBytes = limits.maxTextBytes
  }

  func take(_ event: XMLEvent) -> Bool {
    switch event {
    case .start(let name, let namespace, let attributes):
      if skipDepth > 0 || WordBody.isSkipped(name) {
        skipDepth += 1
      } else if WordXML.isWord(namespace) {
        start(name, attributes)
      } else if name == "t" {
        isInText = true
      }
    case .end(let name, let namespace):
      if skipDepth > 0 {
        skipDepth -= 1
      } else if WordXML.isWord(namespace) {
        end(name)
      } else if name == "t" {
        isInText = false
      }
    case .text(let text):
      guard skipDepth == 0, isInText, !isHiddenRun, !paragraphs.isEmpty else { break }
      byteCount += text.utf8.count
      paragraphs[paragraphs.count - 1].text += text
      if byteCount > maxBytes { isTooLarge = true }
    }
    return !isTooLarge
  }

  /// Deleted and moved-away text, the old twin of a drawing, comments.
  private static func isSkipped(_ name: String) -> Bool {
    switch name {
    case "del", "moveFrom", "Fallback", "comment", "sectPr", "pPrChange", "rPrChange",
      "tblPrChange",
      "tcPrChange", "trPrChange":
      true
    default: false
    }
  }

  private func start(_ name: String, _ attributes: [XMLAttribute]) {
    switch name {
    case "document", "footnotes", "endnotes": isWordDocument = true
    case "p": paragraphs.append(WordParagraph())
    case "r": isHiddenRun = false
    case "rPr": isInRunProperties = true
    case "vanish": if isInRunProperties { isHiddenRun = WordXML.isOn(attributes) }
    case "t": isInText = true
    case "tabs": isInTabStops = true
    case "tab", "ptab": if !isInTabStops { add(" ") }
    case "br", "cr": add("\u{2028}")
    case "noBreakHyphen": add("-")
    case "tbl": tables.append(WordTable())
    case "tr": if !tables.isEmpty { tables[tables.count - 1].rows.append([]) }
    case "tc": withRow { $0.append(WordTable.Cell()) }
    case "gridSpan":
      let span = attributes[local: "val"].flatMap { Int($0) } ?? 1
      withCell { $0.span = min(max(span, 1), 100) }
    case "vMerge": withCell { $0.isContinued = attributes[local: "val"] != "restart" }
    case "tblHeader":
      if WordXML.isOn(attributes), let last = tables.indices.last,
        tables[last].headerRowCount == tables[last].rows.count - 1
      {
        tables[last].headerRowCount += 1
      }
    case "tblLook":
      if let last = tables.indices.last {
        let bits = attributes[local: "val"].flatMap { Int($0, radix: 16) } ?? 0
        tables[last].namesFirstRow =
          attributes[local: "firstRow"].map { $0 != "0" } ?? (bits & 0x20 != 0)
      }
    case "footnote", "endnote":
      let type = attributes[local: "type"] ?? "normal"
      note = type == "normal" ? attributes[local: "id"].map { "\(name) \($0)" } : nil
    case "footnoteReference", "endnoteReference":
      if let id = attributes[local: "id"] {
        withParagraph { $0.notes.append("\(name.dropLast(9)) \(id)") }
      }
    default: startProperty(name, attributes)
    }
  }

  private func startProperty(_ name: String, _ attributes: [XMLAttribute]) {
    let value = attributes[local: "val"]
    switch name {
    case "pStyle": withParagraph { $0.style = value }
    case "numId": withParagraph { $0.numberID = value }
    case "ilvl": withParagraph { $0.numberLevel = value.flatMap { Int($0) } }
    case "outlineLvl": withParagraph { $0.outlineLevel = value.flatMap { Int($0) } }
    default: break
    }
  }

  private func end(_ name: String) {
    switch name {
    case "t": isInText = false
    case "r": isHiddenRun = false
    case "rPr": isInRunProperties = false
    case "tabs": isInTabStops = false
    case "p": if let paragraph = paragraphs.popLast() { finish(paragraph) }
    case "tbl": if let table = tables.popLast() { finish(table) }
    case "footnote", "endnote": note = nil
    default: break
    }
  }

  private func finish(_ finished: WordParagraph) {
    var paragraph = finished
    if styles.isTableOfContents(paragraph.style) {
      droppedCharacters += paragraph.text.unicodeScalars.count
      return
    }
    if let own = paragraph.outlineLevel {
      paragraph.headingLevel = own < 9 ? min(max(own, 0) + 1, 6) : nil
    } else {
      paragraph.headingLevel = styles.headingLevel(paragraph.style)
    }
    let isEmpty = TextCleaner.inline(paragraph.text).isEmpty
    let list = styles.numbering(paragraph.style)
    // Word counts an empty paragraph of a list too, but shows nothing a reader would miss.
    if let id = paragraph.numberID ?? list?.id, !isEmpty {
      paragraph.isListItem = id != "0"
      paragraph.mark = numbering.mark(id: id, level: paragraph.numberLevel ?? list?.level ?? 0)
    }
    if title == nil, styles.isTitle(paragraph.style) { title = TextCleaner.inline(paragraph.text) }
    if let note {
      notes[note, default: []].append(paragraph.text)
    } else if let table = tables.indices.last, paragraphs.isEmpty {
      let marked = [paragraph.mark, paragraph.text].compactMap(\.self).joined(separator: " ")
      if !isEmpty { withCell { $0.paragraphs.append(marked) } }
      tables[table].notes += paragraph.notes
    } else if !paragraphs.isEmpty {
      if !isEmpty { boxes.append(.paragraph(paragraph)) }
    } else {
      if !isEmpty || !paragraph.notes.isEmpty { blocks.append(.paragraph(paragraph)) }
      blocks += boxes
      boxes = []
    }
  }

  private func finish(_ table: WordTable) {
    guard tables.isEmpty else {
      // A table within a cell becomes text of the cell, one paragraph a row.
      let rows = table.rows.map { $0.map(\.text).filter { !$0.isEmpty }.joined(separator: ", ") }
      withCell { $0.paragraphs += rows.filter { !$0.isEmpty } }
      return
    }
    if paragraphs.isEmpty, note == nil {
      blocks.append(.table(table))
    } else {
      boxes.append(.table(table))
    }
    if paragraphs.isEmpty, note == nil {
      blocks += boxes
      boxes = []
    }
  }

  private func add(_ text: String) {
    guard !isHiddenRun else { return }
    withParagraph { $0.text += text }
  }

  private func withParagraph(_ change: (inout WordParagraph) -> Void) {
    if let last = paragraphs.indices.last { change(&paragraphs[last]) }
  }

  private func withRow(_ change: (inout [WordTable.Cell]) -> Void) {
    guard let table = tables.indices.last, let row = tables[table].rows.indices.last else { return }
    change(&tables[table].rows[row])
  }

  private func withCell(_ change: (inout WordTable.Cell) -> Void) {
    withRow { row in
      if let last = row.indices.last { change(&row[last]) }
    }
  }
}
