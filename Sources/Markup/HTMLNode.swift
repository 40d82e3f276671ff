// One node of a parsed page. A page is an array of these in document order, so a subtree is a range of indices and no
// walk needs recursion: a page nested 100,000 deep cannot overflow a stack.

/// An element or a run of text.
package struct HTMLNode: Sendable {
  /// `.text` for a run of text, `.other` for an element not in the table.
  package let tag: HTMLTag
  /// Index of the parent; -1 for the root.
  package let parent: Int
  /// Elements above this one, at most `HTMLPage.depthLimit`.
  package let depth: Int
  /// Index after the last node inside this one.
  package internal(set) var end: Int
  /// A run of text with entities resolved; empty for elements.
  package internal(set) var text: String
  /// The attributes worth keeping, in the order written.
  package let attributes: [HTMLAttribute]

  /// The first attribute of that name.
  package subscript(name: HTMLAttribute.Name) -> String? {
    for attribute in attributes where attribute.name == name { return attribute.value }
    return nil
  }
}

/// An attribute that tells something about structure, visibility, links or metadata.
package struct HTMLAttribute: Sendable, Equatable {
  /// The attributes that are kept; all others (handlers, styling hooks) are dropped while parsing.
  package enum Name: String, CaseIterable, Sendable {
    case ariaHidden = "aria-hidden"
    case ariaLabel = "aria-label"
    case ariaModal = "aria-modal"
    case alternative = "alt"
    case `class`, colspan, content, datetime, `default`, hidden, href, id, itemprop, itemtype, kind
    case label, lang, name, property, rel, role, rowspan, source = "src", srclang, start, style
    case type, value
  }

  package let name: Name
  package let value: String
}
