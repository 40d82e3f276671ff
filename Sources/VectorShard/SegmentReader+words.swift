// The dictionary: from a term to its postings; and what is counted over some of the rows.

/// Where a term's postings lie in section `postings`, and how many rows they name.
struct TermPlace: Equatable {
  let rowCount: Int
  let postings: Range<Int>
}

extension SegmentReader {
  /// Finds a term; nil when no row has it.
  ///
  /// - Complexity: O(log terms), one block of 16 terms read to its end at most.
  func place(of term: [UInt8]) throws(ShardError) -> TermPlace? {
    try withSection(.termBlocks) { (blocks) throws(ShardError) -> TermPlace? in
      try withSection(.terms) { (terms) throws(ShardError) -> TermPlace? in
        let blockCount = blocks.count / ShardFormat.TermBlockEntry.byteCount
        // The last block whose first term does not stand after the wanted one.
        var low = 0
        var high = blockCount
        while low < high {
          let middle = low + (high - low) / 2
          var cursor = try TermCursor(block: middle, of: self, blocks: blocks, terms: terms)
          guard try cursor.next() else { throw damage("block \(middle) of terms is empty") }
          if precedes(term, cursor.term) { high = middle } else { low = middle + 1 }
        }
        guard low > 0 else { return nil }
        var cursor = try TermCursor(block: low - 1, of: self, blocks: blocks, terms: terms)
        while try cursor.next() {
          if cursor.term == term { return cursor.place }
          if precedes(term, cursor.term) { return nil }
        }
        return nil
      }
    }
  }
}

extension SegmentReader {
  /// How many rows of ascending ranges have a term.
  ///
  /// - Throws: `corrupt` for postings that do not decode.
  /// - Complexity: O(postings), O(1) when the ranges are all rows.
  func rowCount(of place: TermPlace, in ranges: [Range<Int>]) throws(ShardError) -> Int {
    if ranges == [0..<rowCount] { return place.rowCount }
    guard !ranges.isEmpty else { return 0 }
    var found = 0
    var next = 0
    let isSound = withSection(.postings) { postings in
      guard let bytes = postings.slice(place.postings.lowerBound, place.postings.count) else {
        return false
      }
      return Postings.walk(bytes, rowCount: place.rowCount, limit: rowCount) { row, _ in
        while next < ranges.count, ranges[next].upperBound <= row { next += 1 }
        if next < ranges.count, ranges[next].lowerBound <= row { found += 1 }
      }
    }
    guard isSound else { throw damage("the postings of a term do not decode") }
    return found
  }

  /// The words of the rows of ascending ranges.
  func wordCount(of ranges: [Range<Int>]) throws(ShardError) -> Int {
    if ranges == [0..<rowCount] { return header.wordCount }
    return try withSection(.rowLengths) { (lengths) throws(ShardError) -> Int in
      var count = 0
      for range in ranges {
        guard let bytes = lengths.slice(range.lowerBound * 4, range.count * 4) else {
          throw damage("section rowLengths ends before row \(range.upperBound)")
        }
        for offset in stride(from: 0, to: bytes.count, by: 4) {
          count += Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
      }
      return count
    }
  }

  /// The stemmers that words of the rows of ascending ranges went through; in a file of version 1.0 those of all rows.
  ///
  /// - Complexity: O(documents), O(1) when the ranges are all rows.
  func stemmers(of ranges: [Range<Int>]) throws(ShardError) -> UInt32 {
    if ranges.isEmpty { return 0 }
    if ranges == [0..<rowCount] || header.range(.documentStemmers).isEmpty {
      return header.stemmers
    }
    return try withSection(.documents) { (table) throws(ShardError) -> UInt32 in
      try withSection(.documentStemmers) { (stemmers) throws(ShardError) -> UInt32 in
        var found: UInt32 = 0
        var next = 0
        for index in 0..<documentCount {
          guard let record = DocumentRecord(table, at: index),
            let bits = stemmers.integer(UInt32.self, at: index * 4)
          else { throw damage("document \(index) has no stemmers") }
          while next < ranges.count, ranges[next].upperBound <= record.firstRow { next += 1 }
          guard next < ranges.count else { break }
          if record.rowCount > 0, ranges[next].contains(record.firstRow) { found |= bits }
        }
        return found
      }
    }
  }
}

/// Reads the terms of one front-coded block, one after the other.
struct TermCursor {
  private(set) var term: [UInt8] = []
  private(set) var place = TermPlace(rowCount: 0, postings: 0..<0)
  /// Where the next term begins in section `terms`.
  private(set) var offset: Int
  private var left: Int
  private var postingsEnd: Int
  private let block: Int
  private let reader: SegmentReader
  private let terms: UnsafeRawBufferPointer

  /// Stands before the first term of a block; valid only while `terms` is.
  init(
    block: Int, of reader: SegmentReader, blocks: UnsafeRawBufferPointer,
    terms: UnsafeRawBufferPointer
  ) throws(ShardError) {
    typealias Entry = ShardFormat.TermBlockEntry
    guard let start = blocks.u64(at: block * Entry.byteCount + Entry.termsStart),
      let postings = blocks.u64(at: block * Entry.byteCount + Entry.postingsStart),
      postings <= reader.header.range(.postings).count
    else { throw reader.damage("block \(block) of terms has no place") }
    self.block = block
    self.reader = reader
    self.terms = terms
    offset = start
    postingsEnd = postings
    left = min(
      ShardFormat.termsPerBlock, reader.header.termCount - block * ShardFormat.termsPerBlock)
  }

  /// Reads the next term; false at the end of the block.
  mutating func next() throws(ShardError) -> Bool {
    guard left > 0 else { return false }
    left -= 1
    let postingsLength = reader.header.range(.postings).count
    guard let shared = terms.varint(at: &offset), let length = terms.varint(at: &offset),
      shared <= term.count, shared + length <= 2 * ShardFormat.maximumTermLength,
      let suffix = terms.slice(offset, length)
    else { throw reader.damage("a term of block \(block) is impossible") }
    offset += length
    guard let rowCount = terms.varint(at: &offset), let bytes = terms.varint(at: &offset),
      rowCount <= reader.rowCount, bytes <= postingsLength - postingsEnd
    else { throw reader.damage("the postings of a term of block \(block) have no place") }
    term.removeSubrange(shared...)
    term.append(contentsOf: suffix)
    place = TermPlace(rowCount: rowCount, postings: postingsEnd..<postingsEnd + bytes)
    postingsEnd += bytes
    return true
  }
}
