// From a source's row to what fetch is asked for: where it is, how far a crawl goes within the plan, and what is known of it, so
// that only what has changed is read again. A stage reads no rows; what it must know goes with its first item.

import Billing
import BlobStore
package import Corpus
import FoundationEssentials
import Spool
package import Storage
import VectorShard

/// What an owner set of a crawl, as rows keep it.
package struct CrawlWish: Codable, Equatable, Sendable {
  package var depth: Int?
  package var max_pages: Int?
  package var sitemap: Bool?
  package var include: [String]?
  package var exclude: [String]?
  package var every: String?
  /// The language of a video's captions, BCP 47.
  package var language: String?

  package init() {}

  /// Reads a row's JSON; what is no wish is none.
  package init(json: String) {
    self = (try? JSONDecoder().decode(CrawlWish.self, from: Data(json.utf8))) ?? CrawlWish()
  }

  package var json: String { String(decoding: JSONText.encode(self), as: UTF8.self) }

  /// Pages where neither a wish nor a plan says how many.
  private static let usualPages = 1_000
  private static let mostPages = 100_000

  /// The bounds within a plan; nil when one page is all that is wanted.
  func bounds(within limits: PlanLimits?) -> CrawlBounds? {
    guard (depth ?? 0) > 0 || sitemap == true else { return nil }
    return CrawlBounds(
      depth: min(depth ?? 0, limits?.crawlDepth ?? 100),
      maxPages: min(
        max_pages ?? limits?.pagesPerCrawl ?? Self.usualPages,
        limits?.pagesPerCrawl ?? Self.mostPages),
      sitemap: sitemap ?? false, include: include ?? [], exclude: exclude ?? [])
  }

  /// Milliseconds after which a source without an interval of its own is read again.
  ///
  /// Each run that found nothing new doubles them, up to a limit: what never changes is asked for seldom.
  ///
  /// - Parameters:
  ///   - usual: milliseconds after a run that found something new.
  ///   - quietRuns: how many runs in a row have found nothing since.
  package static func backedOff(usual: Int, longest: Int, quietRuns: Int) -> Int {
    var interval = usual
    for _ in 0..<quietRuns where interval < longest { interval *= 2 }
    return max(usual, min(interval, longest))
  }

  /// Milliseconds after which it is read again by itself; nil when that is the operator's to say.
  package var interval: Int? {
    switch every {
    case "day": 86_400_000
    case "week": 7 * 86_400_000
    case "month": 30 * 86_400_000
    default: nil
    }
  }
}

/// Makes requests of sources.
package struct SourceReading: Sendable {
  private let database: AppDatabase
  private let data: String

  /// - Parameter data: the data directory.
  package init(database: AppDatabase, data: String) {
    self.database = database
    self.data = data
  }

  /// How far a crawl may go within the plan of a chatbot's owner; nil when one page is all that is wanted.
  package func bounds(
    _ wish: CrawlWish, of chatbot: ChatbotID
  ) async throws -> CrawlBounds? {
    wish.bounds(within: try await database.owner(of: chatbot)?.tier.limits)
  }

  /// Requests for sources of one chatbot; one that is nowhere is left out.
  ///
  /// - Parameter again: whether what has not changed stays as it is; else all of it is read.
  package func requests(
    _ sources: [KnowledgeSource], of chatbot: ChatbotID, again: Bool
  ) async throws -> [SourceRequest] {
    let limits = try await database.owner(of: chatbot)?.tier.limits
    let known =
      again && sources.contains { $0.url != nil } ? try await knownPages(of: chatbot) : [:]
    var requests: [SourceRequest] = []
    for row in sources {
      let location: Source.Location
      let wish = CrawlWish(json: row.crawl)
      if row.type == "video", let url = row.url {
        location = .video(url: url, captions: row.path, language: wish.language)
      } else if let url = row.url {
        location = .web(url: url)
      } else if let path = row.path {
        location = .file(path: path)
      } else {
        continue
      }
      // The row's own id: one that came from another server was made there.
      let plain = Training.source(row.id, location, name: row.name)
      let bounds = location.isWeb ? wish.bounds(within: limits) : nil
      let pages = known[row.id] ?? []
      let source = Source(
        source: plain.source, document: plain.document, location: location, name: plain.name,
        crawl: bounds, known: pages.first { $0.id == plain.document.text }?.page,
        knownPages: bounds == nil
          ? nil : try await stored(pages.filter { $0.id != plain.document.text }))
      requests.append(
        SourceRequest(source: source, visibility: row.isCitable ? .citable : .learnOnly))
    }
    return requests
  }

  private struct Known {
    let id: String
    let uri: String
    let depth: Int
    let page: KnownPage
  }

  /// What answers now, by source.
  private func knownPages(of chatbot: ChatbotID) async throws -> [SourceID: [Known]] {
    let documents = try await database.knownDocuments(of: chatbot)
    if documents.isEmpty { return [:] }
    let directory = "\(data)/shards/\(chatbot)"
    let live = try await BlockingWork.run {
      try ShardSet.open(directory: directory).map { try GenerationDocuments.all(in: $0) } ?? [:]
    }
    var digests: [DocumentID: (raw: String, text: String)] = [:]
    for description in live.values {
      digests[description.document] = (description.rawDigest, description.textDigest)
      for alias in description.aliases ?? [] {
        digests[alias.document] = (alias.rawDigest, alias.textDigest)
      }
    }
    let known = documents.map { document in
      let found = digests[DocumentID(unchecked: document.id)]
      // Where another version answers than the last one that came, the page is read whatever the server says of it.
      let isSame = document.isLive && found != nil && found?.raw == document.rawDigest
      return (
        document.source,
        Known(
          id: document.id, uri: document.uri, depth: document.depth,
          page: KnownPage(
            etag: isSame ? document.etag : nil, lastModified: isSame ? document.lastModified : nil,
            text: document.isLive ? found?.text : nil,
            readAt: isSame ? document.readAt : nil))
      )
    }
    return Dictionary(grouping: known, by: \.0).mapValues { $0.map(\.1) }
  }

  /// A blob of lines, as FetchStage's KnownPages reads them.
  private func stored(_ pages: [Known]) async throws -> BlobReference? {
    var lines = ""
    for page in pages {
      let fields = [
        page.uri, "\(page.depth)", page.page.etag ?? "", page.page.lastModified ?? "",
        page.page.text ?? "", page.page.readAt.map(String.init) ?? "",
      ]
      // What came from a server may hold anything; then it is not sent back.
      guard fields.allSatisfy({ !$0.utf8.contains { $0 < 0x20 } }) else { continue }
      lines += fields.joined(separator: "\t") + "\n"
    }
    if lines.isEmpty { return nil }
    let bytes = Array(lines.utf8)
    return try await BlockingWork.run { [data] in try DirectoryBlobs(data: data).put(bytes) }
  }
}
