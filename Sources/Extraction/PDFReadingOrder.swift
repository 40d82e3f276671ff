// Reading order from geometry: columns are read one after the other, rows of a table side by side, and whatever spans the
// columns divides the page into bands.
//
// Text columns and table columns look alike; what tells them apart is that lines of text fill their column.

/// One line of a page in reading order: a line of text, or the cells of a table row.
struct PDFLine {
  var cells: [PDFSegment]
  /// Edges of the column the line stands in.
  var columnLeft: Double
  var columnRight: Double
  /// Lines of different columns or bands never share a paragraph by geometry alone.
  var column: Int

  var text: String { cells.map(\.text).joined(separator: " ") }
  var left: Double { cells.map(\.left).min() ?? 0 }
  var right: Double { cells.map(\.right).max() ?? 0 }
  var top: Double { cells.map(\.top).min() ?? 0 }
  var bottom: Double { cells.map(\.bottom).max() ?? 0 }
  var size: Double { cells.map(\.size).max() ?? 0 }
  var isBold: Bool { cells.allSatisfy(\.isBold) }
}

/// Puts a page's segments in order.
struct PDFReadingOrder {
  private var lines: [PDFLine] = []
  private var column = 0

  /// The lines of a page, top to bottom and column by column.
  static func lines(of page: PDFPage) -> [PDFLine] {
    var order = PDFReadingOrder()
    order.read(page.segments.sorted { ($0.top, $0.left) < ($1.top, $1.left) }, depth: 0)
    return order.lines
  }

  private mutating func read(_ segments: [PDFSegment], depth: Int) {
    guard !segments.isEmpty else { return }
    if depth < 6, let gutter = PDFGutter.find(segments) {
      var band: [PDFSegment] = []
      for segment in segments {
        if gutter.isSpanned(by: segment) {
          // A spanning line ends a band only when it stands below what has been collected.
          readBand(band, gutter, depth: depth)
          band = []
          readRows([segment])
        } else {
          band.append(segment)
        }
      }
      readBand(band, gutter, depth: depth)
    } else {
      readRows(segments)
    }
  }

  private mutating func readBand(_ band: [PDFSegment], _ gutter: PDFGutter, depth: Int) {
    let left = band.filter { $0.middleX < gutter.middle }
    let right = band.filter { $0.middleX >= gutter.middle }
    guard !left.isEmpty, !right.isEmpty else { return readRows(band) }
    read(left, depth: depth + 1)
    read(right, depth: depth + 1)
  }

  /// Segments that stand beside each other are one row.
  private mutating func readRows(_ segments: [PDFSegment]) {
    guard !segments.isEmpty else { return }
    let columnLeft = segments.map(\.left).min() ?? 0
    let columnRight = segments.map(\.right).max() ?? 0
    column += 1
    var rows: [[PDFSegment]] = []
    for segment in segments {
      // Only the last few rows can still take a segment: they are sorted by top edge.
      if let row = rows.indices.suffix(4).last(where: { rows[$0][0].isBeside(segment) }) {
        rows[row].append(segment)
      } else {
        rows.append([segment])
      }
    }
    for row in rows {
      lines.append(
        PDFLine(
          cells: row.sorted { $0.left < $1.left }, columnLeft: columnLeft,
          columnRight: columnRight, column: column))
    }
  }
}

/// White space from top to bottom between two columns of text.
struct PDFGutter {
  let left: Double
  let right: Double
  var middle: Double { (left + right) / 2 }

  func isSpanned(by segment: PDFSegment) -> Bool {
    segment.left < left - 1 && segment.right > right + 1
      || segment.left < middle && segment.right > middle + 2
  }

  /// The gutter between text columns; nil for one column or a table.
  static func find(_ segments: [PDFSegment]) -> PDFGutter? {
    guard segments.count >= 8 else { return nil }
    let left = segments.map(\.left).min() ?? 0
    let right = segments.map(\.right).max() ?? 0
    let width = right - left
    guard width > 100 else { return nil }
    // How many segments cover each of 200 strips.
    let stripCount = 200
    var cover = [Int](repeating: 0, count: stripCount)
    for segment in segments {
      let first = strip(segment.left + 0.5, left, width, stripCount)
      let last = strip(segment.right - 0.5, left, width, stripCount)
      if first <= last { for index in first...last { cover[index] += 1 } }
    }
    let allowed = segments.count / 4
    var best: PDFGutter?
    var bestCover = Int.max
    var index = stripCount * 15 / 100
    let end = stripCount * 85 / 100
    while index < end {
      guard cover[index] <= allowed else {
        index += 1
        continue
      }
      let level = cover[index]
      var last = index
      while last + 1 < end, cover[last + 1] <= level { last += 1 }
      let gutter = PDFGutter(
        left: left + width * Double(index) / Double(stripCount),
        right: left + width * Double(last + 1) / Double(stripCount))
      if level < bestCover, gutter.right - gutter.left >= 5, gutter.partsText(segments) {
        best = gutter
        bestCover = level
      }
      index = last + 1
    }
    return best
  }

  private static func strip(_ x: Double, _ left: Double, _ width: Double, _ count: Int) -> Int {
    min(max(Int((x - left) / width * Double(count)), 0), count - 1)
  }

  /// Whether both sides are columns of running text.
  private func partsText(_ segments: [PDFSegment]) -> Bool {
    let inside = segments.filter { !isSpanned(by: $0) }
    return PDFGutter.isText(inside.filter { $0.middleX < middle })
      && PDFGutter.isText(inside.filter { $0.middleX >= middle })
  }

  private static func isText(_ side: [PDFSegment]) -> Bool {
    guard side.count >= 4 else { return false }
    let left = side.map(\.left).min() ?? 0
    let right = side.map(\.right).max() ?? 0
    let width = max(right - left, 1)
    let fill = side.reduce(0) { $0 + $1.width } / width / Double(side.count)
    let words = side.reduce(0) { $0 + $1.text.split(separator: " ").count }
    let letters = side.reduce(0) { $0 + $1.text.unicodeScalars.count }
    return fill >= 0.55 && words >= side.count * 3 || fill >= 0.7 && letters >= side.count * 18
  }
}

extension PDFSegment {
  fileprivate var middleX: Double { (left + right) / 2 }
}
