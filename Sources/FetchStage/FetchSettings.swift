// How hard a site is asked, as data: the values of pipelines/ingest.mk.

import WebClient

/// Numbers of the fetch stage.
package struct FetchSettings: Sendable {
  /// Pause between two requests to a host; a site may ask for a longer one.
  package var hostDelay: Duration
  /// Pages and seconds after which a crawl hands over to its next item.
  package var slicePages: Int
  package var sliceTime: Duration
  /// What one request may take in all, redirects of a lone page included.
  package var requestTime: Duration
  /// Tries of a page that a crawl makes, and milliseconds after the first; then fourfold.
  package var pageTries: Int
  package var firstDelay: Int
  package var longestDelay: Int
  /// Days after which a page is asked for again, though its site's sitemap says that it has not changed.
  package var lastmodDays: Int
  /// Tries of an item that ends its workers; a page at which all but the last broke off is passed over.
  package var harmfulTries: Int

  /// A site that asks for more than a minute between two pages gets a minute.
  static let longestCrawlDelay = 60.0
  /// Failures in a row after which a crawl pauses, and after which it gives up.
  static let failuresToPause = 5
  static let failuresToEnd = 15
  /// Requests beyond the pages that may be read: what is gone, moved or refused must not go on for ever.
  static let requestsPerPage = 3
  /// Rows for addresses that robots.txt forbids; more of them are only counted.
  static let mostTold = 500
  static let mostWaiting = 500
  static let mostSitemaps = 500
  /// Rows of a slice beyond which it is over, whatever the pages cost.
  static let mostRows = 1_000

  package init(
    hostDelay: Duration = .seconds(1), slicePages: Int = 50, sliceTime: Duration = .seconds(15),
    requestTime: Duration = .seconds(30), pageTries: Int = 4, firstDelay: Int = 30_000,
    longestDelay: Int = 3_600_000, lastmodDays: Int = 30, harmfulTries: Int = 3
  ) {
    self.hostDelay = hostDelay
    self.slicePages = slicePages
    self.sliceTime = sliceTime
    self.requestTime = requestTime
    self.pageTries = pageTries
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
    self.lastmodDays = lastmodDays
    self.harmfulTries = harmfulTries
  }

  /// What a request may take and bring.
  var limits: RequestLimits {
    var limits = RequestLimits.ownerGiven
    limits.total = requestTime
    return limits
  }

  /// Milliseconds to wait after a page's try `tries`, from 1.
  func delay(after tries: Int) -> Int {
    var delay = firstDelay
    for _ in 1..<max(1, min(tries, 20)) where delay < longestDelay { delay *= 4 }
    return min(delay, longestDelay)
  }
}
