// Tells tables of data from tables that only lay out a page, and finds the cells.

internal import Markup

/// The rows of one table, nested tables left out.
struct TableShape {
  /// One row: its cells, and whether all of them are header cells.
  struct Row {
    var cells: [Int] = []
    var isHeader = false
  }

  private(set) var rows: [Row] = []
  private(set) var caption: Int?
  private let hasMarks: Bool
  private let isPlain: Bool

  /// Reads the table at `index`.
  init(_ page: HTMLPage, _ index: Int) {
    let nodes = page.nodes
    var hasMarks = false
    var holdsTable = false
    var isPresentation = nodes[index][.role] == "presentation" || nodes[index][.role] == "none"
    var inHead = false
    var headEnd = 0
    var position = index + 1
    while position < nodes[index].end {
      if position >= headEnd { inHead = false }
      let tag = nodes[position].tag
      switch tag {
      case .table:
        holdsTable = true
        position = nodes[position].end
        continue
      case .caption:
        caption = position
        hasMarks = true
      case .thead:
        inHead = true
        headEnd = nodes[position].end
        hasMarks = true
      case .tfoot, .col, .colgroup: hasMarks = true
      case .tr:
        var row = Row()
        let cells = page.children(of: position).filter {
          nodes[$0].tag == .td || nodes[$0].tag == .th
        }
        row.cells = cells
        let isAllHeader = !cells.isEmpty && cells.allSatisfy { nodes[$0].tag == .th }
        row.isHeader = isAllHeader || inHead
        if cells.contains(where: { nodes[$0].tag == .th }) { hasMarks = true }
        if !cells.isEmpty { rows.append(row) }
      default: break
      }
      position += 1
    }
    if holdsTable { isPresentation = true }
    self.hasMarks = hasMarks
    self.isPlain = !isPresentation
  }

  /// Whether rows and columns carry meaning.
  var isData: Bool {
    guard isPlain else { return false }
    let columns = rows.map(\.cells.count).max() ?? 0
    if columns < 2 { return false }
    return hasMarks || rows.count >= 2 && columns >= 2 && columns * rows.count > 4
  }
}
