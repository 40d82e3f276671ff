// A web site as a function, for crawls without a network: what it is asked, in order, and what it answers.

import BlobStore
import Corpus
import FetchStage
import Foundation
import Spool
import Synchronization
import TestSupport
import WebClient

/// A site in memory.
final class Site: Sendable {
  struct Answer: Sendable {
    var status = 200
    var headers: WebHeaders = ["Content-Type": "text/html"]
    var body = ""
  }

  private let answer: @Sendable (String, WebRequest) -> Answer
  private let asked = Mutex<[String]>([])

  /// - Parameter answer: gets path and query.
  init(_ answer: @escaping @Sendable (String, WebRequest) -> Answer) { self.answer = answer }

  /// Pages by path; everything else is not there.
  convenience init(_ pages: [String: String], robots: String? = nil) {
    self.init { path, _ in
      if path == "/robots.txt", let robots {
        return Answer(headers: ["Content-Type": "text/plain"], body: robots)
      }
      return pages[path].map { Answer(body: $0) } ?? Answer(status: 404, body: "no")
    }
  }

  /// Paths in the order they were asked for.
  var requests: [String] { asked.withLock { $0 } }
  var pageRequests: [String] {
    requests.filter { $0 != "/robots.txt" && !$0.hasPrefix("/bobbin-") }
  }

  var transport: WebTransport {
    WebTransport(
      send: { request async throws(WebError) -> WebResponse in
        let path = String(PageAddress.path(of: request.url))
        let host = PageAddress.origin(of: request.url)
        self.asked.withLock { $0.append(host == Self.origin ? path : request.url) }
        let answer = self.answer(host == Self.origin ? path : request.url, request)
        if answer.status == 0 { throw .connection(host: "site", why: "was refused") }
        // The slice ends there, as if its worker had been killed.
        if answer.status < 0 { throw .cancelled }
        return WebResponse(
          status: answer.status, headers: answer.headers, body: Array(answer.body.utf8),
          finalURL: request.url)
      },
      stream: { _ async throws(WebError) -> WebStream in throw .cancelled })
  }

  static let origin = "http://site.example"

  /// A page of some length with links.
  static func page(_ title: String, links: [String] = [], head: String = "") -> String {
    "<html><head><title>\(title)</title>\(head)</head><body><main><h1>\(title)</h1><p>\(title): "
      + "all that there is to say of it in a sentence or two, long enough to be a page.</p>"
      + links.map { "<a href=\"\($0)\">\($0)</a> " }.joined() + "</main></body></html>"
  }
}

/// A crawl to its end, slice by slice.
struct CrawlRun {
  let folder: TemporaryFolder
  let stage: FetchStage
  var source: Source
  private(set) var pages: [Page] = []
  /// Outcome and reason of each address, the last word.
  private(set) var told: [String: String] = [:]
  private(set) var leadsTo: [String: String] = [:]
  private(set) var counts: [String: Int] = [:]
  private(set) var slices = 0
  private(set) var pauses: [Onward.Pause] = []
  private(set) var retry: (reason: String, notBefore: Int?)?
  var clock: Clock

  final class Clock: Sendable {
    private let value = Mutex(1_800_000_000_000)
    var now: Int { value.withLock { $0 } }
    func forward(_ milliseconds: Int) { value.withLock { $0 += milliseconds } }
  }

  init(
    _ site: Site, _ bounds: CrawlBounds, start: String = "/", known: [String] = [],
    slicePages: Int = 50
  ) throws {
    let folder = try TemporaryFolder()
    let clock = Clock()
    self.folder = folder
    self.clock = clock
    stage = FetchStage(
      data: folder.path, transport: site.transport,
      settings: FetchSettings(
        // Pages alone end a slice here: a machine with too much to do must not.
        hostDelay: .zero, slicePages: slicePages, sliceTime: .seconds(86_400), pageTries: 3,
        firstDelay: 1_000),
      now: { clock.now })
    let blob =
      known.isEmpty
      ? nil
      : try DirectoryBlobs(data: folder.path).put(
        Array(known.map { $0 + "\n" }.joined().utf8))
    source = Source(
      source: SourceID(unchecked: "source1"), document: DocumentID(unchecked: "start"),
      location: .web(url: start.hasPrefix("http") ? start : Site.origin + start), name: "site",
      crawl: bounds, knownPages: blob)
  }

  static let envelope = Envelope(
    schema: RecordSchema.source, lane: "lane1", run: "run1", scope: "s", born: 1_800_000_000_000,
    madeBy: "", from: [], recordCount: 1)

  /// Writes a word to crawls that began before an instant, as App does.
  func stop(_ id: String, before instant: String) throws {
    try FileManager.default.createDirectory(
      atPath: folder.path + "/crawls/.stopped", withIntermediateDirectories: true)
    _ = try folder.write(instant, "crawls/.stopped/\(id)")
  }

  /// One slice.
  ///
  /// - Returns: false when nothing is left.
  mutating func step() async throws -> Bool {
    slices += 1
    let outcomes = try await stage.process([source], of: Self.envelope)
    switch outcomes.first {
    case .done(let made, let documents, _, let onward):
      pages += made
      for document in documents {
        let address = document.found?.uri.map { String(PageAddress.path(of: $0)) } ?? "start"
        told[address] = document.reason ?? document.outcome.rawValue
        leadsTo[address] = document.found?.leadsTo.map { String(PageAddress.path(of: $0)) }
      }
      counts.merge(onward?.counts ?? [:], uniquingKeysWith: +)
      guard let onward, !onward.record.isEmpty else { return false }
      if let pause = onward.pause {
        pauses.append(pause)
        clock.forward(pause.milliseconds)
      }
      source = try JSONLines.decode(Source.self, from: onward.record)
      return true
    case .retry(let reason, _, let notBefore):
      retry = (reason, notBefore)
      return false
    case .gone(let reason, _):
      told["start"] = reason
      return false
    case nil: return false
    }
  }

  mutating func finish() async throws {
    while slices < 500, try await step() {}
  }

  /// Paths of what was passed on.
  var read: Set<String> { Set(pages.map { String(PageAddress.path(of: $0.uri)) }) }
}
