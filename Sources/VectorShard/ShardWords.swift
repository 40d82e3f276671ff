// Search by words: BM25 with the counts of the rows that are looked at. What is left out steers nothing: no word's rarity, no
// average length, no stemmer, and so not one bit of an answer. A shard ranks the same however it is cut into segments.

import Glibc

/// The words of a shard, counted over the rows of some groups.
package struct ShardWords: Sendable {
  package let shard: ShardSet
  /// One list of ranges a segment, ascending.
  private let rows: [[Range<Int>]]
  private let rowCount: Int
  /// Words a row, over all segments; at least 1, so that nothing divides by zero.
  private let averageLength: Float
  private let stemmers: UInt32

  /// Counts the rows of all documents that are not deleted and whose group is counted.
  ///
  /// - Throws: `corrupt` for tables that do not hold together.
  /// - Complexity: O(documents) and one pass over the rows' lengths, O(segments) when every row counts.
  package init(
    _ shard: ShardSet, where isCounted: (String) -> Bool = { _ in true }
  ) throws(ShardError) {
    self.shard = shard
    rows = try shard.allowedRows(where: isCounted)
    // What headers claim may be any number.
    var words = 0.0
    var rowCount = 0
    var stemmers: UInt32 = 0
    for (reader, ranges) in zip(shard.segments, rows) {
      rowCount += ranges.reduce(0) { $0 + $1.count }
      words += Double(try reader.wordCount(of: ranges))
      stemmers |= try reader.stemmers(of: ranges)
    }
    self.rowCount = rowCount
    self.stemmers = stemmers
    averageLength = rowCount > 0 ? max(1, Float(words / Double(rowCount))) : 1
  }

  /// A question's words, weighed: what searching and scoring have in common.
  package struct Question: Sendable {
    fileprivate let terms: [WeighedTerm]

    /// In order of first use; words that no row has too.
    ///
    /// No row can score more than `ceiling(_:)` of them.
    package var weights: [WordWeight] {
      terms.map {
        WordWeight(
          term: String(decoding: $0.bytes, as: UTF8.self), rowCount: $0.rowCount, weight: $0.weight)
      }
    }
  }

  /// Weighs a question's words.
  ///
  /// - Parameter language: the question's BCP 47 tag, nil when unknown.
  /// - Throws: `corrupt` for postings that do not decode.
  /// - Complexity: O(postings of the question's terms), where not all rows count.
  package func question(_ text: String, language: String?) throws(ShardError) -> Question {
    Question(terms: try weigh(text, language: language))
  }

  /// The `count` rows that match the question's words best, best first, ties by row; rows without any of them never.
  ///
  /// - Parameter isAllowed: the groups whose rows may be found; nil allows those that are counted.
  /// - Throws: `corrupt` for postings that do not decode.
  /// - Complexity: O(rows + postings of the question's terms).
  package func search(
    _ question: Question, count: Int, where isAllowed: ((String) -> Bool)? = nil
  ) throws(ShardError) -> [ShardSet.Hit] {
    let terms = question.terms
    guard count > 0, !terms.isEmpty else { return [] }
    let allowed = if let isAllowed { try shard.allowedRows(where: isAllowed) } else { rows }
    var best = TopK(limit: count)
    for (number, ranges) in allowed.enumerated() where !ranges.isEmpty {
      let scores = try scores(ofSegment: number, terms)
      guard !scores.isEmpty else { continue }
      scores.withUnsafeBufferPointer { scores in
        for range in ranges {
          // The threshold only rises when an offer is taken, so it is asked for after offers only.
          var threshold = best.threshold(floor: 0)
          for row in range where scores[row] > threshold {
            best.offer(scores[row], at: shard.firstRows[number] + row)
            threshold = best.threshold(floor: 0)
          }
        }
      }
    }
    return best.sorted().map { ShardSet.Hit(row: shard.reference($0.index), score: $0.score) }
  }

  /// The BM25 score of each given row, in the order given: for rows that vector search found.
  ///
  /// 0 for a row without any of the words.
  ///
  /// - Throws: as `search`, and `invalid` for a row of another set.
  package func scores(
    of rows: [ShardSet.RowReference], for question: Question
  ) throws(ShardError) -> [Float] {
    let terms = question.terms
    var bySegment: [Int: [Float]] = [:]
    var found: [Float] = []
    for row in rows {
      try shard.segment(of: row).checkRow(row.row)
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

  /// The words of a text as terms, in order of first use, without a look into the dictionary.
  package func terms(of text: String, language: String?) -> [String] {
    WordQuery(text, language: language, stemmers: stemmers).terms
      .map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  /// The score that a row nears when it holds each of the words ever more often.
  package static func ceiling(_ weights: [WordWeight]) -> Float {
    weights.reduce(0) { $0 + $1.weight } * (BM25.saturation + 1)
  }

  /// One score a row of a segment; empty when no row has any of the terms.
  private func scores(
    ofSegment number: Int, _ terms: [WeighedTerm]
  ) throws(ShardError) -> [Float] {
    let reader = shard.segments[number]
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

  private func weigh(
    _ question: String, language: String?
  ) throws(ShardError) -> [WeighedTerm] {
    let total = Double(rowCount)
    var weighed: [WeighedTerm] = []
    for (bytes, count) in WordQuery(question, language: language, stemmers: stemmers).terms {
      var places: [TermPlace?] = []
      var rowCount = 0
      for (reader, ranges) in zip(shard.segments, rows) {
        let place = try reader.place(of: bytes)
        if let place { rowCount += try reader.rowCount(of: place, in: ranges) }
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

extension ShardSet {
  /// The words of all documents that are not deleted.
  ///
  /// - Throws: as `ShardWords.init`.
  package var words: ShardWords {
    get throws(ShardError) { try ShardWords(self) }
  }
}
