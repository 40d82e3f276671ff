// Pages that are known and need not be asked for, because their site's sitemap says that they were not changed since: told as
// unchanged, at no request. A sitemap may be wrong, so it is only believed for a while (FETCH_LASTMOD_DAYS).

import Corpus
import Spool

extension CrawlSlice {
  /// Puts a known page behind sitemaps that are still to be read: what they say of it spares a request.
  ///
  /// It comes round at most as often as sitemaps name sitemaps.
  mutating func waitsForSitemaps(_ entry: FrontierEntry) -> Bool {
    guard entry.kind == .known, let queued = state.sitemapsQueued, queued > 0 else { return false }
    frontier.append(entry)
    return true
  }

  /// Tells of a known page that need not be asked for.
  mutating func isSpared(_ entry: FrontierEntry) -> Bool {
    guard entry.kind == .known, seen.contains(Self.mark(entry.address)),
      robots.allows(PageAddress.path(of: entry.address))
    else { return false }
    state.read += 1
    tell(
      entry.address, depth: entry.depth, .gone, reason: "unchanged",
      message: "The site's sitemap says that it has not changed.")
    return true
  }

  /// Notes what a sitemap says of pages that are known.
  mutating func note(_ sitemap: Sitemap, base: String) {
    guard !known.addresses.isEmpty else { return }
    for (written, modified) in sitemap.lastModified {
      guard let found = PageAddress.normal(written, relativeTo: base) else { continue }
      let address = ownScheme(found)
      guard let page = known[address]?.page, page.text != nil, let readAt = page.readAt,
        ModificationDate.spares(
          modified, readAt: readAt, now: born, trust: tools.settings.lastmodDays * 86_400_000)
      else { continue }
      _ = seen.insert(Self.mark(address))
    }
  }

  /// What stands in the set of what was met for a page that is spared; an address has no space.
  private static func mark(_ address: String) -> String { "spared \(address)" }
}
