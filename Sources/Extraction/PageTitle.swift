// The title of a page: what it says for sharing, else its first main heading, else the window title without the site's
// name.

internal import Markup

/// Finds titles.
enum PageTitle {
  /// The title; nil when the page has none.
  static func find(in page: HTMLPage) -> String? {
    if let shared = page.meta(property: "og:title") ?? page.meta(name: "twitter:title") {
      return shared
    }
    let headings = page.nodes.indices.filter { page.nodes[$0].tag == .h1 }
      .map { page.text(of: $0) }.filter { !$0.isEmpty }
    guard let window = page.title else { return headings.first }
    // A heading that the window title repeats is the title without the site's name.
    if let heading = headings.first(where: { $0.count >= 4 && window.contains($0) }) {
      return heading
    }
    return withoutSite(window)
  }

  /// The longest part before or after a separator, when it is most of the title.
  private static func withoutSite(_ title: String) -> String {
    for separator in [" | ", " — ", " – ", " - ", " » ", " · ", " :: ", " / "] {
      guard let last = title.lastRange(of: separator) else { continue }
      let head = title[..<last.lowerBound]
      if head.split(separator: " ").count >= 3 { return String(head) }
    }
    return title
  }
}

extension String {
  fileprivate func lastRange(of word: String) -> Range<Index>? {
    var end = endIndex
    while end > startIndex {
      let before = index(before: end)
      if self[before...].hasPrefix(word) { return before..<index(before, offsetBy: word.count) }
      end = before
    }
    return nil
  }
}
