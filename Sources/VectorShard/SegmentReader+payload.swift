// Payloads out of their compressed blocks.
//
// Payloads stand in the order of writing: a document's, then those of its rows; so row r of document d has number r + d + 1.

extension SegmentReader {
  /// The bytes that were stored with a row.
  ///
  /// - Throws: `invalid` for a row that is not there, `corrupt` when its block is damaged.
  /// - Complexity: unpacks one block, about 16 KB and 10 µs.
  package func payload(ofRow row: Int) throws(ShardError) -> [UInt8] {
    try payload(number: row + documentIndex(ofRow: row) + 1)
  }

  /// The bytes that were stored with a document.
  ///
  /// - Throws: as `payload(ofRow:)`.
  package func payload(ofDocument index: Int) throws(ShardError) -> [UInt8] {
    try checkDocument(index)
    return try payload(number: record(index).firstRow + index)
  }

  private func payload(number: Int) throws(ShardError) -> [UInt8] {
    let bounds = withSection(.payloadItems) { items -> (start: Int, end: Int)? in
      guard let start = items.u64(at: number * 8), let end = items.u64(at: number * 8 + 8),
        start <= end
      else { return nil }
      return (start, end)
    }
    guard let bounds else { throw damage("payload \(number) has no place") }
    if bounds.start == bounds.end { return [] }
    let (block, blockStart) = try block(holding: bounds.start)
    guard bounds.end - blockStart <= block.count else {
      throw damage("payload \(number) runs out of its block")
    }
    return Array(block[bounds.start - blockStart..<bounds.end - blockStart])
  }

  /// The uncompressed block that holds byte `position` of all payloads, and where it begins.
  private func block(holding position: Int) throws(ShardError) -> (bytes: [UInt8], start: Int) {
    typealias Entry = ShardFormat.PayloadBlockEntry
    return try withSection(.payloadBlocks) {
      (table) throws(ShardError) -> (bytes: [UInt8], start: Int) in
      let blockCount = table.count / Entry.byteCount - 1
      var low = 0
      var high = blockCount
      while low < high {
        let middle = low + (high - low) / 2
        guard let end = table.u64(at: (middle + 1) * Entry.byteCount + Entry.rawStart) else {
          throw damage("section payloadBlocks is cut")
        }
        if end <= position { low = middle + 1 } else { high = middle }
      }
      let place = try payloadBlock(low, of: blockCount, in: table)
      guard place.raw.contains(position) else { throw damage("no payload block holds \(position)") }
      return (try unpack(place, block: low), place.raw.lowerBound)
    }
  }

  /// Where block `index` stands, uncompressed and compressed.
  func payloadBlock(
    _ index: Int, of blockCount: Int, in table: UnsafeRawBufferPointer
  ) throws(ShardError) -> (raw: Range<Int>, packed: Range<Int>) {
    typealias Entry = ShardFormat.PayloadBlockEntry
    let start = index * Entry.byteCount
    guard index < blockCount,
      let rawStart = table.u64(at: start + Entry.rawStart),
      let rawEnd = table.u64(at: start + Entry.byteCount + Entry.rawStart),
      let packedStart = table.u64(at: start + Entry.packedStart),
      let packedEnd = table.u64(at: start + Entry.byteCount + Entry.packedStart),
      rawStart < rawEnd, packedStart < packedEnd,
      rawEnd - rawStart <= ShardFormat.maximumPayloadLength + ShardFormat.payloadBlockLength
    else { throw damage("payload block \(index) is impossible") }
    return (rawStart..<rawEnd, packedStart..<packedEnd)
  }

  /// The content of one block.
  func unpack(
    _ place: (raw: Range<Int>, packed: Range<Int>), block: Int
  ) throws(ShardError) -> [UInt8] {
    let raw = withSection(.payload) { packed in
      packed.slice(place.packed.lowerBound, place.packed.count).flatMap {
        ZstdFrame.decompress($0, length: place.raw.count)
      }
    }
    guard let raw else { throw damage("payload block \(block) does not unpack") }
    return raw
  }
}
