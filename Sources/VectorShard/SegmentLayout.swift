// Header, section table and sections put together into the bytes of a file, as FORMAT.md draws them.

/// The numbers of a header, and how to lay out a file with them.
struct SegmentLayout {
  var dimension = 0
  var rowCount = 0
  var documentCount = 0
  var groupCount = 0
  var termCount = 0
  var wordCount: UInt64 = 0
  var stemmers: UInt32 = 0

  /// The file's bytes; a section that is not given is empty.
  func file(sections: [ShardFormat.Section: [UInt8]]) -> [UInt8] {
    typealias Header = ShardFormat.Header
    typealias Entry = ShardFormat.SectionEntry
    let kinds = ShardFormat.Section.allCases
    let tableEnd = Header.byteCount + kinds.count * Entry.byteCount
    var file = [UInt8](repeating: 0, count: tableEnd)
    file.reserveCapacity(
      tableEnd + sections.values.reduce(0) { $0 + $1.count + ShardFormat.alignment })
    for (position, kind) in kinds.enumerated() {
      let content = sections[kind] ?? []
      file.append(contentsOf: repeatElement(0, count: padding(after: file.count)))
      let entry = Header.byteCount + position * Entry.byteCount
      file.put(kind.rawValue, at: entry + Entry.number)
      file.put(content.withUnsafeBytes { checksum($0) }, at: entry + Entry.checksum)
      file.put(UInt64(file.count), at: entry + Entry.offset)
      file.put(UInt64(content.count), at: entry + Entry.length)
      file.append(contentsOf: content)
    }
    file.replaceSubrange(0..<ShardFormat.magic.count, with: ShardFormat.magic)
    file.put(UInt16(ShardFormat.majorVersion), at: Header.majorVersion)
    file.put(UInt16(ShardFormat.minorVersion), at: Header.minorVersion)
    file.put(UInt32(kinds.count), at: Header.sectionCount)
    file.put(UInt64(file.count), at: Header.fileLength)
    file.put(UInt32(dimension), at: Header.dimension)
    file.put(UInt32(rowStride(dimension: dimension)), at: Header.rowStride)
    file.put(UInt32(rowCount), at: Header.rowCount)
    file.put(UInt32(documentCount), at: Header.documentCount)
    file.put(UInt32(groupCount), at: Header.groupCount)
    file.put(UInt32(termCount), at: Header.termCount)
    file.put(wordCount, at: Header.wordCount)
    file.put(stemmers, at: Header.stemmers)
    file.put(headerChecksum(of: file, tableEnd: tableEnd), at: Header.checksum)
    return file
  }

  private func headerChecksum(of file: [UInt8], tableEnd: Int) -> UInt32 {
    file.withUnsafeBytes { SegmentHeader.checksum(of: $0, tableEnd: tableEnd) }
  }
}

/// Zero bytes that follow `length` bytes so that the next section is aligned.
func padding(after length: Int) -> Int {
  (ShardFormat.alignment - length % ShardFormat.alignment) % ShardFormat.alignment
}
