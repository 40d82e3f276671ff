// The address that a slice is at, so that a page which ends its worker is passed over and does not end the crawl. Beside the file by
// which CrawlForks knows the slice stands `<source>-<number>.trail`: a line for each attempt that broke off, with the address it was
// at. An attempt that comes to its end takes its own line away.
//
// Written without a sync: what a killed process has written the kernel still has. After a power cut a page may be tried once more.

import Glibc
import Spool

/// Where attempts at one slice broke off.
struct CrawlTrail {
  private let path: String
  private let descriptor: Int32
  /// Addresses at which earlier attempts broke off, one an attempt.
  private let ends: [String]

  /// - Parameter path: nil where nothing is kept; then no page is passed over.
  init(_ path: String?) {
    guard let path else {
      (self.path, descriptor, ends) = ("", -1, [])
      return
    }
    self.path = path
    ends = String(decoding: (try? DurableFile.read(path, limit: 1 << 20)) ?? [], as: UTF8.self)
      .split(separator: "\n").map(String.init)
    descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
  }

  /// Attempts that broke off at an address.
  func breaks(at address: String) -> Int { ends.count { $0 == address } }

  /// Notes that an address has its turn.
  ///
  /// Best effort: what cannot be written costs the crawl no more than it would without it.
  func note(_ address: String) { write(ends + [address]) }

  /// Notes that all have had their turn; with nothing to remember nothing stays.
  func clear() {
    guard descriptor >= 0 else { return }
    if ends.isEmpty { unlink(path) } else { write(ends) }
  }

  private func write(_ addresses: [String]) {
    guard descriptor >= 0 else { return }
    let lines = Array(addresses.map { $0 + "\n" }.joined().utf8)
    _ = pwrite(descriptor, lines, lines.count, 0)
    _ = ftruncate(descriptor, off_t(lines.count))
  }

  /// Closes the file.
  func close() { if descriptor >= 0 { Glibc.close(descriptor) } }
}
