// A part of a crawl: pages until enough were read, or time is up, or the site asks for patience. Then what is left is an item of
// its own, so that a crash costs a slice and nothing is kept in memory from one to the next.
//
// Answers are judged in CrawlSlice+pages, lists of pages in +sitemaps, addresses in +addresses.

import BlobStore
import Corpus
import Spool
import WebClient

/// One slice of one crawl.
struct CrawlSlice {
  /// What a slice works with.
  struct Tools: Sendable {
    let blobs: DirectoryBlobs
    let transport: WebTransport
    let gate: HostGate
    let settings: FetchSettings
    /// Milliseconds since 1970 UTC.
    let now: @Sendable () -> Int
  }

  let tools: Tools
  let source: Source
  let bounds: CrawlBounds
  /// The run's start.
  let born: Int
  var state: CrawlState
  var frontier: Frontier
  var seen: SeenSet
  var known: KnownPages
  let trail: CrawlTrail
  var robots = RobotsRules()

  /// What becomes of the slice.
  private(set) var pages: [Page] = []
  private var rows: [String: Receipt.Document] = [:]
  private var rowOrder: [String] = []
  var counts: [String: Int] = [:]
  /// Addresses that had their turn in this slice.
  private var turns = 0
  /// When the present address had its turn, milliseconds since 1970 UTC.
  private var askedAt = 0

  /// - Throws: `BlobError`, or `SpoolError` for a fault of the disk.
  init(
    _ source: Source, bounds: CrawlBounds, state: CrawlState, born: Int, tools: Tools,
    trail: CrawlTrail
  ) throws {
    self.tools = tools
    self.trail = trail
    self.source = source
    self.bounds = bounds
    self.born = born
    self.state = state
    frontier = Frontier(state.frontier, in: tools.blobs)
    seen = try SeenSet(state.seen, in: tools.blobs)
    known = try KnownPages(source.knownPages, in: tools.blobs)
  }

  /// Works until the slice ends.
  ///
  /// - Returns: what came of it; a retry when the site cannot even be asked what it allows.
  mutating func work() async throws -> Outcome<Page> {
    let isNew = state.number == 0
    var pause: Onward.Pause?
    if let trouble = try await readRobots(isNew: isNew) {
      // At the beginning there is nothing to keep: the item itself waits, or ends.
      if isNew, trouble.mayPass {
        return .retry(reason: trouble.reason, message: trouble.message, notBefore: trouble.wait)
      }
      if isNew { return .gone(reason: trouble.reason, message: trouble.message) }
      state.robotsDay = -1
      pause = self.pause(for: trouble)
    }
    if isNew { begin() }
    let end = ContinuousClock.now + tools.settings.sliceTime
    while pause == nil, turns < tools.settings.slicePages, ContinuousClock.now < end {
      if isFull || rowOrder.count >= FetchSettings.mostRows { break }
      guard let (entry, tries) = try nextEntry() else { break }
      if waitsForSitemaps(entry) || isSpared(entry) { continue }
      turns += 1
      askedAt = tools.now()
      if isPassedOver(entry) { continue }
      trail.note(entry.address)
      pause = try await visit(entry, tries: tries)
      // A site that asks for long pauses is not waited for by a worker.
      if pause == nil, delay > .seconds(5) {
        pause = Onward.Pause(
          milliseconds: Int(delay.components.seconds) * 1000, reason: "crawl_delay",
          message: "The site asks for \(delay.components.seconds) seconds between two pages.")
      }
      if state.failures >= FetchSettings.failuresToEnd { break }
    }
    let outcome = try outcome(pause)
    trail.clear()
    return outcome
  }

  /// Tells of a page at which attempts at this slice broke off, but for the last that are left to it.
  private mutating func isPassedOver(_ entry: FrontierEntry) -> Bool {
    guard trail.breaks(at: entry.address) >= max(1, tools.settings.harmfulTries - 1) else {
      return false
    }
    tell(
      entry.address, depth: entry.depth, .failed, reason: "crashed",
      message: "Reading it broke off each time, so it was passed over.")
    return true
  }

  private mutating func begin() {
    let start = state.start
    _ = seen.insert(start)
    frontier.append(FrontierEntry(.page, 0, start))
    for address in known.addresses where address != start {
      guard let entry = known[address] else { continue }
      if let reason = refusal(of: address) {
        tell(
          address, depth: entry.depth, .gone, reason: reason,
          message: "It lies outside of what the source is to read now.")
      } else if seen.insert(address) {
        frontier.append(FrontierEntry(.known, entry.depth, address))
      }
    }
  }

  /// Whether the crawl has what it may have.
  private var isFull: Bool {
    state.read >= bounds.maxPages
      || state.asked >= bounds.maxPages * FetchSettings.requestsPerPage + 100
  }

  private mutating func nextEntry() throws -> (FrontierEntry, tries: Int)? {
    let now = tools.now()
    if let index = state.waiting.firstIndex(where: { $0.due <= now }) {
      let waiting = state.waiting.remove(at: index)
      if let entry = FrontierEntry(line: waiting.line) { return (entry, waiting.tries) }
    }
    guard let entry = try frontier.next() else { return nil }
    if entry.kind == .sitemap, let queued = state.sitemapsQueued {
      state.sitemapsQueued = max(0, queued - 1)
    }
    return (entry, 0)
  }

