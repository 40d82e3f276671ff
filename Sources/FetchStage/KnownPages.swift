// What the last crawl knew of its pages: lines that the server wrote, looked up by address.

import BlobStore
import Corpus

/// Known pages by address.
struct KnownPages {
  struct Entry {
    let page: KnownPage
    let depth: Int
  }

  private(set) var addresses: [String] = []
  private var entries: [String: Entry] = [:]

  init() {}

  /// - Throws: `BlobError`, or `SpoolError` for a fault of the disk.
  init(_ reference: BlobReference?, in blobs: DirectoryBlobs) throws {
    guard let reference else { return }
    for line in try blobs.get(reference).split(separator: 10) {
      let text = String(decoding: line, as: UTF8.self)
      let fields = text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count >= 5, let depth = Int(fields[1]) else { continue }
      addresses.append(fields[0])
      entries[fields[0]] = Entry(
        page: KnownPage(
          etag: fields[2].isEmpty ? nil : fields[2],
          lastModified: fields[3].isEmpty ? nil : fields[3],
          text: fields[4].isEmpty ? nil : fields[4],
          readAt: fields.count > 5 ? Int(fields[5]) : nil), depth: depth)
    }
  }

  subscript(address: String) -> Entry? { entries[address] }
}
