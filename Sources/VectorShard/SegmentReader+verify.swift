// The check of a whole dictionary and all its postings, for `verify`.

extension SegmentReader {
  /// Terms ascend, blocks follow each other, every posting names a row, and the counts add up to the rows' lengths.
  func verifyWords() throws(ShardError) {
    var counts = [Int](repeating: 0, count: rowCount)
    try withSection(.termBlocks) { (blocks) throws(ShardError) in
      try withSection(.terms) { (terms) throws(ShardError) in
        var previous: [UInt8]?
        var termsEnd = 0
        var postingsEnd = 0
        for block in 0..<blocks.count / ShardFormat.TermBlockEntry.byteCount {
          var cursor = try TermCursor(block: block, of: self, blocks: blocks, terms: terms)
          guard cursor.offset == termsEnd, cursor.place.postings.isEmpty else {
            throw damage("block \(block) of terms does not follow the one before")
          }
          while try cursor.next() {
            if let previous, !precedes(previous, cursor.term) {
              throw damage("the terms of block \(block) are out of order")
            }
            guard cursor.place.postings.lowerBound == postingsEnd else {
              throw damage("the postings of block \(block) do not follow those before")
            }
            try count(cursor.place, into: &counts)
            postingsEnd = cursor.place.postings.upperBound
            previous = cursor.term
          }
          termsEnd = cursor.offset
        }
        guard termsEnd == terms.count, postingsEnd == header.range(.postings).count else {
          throw damage("sections terms or postings have bytes to spare")
        }
      }
    }
    let lengths = withSection(.rowLengths) { lengths in
      (0..<rowCount).map { lengths.u32(at: $0 * 4) ?? -1 }
    }
    guard lengths == counts, counts.reduce(0, +) == header.wordCount else {
      throw damage("the lengths of its rows are not the sums of its postings")
    }
  }

  private func count(_ place: TermPlace, into counts: inout [Int]) throws(ShardError) {
    let isSound = withSection(.postings) { postings in
      guard let bytes = postings.slice(place.postings.lowerBound, place.postings.count) else {
        return false
      }
      return Postings.walk(bytes, rowCount: place.rowCount, limit: rowCount) {
        counts[$0] += $1
      }
    }
    guard isSound, place.rowCount > 0 else { throw damage("the postings of a term are impossible") }
  }
}
