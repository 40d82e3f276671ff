// A crawl as values: how far it may go, how far it has come, what is known of its pages from the last time. How it is carried
// out is FetchStage's business.

/// How far a crawl goes: an owner's wish within the plan's limits.
package struct CrawlBounds: Codable, Hashable, Sendable {
  /// Links that are followed one after the other from the start; 0 follows none.
  package let depth: Int
  /// Pages that are read at most; what is refused, gone or left out does not count.
  package let maxPages: Int
  /// Whether the pages that the site's sitemap names are read.
  package let sitemap: Bool
  /// Patterns of which an address must match one, unless there is none; see `AddressPattern` in FetchStage.
  package let include: [String]
  /// Patterns of which an address must match none.
  package let exclude: [String]

  package init(
    depth: Int, maxPages: Int, sitemap: Bool = false, include: [String] = [],
    exclude: [String] = []
  ) {
    self.depth = depth
    self.maxPages = maxPages
    self.sitemap = sitemap
    self.include = include
    self.exclude = exclude
  }
}

/// What is known of a page from an earlier reading, so that it is only read again when it has changed.
package struct KnownPage: Codable, Hashable, Sendable {
  package let etag: String?
  /// As the server wrote it.
  package let lastModified: String?
  /// The digest of the text that answers now, 64 hex digits.
  package let text: String?
  /// When it was asked for last, milliseconds since 1970 UTC; nil when that is not known, or another text answers.
  package let readAt: Int?

  package init(etag: String?, lastModified: String?, text: String?, readAt: Int? = nil) {
    self.etag = etag
    self.lastModified = lastModified
    self.text = text
    self.readAt = readAt
  }
}

/// How far a crawl has come: small, and the same for the same work.
///
/// What grows with the site stands in blobs that are only ever added to.
package struct CrawlState: Codable, Hashable, Sendable {
  /// Addresses that wait for their turn, a line each; the first `offset` bytes have had it.
  package struct Part: Codable, Hashable, Sendable {
    package let lines: BlobReference
    package var offset: Int
    /// Addresses behind the offset.
    package var count: Int

    package init(lines: BlobReference, offset: Int = 0, count: Int) {
      self.lines = lines
      self.offset = offset
      self.count = count
    }
  }

  /// An address that is asked again later.
  package struct Waiting: Codable, Hashable, Sendable {
    /// As it stands in a part.
    package let line: String
    /// Tries so far.
    package let tries: Int
    /// Milliseconds since 1970 UTC.
    package let due: Int
    package let reason: String

    package init(line: String, tries: Int, due: Int, reason: String) {
      self.line = line
      self.tries = tries
      self.due = due
      self.reason = reason
    }
  }

  /// Counts the slices; no two of a crawl are the same item.
  package var number: Int
  /// Scheme, host and port that the crawl stays on, such as `https://example.com`.
  package var origin: String
  /// The address that the source's own document stands for, and where it redirects to.
  package var start: String
  package var startLeadsTo: String?
  /// robots.txt as it was read; nil when the site has none.
  package var robots: BlobReference?
  /// Days of the crawl after which it was read: it is read again when another day has passed.
  package var robotsDay: Int
  package var frontier: [Part]
  /// Digests of addresses and bodies that were met, sorted, 8 bytes each.
  package var seen: [BlobReference]
  package var waiting: [Waiting]
  /// Pages that were read.
  package var read: Int
  /// Requests that were made for pages and sitemaps.
  package var asked: Int
  /// Rows that were made for addresses which were never asked for.
  package var told: Int
  /// Sitemap files that were read.
  package var sitemaps: Int
  /// Sitemap files that wait in the frontier: pages that are known wait for what these say of them.
  package var sitemapsQueued: Int?
  /// Failures since the last answer.
  package var failures: Int
  /// What the site answers where there is no page, as a fingerprint of its text; nil when it says so by its status.
  package var missingPage: UInt64?

  package init(origin: String, start: String) {
    number = 0
    self.origin = origin
    self.start = start
    (startLeadsTo, robots, missingPage) = (nil, nil, nil)
    (robotsDay, read, asked, told, sitemaps, failures) = (0, 0, 0, 0, 0, 0)
    (frontier, seen, waiting) = ([], [], [])
  }
}

/// Reasons for which a page stays out on purpose: its site, or the crawl's own order, wants it so, and nobody need act.
package enum LeftOut {
  package static let reasons: Set<String> = [
    "robots", "noindex", "redirected", "redirect_out", "canonical", "duplicate", "sitemap",
    "unchanged", Alias.reason,
  ]
}
