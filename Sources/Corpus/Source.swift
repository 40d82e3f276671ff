// What an owner asked for: the record of spool/fetch.

/// One file or address to be fetched.
package struct Source: Codable, Hashable, Sendable {
  /// Where the bytes come from.
  package enum Location: Codable, Hashable, Sendable {
    /// An absolute path on the machine that runs the fetch stage.
    case file(path: String)
    /// An `http` or `https` URL, given by an owner and so subject to the whole address rule.
    case web(url: String)
    /// The captions of a video that is played at an address, given by an owner: fetched in a language (BCP 47; nil for
    /// whichever its page would show), or a file of captions at an absolute path.
    case video(url: String, captions: String?, language: String?)

    /// Whether it is a page, or a whole site's first.
    package var isWeb: Bool {
      if case .web = self { true } else { false }
    }
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

  /// The address that the owner gave, of a page or a video.
  package var url: String? {
    switch location {
    case .file: nil
    case .web(let url), .video(let url, _, _): url
    }
  }

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
