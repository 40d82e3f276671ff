// Counts per element of a page: how much text, how much of it in links, how it is punctuated. One pass forward over the
// text, one pass backward that sums into parents; removed subtrees count nothing.

internal import Markup

/// The counts of one element with everything inside it.
struct ElementCount {
  /// Characters, white space runs as one.
  var length = 0
  /// Characters inside links.
  var linkLength = 0
  var commas = 0
  var paragraphs = 0
  var images = 0
  var items = 0
  var inputs = 0
  /// Blocks of code.
  var codeBlocks = 0
  /// Characters inside lists.
  var listLength = 0
  /// Characters inside headings.
  var headingLength = 0
  /// Characters inside `p`, `li` and the like that are long enough to be sentences.
  var proseLength = 0

  var linkDensity: Double { length == 0 ? 0 : Double(linkLength) / Double(length) }

  static func += (left: inout ElementCount, right: ElementCount) {
    left.length += right.length
    left.linkLength += right.linkLength
    left.commas += right.commas
    left.paragraphs += right.paragraphs
    left.images += right.images
    left.items += right.items
    left.inputs += right.inputs
    left.codeBlocks += right.codeBlocks
    left.listLength += right.listLength
    left.headingLength += right.headingLength
    left.proseLength += right.proseLength
  }
}

/// Counts for all nodes of a page.
struct PageStatistics {
  /// With everything inside, per node.
  private(set) var total: [ElementCount]
  /// Text that stands directly in a block, inline elements included, per block element.
  private(set) var own: [ElementCount]

  /// Takes a removed subtree's counts away.
  static func subtract(_ gone: ElementCount, from count: inout ElementCount) {
    count.length -= gone.length
    count.linkLength -= gone.linkLength
    count.commas -= gone.commas
    count.paragraphs -= gone.paragraphs
    count.images -= gone.images
    count.items -= gone.items
    count.inputs -= gone.inputs
    count.codeBlocks -= gone.codeBlocks
    count.listLength -= gone.listLength
    count.headingLength -= gone.headingLength
    count.proseLength -= gone.proseLength
  }

  /// Counts; subtrees of nodes in `removed` are left out.
  init(_ page: HTMLPage, removed: [Bool]) {
    let nodes = page.nodes
    total = .init(repeating: ElementCount(), count: nodes.count)
    own = .init(repeating: ElementCount(), count: nodes.count)
    /// Per open node: the nearest block, and whether it is inside a link or a heading.
    var block = [Int](repeating: 0, count: nodes.count)
    var isLink = [Bool](repeating: false, count: nodes.count)
    var isHeading = [Bool](repeating: false, count: nodes.count)
    var isList = [Bool](repeating: false, count: nodes.count)
    var index = 0
    while index < nodes.count {
      if removed[index] {
        index = nodes[index].end
        continue
      }
      let node = nodes[index]
      let parent = node.parent
      if parent >= 0 {
        block[index] = node.tag.isInline ? block[parent] : index
        // Links within the page are not navigation.
        isLink[index] =
          isLink[parent] || node.tag == .a && !(node[.href]?.hasPrefix("#") ?? true)
        isList[index] = isList[parent] || node.tag == .ul || node.tag == .ol
        isHeading[index] = isHeading[parent] || node.tag.headingLevel != nil
      }
      if node.tag == .text {
        var count = PageStatistics.count(node.text)
        if isLink[index] { count.linkLength = count.length }
        if isList[index] { count.listLength = count.length }
        if isHeading[index] { count.headingLength = count.length }
        total[index] = count
        own[block[index]] += count
      } else {
        total[index] = PageStatistics.count(node.tag)
      }
      index += 1
    }
    for index in own.indices where own[index].length >= 60 && own[index].linkDensity < 0.4 {
      if nodes[index].tag.headingLevel == nil { total[index].proseLength = own[index].length }
    }
    for index in nodes.indices.reversed() where nodes[index].parent >= 0 {
      total[nodes[index].parent] += total[index]
    }
  }

  private static func count(_ tag: HTMLTag) -> ElementCount {
    var count = ElementCount()
    switch tag {
    case .p: count.paragraphs = 1
    case .img: count.images = 1
    case .li: count.items = 1
    case .pre: count.codeBlocks = 1
    case .input, .select, .textarea, .button: count.inputs = 1
    default: break
    }
    return count
  }

  private static func count(_ text: String) -> ElementCount {
    var count = ElementCount()
    var wasSpace = true
    for byte in text.utf8 {
      if byte <= 0x20 {
        if !wasSpace { count.length += 1 }
        wasSpace = true
        continue
      }
      wasSpace = false
      if byte == 0x2C { count.commas += 1 }
      if byte & 0xC0 != 0x80 { count.length += 1 }
    }
    // Commas of other scripts: Arabic, ideographic, fullwidth.
    if count.length < text.utf8.count {
      for scalar in text.unicodeScalars
      where scalar.value == 0x60C || scalar.value == 0x3001 || scalar.value == 0xFF0C
        || scalar.value == 0x3002
      {
        count.commas += 1
      }
    }
    return count
  }
}
