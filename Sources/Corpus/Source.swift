// What an owner asked for: the record of spool/fetch.

/// One file or address to be fetched.
package struct Source: Codable, Hashable, Sendable {
  /// Where the bytes come from.
  package enum Location: Codable, Hashable, Sendable {
    /// An absolute path on the machine that runs the fetch stage.
    case file(path: String)
    /// An `http` or `https` URL, given by an owner and so subject to the whole address rule.
    case web(url: String)
  }

  /// The row this stands for.
  package let source: SourceID
  /// The document that the location becomes.
  package let document: DocumentID
  /// Where to get it.
  package let location: Location
  /// What people call it: a file's name, a page's URL.
  ///
  /// Never used as a path.
  package let name: String
  /// How far a crawl that begins here goes; nil for this one file or page.
  package let crawl: CrawlBounds?
  /// What is known of the page from an earlier reading; nil when nothing is, or when it shall be read whatever it says.
  package let known: KnownPage?
  /// What is known of the pages of a crawl: a blob of `KnownPage` lines.
  package let knownPages: BlobReference?
  /// How far the crawl has come; nil at its beginning.
  package var state: CrawlState?

  package init(
    source: SourceID, document: DocumentID, location: Location, name: String,
    crawl: CrawlBounds? = nil, known: KnownPage? = nil, knownPages: BlobReference? = nil,
    state: CrawlState? = nil
  ) {
    self.source = source
    self.document = document
    self.location = location
    self.name = name
    self.crawl = crawl
    self.known = known
    self.knownPages = knownPages
    self.state = state
  }
}
