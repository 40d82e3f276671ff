// What a crawl makes of an answer: a page, a list of pages, a redirect, a refusal, or something that stands in a page's place.

import BlobStore
import Corpus
import Markup
import Spool
import WebClient

extension CrawlSlice {
  /// What came of asking for an address, redirects followed.
  private enum Answer {
    case response(WebResponse, address: String, chain: [String])
    /// Everything is said already.
    case told
    case pause(Onward.Pause)
  }

  private static let longestChain = 5

  /// Gives an address its turn.
  ///
  /// - Returns: how long the whole crawl waits now; nil when it goes on.
  mutating func visit(_ entry: FrontierEntry, tries: Int) async throws -> Onward.Pause? {
    switch try await ask(entry, tries: tries) {
    case .told: return nil
    case .pause(let pause): return pause
    case .response(let response, let address, let chain):
      state.failures = 0
      if chain.count > 1, address != entry.address, !isStart(entry) {
        tell(
          entry.address, depth: entry.depth, .gone, reason: "redirected",
          message: "The address leads to another one, which is read instead.", leadsTo: address,
          response: response)
      }
      let final = FrontierEntry(entry.kind, entry.depth, address)
      if entry.kind == .sitemap {
        takeSitemap(response, final)
      } else {
        try await take(response, final, asked: entry.address)
      }
      return nil
    }
  }

  private func isStart(_ entry: FrontierEntry) -> Bool { entry.address == state.start }

  // MARK: Asking

  private mutating func ask(_ entry: FrontierEntry, tries: Int) async throws -> Answer {
    var chain = [entry.address]
    while true {
      let address = chain.last ?? entry.address
      // A sitemap is there to be read by robots, and robots.txt may name one that it forbids.
      if entry.kind != .sitemap, !robots.allows(PageAddress.path(of: address)) {
        forbid(entry, leadsTo: chain.count > 1 ? address : nil)
        return .told
      }
      state.asked += 1
      let response: WebResponse
      do {
        response = try await send(
          address, headers: headers(for: address),
          bodyBytes: entry.kind == .sitemap ? Sitemap.byteLimit : 10 << 20)
      } catch {
        if case .cancelled = error { throw error }
        if error.isTransient {
          let trouble = Trouble(reason: error.reason, message: "\(error)")
          return postpone(entry, tries: tries, trouble, response: nil)
        }
        tell(
          entry.address, depth: entry.depth, .gone, reason: error.reason, message: "\(error)",
          leadsTo: chain.count > 1 ? address : nil)
        return .told
      }
      if [301, 302, 303, 307, 308].contains(response.status),
        let location = response.headers["Location"]
      {
        state.failures = 0
        guard let next = try await redirected(entry, response, location, &chain) else {
          return .told
        }
        chain.append(next)
        continue
      }
      if response.status == 429 || response.status == 408
        || (500...599).contains(response.status),
        PageVerdict.ofHead(response) == nil
      {
        let trouble = Trouble(
          reason: "http_\(response.status)",
          message: "The site answered \(response.status); it is asked again later.",
          wait: Self.wait(response))
        return postpone(entry, tries: tries, trouble, response: response)
      }
      return .response(response, address: address, chain: chain)
    }
  }

  /// What makes an unchanged page a short answer.
  private func headers(for address: String) -> WebHeaders {
    var headers: WebHeaders = [:]
    let page =
      known[address]?.page ?? (document(of: address) == source.document ? source.known : nil)
    if let etag = page?.etag { headers["If-None-Match"] = etag }
    if let date = page?.lastModified { headers["If-Modified-Since"] = date }
    return headers
  }

