// A Word document between parsing and writing: paragraphs and tables in order.

/// A block of a Word document.
enum WordBlock {
  case paragraph(WordParagraph)
  case table(WordTable)
}

/// One paragraph with what governs it.
struct WordParagraph {
  var text = ""
  var headingLevel: Int?
  /// The number or bullet of a list.
  var mark: String?
  var isListItem = false
  /// Footnotes and endnotes referred to, in order.
  var notes: [String] = []
  var style: String?
  var numberID: String?
  var numberLevel: Int?
  var outlineLevel: Int?
}

/// One table: rows of cells of paragraphs.
struct WordTable {
  struct Cell {
    var paragraphs: [String] = []
    /// Goes on from the cell above.
    var isContinued = false
    var span = 1
    var text: String { paragraphs.joined(separator: " ") }
  }

  var rows: [[Cell]] = []
  var headerRowCount = 0
  /// Word's own switch "header row" of a table style.
  var namesFirstRow = false
  var notes: [String] = []
}
