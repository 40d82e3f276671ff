// Sitemaps: lists of a site's pages (sitemaps.org), plain or gzip, and the indexes that name further ones; a list as text and a
// feed, too. What stands before a fault counts.

import Markup
import Packing

/// What a sitemap names.
package struct Sitemap: Equatable, Sendable {
  /// Addresses as written.
  package var pages: [String] = []
  /// When pages were changed last, as written, by their addresses as written; of those of which it is said.
  package var lastModified: [String: String] = [:]
  /// Further sitemaps, of an index.
  package var sitemaps: [String] = []
  /// Whether it is a feed.
  package var isFeed = false
  /// The site that a feed belongs to, as written.
  package var home: String?
  /// Why the rest was not read, as what completes "The sitemap"; nil when all of it was.
  package var fault: String?

  /// Entries that one file may have by its format.
  package static let entryLimit = 50_000
  /// Bytes that one file may have by its format, unpacked.
  package static let byteLimit = 50 << 20

  /// Reads a file; nil when it is no sitemap.
  ///
  /// - Parameter isText: whether it was declared as plain text.
  package static func read(_ bytes: [UInt8], isText: Bool = false) -> Sitemap? {
    var bytes = bytes
    var fault: String?
    if Gunzip.isGzip(bytes) {
      let unpacked = Gunzip.unpack(bytes, limit: byteLimit)
      bytes = unpacked.bytes
      switch unpacked.failure {
      case .tooLarge: fault = "is larger than 50 MiB once unpacked"
      case .broken: fault = "is damaged: its compression breaks off"
      case nil: break
      }
    }
    let start = bytes.drop { $0 <= 0x20 || $0 == 0xEF || $0 == 0xBB || $0 == 0xBF }
    guard start.first == UInt8(ascii: "<") else {
      return isText || fault != nil ? list(bytes, fault: fault) : nil
    }
    var sitemap = xml(Array(start)) ?? Feed.read(Array(start))
    if let fault { sitemap?.fault = fault }
    return sitemap
  }

  private static func list(_ bytes: [UInt8], fault: String?) -> Sitemap? {
    var sitemap = Sitemap(fault: fault)
    for line in bytes.split(whereSeparator: { $0 == 10 || $0 == 13 }).prefix(entryLimit) {
      let text = String(decoding: line, as: UTF8.self)
      guard text.hasPrefix("http://") || text.hasPrefix("https://") else { continue }
      sitemap.pages.append(text)
    }
    return sitemap.pages.isEmpty && fault == nil ? nil : sitemap
  }

  /// The reader's callback outlives no call; a class, because it escapes by its type.
  private final class Collector {
    var root = ""
    var path: [String] = []
    var text = ""
    var sitemap = Sitemap()
    var count = 0
    /// Of the entry that is being read.
    var address: String?
    var modified: String?
  }

  private static func xml(_ bytes: [UInt8]) -> Sitemap? {
    let found = Collector()
    var failure: MarkupError?
    do throws(MarkupError) {
      try XMLReader.read(bytes) { event in take(event, found) }
    } catch {
      failure = error
    }
    guard found.root == "urlset" || found.root == "sitemapindex" else { return nil }
    if found.count > entryLimit {
      found.sitemap.fault = "names more than \(entryLimit) addresses; the first ones were taken"
    }
    if let failure { found.sitemap.fault = fault(failure) }
    return found.sitemap
  }

  /// What a reader's failure is, as what completes "The sitemap".
  static func fault(_ failure: MarkupError) -> String {
    switch failure {
    case .documentType: "holds a document type declaration"
    case .malformed(let line, _): "is not well-formed at line \(line)"
    case .tooLarge, .noMemory: "is too large"
    }
  }

  /// - Returns: false when no more is wanted.
  private static func take(_ event: XMLEvent, _ found: Collector) -> Bool {
    switch event {
    case .start(let name, _, _):
      if found.path.isEmpty {
        found.root = name
        guard name == "urlset" || name == "sitemapindex" else { return false }
      }
      found.path.append(name)
      found.text = ""
    case .text(let text):
      if found.path.last == "loc" || found.path.last == "lastmod", found.text.utf8.count < 4_096 {
        found.text += text
      }
    case .end(let name, _):
      // An image's or a video's loc stands deeper.
      if name == "loc", found.path.count == 3 {
        found.count += 1
        if found.count > entryLimit { return false }
        switch found.path[1] {
        case "url":
          found.sitemap.pages.append(found.text)
          found.address = found.text
        case "sitemap": found.sitemap.sitemaps.append(found.text)
        default: break
        }
      }
      if name == "lastmod", found.path.count == 3 { found.modified = found.text }
      if found.path.count == 2 {
        if let address = found.address, let modified = found.modified {
          found.sitemap.lastModified[address] = modified
        }
        (found.address, found.modified) = (nil, nil)
      }
      if !found.path.isEmpty { found.path.removeLast() }
    }
    return true
  }
}
