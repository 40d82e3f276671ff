// What a crawl makes of lists of pages: a site's sitemaps, the index of them, a feed and the site that it belongs to.

import Corpus
import Spool
import WebClient

extension CrawlSlice {
  /// Follows a feed to the site that it belongs to, when that is another than its own.
  ///
  /// - Returns: whether everything is said: that site cannot be asked what it allows.
  mutating func moves(
    to home: String, _ entry: FrontierEntry, _ response: WebResponse
  ) async throws -> Bool {
    guard let address = PageAddress.normal(home, relativeTo: entry.address).map(ownScheme),
      PageAddress.origin(of: address) != state.origin, state.read == 0
    else { return false }
    state.origin = PageAddress.origin(of: address)
    guard let trouble = try await readRobots(isNew: true) else { return false }
    tell(
      entry.address, depth: entry.depth, .gone, reason: trouble.reason, message: trouble.message,
      leadsTo: address, response: response)
    return true
  }

  /// Where the site's sitemaps are: robots.txt says, or it is the usual place.
  mutating func findSitemaps() {
    let named = robots.sitemaps.prefix(20)
    for address in named { admit(address, base: state.origin + "/", kind: .sitemap, depth: 0) }
    if named.isEmpty { admit(state.origin + "/sitemap.xml", kind: .sitemap, depth: 0) }
  }

  mutating func takeSitemap(_ response: WebResponse, _ entry: FrontierEntry) {
    guard response.status == 200,
      let sitemap = Sitemap.read(response.body, isText: response.mediaType == "text/plain")
    else {
      return tell(
        entry.address, depth: entry.depth, .gone, reason: "no_sitemap",
        message: response.status == 200
          ? "It is no sitemap." : "There is no sitemap: the site answered \(response.status).",
        response: response)
    }
    take(sitemap, entry, response)
  }

  mutating func take(
    _ sitemap: Sitemap, _ entry: FrontierEntry, _ response: WebResponse
  ) {
    state.sitemaps += 1
    note(sitemap, base: entry.address)
    for address in sitemap.pages { admit(address, base: entry.address, kind: .page, depth: 0) }
    for address in sitemap.sitemaps {
      // An index names sitemaps, not indexes; one step more is borne.
      guard entry.depth < 2, state.sitemaps < FetchSettings.mostSitemaps else {
        count("too_many")
        continue
      }
      admit(address, base: entry.address, kind: .sitemap, depth: entry.depth + 1)
    }
    if let fault = sitemap.fault {
      tell(
        entry.address, depth: entry.depth, .gone, reason: "broken_sitemap",
        message: "The sitemap \(fault); what stands before it was taken.", response: response)
    } else {
      tell(
        entry.address, depth: entry.depth, .gone, reason: "sitemap",
        message: "It is a list of pages: \(sitemap.pages.count) of them.", response: response)
    }
  }
}
