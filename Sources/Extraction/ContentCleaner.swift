// Takes out of the chosen content what does not belong: forms, sharing, boxes of links, side notes. Goes from the inside
// out, so that a box is judged by what is left in it.

internal import Markup

/// Cleans a selection.
struct ContentCleaner {
  private let page: HTMLPage
  private let hints: [ElementHints?]
  private let usesWeights: Bool
  private let isConditional: Bool
  /// Inside a data table or code, which are content whatever they look like.
  private let safe: [Bool]
  private let inFigure: [Bool]

  init(page: HTMLPage, hints: [ElementHints?], usesWeights: Bool, isConditional: Bool) {
    self.page = page
    self.hints = hints
    self.usesWeights = usesWeights
    self.isConditional = isConditional
    var safe = [Bool](repeating: false, count: page.nodes.count)
    var inFigure = safe
    for (index, node) in page.nodes.enumerated() where node.parent >= 0 {
      safe[index] =
        safe[node.parent] || node.tag == .pre || node.tag == .code
        || node.tag == .table && TableShape(page, index).isData
      inFigure[index] = inFigure[node.parent] || node.tag == .figure
    }
    self.safe = safe
    self.inFigure = inFigure
  }

  /// Marks subtrees inside `roots` as removed.
  func clean(_ roots: [Int], statistics: PageStatistics, removed: inout [Bool]) {
    var counts = statistics.total
    for root in roots.reversed() {
      var index = page.nodes[root].end - 1
      while index >= root {
        defer { index -= 1 }
        guard page.nodes[index].tag != .text, !removed[index] else { continue }
        guard isUnwanted(index, counts[index], isRoot: index == root) else { continue }
        removed[index] = true
        take(index, from: &counts)
      }
    }
  }

  /// Subtracts a removed subtree from everything around it.
  private func take(_ index: Int, from counts: inout [ElementCount]) {
    let gone = counts[index]
    var parent = page.nodes[index].parent
    while parent >= 0 {
      PageStatistics.subtract(gone, from: &counts[parent])
      parent = page.nodes[parent].parent
    }
  }

  private func isUnwanted(_ index: Int, _ count: ElementCount, isRoot: Bool) -> Bool {
    let node = page.nodes[index]
    switch node.tag {
    case .aside, .footer, .button, .input, .textarea, .select, .dialog: return true
    case .nav: return count.linkDensity > 0.3 || count.length < 200
    case .h1, .h2, .h3, .h4, .h5, .h6:
      return usesWeights && (hints[index]?.weight ?? 0) < 0
    default: break
    }
    if let hint = hints[index], hint.isShare, count.length < 500, !isRoot { return true }
    guard isConditional, !isRoot else { return false }
    switch node.tag {
    case .form, .fieldset, .table, .ul, .ol, .div, .section, .header:
      return fails(index, count)
    default: return false
    }
  }

  /// The judgement over boxes: names, punctuation, links, list items, pictures and inputs.
  private func fails(_ index: Int, _ count: ElementCount) -> Bool {
    let node = page.nodes[index]
    if safe[index] || count.codeBlocks > 0 { return false }
    let weight = usesWeights ? hints[index]?.weight ?? 0 : 0
    if weight < 0 { return true }
    if count.commas >= 10 { return false }
    let isList =
      node.tag == .ul || node.tag == .ol || Double(count.listLength) > 0.9 * Double(count.length)
    let inFigure = inFigure[index]
    let headingDensity = count.length == 0 ? 0 : Double(count.headingLength) / Double(count.length)
    let items = count.items - 100
    if count.images > 1, count.paragraphs * 2 < count.images, !inFigure, count.length < 200 {
      return true
    }
    if !isList, items > count.paragraphs { return true }
    if count.inputs > count.paragraphs / 3 { return true }
    if !isList, headingDensity < 0.9, count.length < 25, count.images != 1, !inFigure {
      return true
    }
    if !isList, weight < 25, count.linkDensity > 0.2 { return true }
    return weight >= 25 && count.linkDensity > 0.5
  }
}
