// What class names, ids, roles and tags tell about an element, in words that authors use all over the web. No rule here
// names a site.

internal import Markup

/// What an element's names suggest.
struct ElementHints {
  /// Part of the frame of the page: navigation, sharing, comments, advertising.
  var isUnlikely = false
  /// Part of what the page is about.
  var isLikely = false
  /// Certain boilerplate, even for the most lenient reading.
  var isBoilerplate = false
  /// Sharing buttons.
  var isShare = false
  /// What readers wrote under the page.
  var isComments = false
  /// Lists of other pages.
  var isRelated = false

  /// -25, 0, 25 or their sum.
  var weight: Int { (isLikely ? 25 : 0) + (isUnlikely ? -25 : 0) }

  /// Reads a node's names; `memory` holds the words of the page that are known already, as most repeat.
  init(_ node: HTMLNode, memory: inout [String: ElementHints]) {
    for name in [HTMLAttribute.Name.class, .id] {
      guard let value = node[name], value.utf8.count <= 1_000 else { continue }
      let words = ElementHints.words(value)
      // A long id is the title of a section, not the name of a part.
      if name == .id, words.count > 3,
        node.tag != .div || words.count > 5 || node[.class] == "section"
      {
        continue
      }
      for word in words {
        if let known = memory[word] {
          take(known)
        } else {
          let read = ElementHints(word: word)
          memory[word] = read
          take(read)
        }
      }
    }
    if let role = node[.role]?.lowercased(), ElementHints.unlikelyRoles.contains(role) {
      isUnlikely = true
      isLikely = false
      if role != "complementary" { isBoilerplate = true }
    }
    if let type = node[.itemprop], type == "articleBody" {
      isLikely = true
      isUnlikely = false
    }
  }

  private mutating func take(_ other: ElementHints) {
    isUnlikely = isUnlikely || other.isUnlikely
    isLikely = isLikely || other.isLikely
    isBoilerplate = isBoilerplate || other.isBoilerplate
    isShare = isShare || other.isShare
    isComments = isComments || other.isComments
    isRelated = isRelated || other.isRelated
  }

  private init(word: String) {
    if ElementHints.unlikely.contains(word) { isUnlikely = true }
    if ElementHints.likely.contains(word) { isLikely = true }
    if ElementHints.boilerplate.contains(word) { isBoilerplate = true }
    if ElementHints.share.contains(word) { isShare = true }
    if word.hasPrefix("comment") || word == "disqus" || word == "respond" { isComments = true }
    if word.hasPrefix("related") || word.hasPrefix("recommend") { isRelated = true }
    guard word.utf8.count > 6 else { return }
    for root in ElementHints.unlikelyRoots where word.contains(root) { isUnlikely = true }
    for root in ElementHints.boilerplateRoots where word.contains(root) { isBoilerplate = true }
    for root in ElementHints.likelyRoots where word.contains(root) { isLikely = true }
  }

  /// Splits at everything that is not a letter or digit and where lower case turns to upper.
  static func words(_ value: String) -> [String] {
    var words: [String] = []
    var word: [UInt8] = []
    var wasLower = false
    for byte in value.utf8 {
      switch byte {
      case 0x41...0x5A:
        if wasLower, !word.isEmpty {
          words.append(String(decoding: word, as: UTF8.self))
          word = []
        }
        word.append(byte | 0x20)
        wasLower = false
      case 0x61...0x7A, 0x30...0x39:
        word.append(byte)
        wasLower = true
      default:
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        word = []
        wasLower = false
      }
    }
    if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
    return words
  }

  private static let unlikelyRoles: Set<String> = [
    "menu", "menubar", "complementary", "navigation", "alert", "alertdialog", "dialog", "search",
    "banner", "contentinfo",
  ]
  private static let unlikely: Set<String> = [
    "ad", "ads", "adv", "advert", "adbox", "adsense", "agegate", "banner", "banners", "breadcrumb",
    "breadcrumbs", "combx", "comment", "comments", "community", "consent", "cookie", "cookies",
    "disqus", "extra", "extras", "foot", "footer", "gdpr", "header", "hidden", "legends", "login",
    "masthead", "menu", "menus", "meta", "modal", "nav", "navbar", "navigation", "newsletter",
    "outbrain", "overlay", "pager", "pagination", "paywall", "popular", "popup", "prevnext",
    "promo", "promos", "promotion", "recirc", "recommended", "related", "remark", "reply",
    "respond", "rss", "scroll", "share", "sharedaddy", "shares", "sharing", "shoutbox", "sidebar",
    "signup", "skyscraper", "social", "sponsor", "sponsored", "subscribe", "subscription",
    "supplemental", "taboola", "tags", "tool", "toolbar", "toolbox", "tools", "trending", "widget",
    "widgets", "yom", "byline", "outlet",
  ]
  private static let unlikelyRoots = [
    "comment", "sidebar", "footer", "cookie", "sponsor", "breadcrumb", "navigation", "advert",
    "newsletter", "recommend", "related", "pagination", "sharing", "social", "masthead", "banner",
    "disqus", "popup", "subscri", "promo", "shopping", "topnav", "mainnav", "subnav",
  ]
  private static let likely: Set<String> = [
    "article", "body", "content", "entry", "hentry", "main", "page", "post", "story", "text",
    "blog", "and", "column", "shadow", "h", "answer", "question", "faq", "description", "product",
    "documentation", "docs", "markdown", "readme",
  ]
  private static let likelyRoots = [
    "article", "content", "story", "bodytext", "posttext", "maintext",
  ]
  private static let boilerplate: Set<String> = [
    "nav", "navbar", "navigation", "menu", "breadcrumb", "breadcrumbs", "cookie", "cookies",
    "consent", "gdpr", "footer", "sidebar", "share", "sharing", "social", "newsletter", "popup",
    "modal", "pagination", "pager", "login", "signup", "advert", "ads", "skip", "sharedaddy",
    "outbrain", "taboola", "disqus",
  ]
  private static let boilerplateRoots = [
    "cookie", "navigation", "breadcrumb", "footer", "sidebar", "newsletter", "advert",
  ]
  private static let share: Set<String> = ["share", "sharedaddy", "sharing", "shares"]
}
