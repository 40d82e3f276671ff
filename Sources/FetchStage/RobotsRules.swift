// robots.txt to RFC 9309: groups, the longest match, what no answer means. Pure: text in, decisions out.

/// What a site's robots.txt says to us.
package struct RobotsRules: Sendable {
  /// Our product token, as a robots.txt names it.
  package static let token = "bobbin"
  /// Bytes that are read; RFC 9309 section 2.5 asks for 500 KiB at least.
  package static let byteLimit = 512 << 10

  private struct Rule: Sendable {
    let pattern: String
    let allows: Bool
  }

  private var rules: [Rule] = []
  /// Seconds between two requests that the site asks for; not of the RFC, and widely written.
  package private(set) var crawlDelay: Double?
  /// Sitemaps that it names, as written.
  package private(set) var sitemaps: [String] = []

  /// A site without robots.txt: everything is allowed.
  package init() {}

  /// Reads the file's bytes; what cannot be understood is passed over.
  package init(_ bytes: [UInt8]) {
    var bytes = bytes.prefix(Self.byteLimit)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    let isOurs = Self.parse(bytes, for: Self.token, into: &self)
    if !isOurs {
      self = RobotsRules()
      _ = Self.parse(bytes, for: "*", into: &self)
    }
  }

  /// Whether a path with its query may be asked for: the longest rule wins, and of equal ones the one that allows.
  package func allows(_ path: some StringProtocol) -> Bool {
    if path == "/robots.txt" { return true }
    let path = PercentEncoding.normal(path)
    var best: (length: Int, allows: Bool) = (-1, true)
    for rule in rules where AddressPattern.begins(path, with: rule.pattern) {
      let length = rule.pattern.utf8.count
      if length > best.length || (length == best.length && rule.allows) {
        best = (length, rule.allows)
      }
    }
    return best.allows
  }

  /// Takes the rules of all groups for a token.
  ///
  /// - Returns: whether there is such a group.
  private static func parse(
    _ bytes: ArraySlice<UInt8>, for token: String, into robots: inout RobotsRules
  ) -> Bool {
    var isFound = false
    var isOurs = false
    // Lines of user agents that follow one another begin one group.
    var isNaming = false
    for line in bytes.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
      let text = String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      let value = trimmed(parts[1])
      switch trimmed(parts[0]).lowercased() {
      case "user-agent":
        if !isNaming { isOurs = false }
        isNaming = true
        if product(value) == token {
          isOurs = true
          isFound = true
        }
      case "allow":
        isNaming = false
        if isOurs, !value.isEmpty { robots.add(value, allows: true) }
      case "disallow":
        isNaming = false
        // An empty one disallows nothing.
        if isOurs, !value.isEmpty { robots.add(value, allows: false) }
      case "crawl-delay":
        isNaming = false
        if isOurs, let seconds = Double(value), seconds >= 0, seconds.isFinite {
          robots.crawlDelay = max(robots.crawlDelay ?? 0, seconds)
        }
      case "sitemap":
        // Of no group, and no group ends with it.
        if !value.isEmpty, robots.sitemaps.count < 100 { robots.sitemaps.append(String(value)) }
      default: continue
      }
    }
    return isFound
  }

  private mutating func add(_ value: Substring, allows: Bool) {
    // A rule that begins with neither matches no path, and one longer than any address would only cost time.
    guard value.hasPrefix("/") || value.hasPrefix("*"), value.utf8.count <= 2_048 else { return }
    rules.append(Rule(pattern: PercentEncoding.normal(value), allows: allows))
  }

  /// The product token of a user-agent line: `Bobbin/1.2 (comment)` is `bobbin`.
  private static func product(_ value: Substring) -> String {
    if value.hasPrefix("*") { return "*" }
    return value.prefix { $0.isASCII && ($0.isLetter || $0 == "_" || $0 == "-") }.lowercased()
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0.isWhitespace }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
}
