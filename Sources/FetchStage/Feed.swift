// Feeds (RSS 2.0, RSS 1.0, Atom: RFC 4287) as lists of pages, which sitemaps.org takes them for, too. What an entry says of its
// page is left to the page itself: entries are often cut short.

import Markup

enum Feed {
  private static let (rss1, atom) = ("http://purl.org/rss/1.0/", "http://www.w3.org/2005/Atom")

  /// The reader's callback outlives no call; a class, because it escapes by its type.
  private final class Collector {
    var root = ""
    var path: [String] = []
    var text = ""
    var sitemap = Sitemap()
    var entry = Entry()
  }

  private struct Entry {
    var link: String?
    /// Stands for the link where there is none, unless it says that it is no address.
    var identifier: String?
  }

  /// Reads a feed; nil when it is none.
  static func read(_ bytes: [UInt8]) -> Sitemap? {
    let found = Collector()
    var failure: MarkupError?
    do throws(MarkupError) {
      try XMLReader.read(bytes) { event in take(event, found) }
    } catch {
      failure = error
    }
    guard ["rss", "RDF", "feed"].contains(found.root) else { return nil }
    found.sitemap.isFeed = true
    if let failure { found.sitemap.fault = Sitemap.fault(failure) }
    return found.sitemap
  }

  /// - Returns: false when no more is wanted.
  private static func take(_ event: XMLEvent, _ found: Collector) -> Bool {
    switch event {
    case .start(let name, let namespace, let attributes):
      if found.path.isEmpty {
        found.root = name
        let isFeed =
          name == "rss" || (name == "feed" && namespace == atom) || name == "RDF"
        guard isFeed else {
          found.root = ""
          return false
        }
      }
      found.path.append(name)
      found.text = ""
      switch name {
      case "item", "entry": found.entry = Entry()
      case "link" where found.root == "feed":
        guard ["alternate", nil].contains(attributes[local: "rel"]),
          let address = attributes[local: "href"]
        else { break }
        link(address, found)
      // An id that is no address says so.
      case "guid" where attributes[local: "isPermaLink"]?.lowercased() == "false":
        found.path[found.path.count - 1] = "guid that is no link"
      // Atom's links in RSS are the feed's own.
      case "link" where namespace != "" && namespace != rss1:
        found.path[found.path.count - 1] = "link of another kind"
      default: break
      }
    case .text(let text):
      if ["link", "guid"].contains(found.path.last), found.text.utf8.count < 4_096 {
        found.text += text
      }
    case .end:
      switch found.path.last {
      case "link" where found.root != "feed": link(found.text, found)
      case "guid" where isEntry(found): found.entry.identifier = found.text
      case "item", "entry":
        if let address = found.entry.link ?? found.entry.identifier {
          guard found.sitemap.pages.count < Sitemap.entryLimit else {
            found.sitemap.fault =
              "names more than \(Sitemap.entryLimit) addresses; the first ones were taken"
            return false
          }
          found.sitemap.pages.append(address)
        }
      default: break
      }
      if !found.path.isEmpty { found.path.removeLast() }
      found.text = ""
    }
    return true
  }

  /// Whether the element at hand stands right inside an entry.
  private static func isEntry(_ found: Collector) -> Bool {
    ["item", "entry"].contains(found.path.dropLast().last)
  }

  private static func link(_ text: String, _ found: Collector) {
    let address = text.split(whereSeparator: \.isWhitespace).joined()
    guard !address.isEmpty else { return }
    if isEntry(found) {
      found.entry.link = found.entry.link ?? address
    } else if found.path.dropLast().last == "channel" || found.path.count == 2 {
      found.sitemap.home = found.sitemap.home ?? address
    }
  }
}
