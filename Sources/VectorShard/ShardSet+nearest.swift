// Search by vector: an exact scan of all allowed rows.
//
// Scores are exact for the rows as stored: the query keeps 15 bits a component, so only the rows' own quantisation stands
// between a score and the cosine of the original vectors.

import CKernels

extension ShardSet {
  /// Rows scanned between two looks at the scores; 1,024 scores stay in the first-level cache.
  private static let blockLength = 1024
  /// Rows of the first block: every one of its scores is offered to the heap, so it is short.
  private static let firstBlockLength = 64

  /// The `count` rows whose vectors have the largest cosine with `query`, best first, ties by row.
  ///
  /// `query` need not have unit length. `allowedGroup` is asked once for each group of each segment.
  ///
  /// - Throws: `identityMismatch` when the shard was embedded by another model, `invalid` for a query that is no direction.
  /// - Complexity: O(allowed rows); about 5 ns a row of 384 dimensions in cache, bound by memory beyond it.
  package func nearest(
    to query: [Float], identity: String, count: Int,
    where allowedGroup: (String) -> Bool = { _ in true }
  ) throws(ShardError) -> [Hit] {
    try nearest(
      to: query, identity: identity, count: count, kernel: .chosen, where: allowedGroup)
  }

  /// As above, with a rung of the kernels given.
  package func nearest(
    to query: [Float], identity: String, count: Int, kernel: ScanKernel,
    where allowedGroup: (String) -> Bool
  ) throws(ShardError) -> [Hit] {
    let prepared = try prepare(query, identity: identity)
    guard count > 0 else { return [] }
    let allowed = try allowedRows(where: allowedGroup)
    var best = TopK(limit: count)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.blockLength) { scores in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.blockLength) { found in
        for (number, reader) in segments.enumerated() {
          for range in allowed[number] {
            reader.scan(
              range, prepared, kernel: kernel, firstLength: Self.firstBlockLength, scores: scores
            ) { start, length in
              let kept = bobbin_vectors_above(
                scores.baseAddress, length, best.threshold(floor: -.infinity), found.baseAddress)
              for index in found[..<kept] {
                best.offer(scores[Int(index)], at: firstRows[number] + start + Int(index))
              }
            }
          }
        }
      }
    }
    return best.sorted().map { Hit(row: reference($0.index), score: $0.score) }
  }

  /// The cosine of each given row with `query`, in the order given: for rows that word search found.
  ///
  /// - Throws: as `nearest`, and `invalid` for a row of another set.
  package func similarities(
    of rows: [RowReference], to query: [Float], identity: String
  ) throws(ShardError) -> [Float] {
    let prepared = try prepare(query, identity: identity)
    var similarities: [Float] = []
    for row in rows {
      let reader = try segment(of: row)
      try reader.checkRow(row.row)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 1) { scores in
        reader.scan(
          row.row..<row.row + 1, prepared, kernel: .chosen, firstLength: 1, scores: scores
        ) { _, _ in
          similarities.append(scores[0])
        }
      }
    }
    return similarities
  }

  private func prepare(_ query: [Float], identity: String) throws(ShardError) -> ScanQuery {
    guard identity == manifest.identity else {
      throw .identityMismatch(asked: identity, found: manifest.identity)
    }
    guard query.count == manifest.dimension else {
      throw .invalid(
        "a question of \(query.count) numbers for a shard of \(manifest.dimension)")
    }
    return try ScanQuery(query)
  }
}

extension SegmentReader {
  /// Scores the rows of `range` in blocks as long as `scores`, calling `body` after each with its first row and its length.
  ///
  /// The first block has `firstLength` rows.
  ///
  /// `range` must lie within the segment; the header's check made the sections as long as all rows.
  func scan(
    _ range: Range<Int>, _ query: ScanQuery, kernel: ScanKernel, firstLength: Int,
    scores: UnsafeMutableBufferPointer<Float>, _ body: (_ start: Int, _ length: Int) -> Void
  ) {
    withSection(.rows) { rows in
      withSection(.scales) { scales in
        guard let rows = rows.baseAddress, let scales = scales.baseAddress,
          range.lowerBound >= 0, range.upperBound <= rowCount
        else { return }
        query.withKernelQuery { query in
          var start = range.lowerBound
          while start < range.upperBound {
            let limit = start == range.lowerBound ? min(firstLength, scores.count) : scores.count
            let length = min(limit, range.upperBound - start)
            bobbin_vectors_scan(
              kernel.rung,
              (rows + start * header.rowStride).assumingMemoryBound(to: Int8.self),
              header.rowStride, length,
              (scales + start * 4).assumingMemoryBound(to: Float.self), query, scores.baseAddress)
            body(start, length)
            start += length
          }
        }
      }
    }
  }
}
