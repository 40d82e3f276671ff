// The styles of a Word document: which of them are headings, titles, lists or tables of contents.

internal import Markup

/// Reads `word/styles.xml`.
final class WordStyles {
  /// One style, as far as text needs it.
  struct Style {
    var name = ""
    var basedOn: String?
    /// 0 to 8; 9 is body text.
    var outlineLevel: Int?
    var numberID: String?
    var numberLevel: Int?
  }

  private var styles: [String: Style] = [:]
  private var current: String?
  private(set) var language: String?

  func take(_ event: XMLEvent) -> Bool {
    switch event {
    case .start(let name, let namespace, let attributes) where WordXML.isWord(namespace):
      start(name, attributes)
    case .end("style", _): current = nil
    default: break
    }
    return true
  }

  private func start(_ name: String, _ attributes: [XMLAttribute]) {
    let value = attributes[local: "val"]
    if name == "lang", current == nil, language == nil { language = value }
    if name == "style" {
      current = attributes[local: "styleId"]
      if let current { styles[current] = Style() }
    }
    guard let current else { return }
    switch name {
    case "name": styles[current]?.name = value?.lowercased() ?? ""
    case "basedOn": styles[current]?.basedOn = value
    case "outlineLvl": styles[current]?.outlineLevel = value.flatMap { Int($0) }
    case "numId": styles[current]?.numberID = value
    case "ilvl": styles[current]?.numberLevel = value.flatMap { Int($0) }
    default: break
    }
  }

  /// 1 to 6 for a heading, nil for text.
  func headingLevel(_ id: String?) -> Int? {
    for style in chain(id) {
      if style.name == "title" { return 1 }
      if style.name.hasPrefix("heading "), let level = Int(style.name.dropFirst(8)) {
        return min(max(level, 1), 6)
      }
      if let level = style.outlineLevel { return level < 9 ? min(max(level, 0) + 1, 6) : nil }
    }
    // Documents without a styles part name the usual ids.
    guard let id = id?.lowercased(), styles.isEmpty else { return nil }
    return id.hasPrefix("heading") ? Int(id.dropFirst(7)).map { min(max($0, 1), 6) } : nil
  }

  func isTitle(_ id: String?) -> Bool { chain(id).contains { $0.name == "title" } }

  func isTableOfContents(_ id: String?) -> Bool {
    chain(id).contains { $0.name.hasPrefix("toc ") || $0.name == "table of figures" }
  }

  /// The list a style belongs to.
  func numbering(_ id: String?) -> (id: String, level: Int)? {
    let list = chain(id)
    guard let number = list.lazy.compactMap(\.numberID).first else { return nil }
    return (number, list.lazy.compactMap(\.numberLevel).first ?? 0)
  }

  /// A style and what it is based on, at most ten deep.
  private func chain(_ id: String?) -> [Style] {
    var list: [Style] = []
    var next = id
    while let id = next, let style = styles[id], list.count < 10 {
      list.append(style)
      next = style.basedOn
    }
    return list
  }
}

/// The namespaces of WordprocessingML, transitional and strict.
enum WordXML {
  static func isWord(_ namespace: String) -> Bool { namespace.contains("wordprocessingml") }

  /// Whether an on/off element is on: it is unless it says `0`, `false` or `off`.
  static func isOn(_ attributes: [XMLAttribute]) -> Bool {
    !["0", "false", "off", "none"].contains(attributes[local: "val"] ?? "1")
  }
}
