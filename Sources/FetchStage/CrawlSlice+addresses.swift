// Which addresses a crawl goes to: those of its site, within its bounds, that are pages and do not go on for ever.

import Corpus
import Markup
import WebClient

extension CrawlSlice {
  /// Endings of what is no page and no document.
  private static let otherKinds: Set<String> = [
    "jpg", "jpeg", "png", "gif", "svg", "webp", "avif", "ico", "bmp", "tif", "tiff", "css", "js",
    "mjs", "map", "json", "woff", "woff2", "ttf", "otf", "eot", "mp3", "mp4", "m4a", "m4v", "mov",
    "avi", "wav", "ogg", "ogv", "webm", "mkv", "zip", "gz", "tgz", "bz2", "xz", "rar", "7z", "tar",
    "exe", "msi", "dmg", "pkg", "deb", "rpm", "apk", "iso", "jar", "bin", "wasm", "swf", "ics",
    "xls", "xlsx", "ppt", "pptx", "doc", "rss", "atom",
  ]

  /// Takes an address up if the crawl is to go there.
  mutating func admit(_ text: String, base: String? = nil, kind: FrontierEntry.Kind, depth: Int) {
    guard let found = PageAddress.normal(text, relativeTo: base) else {
      return count("bad_url")
    }
    let address = ownScheme(found)
    // One that was met before is counted once, whatever was said of it.
    guard seen.count < SeenSet.limit else { return count("too_many") }
    guard seen.insert(address) else { return }
    if kind == .sitemap {
      state.sitemapsQueued = (state.sitemapsQueued ?? 0) + 1
      return frontier.append(FrontierEntry(kind, depth, address))
    }
    if let reason = refusal(of: address) { return count(reason) }
    if isTrap(address) { return count("trap") }
    frontier.append(FrontierEntry(kind, depth, address))
  }

  /// The links of a page.
  mutating func follow(_ page: HTMLPage, address: String, depth: Int) {
    for link in Links.all(in: page, address: address) {
      if link.isNofollow {
        count("nofollow")
      } else if depth < bounds.depth {
        admit(link.url, kind: .page, depth: depth + 1)
      } else if let normal = PageAddress.normal(link.url), refusal(of: ownScheme(normal)) == nil,
        !seen.contains(ownScheme(normal))
      {
        // Not remembered: it may be met nearer to the start.
        count("too_deep")
      }
    }
  }

  /// Why an address is not the crawl's to read; nil when it is.
  func refusal(of address: String) -> String? {
    guard PageAddress.origin(of: address) == state.origin else { return "outside" }
    if address == state.start { return nil }
    if Self.otherKinds.contains(Self.ending(of: address)) { return "other_kind" }
    if !bounds.include.isEmpty,
      !bounds.include.contains(where: { AddressPattern.holds(address, $0) })
    {
      return "excluded"
    }
    return bounds.exclude.contains { AddressPattern.holds(address, $0) } ? "excluded" : nil
  }

  /// The same address with the crawl's scheme, when only that differs: a site has one face, whichever its links name.
  func ownScheme(_ address: String) -> String {
    let origin = PageAddress.origin(of: address)
    guard origin != state.origin, let own = try? WebURL(parsing: state.origin + "/"),
      let other = try? WebURL(parsing: address), own.host == other.host,
      own.scheme != other.scheme, [80, 443].contains(own.port), [80, 443].contains(other.port)
    else { return address }
    return state.origin + PageAddress.path(of: address)
  }

  private mutating func isTrap(_ address: String) -> Bool {
    let path = PageAddress.path(of: address)
    if AddressTraps.repeats(path) { return true }
    let mark = path.utf8.firstIndex(of: UInt8(ascii: "?"))
    // The set counts: the first free number is taken, and when none is left it is enough. The last one is looked at first: a page
    // may have a hundred thousand links of one pattern.
    func isFull(_ what: String, _ limit: Int) -> Bool {
      if seen.contains("\(what) \(limit - 1)") { return true }
      for number in 0..<limit where seen.insert("\(what) \(number)") { return false }
      return true
    }
    if let mark, isFull("query \(path[..<mark])", AddressTraps.queriesOfPath) { return true }
    if let pattern = AddressTraps.datePattern(path),
      isFull("date \(pattern)", AddressTraps.datesOfPath)
    {
      return true
    }
    return false
  }

  private static func ending(of address: String) -> String {
    let slash = UInt8(ascii: "/")
    var path = PageAddress.path(of: address).utf8.prefix { $0 != UInt8(ascii: "?") }
    while path.last == slash { path.removeLast() }
    let name = path.lastIndex(of: slash).map { path[$0...] } ?? path
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), name.endIndex > dot else { return "" }
    return Substring(name[dot...].dropFirst()).lowercased()
  }
}