  private mutating func outcome(_ pause: Onward.Pause?) throws -> Outcome<Page> {
    let left = frontier.count + state.waiting.count
    var pause = pause
    var record: [UInt8] = []
    if isFull || state.failures >= FetchSettings.failuresToEnd {
      if left > 0 { count(isFull ? "page_limit" : "unreached", left) }
      for waiting in state.waiting { end(waiting) }
    } else if left > 0 {
      if frontier.count == 0, pause == nil,
        let first = state.waiting.min(by: { $0.due < $1.due })
      {
        pause = Onward.Pause(
          milliseconds: first.due - tools.now(), reason: first.reason,
          message: "What is left of the site is asked again later.")
      }
      state.number += 1
      state.frontier = try frontier.saved()
      state.seen = try seen.saved(in: tools.blobs)
      var rest = source
      rest.state = state
      record = try JSONLines.encode(rest)
    }
    return .done(
      pages, rowOrder.compactMap { rows[$0] },
      onward: record.isEmpty && counts.isEmpty
        ? nil : Onward(record: record, pause: pause, counts: counts))
  }

  /// An address that was to be asked again, and is not.
  private mutating func end(_ waiting: CrawlState.Waiting) {
    guard let entry = FrontierEntry(line: waiting.line) else { return }
    tell(
      entry.address, depth: entry.depth, .failed, reason: waiting.reason,
      message: "The crawl ended before the page could be asked for again.")
  }

  // MARK: What is told

  mutating func count(_ what: String, _ number: Int = 1) {
    counts[what, default: 0] += number
  }

  /// The document that an address stands for.
  func document(of address: String) -> DocumentID {
    address == state.start || address == state.startLeadsTo
      ? source.document : Self.document(of: address, in: source.source)
  }

  static func document(of address: String, in source: SourceID) -> DocumentID {
    DocumentID(unchecked: SHA256Digest(of: source.pageSeed(address)).shortName)
  }

  /// Says what became of an address; the last word on it in a slice counts.
  mutating func tell(
    _ address: String, depth: Int, _ outcome: Receipt.Outcome, reason: String? = nil,
    message: String? = nil, leadsTo: String? = nil, response: WebResponse? = nil,
    content: BlobReference? = nil, tries: Int? = nil, due: Int? = nil
  ) {
    let id = document(of: address).text
    let isStart = id == source.document.text
    let found = Receipt.Found(
      source: source.source.text, uri: isStart ? nil : address,
      leadsTo: leadsTo ?? (isStart && address != state.start ? address : nil),
      status: response?.status, depth: depth,
      etag: content == nil ? nil : response?.headers["ETag"],
      lastModified: content == nil ? nil : response?.headers["Last-Modified"],
      content: content?.blob, tries: tries, due: due, asked: response == nil ? nil : askedAt)
    if rows[id] == nil { rowOrder.append(id) }
    rows[id] = Receipt.Document(
      document: id, outcome: outcome, reason: reason, message: message, found: found)
  }

  /// Passes a page on.
  mutating func take(_ page: Page) { pages.append(page) }

  // MARK: Manners

  /// Counts a failure and says how long the whole crawl waits for it.
  ///
  /// - Parameter borne: failures before it for which nobody waited.
  mutating func pause(for trouble: Trouble, borne: Int = 0) -> Onward.Pause {
    state.failures += 1
    let own = tools.settings.delay(after: state.failures - borne)
    return Onward.Pause(
      milliseconds: max(own, trouble.wait ?? 0), reason: trouble.reason, message: trouble.message)
  }

  /// What must pass between two requests.
  var delay: Duration {
    let asked = min(robots.crawlDelay ?? 0, FetchSettings.longestCrawlDelay)
    return max(tools.settings.hostDelay, .milliseconds(Int(asked * 1000)))
  }

  /// Asks the site, in its turn.
  func send(
    _ address: String, headers: WebHeaders = [:], redirects: Int = 0, bodyBytes: Int = 10 << 20
  ) async throws(WebError) -> WebResponse {
    var limits = tools.settings.limits
    limits.redirects = redirects
    limits.bodyBytes = bodyBytes
    let request = WebRequest(url: address, headers: headers, limits: limits)
    let transport = tools.transport
    return try await tools.gate.pass(PageAddress.origin(of: address), pause: delay) {
      () async throws(WebError) in
      try await transport.send(request)
    }
  }

  /// Why a site cannot be asked for pages.
  struct Trouble {
    let reason: String
    let message: String
    /// Milliseconds for which it wants to be left alone.
    var wait: Int?
    var mayPass = true
  }

  /// Reads robots.txt at the beginning, when the crawl moves to another host, and once a day.
  ///
  /// - Returns: nil when it is known what the site allows; no answer allows nothing (RFC 9309 section 2.3.1.4).
  mutating func readRobots(isNew: Bool) async throws -> Trouble? {
    let day = max(0, tools.now() - born) / 86_400_000
    if !isNew, day == state.robotsDay {
      if let reference = state.robots { robots = RobotsRules(try tools.blobs.get(reference)) }
      return nil
    }
    robots = RobotsRules()
    let response: WebResponse
    do {
      response = try await send(state.origin + "/robots.txt", redirects: 5, bodyBytes: 8 << 20)
    } catch {
      state.robots = nil
      state.robotsDay = day
      if case .tooManyRedirects = error { return nil }
      return Trouble(reason: error.reason, message: "\(error)", mayPass: error.isTransient)
    }
    state.robotsDay = day
    switch response.status {
    case 200...299:
      let body = Array(response.body.prefix(RobotsRules.byteLimit))
      state.robots = try tools.blobs.put(body)
      robots = RobotsRules(body)
      return nil
    // Refused or not there: no rules (section 2.3.1.3).
    case 300...428, 430...499:
      state.robots = nil
      return nil
    default:
      return Trouble(
        reason: "robots_unreachable",
        message: "The site's robots.txt answers \(response.status); without it nothing is read.",
        wait: Self.wait(response))
    }
  }

  /// Milliseconds for which a server asks to be left alone.
  static func wait(_ response: WebResponse) -> Int? {
    response.retryAfter.map { Int($0.components.seconds) * 1000 }
  }
}
