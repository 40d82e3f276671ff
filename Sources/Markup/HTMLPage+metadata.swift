// What a page says about itself: title, language, canonical address, wishes about robots.

extension HTMLPage {
  /// The `lang` of the document element, as written.
  package var language: String? {
    for index in nodes.indices.prefix(50)
    where nodes[index].tag == .html || nodes[index].tag == .body {
      if let value = nodes[index][.lang], !value.isEmpty { return value }
    }
    return meta(property: "og:locale") ?? meta(name: "content-language")
  }

  /// The text of the first `<title>` outside drawings, collapsed; nil when empty.
  package var title: String? {
    for index in nodes.indices where nodes[index].tag == .title {
      let parent = nodes[index].parent
      if parent >= 0, nodes[parent].tag == .svg { continue }
      let text = text(of: index)
      if !text.isEmpty { return text }
    }
    return nil
  }

  /// The address the page wants to be known by, as written (see `Links.resolve`).
  package var canonical: String? {
    for node in nodes where node.tag == .link {
      guard let rel = node[.rel], HTMLPage.tokens(rel).contains("canonical") else { continue }
      if let href = node[.href], !href.isEmpty { return href }
    }
    return nil
  }

  /// What `<meta name="robots">` (and `bobbin`) ask for, lower case, such as `noindex` and `nofollow`.
  package var robots: Set<String> {
    var wishes: Set<String> = []
    for node in nodes where node.tag == .meta {
      guard let name = node[.name]?.lowercased(), name == "robots" || name == "bobbin" else {
        continue
      }
      for wish in (node[.content] ?? "").lowercased().split(separator: ",") {
        wishes.formUnion(HTMLPage.tokens(String(wish)))
      }
    }
    if wishes.contains("none") { wishes.formUnion(["noindex", "nofollow"]) }
    return wishes
  }

  /// The content of the first `<meta name=…>`, trimmed; nil when absent or empty.
  package func meta(name: String) -> String? {
    metaContent { $0[.name]?.lowercased() == name || $0[.itemprop]?.lowercased() == name }
  }

  /// The content of the first `<meta property=…>` (OpenGraph), trimmed; nil when absent or empty.
  package func meta(property: String) -> String? {
    metaContent {
      ($0[.property] ?? $0[.name])
        .map { HTMLPage.tokens($0).contains(property) } ?? false
    }
  }

  private func metaContent(_ isWanted: (HTMLNode) -> Bool) -> String? {
    for node in nodes where node.tag == .meta {
      guard isWanted(node), let content = node[.content] else { continue }
      let text = content.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      if !text.isEmpty { return text }
    }
    return nil
  }

  private static func tokens(_ value: String) -> Set<String> {
    Set(value.lowercased().split(whereSeparator: \.isWhitespace).map(String.init))
  }
}
