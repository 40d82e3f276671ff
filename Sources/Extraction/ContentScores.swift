// Points: each paragraph gives some to the elements around it, in full to the nearest and less further out; link density
// takes away. The element with most points is the content, together with siblings that look like more of it.

internal import Markup

/// Scores of a page's elements.
struct ContentScores {
  private let page: HTMLPage
  private let statistics: PageStatistics
  private let hints: [ElementHints?]
  private let removed: [Bool]
  /// Nil for an element no paragraph gave points to.
  private var scores: [Double?]

  /// `hints` may be empty: then names count nothing.
  init(
    _ page: HTMLPage, statistics: PageStatistics, hints: [ElementHints?], removed: [Bool]
  ) {
    self.page = page
    self.statistics = statistics
    self.hints = hints
    self.removed = removed
    scores = .init(repeating: nil, count: page.nodes.count)
    giveOut()
  }

  private mutating func giveOut() {
    for index in page.nodes.indices {
      let own = statistics.own[index]
      guard own.length >= 25 else { continue }
      let points = 1 + Double(own.commas) + min(Double(own.length / 100), 3)
      // A paragraph's points go to what holds it; text that stands bare gives to its own element.
      var receiver = index
      var level = 0
      switch page.nodes[index].tag {
      case .p, .pre, .td, .h2, .h3, .h4, .h5, .h6, .h1, .blockquote, .dd:
        receiver = page.nodes[index].parent
      case .li:
        receiver = page.nodes[index].parent
        level = 1
      default: break
      }
      while receiver > 0, level < 5 {
        let share = level == 0 ? 1 : level == 1 ? 2 : Double(level * 3)
        if page.nodes[receiver].tag != .html {
          scores[receiver] = (scores[receiver] ?? start(receiver)) + points / share
        }
        receiver = page.nodes[receiver].parent
        level += 1
      }
    }
    for index in scores.indices {
      if let score = scores[index] {
        scores[index] = score * (1 - statistics.total[index].linkDensity)
      }
    }
  }

  private func start(_ index: Int) -> Double {
    let byTag: Double =
      switch page.nodes[index].tag {
      case .div, .article, .main, .section: 5
      case .pre, .td, .blockquote: 3
      case .address, .ol, .ul, .dl, .dd, .dt, .li, .form: -3
      case .h1, .h2, .h3, .h4, .h5, .h6, .th: -5
      default: 0
      }
    guard index < hints.count, let hint = hints[index] else { return byTag }
    return byTag + Double(hint.weight)
  }

  /// The content's subtrees in document order; nil when nothing scored.
  func roots() -> [Int]? {
    let ranked = scores.indices.filter { scores[$0] != nil }
      .sorted { (scores[$0] ?? 0, $1) > (scores[$1] ?? 0, $0) }
    guard let best = ranked.first, let bestScore = scores[best], bestScore > 0 else { return nil }
    var top = shared(by: ranked.prefix(6), best: best, bestScore: bestScore)
    top = climbed(from: top)
    return withSiblings(top)
  }

  /// When three good candidates sit side by side, what holds them all is the content.
  private func shared(by ranked: ArraySlice<Int>, best: Int, bestScore: Double) -> Int {
    let rivals = ranked.dropFirst().filter { (scores[$0] ?? 0) >= bestScore * 0.75 }
    guard rivals.count >= 3 else { return best }
    var parent = page.nodes[best].parent
    while parent > 0, page.nodes[parent].tag != .body {
      let held = rivals.filter { $0 > parent && $0 < page.nodes[parent].end }.count
      if held >= 3 { return parent }
      parent = page.nodes[parent].parent
    }
    return best
  }

  /// Goes up while the surroundings score better, and through elements that hold nothing else.
  private func climbed(from index: Int) -> Int {
    var top = index
    var last = scores[index] ?? 0
    let threshold = last / 3
    var parent = page.nodes[index].parent
    while parent > 0, page.nodes[parent].tag != .body, page.nodes[parent].tag != .html {
      if let score = scores[parent] {
        if score < threshold { break }
        if score > last {
          top = parent
          break
        }
        last = score
      }
      parent = page.nodes[parent].parent
    }
    parent = page.nodes[top].parent
    while parent > 0, page.nodes[parent].tag != .body, page.nodes[parent].tag != .html,
      elementChildren(parent).count == 1
    {
      top = parent
      parent = page.nodes[top].parent
    }
    return widened(from: top)
  }

  /// Goes further up while what comes along is prose: content in several sections.
  private func widened(from index: Int) -> Int {
    var top = index
    var parent = page.nodes[index].parent
    while parent > 0, page.nodes[parent].tag != .html {
      let inside = statistics.total[top]
      let outside = statistics.total[parent]
      let added = outside.length - inside.length
      let addedProse = outside.proseLength - inside.proseLength
      let addedLinks = outside.linkLength - inside.linkLength
      if addedProse * 8 > inside.proseLength, addedProse * 10 > added * 7, addedLinks * 5 < added {
        top = parent
      }
      parent = page.nodes[parent].parent
    }
    return top
  }

  private func elementChildren(_ index: Int) -> [Int] {
    page.children(of: index).filter { page.nodes[$0].tag != .text && !removed[$0] }
  }

  private func withSiblings(_ top: Int) -> [Int] {
    let parent = page.nodes[top].parent
    guard parent >= 0 else { return [top] }
    let topScore = scores[top] ?? 0
    let threshold = max(10, topScore * 0.2)
    let topClass = page.nodes[top][.class] ?? ""
    let siblings = page.children(of: parent).filter { !removed[$0] }
    let chosen = Set(
      siblings.filter { $0 == top || isMore($0, topScore, topClass, threshold) })
    guard var first = chosen.min(), let last = chosen.max() else { return [top] }
    // The page's own title beside the content, with what stands in between, such as a price.
    if let title = siblings.last(where: { $0 < first && page.nodes[$0].tag == .h1 }) {
      first = title - 1
    }
    // What stands between two parts of the content belongs to it, too.
    return siblings.filter {
      chosen.contains($0) || $0 > first && $0 < last && isBetween($0)
    }
  }

  private func isBetween(_ index: Int) -> Bool {
    switch page.nodes[index].tag {
    case .h1, .h2, .h3, .h4, .h5, .h6, .table, .pre, .dl, .blockquote, .figure, .p: true
    case .ul, .ol: statistics.total[index].linkDensity < 0.5
    default: false
    }
  }

  private func isMore(
    _ sibling: Int, _ topScore: Double, _ topClass: String, _ threshold: Double
  ) -> Bool {
    let node = page.nodes[sibling]
    var score = scores[sibling] ?? 0
    if !topClass.isEmpty, node[.class] == topClass { score += topScore * 0.2 }
    if scores[sibling] != nil, score >= threshold { return true }
    guard node.tag == .p else { return false }
    let count = statistics.total[sibling]
    if count.length > 80 { return count.linkDensity < 0.25 }
    guard count.length > 0, count.linkLength == 0 else { return false }
    return page.text(of: sibling).contains(". ") || page.text(of: sibling).hasSuffix(".")
  }
}
