// Addresses that wait for their turn, first come, first served: parts of bounded size, each a blob named by its digest. A slice
// reads the first and adds to the end; what stands between is never touched.

import BlobStore
import Corpus

/// One address that waits.
struct FrontierEntry: Hashable {
  enum Kind: String {
    /// A page that was found, or the start.
    case page = "p"
    /// A page that was read at the last crawl.
    case known = "k"
    /// A list of pages.
    case sitemap = "s"
  }

  let kind: Kind
  /// Links from the start; of a sitemap, how many sitemaps lead to it.
  let depth: Int
  let address: String

  init(_ kind: Kind, _ depth: Int, _ address: String) {
    (self.kind, self.depth, self.address) = (kind, depth, address)
  }

  /// An address in its one spelling holds no space.
  var line: String { "\(depth) \(kind.rawValue) \(address)" }

  init?(line: some StringProtocol) {
    let parts = line.split(separator: " ", maxSplits: 2)
    guard parts.count == 3, let depth = Int(parts[0]), let kind = Kind(rawValue: String(parts[1]))
    else { return nil }
    self.init(kind, depth, String(parts[2]))
  }
}

/// The queue of a crawl.
struct Frontier {
  /// Bytes of a part, unless one line is longer.
  private static let partBytes = 256 << 10

  private(set) var parts: [CrawlState.Part]
  private var head: ArraySlice<UInt8>?
  private var added: [UInt8] = []
  private var addedCount = 0
  private let blobs: DirectoryBlobs

  init(_ parts: [CrawlState.Part], in blobs: DirectoryBlobs) {
    self.parts = parts
    self.blobs = blobs
  }

  /// Addresses that wait.
  var count: Int { parts.reduce(addedCount) { $0 + $1.count } }

  mutating func append(_ entry: FrontierEntry) {
    added += Array(entry.line.utf8)
    added.append(10)
    addedCount += 1
  }

  /// The next address; nil when none waits.
  ///
  /// - Throws: `BlobError`, or `SpoolError` for a fault of the disk.
  mutating func next() throws -> FrontierEntry? {
    while true {
      if let head, let end = head.firstIndex(of: 10) {
        let line = head[head.startIndex..<end]
        self.head = head[(end + 1)...]
        if !parts.isEmpty {
          parts[0].offset += line.count + 1
          parts[0].count -= 1
        }
        // A line that says nothing would be ours to explain; it is passed over.
        if let entry = FrontierEntry(line: String(decoding: line, as: UTF8.self)) { return entry }
        continue
      }
      if head != nil {
        head = nil
        if !parts.isEmpty { parts.removeFirst() }
      }
      if parts.isEmpty {
        if added.isEmpty { return nil }
        try flush()
      }
      guard let first = parts.first else { return nil }
      let lines = try blobs.get(first.lines)
      head = lines[max(0, min(first.offset, lines.count))...]
    }
  }

  /// The parts with all that was added, durable.
  mutating func saved() throws -> [CrawlState.Part] {
    try flush()
    return parts
  }

  private mutating func flush() throws {
    guard !added.isEmpty else { return }
    var lines = added
    // The first part is being read; behind it, of two small parts of like size one is made.
    while parts.count > 1, let last = parts.last, last.offset == 0,
      last.lines.bytes <= 2 * lines.count, last.lines.bytes + lines.count <= Self.partBytes
    {
      lines = try blobs.get(last.lines) + lines
      parts.removeLast()
    }
    var rest = lines[...]
    while !rest.isEmpty {
      var end = rest.index(rest.startIndex, offsetBy: min(Self.partBytes, rest.count))
      if end < rest.endIndex {
        // Cut behind a line.
        end =
          rest[..<end].lastIndex(of: 10).map { $0 + 1 }
          ?? rest[end...].firstIndex(of: 10).map { $0 + 1 } ?? rest.endIndex
      }
      let part = Array(rest[..<end])
      parts.append(
        CrawlState.Part(lines: try blobs.put(part), count: part.count { $0 == 10 }))
      rest = rest[end...]
    }
    added = []
    addedCount = 0
  }
}
