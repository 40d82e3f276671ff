// Gets the bytes of a source: a local file, one http(s) URL, or the pages of a site slice by slice. What the bytes mean is
// extract's matter; this stage reads links and wishes, and tells a page from what stands in its place.

import BlobStore
package import Corpus
package import Spool
package import WebClient

/// Source → Page.
package struct FetchStage: Stage {
  package static let name = "fetch"
  package static let version = 2
  package static let inputSchemas = [RecordSchema.source]
  package static let next: NextStage? = NextStage(stage: "extract", schema: RecordSchema.page)

  private let tools: CrawlSlice.Tools
  private let files: FileReader
  private let forks: CrawlForks

  /// - Parameters:
  ///   - data: the data directory.
  ///   - transport: one of reach `ownerGiven`, because owners type these URLs.
  ///   - gate: who may ask a host; nil for one that is shared by all processes on this data directory.
  ///   - now: milliseconds since 1970 UTC.
  package init(
    data: String, transport: WebTransport, settings: FetchSettings = FetchSettings(),
    gate: HostGate? = nil, fileLimit: Int = 25 << 20,
    now: @escaping @Sendable () -> Int = WallClock.now
  ) {
    tools = CrawlSlice.Tools(
      blobs: DirectoryBlobs(data: data), transport: transport,
      gate: gate ?? HostGate(data: data), settings: settings, now: now)
    files = FileReader(limit: fileLimit)
    forks = CrawlForks(data: data)
  }

  /// What is left of a crawl is nobody's document: those that it met are told of by name.
  package func document(of input: Source) -> String {
    input.state == nil ? input.document.text : ""
  }

  package func process(
    _ records: [Source], of envelope: Envelope
  ) async throws -> [Outcome<Page>] {
    var outcomes: [Outcome<Page>] = []
    for source in records {
      switch (source.location, source.crawl) {
      case (.file(let path), _): outcomes.append(try fetchFile(source, path: path))
      case (.web(let url), nil) where VideoAddress(url) != nil:
        outcomes.append(try await fetchVideo(source, url: url, language: nil))
      case (.web(let url), nil): outcomes.append(try await fetchPage(source, url: url))
      case (.video(let url, let captions?, _), _):
        outcomes.append(try fetchFile(source, path: captions, video: url))
      case (.video(let url, nil, let language), _):
        outcomes.append(try await fetchVideo(source, url: url, language: language))
      case (.web(let url), let bounds?):
        outcomes.append(try await crawl(source, url: url, bounds: bounds, envelope))
      }
    }
    return outcomes
  }

  /// - Parameter video: the address that the file holds the captions of.
  private func fetchFile(
    _ source: Source, path: String, video: String? = nil
  ) throws -> Outcome<Page> {
    switch try files.read(path) {
    case .failure(let refusal) where refusal.mayPass:
      return .retry(reason: refusal.reason, message: refusal.message)
    case .failure(let refusal):
      return .gone(reason: refusal.reason, message: refusal.message)
    case .success(let bytes):
      let content = try tools.blobs.put(bytes)
      let page =
        if let video {
          Page(
            source: source.source, document: source.document,
            uri: VideoAddress(video)?.watchPage ?? video, content: content, fileName: nil,
            // Captions by whatever format: extract finds out.
            mediaType: "text/x-transcript", charset: nil, status: nil, title: source.name)
        } else {
          Page(
            source: source.source, document: source.document, uri: source.name, content: content,
            fileName: source.name, mediaType: nil, charset: nil, status: nil)
        }
      return .done([page], [.init(document: source.document.text)])
    }
  }

  // MARK: A video

  private func fetchVideo(
    _ source: Source, url: String, language: String?
  ) async throws -> Outcome<Page> {
    let found = await VideoTranscript.read(url, language: language) {
      request async throws(WebError) in
      try await ask(request)
    }
    switch found {
    case .failure(let refusal) where refusal.mayPass:
      return .retry(
        reason: refusal.reason, message: refusal.message, notBefore: refusal.wait)
    case .failure(let refusal):
      return .done(
        [],
        [
          .init(
            document: source.document.text, outcome: .gone, reason: refusal.reason,
            message: refusal.message,
            found: Receipt.Found(source: source.source.text, status: refusal.status))
        ])
    case .success(let captions):
      let content = try tools.blobs.put(captions.bytes)
      let page = Page(
        source: source.source, document: source.document, uri: captions.page, content: content,
        fileName: nil, mediaType: "text/x-transcript", charset: captions.charset, status: 200,
        knownText: source.known?.text, title: captions.title, language: captions.language)
      let found = Receipt.Found(
        source: source.source.text,
        leadsTo: captions.page == (try? WebURL(parsing: url))?.text ? nil : captions.page,
        status: 200, content: content.blob)
      return .done(
        [page],
        [
          .init(
            document: source.document.text,
            message: captions.isAutomatic
              ? "A machine wrote these captions: names and numbers may be wrong." : nil,
            title: captions.title, found: found)
        ])
    }
  }

  // MARK: A crawl

  private func crawl(
    _ source: Source, url: String, bounds: CrawlBounds, _ envelope: Envelope
  ) async throws -> Outcome<Page> {
    guard let start = PageAddress.normal(url) else {
      return .gone(
        reason: "bad_url", message: "The address cannot be asked for: give the whole address.")
    }
    let state =
      source.state ?? CrawlState(origin: PageAddress.origin(of: start), start: start)
    let name = source.source.text
    if forks.isStopped([name, envelope.lane, envelope.run], born: envelope.born) {
      // What was passed on is dropped by whoever ended it.
      return .done([], [])
    }
    let item = SpoolDirectory.id(
      of: try ItemContent.encode(envelope, records: [try JSONLines.encode(source)]))
    guard
      try forks.takesUp(item, source: name, number: state.number, run: envelope.run)
    else {
      // A crash between two renames left the same work twice: the other goes on with it.
      return .done([], [])
    }
    var slice = try CrawlSlice(
      source, bounds: bounds, state: state, born: envelope.born, tools: tools,
      trail: CrawlTrail(forks.trailPath(source: name, number: state.number, run: envelope.run)))
    defer { slice.trail.close() }
    let outcome = try await slice.work()
    guard case .done(let pages, let documents, _, let onward?) = outcome, !onward.record.isEmpty,
      let next = try forks.successor(source: name, number: state.number, run: envelope.run)
    else { return outcome }
    // What is left was published before a crash, and has been taken up.
    return .done(
      pages, documents,
      onward: Onward(record: [], counts: onward.counts, publishedAs: next))
  }

  // MARK: A page

  /// One page that an owner named by itself: asked for at an owner's word, so robots.txt is not asked.
  private func fetchPage(_ source: Source, url: String) async throws -> Outcome<Page> {
    let response: WebResponse
    do {
      response = try await ask(source, url: url)
    } catch {
      return error.isTransient
        ? .retry(reason: error.reason, message: "\(error)")
        : .gone(reason: error.reason, message: "\(error)")
    }
    var found = Receipt.Found(
      source: source.source.text,
      leadsTo: response.finalURL == (try? WebURL(parsing: url))?.text ? nil : response.finalURL,
      status: response.status)
    func gone(_ reason: String, _ message: String) -> Outcome<Page> {
      .done(
        [],
        [
          .init(
            document: source.document.text, outcome: .gone, reason: reason, message: message,
            found: found)
        ])
    }
    if response.status == 304 { return gone("unchanged", "It has not changed.") }
    let isWall = PageVerdict.ofHead(response)
    let status = response.status
    if isWall == nil, status == 429 || status == 408 || (500...599).contains(status) {
      // 429 and 5xx may pass, everything else needs a person.
      return .retry(
        reason: "http_\(status)",
        message: "The site answered \(status); it is asked again later.",
        notBefore: CrawlSlice.wait(response))
    }
    if let isWall { return gone(isWall.rawValue, isWall.message) }
    let isPage = (200...299).contains(status)
    if CrawlSlice.isMarkup(response), isPage || status == 401 || status == 403,
      let verdict = await CrawlSlice.look(response, asked: url, missing: nil)?.verdict
    {
      return gone(verdict.rawValue, verdict.message)
    }
    guard isPage else {
      let (reason, message) = Self.refusal(status)
      return gone(reason, message)
    }
    guard !response.body.isEmpty else { return gone("empty", "The page is empty.") }
    if response.mediaType?.contains("xml") ?? true, Feed.read(response.body) != nil {
      return gone("feed", "It is a feed, a list of pages; read it as a sitemap or feed.")
    }
    let content = try tools.blobs.put(response.body)
    found.etag = response.headers["ETag"]
    found.lastModified = response.headers["Last-Modified"]
    found.content = content.blob
    let page = Page(
      source: source.source, document: source.document, uri: response.finalURL,
      content: content, fileName: Self.fileName(of: response.finalURL),
      mediaType: response.mediaType, charset: response.charset, status: status,
      knownText: source.known?.text)
    return .done([page], [.init(document: source.document.text, found: found)])
  }

  private func ask(_ source: Source, url: String) async throws(WebError) -> WebResponse {
    var headers: WebHeaders = [:]
    if let etag = source.known?.etag { headers["If-None-Match"] = etag }
    if let date = source.known?.lastModified { headers["If-Modified-Since"] = date }
    return try await ask(WebRequest(url: url, headers: headers))
  }

  private func ask(_ request: WebRequest) async throws(WebError) -> WebResponse {
    let request = WebRequest(
      url: request.url, headers: request.headers, limits: tools.settings.limits)
    let transport = tools.transport
    return try await tools.gate.pass(
      PageAddress.origin(of: request.url), pause: tools.settings.hostDelay
    ) { () async throws(WebError) in
      try await transport.send(request)
    }
  }

  /// What a status means that is neither success nor likely to pass.
  static func refusal(_ status: Int) -> (reason: String, message: String) {
    let remedy =
      switch status {
      case 401, 403: "the page needs a login or refuses robots: upload its content as a file"
      case 404, 410: "the page does not exist (any more): check the address"
      default: "open the address in a browser and check it"
      }
    return ("http_\(status)", "The site answered \(status): \(remedy).")
  }

  /// The last part of a URL's path, for its extension.
  static func fileName(of url: String) -> String? {
    let parts = url.prefix { $0 != "?" && $0 != "#" }
      .split(separator: "/", omittingEmptySubsequences: false)
    // scheme: "" host path…
    guard parts.count > 3, let name = parts.last, !name.isEmpty else { return nil }
    return String(name.prefix(255))
  }
}
