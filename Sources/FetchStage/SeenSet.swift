// What a crawl has met, as digests in sorted parts that are only ever added to or merged: a part is a blob, its name its
// digest. Memory is 8 bytes an entry.

import BlobStore
import Corpus
import Spool

/// A set of digests that survives its process.
struct SeenSet {
  /// Entries at which nothing more is taken in: 16 MB.
  static let limit = 2_000_000

  private var parts: [(reference: BlobReference, bytes: [UInt8])] = []
  private var fresh: Set<UInt64> = []

  /// - Throws: `BlobError`, or `SpoolError` for a fault of the disk.
  init(_ references: [BlobReference], in blobs: DirectoryBlobs) throws {
    parts = try references.map { ($0, try blobs.get($0)) }
  }

  var count: Int { parts.reduce(fresh.count) { $0 + $1.bytes.count / 8 } }

  /// Adds a text; false when it is there already.
  mutating func insert(_ text: String) -> Bool {
    let digest = Self.digest(text)
    if contains(digest) { return false }
    fresh.insert(digest)
    return true
  }

  func contains(_ text: String) -> Bool { contains(Self.digest(text)) }

  private func contains(_ digest: UInt64) -> Bool {
    fresh.contains(digest) || parts.contains { Self.contains(digest, in: $0.bytes) }
  }

  /// Writes what is new; of parts of like size one is made, so that there are never many.
  ///
  /// - Returns: the parts that stand for the whole set.
  func saved(in blobs: DirectoryBlobs) throws -> [BlobReference] {
    guard !fresh.isEmpty else { return parts.map(\.reference) }
    var kept = parts.map { (reference: Optional($0.reference), bytes: $0.bytes) }
    kept.append((nil, Self.bytes(of: fresh.sorted())))
    while kept.count > 1, kept[kept.count - 2].bytes.count <= 2 * kept[kept.count - 1].bytes.count {
      let last = kept.removeLast()
      let before = kept.removeLast()
      kept.append((nil, Self.merged(before.bytes, last.bytes)))
    }
    return try kept.map { part in
      if let reference = part.reference { return reference }
      return try blobs.put(part.bytes)
    }
  }

  private static func digest(_ text: String) -> UInt64 {
    SHA256Digest(of: text).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func bytes(of numbers: [UInt64]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * 8)
    for number in numbers {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
      }
    }
    return bytes
  }

  private static func number(_ index: Int, in bytes: [UInt8]) -> UInt64 {
    bytes[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func contains(_ digest: UInt64, in bytes: [UInt8]) -> Bool {
    var low = 0
    var high = bytes.count / 8
    while low < high {
      let middle = (low + high) / 2
      let found = number(middle, in: bytes)
      if found == digest { return true }
      if found < digest { low = middle + 1 } else { high = middle }
    }
    return false
  }

  private static func merged(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(left.count + right.count)
    var (one, other) = (0, 0)
    while one < left.count / 8 || other < right.count / 8 {
      let takesLeft =
        other >= right.count / 8
        || (one < left.count / 8 && number(one, in: left) <= number(other, in: right))
      if takesLeft {
        bytes += left[one * 8..<one * 8 + 8]
        one += 1
      } else {
        bytes += right[other * 8..<other * 8 + 8]
        other += 1
      }
    }
    return bytes
  }
}
