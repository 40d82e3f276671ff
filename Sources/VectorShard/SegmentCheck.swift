// What a segment's bytes must satisfy beyond its header: checksums, and tables that agree with each other.
//
// `checksums` finds damage; the others find a file that was made wrongly on purpose, whose checksums are right. Opening
// runs those that later reads rely on, `verify` runs them all.

/// Checks of one segment's bytes.
struct SegmentCheck {
  let bytes: UnsafeRawBufferPointer
  let header: SegmentHeader
  let file: String

  /// Every section's CRC-32C, and zeros between sections.
  func checksums() throws(ShardError) {
    var end = header.tableEnd
    for (number, section) in header.table.enumerated() {
      guard bytes[end..<section.range.lowerBound].allSatisfy({ $0 == 0 }) else {
        throw damage("the bytes before section \(number + 1) are not zero")
      }
      end = section.range.upperBound
      let found = checksum(UnsafeRawBufferPointer(rebasing: bytes[section.range]))
      guard found == section.checksum else {
        throw damage(
          "the checksum of section \(number + 1) is \(found), the table says \(section.checksum)")
      }
    }
  }

  /// Documents own all rows in order, and have names and groups.
  func documents() throws(ShardError) {
    let table = section(.documents)
    let nameLength = header.range(.names).count
    var nextRow = 0
    for index in 0..<header.documentCount {
      guard let record = DocumentRecord(table, at: index), record.firstRow == nextRow,
        record.rowCount <= header.rowCount - nextRow, record.group < header.groupCount,
        record.nameOffset <= nameLength, record.nameLength <= nameLength - record.nameOffset
      else { throw damage("document \(index) is impossible") }
      nextRow += record.rowCount
    }
    guard nextRow == header.rowCount else {
      throw damage("its documents have \(nextRow) rows, its header \(header.rowCount)")
    }
  }

  /// The documents' stemmers are those of the header.
  func stemmers() throws(ShardError) {
    let table = section(.documentStemmers)
    guard !table.isEmpty else { return }
    var found: UInt32 = 0
    for index in 0..<header.documentCount {
      guard let bits = table.integer(UInt32.self, at: index * 4) else {
        throw damage("document \(index) has no stemmers")
      }
      found |= bits
    }
    guard found == header.stemmers else {
      throw damage("its documents' stemmers are not those of its header")
    }
  }

  /// The embedding identity.
  func identity() throws(ShardError) -> String {
    let range = header.range(.identity)
    guard let identity = bytes.text(range.lowerBound, range.count), !identity.isEmpty else {
      throw damage("its embedding identity is not text")
    }
    return identity
  }

  /// The group names.
  func groups() throws(ShardError) -> [String] {
    typealias Entry = ShardFormat.GroupEntry
    let table = section(.groups)
    let names = section(.names)
    var groups: [String] = []
    for index in 0..<header.groupCount {
      guard let offset = table.u32(at: index * Entry.byteCount + Entry.nameOffset),
        let length = table.u32(at: index * Entry.byteCount + Entry.nameLength),
        let name = names.text(offset, length)
      else { throw damage("group \(index) has no name") }
      groups.append(name)
    }
    return groups
  }

  /// The order by id is strictly ascending, hence complete and without doubles.
  func documentOrder() throws(ShardError) {
    let order = section(.documentOrder)
    let names = section(.names)
    var previous: UnsafeRawBufferPointer?
    for position in 0..<header.documentCount {
      guard let index = order.u32(at: position * 4), index < header.documentCount,
        let record = DocumentRecord(section(.documents), at: index),
        names.text(record.nameOffset, record.nameLength) != nil,
        let id = names.slice(record.nameOffset, record.nameLength)
      else { throw damage("section documentOrder names no document at \(position)") }
      if let previous, !precedes(previous, id) {
        throw damage("section documentOrder is out of order at \(position)")
      }
      previous = id
    }
  }

  /// Payload blocks unpack and follow each other; payloads ascend and none straddles two blocks.
  func payloads() throws(ShardError) {
    typealias Entry = ShardFormat.PayloadBlockEntry
    let table = section(.payloadBlocks)
    let items = section(.payloadItems)
    let packed = section(.payload)
    let blockCount = table.count / Entry.byteCount - 1
    let itemCount = header.rowCount + header.documentCount
    var item = 0
    var rawEnd = 0
    var packedEnd = 0
    for block in 0...blockCount {
      guard let raw = table.u64(at: block * Entry.byteCount + Entry.rawStart),
        let start = table.u64(at: block * Entry.byteCount + Entry.packedStart)
      else { throw damage("section payloadBlocks is cut") }
      if block == 0 {
        guard raw == 0, start == 0 else { throw damage("payload block 0 does not begin at 0") }
        continue
      }
      guard raw > rawEnd, start > packedEnd,
        raw - rawEnd <= ShardFormat.maximumPayloadLength + ShardFormat.payloadBlockLength,
        let frame = packed.slice(packedEnd, start - packedEnd),
        ZstdFrame.decompress(frame, length: raw - rawEnd) != nil
      else { throw damage("payload block \(block - 1) does not unpack") }
      // Every payload that begins in this block ends in it.
      while item < itemCount, let begin = items.u64(at: item * 8), begin < raw {
        guard begin >= rawEnd, let end = items.u64(at: item * 8 + 8), end >= begin, end <= raw
        else { throw damage("payload \(item) runs out of its block") }
        item += 1
      }
      (rawEnd, packedEnd) = (raw, start)
    }
    while item <= itemCount {
      guard items.u64(at: item * 8) == rawEnd else { throw damage("payload \(item) has no block") }
      item += 1
    }
    guard packedEnd == packed.count else { throw damage("section payload has bytes to spare") }
  }

  private func section(_ section: ShardFormat.Section) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[header.range(section)])
  }

  func damage(_ detail: String) -> ShardError { .corrupt(file: file, detail: detail) }
}
