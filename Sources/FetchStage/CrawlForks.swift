// Keeps a crawl one crawl. A worker that dies between publishing what is left and ending its claim has the slice done again, and a
// site's answers are never twice the same: then there are two items for one rest. Of those with the same number, whichever is
// taken up first writes itself down, and the other ends.

import Corpus
import Glibc
import Spool

/// Who goes on with a crawl: `crawls/<run>/<source>-<number>` in the data directory, holding the digest of the record.
struct CrawlForks: Sendable {
  private let root: String

  init(data: String) { root = "\(data)/crawls" }

  /// Whether this record is the one that goes on.
  ///
  /// - Throws: `SpoolError.system` for a fault of the disk.
  func isOurs(_ source: Source, number: Int, run: String) throws -> Bool {
    // A filter's run is nobody's.
    guard ItemName.isLane(run), run != "filter" else { return true }
    let folder = "\(root)/\(run)"
    let path = "\(folder)/\(source.source)-\(number)"
    let digest = Array(SHA256Digest(of: try JSONLines.encode(source)).hexDigits.utf8)
    try DurableFile.makeDirectory(folder)
    // Written elsewhere and linked: the name is there with its content or not at all.
    let temporary = "\(path).\(Worker.randomDigits())"
    try DurableFile.write(digest, to: temporary)
    defer { unlink(temporary) }
    if link(temporary, path) == 0 {
      try DurableFile.syncDirectory(folder)
      if number == 0 { sweep(except: run) }
      return true
    }
    guard errno == EEXIST else { throw SpoolError.system("link", path, errno) }
    return try DurableFile.read(path, limit: 1_024) == digest
  }

  /// Best effort: runs of a month ago do not go on.
  private func sweep(except run: String) {
    let limit = time(nil) - 30 * 86_400
    for name in (try? DurableFile.names(in: root)) ?? [] where name != run {
      let folder = "\(root)/\(name)"
      var status = stat()
      guard stat(folder, &status) == 0, status.st_mtim.tv_sec < limit else { continue }
      for file in (try? DurableFile.names(in: folder)) ?? [] { unlink("\(folder)/\(file)") }
      rmdir(folder)
    }
  }
}