  /// - Returns: the address to ask for next; nil when everything is said.
  private mutating func redirected(
    _ entry: FrontierEntry, _ response: WebResponse, _ location: String, _ chain: inout [String]
  ) async throws -> String? {
    let address = chain.last ?? entry.address
    func refuse(_ slice: inout CrawlSlice, _ reason: String, _ message: String, _ to: String?) {
      slice.tell(
        entry.address, depth: entry.depth, .gone, reason: reason, message: message, leadsTo: to,
        response: response)
    }
    guard let found = PageAddress.normal(location, relativeTo: address) else {
      refuse(&self, "bad_url", "The address leads to one that cannot be asked for.", nil)
      return nil
    }
    let isLeavingTLS = address.hasPrefix("https:") && found.hasPrefix("http:")
    let next = isLeavingTLS ? ownScheme(found) : found
    guard !chain.contains(next), chain.count <= Self.longestChain else {
      refuse(
        &self, "too_many_redirects", "The address leads on and on, or in a circle.", next)
      return nil
    }
    if PageAddress.origin(of: next) != state.origin, entry.kind != .sitemap {
      guard isStart(entry), state.read == 0, !(isLeavingTLS && next.hasPrefix("http:")) else {
        refuse(&self, "redirect_out", "The address leads to another site.", next)
        return nil
      }
      // The start says where the site really is: `example.com` is often `www.example.com`.
      state.origin = PageAddress.origin(of: next)
      if let trouble = try await readRobots(isNew: true) {
        refuse(&self, trouble.reason, trouble.message, next)
        return nil
      }
    }
    if isStart(entry) {
      _ = seen.insert(next)
    } else if entry.kind == .page || entry.kind == .known {
      if refusal(of: next) != nil {
        refuse(&self, "redirect_out", "The address leads out of what the source is to read.", next)
        return nil
      }
      guard seen.insert(next) else {
        refuse(
          &self, "redirected", "The address leads to another one, which is read instead.", next)
        return nil
      }
    }
    return next
  }

  private mutating func forbid(_ entry: FrontierEntry, leadsTo: String?) {
    count("robots")
    guard isStart(entry) || entry.kind == .known || state.told < FetchSettings.mostTold else {
      return
    }
    state.told += 1
    tell(
      entry.address, depth: entry.depth, .gone, reason: "robots",
      message: "The site's robots.txt does not allow the page to be read.", leadsTo: leadsTo)
  }

  private mutating func postpone(
    _ entry: FrontierEntry, tries: Int, _ trouble: Trouble, response: WebResponse?
  ) -> Answer {
    let tries = tries + 1
    if tries >= tools.settings.pageTries || state.waiting.count >= FetchSettings.mostWaiting {
      tell(
        entry.address, depth: entry.depth, .failed, reason: trouble.reason,
        message: response.map { "The site answered \($0.status), \(tries) times." }
          ?? trouble.message, response: response, tries: tries)
    } else {
      let due =
        tools.now() + min(86_400_000, max(trouble.wait ?? 0, tools.settings.delay(after: tries)))
      state.waiting.append(
        CrawlState.Waiting(line: entry.line, tries: tries, due: due, reason: trouble.reason))
      tell(
        entry.address, depth: entry.depth, .retry, reason: trouble.reason,
        message: trouble.message, response: response, tries: tries, due: due)
    }
    // It speaks for the whole site.
    if trouble.wait != nil || response?.status == 429 { return .pause(pause(for: trouble)) }
    // A page that fails again says nothing new of its site; or a few bad pages would end the crawl of a good one.
    guard tries == 1 else { return .told }
    let borne = FetchSettings.failuresToPause - 1
    guard state.failures >= borne else {
      state.failures += 1
      return .told
    }
    return .pause(pause(for: trouble, borne: borne))
  }

  // MARK: Taking

  private mutating func take(
    _ response: WebResponse, _ entry: FrontierEntry, asked: String
  ) async throws {
    let (address, depth) = (entry.address, entry.depth)
    if asked == state.start { state.startLeadsTo = address == asked ? nil : address }
    if response.status == 304 {
      state.read += 1
      if bounds.sitemap, asked == state.start { findSitemaps() }
      return tell(
        address, depth: depth, .gone, reason: "unchanged", message: "It has not changed.",
        response: response)
    }
    if let verdict = PageVerdict.ofHead(response) {
      return tell(
        address, depth: depth, .gone, reason: verdict.rawValue, message: verdict.message,
        response: response)
    }
    let isMarkup = Self.isMarkup(response)
    if response.status == 200, asked == state.start, bounds.sitemap || !isMarkup,
      let sitemap = Sitemap.read(response.body, isText: response.mediaType == "text/plain"),
      bounds.sitemap || sitemap.isFeed
    {
      if let home = sitemap.home, try await moves(to: home, entry, response) { return }
      return take(sitemap, entry, response)
    }
    guard (200...299).contains(response.status) else {
      // A wall has a status of its own choice.
      if isMarkup, [401, 403].contains(response.status),
        let look = await Self.look(response, asked: asked, missing: nil)
      {
        if let verdict = look.verdict {
          return tell(
            address, depth: depth, .gone, reason: verdict.rawValue, message: verdict.message,
            response: response)
        }
      }
      let (reason, message) = FetchStage.refusal(response.status)
      return tell(
        address, depth: depth, .gone, reason: reason, message: message, response: response)
    }
    guard !response.body.isEmpty else {
      return tell(
        address, depth: depth, .gone, reason: "empty", message: "The page is empty.",
        response: response)
    }
    guard isMarkup else {
      return try takeFile(response, entry)
    }
    try await takeMarkup(response, entry, asked: asked)
  }

