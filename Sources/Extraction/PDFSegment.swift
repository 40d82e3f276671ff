// The unit of PDF layout: a run of words on one line without a wide gap, with its place on the page.

/// A piece of a line.
struct PDFSegment {
  var text: String
  /// Points from the page's left and top edge.
  var left: Double
  var top: Double
  var right: Double
  var bottom: Double
  /// Font size in points, by most characters.
  var size: Double
  var isBold: Bool

  var width: Double { right - left }
  var height: Double { bottom - top }
  var middle: Double { (top + bottom) / 2 }

  /// Whether both stand on one line of text.
  func isBeside(_ other: PDFSegment) -> Bool {
    abs(bottom - other.bottom) < 0.45 * min(height, other.height)
      || abs(middle - other.middle) < 0.3 * min(height, other.height)
  }
}

/// What one page gave.
struct PDFPage {
  let width: Double
  let height: Double
  var segments: [PDFSegment]
}
