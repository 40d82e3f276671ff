// Tells fetch which crawls go no further, as it reads no rows: `crawls/.stopped/<id>` in the data directory for a source, a chatbot or
// a run, holding the instant before which a crawl must have begun for the word to concern it. FetchStage/CrawlForks.swift looks
// there at the beginning of each slice, so a crawl ends within one. Spool items of what was ended are dropped as ever; a crawl
// that is at work has none that could be.

import Glibc
import Spool

/// Words to crawls that they are to stop.
struct CrawlStops: Sendable {
  /// Seconds after which a word is forgotten: no crawl takes that long.
  private static let age = 30 * 86_400
  private let root: String

  /// - Parameter data: the data directory.
  init(data: String) { root = "\(data)/crawls/.stopped" }

  /// Stops the crawls of a source, chatbot or run that began before an instant; quick when that has been said.
  ///
  /// - Parameter instant: milliseconds since 1970 UTC; nil for all that have begun, of something that never comes again.
  /// - Throws: `SpoolError.system` for a fault of the disk.
  func stop(_ id: String, before instant: Int? = nil) throws {
    guard ItemName.isLane(id) else { return }
    let path = "\(root)/\(id)"
    if DurableFile.exists(path) {
      guard let instant else { return }
      let said = String(decoding: try DurableFile.read(path, limit: 64), as: UTF8.self)
      if let said = Int(said), said >= instant { return }
    }
    try DurableFile.makeDirectory(root)
    sweep()
    try DurableFile.replace(path, with: Array("\(instant ?? Int.max)".utf8))
  }

  /// Best effort: what stays is a small file.
  private func sweep() {
    for name in (try? DurableFile.names(in: root)) ?? [] {
      var status = stat()
      guard stat("\(root)/\(name)", &status) == 0, status.st_mtim.tv_sec < time(nil) - Self.age
      else { continue }
      unlink("\(root)/\(name)")
    }
  }
}
