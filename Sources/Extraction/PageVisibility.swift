// Which parts of a page a reader never sees: what is not text, and what the page hides.

internal import Markup

/// Tells hidden parts.
enum PageVisibility {
  /// True for each node whose subtree is not shown.
  static func hidden(in page: HTMLPage, keepsNoscript: Bool) -> [Bool] {
    page.nodes.enumerated().map { index, node in
      if node.tag == .text || node.tag == .root { return false }
      if node.tag == .a, isHeadingMark(index, in: page) { return true }
      // Images count in scoring; they have no text anyway.
      if node.tag.isInvisible, node.tag != .img, node.tag != .input, node.tag != .select,
        node.tag != .textarea
      {
        return true
      }
      if node.tag == .noscript { return !keepsNoscript }
      return !node.attributes.isEmpty && isHidden(node)
    }
  }

  /// The `¶` or `#` beside a heading that links to itself.
  private static func isHeadingMark(_ index: Int, in page: HTMLPage) -> Bool {
    let node = page.nodes[index]
    guard node[.href]?.contains("#") ?? false, node.end - index <= 4 else { return false }
    let text = page.text(of: index)
    return ["¶", "#", "§", "🔗", "❡", "∞"].contains(text)
  }

  private static func isHidden(_ node: HTMLNode) -> Bool {
    for attribute in node.attributes {
      switch attribute.name {
      case .hidden: if attribute.value.lowercased() != "until-found" { return true }
      case .ariaHidden:
        // Formulas carry a hidden twin for screens; a picture of a formula is marked so on purpose.
        if attribute.value.lowercased() == "true", !(node[.class]?.contains("fallback") ?? false) {
          return true
        }
      case .ariaModal: if attribute.value.lowercased() == "true" { return true }
      case .style:
        let style = attribute.value.lowercased().filter { !$0.isWhitespace }
        if style.contains("display:none") || style.contains("visibility:hidden") { return true }
      default: break
      }
    }
    return false
  }
}
