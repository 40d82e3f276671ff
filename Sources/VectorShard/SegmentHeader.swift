// A segment's header and section table, checked before anything else of the file is looked at.

/// What the first bytes of a segment say, once they are known to agree with each other and with the file's length.
struct SegmentHeader: Sendable {
  let dimension: Int
  let rowStride: Int
  let rowCount: Int
  let documentCount: Int
  let groupCount: Int
  let termCount: Int
  let wordCount: Int
  let stemmers: UInt32
  /// Where each section of version 1 lies; of those that came with a later minor version, empty when it is not there.
  private let ranges: [Range<Int>]
  /// Every section of the file with its checksum, those of later minor versions too, in file order.
  let table: [(range: Range<Int>, checksum: UInt32)]
  /// Where the section table ends.
  let tableEnd: Int

  /// Where a section lies, in bytes from the start of the file.
  func range(_ section: ShardFormat.Section) -> Range<Int> { ranges[Int(section.rawValue) - 1] }

  /// CRC-32C of the header but for its own field, and of the section table.
  static func checksum(of bytes: UnsafeRawBufferPointer, tableEnd: Int) -> UInt32 {
    let before = UnsafeRawBufferPointer(rebasing: bytes[..<ShardFormat.Header.checksum])
    let after = UnsafeRawBufferPointer(rebasing: bytes[ShardFormat.Header.byteCount..<tableEnd])
    return VectorShard.checksum(after, from: VectorShard.checksum(before))
  }

  /// Reads and checks.
  ///
  /// - Throws: `corrupt` or `unsupported`.
  init(_ bytes: UnsafeRawBufferPointer, file: String) throws(ShardError) {
    typealias Header = ShardFormat.Header
    typealias Entry = ShardFormat.SectionEntry
    func damage(_ detail: String) -> ShardError { .corrupt(file: file, detail: detail) }

    guard bytes.count >= Header.byteCount else { throw damage("it is shorter than a header") }
    guard bytes.prefix(ShardFormat.magic.count).elementsEqual(ShardFormat.magic) else {
      throw damage("it does not begin as a segment")
    }
    guard let major = bytes.integer(UInt16.self, at: Header.majorVersion),
      let sectionCount = bytes.u32(at: Header.sectionCount),
      let stored = bytes.integer(UInt32.self, at: Header.checksum),
      sectionCount <= ShardFormat.maximumSectionCount
    else { throw damage("its header is impossible") }
    let tableEnd = Header.byteCount + sectionCount * Entry.byteCount
    guard tableEnd <= bytes.count else { throw damage("it ends within its section table") }
    let computed = Self.checksum(of: bytes, tableEnd: tableEnd)
    guard computed == stored else {
      throw damage("the checksum of its header is \(computed), the header says \(stored)")
    }
    // After the checksum: a flipped bit is damage, not another version.
    guard Int(major) == ShardFormat.majorVersion else {
      throw .unsupported(file: file, version: Int(major))
    }
    guard let minor = bytes.integer(UInt16.self, at: Header.minorVersion) else {
      throw damage("its header is impossible")
    }
    guard let length = bytes.u64(at: Header.fileLength), length == bytes.count else {
      throw damage("it has \(bytes.count) bytes, its header says otherwise")
    }
    guard let dimension = bytes.u32(at: Header.dimension),
      let stride = bytes.u32(at: Header.rowStride),
      let rowCount = bytes.u32(at: Header.rowCount),
      let documentCount = bytes.u32(at: Header.documentCount),
      let groupCount = bytes.u32(at: Header.groupCount),
      let termCount = bytes.u32(at: Header.termCount),
      let wordCount = bytes.u64(at: Header.wordCount),
      let stemmers = bytes.integer(UInt32.self, at: Header.stemmers),
      (1...ShardFormat.maximumDimension).contains(dimension),
      stride == VectorShard.rowStride(dimension: dimension),
      rowCount <= ShardFormat.maximumRowCount, documentCount <= ShardFormat.maximumRowCount
    else { throw damage("its header holds impossible numbers") }

    var table: [(range: Range<Int>, checksum: UInt32)] = []
    var known: [ShardFormat.Section: Range<Int>] = [:]
    var end = tableEnd
    var previous: UInt32 = 0
    for position in 0..<sectionCount {
      let entry = Header.byteCount + position * Entry.byteCount
      guard let number = bytes.integer(UInt32.self, at: entry + Entry.number),
        let crc = bytes.integer(UInt32.self, at: entry + Entry.checksum),
        let offset = bytes.u64(at: entry + Entry.offset),
        let length = bytes.u64(at: entry + Entry.length),
        number > previous, offset == end + padding(after: end), offset <= bytes.count,
        length <= bytes.count - offset
      else { throw damage("entry \(position) of its section table is impossible") }
      previous = number
      end = offset + length
      table.append((offset..<end, crc))
      if let section = ShardFormat.Section(rawValue: number) { known[section] = offset..<end }
    }
    let missing = ShardFormat.Section.allCases.filter { known[$0] == nil }
    guard end == bytes.count, missing.isEmpty || missing == [.documentStemmers] && minor == 0 else {
      throw damage("its section table is not complete")
    }
    let ranges = ShardFormat.Section.allCases.map { known[$0] ?? end..<end }
    if missing.isEmpty, documentCount > 0, known[.documentStemmers]?.isEmpty == true {
      throw damage("its documents have no stemmers")
    }
    self.dimension = dimension
    self.rowStride = stride
    self.rowCount = rowCount
    self.documentCount = documentCount
    self.groupCount = groupCount
    self.termCount = termCount
    self.wordCount = wordCount
    self.stemmers = stemmers
    self.ranges = ranges
    self.table = table
    self.tableEnd = tableEnd
    try checkLengths(file: file)
  }

  /// Sections whose length follows from the counts.
  private func checkLengths(file: String) throws(ShardError) {
    var lengths: [(ShardFormat.Section, Int)] = [
      (.rows, rowCount * rowStride), (.scales, rowCount * 4), (.rowLengths, rowCount * 4),
      (.documents, documentCount * ShardFormat.DocumentEntry.byteCount),
      (.documentOrder, documentCount * 4),
      (.groups, groupCount * ShardFormat.GroupEntry.byteCount),
      (.payloadItems, (rowCount + documentCount + 1) * 8),
      (
        .termBlocks,
        (termCount + ShardFormat.termsPerBlock - 1) / ShardFormat.termsPerBlock
          * ShardFormat.TermBlockEntry.byteCount
      ),
    ]
    // Not there in files of version 1.0.
    if !range(.documentStemmers).isEmpty {
      lengths.append((.documentStemmers, documentCount * 4))
    }
    for (section, length) in lengths where range(section).count != length {
      throw .corrupt(
        file: file,
        detail:
          "section \(section) has \(range(section).count) bytes, its header asks for \(length)"
      )
    }
    let blocks = range(.payloadBlocks).count
    let entry = ShardFormat.PayloadBlockEntry.byteCount
    guard blocks >= entry, blocks % entry == 0 else {
      throw .corrupt(file: file, detail: "section payloadBlocks has \(blocks) bytes")
    }
  }
}
