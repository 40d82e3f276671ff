// Keeps a crawl one crawl. A worker that dies between publishing what is left and ending its claim has the slice done again. Then
// there may be two items for one rest, since a site's answers are never twice the same; or one that has had its turn already
// comes a second time, and all that follows with it. So each slice writes itself down when it is taken up: of those with the same
// number the first goes on, and a slice whose successor is written down publishes no other.

import Glibc
import Spool

/// Who goes on with a crawl: `crawls/<run>/<source>-<number>` in the data directory, holding an item's id.
struct CrawlForks: Sendable {
  private let root: String

  init(data: String) { root = "\(data)/crawls" }

  /// A filter's run is nobody's, and none comes twice.
  private static func isKept(_ run: String) -> Bool { ItemName.isLane(run) && run != "filter" }

  private func path(_ run: String, _ source: String, _ number: Int) -> String {
    "\(root)/\(run)/\(source)-\(number)"
  }

  /// Whether a crawl is to go no further: its source, its chatbot or its run has ended since it began.
  ///
  /// App writes `crawls/.stopped/<id>`, which holds the instant before which a crawl must have begun, for a source that is removed may
  /// be added again. What it holds else is no such order.
  ///
  /// - Parameters:
  ///   - ids: those of the source, the chatbot and the run.
  ///   - born: when the crawl's run began, milliseconds since 1970 UTC.
  func isStopped(_ ids: [String], born: Int) -> Bool {
    ids.contains { id in
      guard ItemName.isLane(id),
        let bytes = try? DurableFile.read("\(root)/.stopped/\(id)", limit: 64),
        let before = Int(String(decoding: bytes, as: UTF8.self))
      else { return false }
      return born < before
    }
  }

  /// Where attempts at a slice are noted; nil when nothing is.
  func trailPath(source: String, number: Int, run: String) -> String? {
    Self.isKept(run) ? "\(path(run, source, number)).trail" : nil
  }

  /// Writes down that an item is at work on a slice.
  ///
  /// - Returns: false when another item is, or was.
  /// - Throws: `SpoolError.system` for a fault of the disk.
  func takesUp(_ item: String, source: String, number: Int, run: String) throws -> Bool {
    guard Self.isKept(run) else { return true }
    let folder = "\(root)/\(run)"
    let path = path(run, source, number)
    try DurableFile.makeDirectory(folder)
    // Written elsewhere and linked: the name is there with its content or not at all.
    let temporary = "\(path).\(Worker.randomDigits())"
    try DurableFile.write(Array(item.utf8), to: temporary)
    defer { unlink(temporary) }
    if link(temporary, path) == 0 {
      try DurableFile.syncDirectory(folder)
      if number == 0 { sweep(except: run) }
      return true
    }
    guard errno == EEXIST else { throw SpoolError.system("link", path, errno) }
    return try DurableFile.read(path, limit: 1_024) == Array(item.utf8)
  }

  /// The item that goes on behind a slice; nil when none has been taken up.
  ///
  /// - Throws: `SpoolError.system` for a fault of the disk.
  func successor(source: String, number: Int, run: String) throws -> String? {
    let path = path(run, source, number + 1)
    guard Self.isKept(run), DurableFile.exists(path) else { return nil }
    return String(decoding: try DurableFile.read(path, limit: 1_024), as: UTF8.self)
  }

  /// Best effort: runs of a month ago do not go on.
  private func sweep(except run: String) {
    let limit = time(nil) - 30 * 86_400
    for name in (try? DurableFile.names(in: root)) ?? []
    where name != run && ItemName.isLane(name) {
      let folder = "\(root)/\(name)"
      var status = stat()
      guard stat(folder, &status) == 0, status.st_mtim.tv_sec < limit else { continue }
      for file in (try? DurableFile.names(in: folder)) ?? [] { unlink("\(folder)/\(file)") }
      rmdir(folder)
    }
  }
}