  private mutating func takeMarkup(
    _ response: WebResponse, _ entry: FrontierEntry, asked: String
  ) async throws {
    let (address, depth) = (entry.address, entry.depth)
    if asked == state.start, state.number == 0 { await findMissingPage() }
    guard
      let look = await Self.look(response, asked: asked, missing: state.missingPage)
    else {
      return tell(
        address, depth: depth, .gone, reason: "malformed", message: "The page cannot be read.",
        response: response)
    }
    if asked == state.start, look.isMissing, look.verdict == .soft404 {
      // The site shows its start for whatever is asked: that tells nothing apart.
      state.missingPage = nil
      return try await takeMarkup(response, entry, asked: asked)
    }
    if let verdict = look.verdict {
      return tell(
        address, depth: depth, .gone, reason: verdict.rawValue, message: verdict.message,
        response: response)
    }
    let wishes = PageWishes(headers: response.headers, page: look.page)
    if bounds.sitemap, asked == state.start { findSitemaps() }
    if wishes.nofollow {
      count("nofollow_pages")
    } else {
      follow(look.page, address: address, depth: depth)
    }
    if wishes.noindex {
      return tell(
        address, depth: depth, .gone, reason: "noindex",
        message: "The page asks not to be indexed.", response: response)
    }
    if let canonical = canonical(of: look.page, at: address) {
      admit(canonical, kind: .page, depth: depth)
      return tell(
        address, depth: depth, .gone, reason: "canonical",
        message: "The page names another address as its own, which is read instead.",
        leadsTo: canonical, response: response)
    }
    try pass(response, entry)
  }

  /// The address that a page wants to be known by, when that is another one of this site.
  private func canonical(of page: HTMLPage, at address: String) -> String? {
    guard let written = page.canonical, let link = Links.resolve(written, against: address),
      let found = PageAddress.normal(link)
    else { return nil }
    let canonical = ownScheme(found)
    guard canonical != address, canonical != state.start || address != state.startLeadsTo,
      refusal(of: canonical) == nil
    else { return nil }
    // Every page calling the front page its own is a common mistake, and would leave one page of a site.
    let (own, other) = (PageAddress.path(of: address), PageAddress.path(of: canonical))
    if other == "/", own.prefix(while: { $0 != "?" }) != "/", !own.hasPrefix("/index.") {
      return nil
    }
    return canonical
  }

  private mutating func takeFile(_ response: WebResponse, _ entry: FrontierEntry) throws {
    let type = response.mediaType ?? ""
    let isDocument =
      [
        "application/pdf", "text/plain", "text/markdown", "text/csv", "text/x-markdown",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/octet-stream", "application/x-pdf", "text/vtt", "application/x-subrip", "",
      ].contains(type)
    guard isDocument else {
      return tell(
        entry.address, depth: entry.depth, .gone, reason: "unsupported",
        message: "This kind of file is not read.", response: response)
    }
    if PageWishes(headers: response.headers, page: nil).noindex {
      return tell(
        entry.address, depth: entry.depth, .gone, reason: "noindex",
        message: "The file asks not to be indexed.", response: response)
    }
    try pass(response, entry)
  }

  /// Passes what was read on to extract, unless it has come under another address.
  private mutating func pass(_ response: WebResponse, _ entry: FrontierEntry) throws {
    let content = try tools.blobs.put(response.body)
    // A repeat after a crash meets its own bytes: they count as met when the slice is published.
    guard seen.insert("body \(content.blob)") else {
      return tell(
        entry.address, depth: entry.depth, .gone, reason: "duplicate",
        message: "The same page stands under another address, which is read.", response: response)
    }
    let isStart = document(of: entry.address) == source.document
    take(
      Page(
        source: source.source, document: document(of: entry.address), uri: entry.address,
        content: content, fileName: FetchStage.fileName(of: entry.address),
        mediaType: response.mediaType, charset: response.charset, status: response.status,
        knownText: known[entry.address]?.page.text ?? (isStart ? source.known?.text : nil)))
    state.read += 1
    tell(entry.address, depth: entry.depth, .done, response: response, content: content)
  }
}
