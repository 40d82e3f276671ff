// What an Office document says of itself: title and language (docProps/core.xml), and which part is the main one.

internal import Markup

/// The core properties.
final class OfficeProperties {
  private(set) var title: String?
  private(set) var language: String?
  private var element = ""
  private var text = ""

  /// Takes one event of `docProps/core.xml`.
  func take(_ event: XMLEvent) -> Bool {
    switch event {
    case .start(let name, _, _):
      element = name
      text = ""
    case .text(let piece): if text.utf8.count < 10_000 { text += piece }
    case .end(let name, _):
      let value = TextCleaner.inline(text)
      if name == element, !value.isEmpty {
        if name == "title" { title = value }
        if name == "language" { language = value }
      }
      element = ""
    }
    return true
  }
}

/// The container's own relations.
final class OfficeRelations {
  private(set) var mainPart: String?

  /// Takes one event of `_rels/.rels`.
  func take(_ event: XMLEvent) -> Bool {
    if case .start("Relationship", _, let attributes) = event,
      attributes[local: "Type"]?.hasSuffix("/officeDocument") ?? false
    {
      mainPart = attributes[local: "Target"].map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
    }
    return true
  }
}
