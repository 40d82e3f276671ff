// Finds what a page is about among its navigation, banners, comments and links. Paragraphs give points to the elements
// around them, names and link density take points away, the best element and its like siblings are the content; when that
// is too little for the page, a lenient reading keeps everything but certain boilerplate.
//
// Knows structure and common names, no site. Works on the flat page of Markup; does not write text (PageRendering).

internal import Markup

/// A choice of subtrees, in document order, with subtrees inside them taken out.
struct PageSelection {
  var roots: [Int]
  var removed: [Bool]
  /// Characters of text that remain.
  var length: Int
  var proseLength: Int
}

/// Chooses the content of a page.
struct MainContent {
  private let page: HTMLPage
  private let hints: [ElementHints?]
  private let hidden: [Bool]
  /// Counts of all that is visible.
  private let visible: PageStatistics

  init(_ page: HTMLPage) {
    self.page = page
    var hints: [ElementHints?] = []
    hints.reserveCapacity(page.nodes.count)
    var memory: [String: ElementHints] = [:]
    for node in page.nodes {
      hints.append(node.attributes.isEmpty ? nil : ElementHints(node, memory: &memory))
    }
    self.hints = hints
    self.hidden = PageVisibility.hidden(in: page, keepsNoscript: false)
    self.visible = PageStatistics(page, removed: hidden)
  }

  /// The content by the strictest reading that gives enough of the page.
  func select() -> PageSelection {
    let lenient = lenientSelection()
    var best: PageSelection?
    for strictness in Strictness.all {
      guard let selection = strictSelection(strictness) else { continue }
      if selection.length >= 500 || selection.length * 2 >= visible.total[0].length {
        best = selection
        break
      }
      if selection.length > (best?.length ?? 0) { best = selection }
    }
    guard let best else { return lenient.length > 0 ? lenient : everything() }
    // Pages in many parts (landing pages, documentation, questions and answers) have no single best element.
    let isArticle = best.length >= 1_500
    if best.length < 500, lenient.length * 5 > best.length * 6, lenient.length < 1_500 {
      return lenient
    }
    let isPart =
      isArticle
      ? best.proseLength * 8 < lenient.proseLength && best.length * 4 < lenient.length
      : best.proseLength * 2 < lenient.proseLength + 50 && best.length * 2 < lenient.length
    return isPart ? lenient : best
  }

  /// How much the strict reading may take away.
  struct Strictness {
    var dropsUnlikely: Bool
    var usesWeights: Bool
    var cleans: Bool

    static let all = [
      Strictness(dropsUnlikely: true, usesWeights: true, cleans: true),
      Strictness(dropsUnlikely: false, usesWeights: true, cleans: true),
      Strictness(dropsUnlikely: false, usesWeights: false, cleans: true),
      Strictness(dropsUnlikely: false, usesWeights: false, cleans: false),
    ]
  }

  private func strictSelection(_ strictness: Strictness) -> PageSelection? {
    var removed = hidden
    if strictness.dropsUnlikely { dropUnlikely(&removed) }
    let statistics = PageStatistics(page, removed: removed)
    let scores = ContentScores(
      page, statistics: statistics, hints: strictness.usesWeights ? hints : [], removed: removed)
    guard let roots = scores.roots() else { return nil }
    let cleaner = ContentCleaner(
      page: page, hints: hints, usesWeights: strictness.usesWeights,
      isConditional: strictness.cleans)
    cleaner.clean(roots, statistics: statistics, removed: &removed)
    return measured(roots, removed)
  }

  private func dropUnlikely(_ removed: inout [Bool]) {
    var index = 0
    let nodes = page.nodes
    while index < nodes.count {
      if removed[index] {
        index = nodes[index].end
        continue
      }
      let tag = nodes[index].tag
      switch tag {
      case .html, .body, .a, .article, .main, .root, .text: break
      default:
        if let hint = hints[index], hint.isUnlikely, !hint.isLikely, !isMost(index, hint),
          !isInside([.table, .code, .pre], index)
        {
          removed[index] = true
        }
        if tag == .nav { removed[index] = true }
      }
      index = removed[index] ? nodes[index].end : index + 1
    }
  }

  /// An element with much of the page's prose is content, whatever it is called; comments excepted.
  private func isMost(_ index: Int, _ hint: ElementHints) -> Bool {
    !hint.isComments && visible.total[index].proseLength * 10 > visible.total[0].proseLength * 7
  }

  private func isInside(_ tags: Set<HTMLTag>, _ index: Int) -> Bool {
    var parent = page.nodes[index].parent
    while parent >= 0 {
      if tags.contains(page.nodes[parent].tag) { return true }
      parent = page.nodes[parent].parent
    }
    return false
  }

  /// Everything in `main` (or the body) except certain boilerplate and lists of links.
  private func lenientSelection() -> PageSelection {
    var removed = hidden
    let nodes = page.nodes
    for index in nodes.indices where !removed[index] {
      switch nodes[index].tag {
      case .nav, .footer, .form, .dialog: removed[index] = true
      case .html, .body, .main, .article, .root, .text: break
      default:
        guard let hint = hints[index] else { break }
        if hint.isComments || hint.isRelated,
          visible.total[index].proseLength * 10 < visible.total[0].proseLength * 7
        {
          removed[index] = true
        }
        if hint.isBoilerplate, !hint.isLikely, !isMost(index, hint) { removed[index] = true }
      }
    }
    var statistics = PageStatistics(page, removed: removed)
    for index in nodes.indices where !removed[index] {
      switch nodes[index].tag {
      case .ul, .ol, .table, .div, .section, .aside, .header:
        let count = statistics.total[index]
        if count.length > 0, count.linkDensity > 0.7, count.proseLength == 0 {
          removed[index] = true
        }
      default: break
      }
    }
    statistics = PageStatistics(page, removed: removed)
    let main = nodes.firstIndex { $0.tag == .main || $0[.role] == "main" }
    if let main, !removed[main],
      statistics.total[main].length * 2 >= statistics.total[0].length
    {
      return measured([main], removed)
    }
    return measured([0], removed)
  }

  /// All visible text, for a page that is nothing but what looks like boilerplate.
  private func everything() -> PageSelection {
    let visible = measured([0], hidden)
    return visible.length > 0
      ? visible : measured([0], PageVisibility.hidden(in: page, keepsNoscript: true))
  }

  private func measured(_ roots: [Int], _ removed: [Bool]) -> PageSelection {
    let statistics = PageStatistics(page, removed: removed)
    var selection = PageSelection(roots: roots, removed: removed, length: 0, proseLength: 0)
    for root in roots {
      selection.length += statistics.total[root].length
      selection.proseLength += statistics.total[root].proseLength
    }
    return selection
  }
}
