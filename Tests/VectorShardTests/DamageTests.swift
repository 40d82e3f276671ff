// Bytes that are not what was written: every one is found, none makes the reader trap.

import Glibc
import Testing

@testable import VectorShard

struct DamageTests {
  /// A small segment's bytes and the digest they were written under.
  private func small() throws -> (bytes: [UInt8], digest: String) {
    let bytes = try Sample.writer(Sample.rows(7, dimension: 10, seed: 1), dimension: 10).bytes()
    return (bytes, bytes.withUnsafeBytes { sha256($0) })
  }

  @Test func `a flipped byte anywhere is found at open`() throws {
    let directory = try TemporaryDirectory()
    let (bytes, digest) = try small()
    for offset in bytes.indices {
      var damaged = bytes
      damaged[offset] ^= offset % 2 == 0 ? 0x01 : 0x80
      try put(damaged, segmentFileName(digest), directory.path)
      do {
        _ = try SegmentReader(digest: digest, in: directory.path)
        Issue.record("byte \(offset) flipped and opened")
      } catch ShardError.corrupt {
      } catch {
        Issue.record("byte \(offset): \(error)")
      }
    }
  }

  @Test func `a cut at any length is found at open`() throws {
    let directory = try TemporaryDirectory()
    let (bytes, digest) = try small()
    for length in 0..<bytes.count {
      try put(Array(bytes[..<length]), segmentFileName(digest), directory.path)
      #expect(throws: ShardError.self) { try SegmentReader(digest: digest, in: directory.path) }
    }
    try put(bytes + [0], segmentFileName(digest), directory.path)
    #expect(throws: ShardError.self) { try SegmentReader(digest: digest, in: directory.path) }
    try put(bytes, segmentFileName(digest), directory.path)
    try SegmentReader(digest: digest, in: directory.path).verify()
    #expect(throws: ShardError.self) {
      try SegmentReader(digest: digest, in: directory.path, expectedLength: bytes.count + 1)
    }
  }

  @Test func `a large file's damage is found by verify`() throws {
    let directory = try TemporaryDirectory()
    var chance = FixedChance(1)
    var writer = try SegmentWriter(identity: "m", dimension: 64)
    let document = try writer.addDocument(ShardDocument(id: "d", group: "", payload: []))
    while writer.rowCount * 64 <= SegmentReader.checkedAtOpenLimit {
      try writer.addRow(
        document: document, words: "", language: nil,
        vector: .quantized(scale: 0.01, values: [Int8](repeating: 3, count: 64)), payload: [])
    }
    var bytes = try writer.bytes()
    let digest = bytes.withUnsafeBytes { sha256($0) }
    #expect(bytes.count > SegmentReader.checkedAtOpenLimit)
    for _ in 0..<3 {
      let offset = Int.random(in: 1000..<bytes.count, using: &chance)
      bytes[offset] ^= 4
      try put(bytes, segmentFileName(digest), directory.path)
      #expect(throws: ShardError.self) {
        try SegmentReader(digest: digest, in: directory.path).verify()
      }
      bytes[offset] ^= 4
    }
  }

  @Test func `bytes made wrong on purpose, with right checksums, never trap`() throws {
    let directory = try TemporaryDirectory()
    var chance = FixedChance(11)
    let (bytes, _) = try small()
    let manifest = { (reader: SegmentReader) in
      try ShardManifest(
        identity: Sample.identity, dimension: 10, generation: 1, run: "r", segments: [(reader, [])])
    }
    let one = [Float](repeating: 1, count: 10)
    var opened = 0
    for round in 0..<1000 {
      var hostile = bytes
      for _ in 0...Int.random(in: 0...2, using: &chance) {
        // The header and the table as often as all the rest.
        let end = round % 2 == 0 ? 400 : hostile.count
        let offset = Int.random(in: 8..<end, using: &chance)
        hostile[offset] =
          [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &chance)][
            Int.random(in: 0..<6, using: &chance)]
      }
      reseal(&hostile)
      let digest = hostile.withUnsafeBytes { sha256($0) }
      try put(hostile, segmentFileName(digest), directory.path)
      defer { unlink("\(directory.path)/\(segmentFileName(digest))") }
      do {
        let reader = try SegmentReader(digest: digest, in: directory.path)
        opened += 1
        _ = try? reader.verify()
        for row in 0..<min(reader.rowCount, 20) {
          _ = try? reader.payload(ofRow: row)
          _ = try? reader.vector(ofRow: row)
        }
        for document in 0..<min(reader.documentCount, 20) { _ = try? reader.document(document) }
        _ = try? reader.documentIndex(ofID: "d1")
        let set = try ShardSet(manifest(reader), in: directory.path)
        _ = try? set.nearest(to: one, identity: Sample.identity, count: 5) { $0 != "g1" }
        _ = try? set.words.search(
          FixedChance.vocabulary.joined(separator: " "), language: "en", count: 5)
        _ = try? ShardWords(set) { $0 != "g1" }.search(
          FixedChance.vocabulary.joined(separator: " "), language: "en", count: 5)
      } catch is ShardError {}
    }
    #expect(opened > 100)
  }

  @Test func `stemmers of documents that are not the header's are found`() throws {
    let directory = try TemporaryDirectory()
    var (bytes, _) = try small()
    // The last document's, at the end of the last section.
    bytes[bytes.count - 4] ^= 4
    reseal(&bytes)
    let digest = bytes.withUnsafeBytes { sha256($0) }
    try put(bytes, segmentFileName(digest), directory.path)
    #expect(throws: ShardError.self) {
      try SegmentReader(digest: digest, in: directory.path).verify()
    }
  }

  @Test func `a flipped or cut manifest or CURRENT is found`() throws {
    let directory = try TemporaryDirectory()
    let rows = Sample.rows(7, dimension: 10, seed: 1)
    // Two generations, so that CURRENT with a flipped digit names a manifest that exists.
    try Sample.publish([rows], dimension: 10, in: directory.path, generation: 2)
    try Sample.publish([rows], dimension: 10, in: directory.path, generation: 3)
    for name in ["CURRENT", "3.manifest"] {
      let bytes = try #require(
        try DurableFile.read(name, in: directory.path, limit: 1 << 20))
      for offset in bytes.indices {
        for bit in 0..<8 {
          var damaged = bytes
          damaged[offset] ^= 1 << UInt8(bit)
          try put(damaged, name, directory.path)
          #expect(throws: ShardError.self, "\(name) byte \(offset) bit \(bit)") {
            try ShardSet.open(directory: directory.path)
          }
        }
        try put(Array(bytes[..<offset]), name, directory.path)
        #expect(throws: ShardError.self, "\(name) cut at \(offset)") {
          try ShardSet.open(directory: directory.path)
        }
      }
      try put(bytes + [0x0A], name, directory.path)
      #expect(throws: ShardError.self) { try ShardSet.open(directory: directory.path) }
      try put(bytes, name, directory.path)
      #expect(try openShard(directory.path).manifest.generation == 3)
    }
  }

  @Test func `another version is named, not called damage`() throws {
    let directory = try TemporaryDirectory()
    var (bytes, _) = try small()
    bytes.put(UInt16(2), at: ShardFormat.Header.majorVersion)
    reseal(&bytes)
    let digest = bytes.withUnsafeBytes { sha256($0) }
    try put(bytes, segmentFileName(digest), directory.path)
    #expect {
      try SegmentReader(digest: digest, in: directory.path)
    } throws: { error in
      if case .unsupported(_, version: 2)? = error as? ShardError { true } else { false }
    }
  }

  @Test func `a section of a later minor version is passed over`() throws {
    let directory = try TemporaryDirectory()
    let rows = Sample.rows(7, dimension: 10, seed: 1)
    let plain = try Sample.writer(rows, dimension: 10).bytes()
    let bytes = plain.withUnsafeBytes { withExtraSection(number: 32, in: $0) }
    let digest = bytes.withUnsafeBytes { sha256($0) }
    try put(bytes, segmentFileName(digest), directory.path)
    let reader = try SegmentReader(digest: digest, in: directory.path)
    try reader.verify()
    #expect(try reader.payload(ofRow: 6) == Array(rows[6].words.utf8))
  }

  @Test func `what is not a file is refused`() throws {
    let directory = try TemporaryDirectory()
    let digest = String(repeating: "a", count: 64)
    #expect(throws: ShardError.self) { try SegmentReader(digest: digest, in: directory.path) }
    _ = directory.folder(segmentFileName(digest))
    #expect(throws: ShardError.self) { try SegmentReader(digest: digest, in: directory.path) }
    for name in ["", "../x", String(repeating: "A", count: 64)] {
      #expect(throws: ShardError.self) { try SegmentReader(digest: name, in: directory.path) }
    }
  }

  private func put(_ bytes: [UInt8], _ name: String, _ directory: String) throws {
    let path = "\(directory)/\(name)"
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { throw ShardError.system(call: "open", path: path, code: errno) }
    defer { close(descriptor) }
    guard write(descriptor, bytes, bytes.count) == bytes.count else {
      throw ShardError.system(call: "write", path: path, code: errno)
    }
  }

  /// Makes all checksums right again, as far as the section table lets them be found.
  private func reseal(_ bytes: inout [UInt8]) {
    typealias Header = ShardFormat.Header
    typealias Entry = ShardFormat.SectionEntry
    let copy = bytes
    copy.withUnsafeBytes { source in
      let count = min(source.u32(at: Header.sectionCount) ?? 0, ShardFormat.maximumSectionCount)
      let tableEnd = min(Header.byteCount + count * Entry.byteCount, copy.count)
      for position in 0..<count {
        let entry = Header.byteCount + position * Entry.byteCount
        guard let offset = source.u64(at: entry + Entry.offset),
          let length = source.u64(at: entry + Entry.length),
          let content = source.slice(offset, length), entry + Entry.byteCount <= copy.count
        else { continue }
        bytes.put(checksum(content), at: entry + Entry.checksum)
      }
      let sealed = bytes
      let crc = sealed.withUnsafeBytes { SegmentHeader.checksum(of: $0, tableEnd: tableEnd) }
      bytes.put(crc, at: Header.checksum)
    }
  }

  /// The same segment with one more section at its end.
  private func withExtraSection(number: UInt32, in source: UnsafeRawBufferPointer) -> [UInt8] {
    typealias Header = ShardFormat.Header
    typealias Entry = ShardFormat.SectionEntry
    let kinds = ShardFormat.Section.allCases
    let tableEnd = Header.byteCount + (kinds.count + 1) * Entry.byteCount
    var file =
      Array(source[..<Header.byteCount]) + [UInt8](repeating: 0, count: tableEnd - Header.byteCount)
    for position in 0...kinds.count {
      let old = Header.byteCount + position * Entry.byteCount
      let content =
        position < kinds.count
        ? source.slice(
          source.u64(at: old + Entry.offset) ?? 0, source.u64(at: old + Entry.length) ?? 0
        )
        .map(Array.init) ?? []
        : Array("later".utf8)
      file.append(contentsOf: [UInt8](repeating: 0, count: padding(after: file.count)))
      file.put(
        position < kinds.count ? kinds[position].rawValue : number, at: old + Entry.number)
      file.put(UInt64(file.count), at: old + Entry.offset)
      file.put(UInt64(content.count), at: old + Entry.length)
      file.append(contentsOf: content)
    }
    file.put(UInt16(1), at: Header.minorVersion)
    file.put(UInt32(kinds.count + 1), at: Header.sectionCount)
    file.put(UInt64(file.count), at: Header.fileLength)
    reseal(&file)
    return file
  }
}
