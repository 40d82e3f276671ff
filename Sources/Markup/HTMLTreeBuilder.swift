// Turns the HTML parser's events into the flat array of HTMLPage. Repairs what an HTML5 parser would do otherwise where it
// would lose or misplace text; bounded in depth and size.

internal import CXML2

/// The state of one parse; lives within `HTMLPage.init` and never leaves its thread.
final class HTMLTreeBuilder {
  private(set) var nodes: [HTMLNode] = [
    HTMLNode(tag: .root, parent: -1, depth: 0, end: 0, text: "", attributes: [])
  ]
  private(set) var linkedDocuments: [String] = []
  private(set) var isCut = false
  var context: htmlParserCtxtPtr?

  /// Open elements as the parser sees them; `node` is -1 for one that was flattened away.
  private var open: [(name: UnsafePointer<xmlChar>, node: Int)] = []
  private var pending: [UInt8] = []
  private var tags: [UnsafePointer<xmlChar>: HTMLTag] = [:]
  private static let attributeNames = Dictionary(
    uniqueKeysWithValues: HTMLAttribute.Name.allCases.map { ($0.rawValue, $0) })
  private static let tagNames = Dictionary(
    uniqueKeysWithValues: HTMLTag.allCases.map { ($0.rawValue, $0) })

  static func from(_ user: UnsafeMutableRawPointer?) -> HTMLTreeBuilder? {
    user.map { Unmanaged<HTMLTreeBuilder>.fromOpaque($0).takeUnretainedValue() }
  }

  func open(
    _ name: UnsafePointer<xmlChar>,
    attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
  ) {
    guard !isCut else { return }
    flushText()
    guard open.count < HTMLPage.depthStop, nodes.count < HTMLPage.nodeLimit else {
      isCut = true
      if let context { xmlStopParser(context) }
      return
    }
    if !Self.headTags.contains(tag(name)) { endHead() }
    let parent = currentNode
    let depth = nodes[parent].depth + 1
    guard depth <= HTMLPage.depthLimit else {
      open.append((name, -1))
      return
    }
    let kept = HTMLTreeBuilder.kept(attributes)
    nodes.append(
      HTMLNode(
        tag: tag(name), parent: parent, depth: depth, end: nodes.count + 1, text: "",
        attributes: kept))
    open.append((name, nodes.count - 1))
  }

  func close(_ name: UnsafePointer<xmlChar>) {
    guard !isCut else { return }
    flushText()
    // The parser closes in order; a name that is not on top is searched, so that an odd event cannot unbalance us.
    guard let top = open.lastIndex(where: { strcmpEqual($0.name, name) }) else { return }
    while open.count > top {
      let closed = open.removeLast()
      if closed.node >= 0 { nodes[closed.node].end = nodes.count }
    }
  }

  func append(_ characters: UnsafeBufferPointer<xmlChar>) {
    guard !isCut else { return }
    pending.append(contentsOf: characters)
  }

  /// Closes whatever is open and fixes the ends.
  func finish() {
    flushText()
    while let closed = open.popLast() {
      if closed.node >= 0 { nodes[closed.node].end = nodes.count }
    }
    nodes[0].end = nodes.count
  }

  private var currentNode: Int {
    for element in open.reversed() where element.node >= 0 { return element.node }
    return 0
  }

  /// What may stand in a head (HTML Living Standard, section 13.2.6.4.4); `body` ends it by itself.
  private static let headTags: Set<HTMLTag> = [
    .base, .link, .meta, .title, .style, .script, .noscript, .template, .head, .body, .html,
  ]

  /// Ends a head whose end tag was left out: what follows is the page, though libxml2 knows no element that is younger than
  /// HTML 4 to begin it.
  private func endHead() {
    guard let top = open.last(where: { $0.node >= 0 })?.node, nodes[top].tag == .head else {
      return
    }
    nodes[top].end = nodes.count
    for index in open.indices where open[index].node == top { open[index].node = -1 }
  }

  private func flushText() {
    guard !pending.isEmpty else { return }
    if pending.contains(where: { $0 > 0x20 }) { endHead() }
    let text = String(decoding: pending, as: UTF8.self)
    pending.removeAll(keepingCapacity: true)
    let parent = currentNode
    switch nodes[parent].tag {
    case .style: return
    case .script:
      if let type = nodes[parent][.type], type.lowercased().hasPrefix("application/ld+json") {
        linkedDocuments.append(text)
      }
      return
    default: break
    }
    nodes.append(
      HTMLNode(
        tag: .text, parent: parent, depth: nodes[parent].depth + 1, end: nodes.count + 1,
        text: text, attributes: []))
  }

  private func tag(_ name: UnsafePointer<xmlChar>) -> HTMLTag {
    if let known = tags[name] { return known }
    let found = HTMLTreeBuilder.tagNames[String(cString: name)] ?? .other
    tags[name] = found
    return found
  }

  private func strcmpEqual(
    _ left: UnsafePointer<xmlChar>, _ right: UnsafePointer<xmlChar>
  ) -> Bool {
    left == right || strcmp(left, right) == 0
  }

  /// Attributes come as a null-terminated list of name, value, name, value; a value may be null.
  private static func kept(
    _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
  ) -> [HTMLAttribute] {
    guard var position = attributes else { return [] }
    var list: [HTMLAttribute] = []
    while let name = position[0] {
      if let known = attributeNames[String(cString: name)] {
        list.append(
          HTMLAttribute(name: known, value: position[1].map { String(cString: $0) } ?? ""))
      }
      position += 2
    }
    return list
  }
}

/// libxml2's character type and C's differ in sign only.
private func strcmp(_ left: UnsafePointer<xmlChar>, _ right: UnsafePointer<xmlChar>) -> Int32 {
  xmlStrcmp(left, right)
}
