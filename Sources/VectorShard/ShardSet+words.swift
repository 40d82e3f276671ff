// Search by words: BM25 with the counts of the whole set, so that a shard ranks the same however it is cut into segments.

import Glibc

extension ShardSet {
  /// The `count` rows that match the question's words best, best first, ties by row; rows without any of them never.
  ///
  /// `language` is the question's BCP 47 tag, nil when unknown.
  ///
  /// - Throws: `corrupt` for postings that do not decode.
  /// - Complexity: O(rows + postings of the question's terms).
  package func wordSearch(
    _ question: String, language: String?, count: Int,
    where allowedGroup: (String) -> Bool = { _ in true }
  ) throws(ShardError) -> [Hit] {
    let terms = try weigh(question, language: language)
    guard count > 0, !terms.isEmpty else { return [] }
    let allowed = try allowedRows(where: allowedGroup)
    var best = TopK(limit: count)
    for (number, ranges) in allowed.enumerated() where !ranges.isEmpty {
      let scores = try scores(ofSegment: number, terms)
      guard !scores.isEmpty else { continue }
      scores.withUnsafeBufferPointer { scores in
        for range in ranges {
          // The threshold only rises when an offer is taken, so it is asked for after offers only.
          var threshold = best.threshold(floor: 0)
          for row in range where scores[row] > threshold {
            best.offer(scores[row], at: firstRows[number] + row)
            threshold = best.threshold(floor: 0)
          }
        }
      }
    }
    return best.sorted().map { Hit(row: reference($0.index), score: $0.score) }
  }

  /// The BM25 score of each given row, in the order given: for rows that vector search found.
  ///
  /// 0 for a row without any of the words.
  ///
  /// - Throws: as `wordSearch`, and `invalid` for a row of another set.
  package func wordScores(
    of rows: [RowReference], for question: String, language: String?
  ) throws(ShardError) -> [Float] {
    let terms = try weigh(question, language: language)
    var bySegment: [Int: [Float]] = [:]
    var found: [Float] = []
    for row in rows {
      try segment(of: row).checkRow(row.row)
      if bySegment[row.segment] == nil {
        bySegment[row.segment] = try scores(ofSegment: row.segment, terms)
      }
      guard let scores = bySegment[row.segment], row.row < scores.count else {
        found.append(0)
        continue
      }
      found.append(scores[row.row])
    }
    return found
  }

  /// The question's words with their weights, in order of first use; words that no row has too.
  ///
  /// No row can score more than `wordScoreCeiling(_:)` of them.
  package func wordWeights(
    _ question: String, language: String?
  ) throws(ShardError) -> [WordWeight] {
    try weigh(question, language: language).map {
      WordWeight(
        term: String(decoding: $0.bytes, as: UTF8.self), rowCount: $0.rowCount, weight: $0.weight)
    }
  }

  /// The score that a row nears when it holds each of the words ever more often.
  package static func wordScoreCeiling(_ weights: [WordWeight]) -> Float {
    weights.reduce(0) { $0 + $1.weight } * (BM25.saturation + 1)
  }

  /// One score a row of a segment; empty when no row has any of the terms.
  private func scores(
    ofSegment number: Int, _ terms: [WeighedTerm]
  ) throws(ShardError) -> [Float] {
    let reader = segments[number]
    let averageLength = averageLength
    guard terms.contains(where: { $0.places[number] != nil }) else { return [] }
    var scores = [Float](repeating: 0, count: reader.rowCount)
    var failure: ShardError?
    scores.withUnsafeMutableBufferPointer { scores in
      do throws(ShardError) {
        for term in terms {
          guard let place = term.places[number] else { continue }
          try reader.addScores(term, at: place, averageLength: averageLength, to: scores)
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return scores
  }

  /// Words a row, over all segments; at least 1, so that nothing divides by zero.
  private var averageLength: Float {
    let rows = segments.reduce(0) { $0 + $1.rowCount }
    let words = segments.reduce(0.0) { $0 + Double($1.header.wordCount) }
    return rows > 0 ? max(1, Float(words / Double(rows))) : 1
  }

  private func weigh(
    _ question: String, language: String?
  ) throws(ShardError) -> [WeighedTerm] {
    let stemmers = segments.reduce(0) { $0 | $1.header.stemmers }
    let total = Double(segments.reduce(0) { $0 + $1.rowCount })
    var weighed: [WeighedTerm] = []
    for (bytes, count) in WordQuery(question, language: language, stemmers: stemmers).terms {
      var places: [TermPlace?] = []
      var rowCount = 0
      for reader in segments {
        let place = try reader.place(of: bytes)
        rowCount += place?.rowCount ?? 0
        places.append(place)
      }
      let inverse = log(1 + (total - Double(rowCount) + 0.5) / (Double(rowCount) + 0.5))
      weighed.append(
        WeighedTerm(
          bytes: bytes, weight: Float(Double(count) * inverse), rowCount: rowCount, places: places))
    }
    return weighed
  }
}
