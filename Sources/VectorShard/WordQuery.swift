// A question's words as terms, and BM25 over the postings of one segment.
//
// BM25 after Robertson and Zaragoza (doi:10.1561/1500000019), with the inverse document frequency that never goes below
// zero: ln(1 + (N - n + 0.5) / (n + 0.5)). Counts are those of ShardWords. Stop words are left out of a question that has other words.

import Glibc

/// BM25's two constants, set on the evaluation sets (FORMAT.md does not depend on them).
enum BM25 {
  /// How soon more of the same word stops counting.
  static let saturation: Float = 1.2
  /// How much a long row's words count less.
  static let lengthShare: Float = 0.75
}

/// One word of a question and what it weighs.
package struct WordWeight: Sendable, Hashable {
  /// The term, stemmed and folded.
  package let term: String
  /// Rows that hold it, of those that are counted.
  package let rowCount: Int
  /// How often the question has it, times its inverse document frequency.
  package let weight: Float
}

/// The terms of a question.
struct WordQuery {
  /// Distinct terms in order of first use, with how often the question has each.
  private(set) var terms: [(bytes: [UInt8], count: Int)] = []

  /// Reads `question` as rows were read, for a shard whose words went through `stemmers`.
  ///
  /// A language that the shard holds decides alone; otherwise every algorithm that the shard used is tried, so that a
  /// question of unknown language finds rows of each.
  init(_ question: String, language: String?, stemmers: UInt32) {
    let stemmer = Stemmer()
    var indices: [[UInt8]: Int] = [:]
    var chosen: [Script: [StemmingAlgorithm]] = [:]
    var words: [(word: [UInt8], algorithms: [StemmingAlgorithm], isStopWord: Bool)] = []
    WordScanner.scan(question) { word, script in
      let algorithms = chosen[script] ?? Self.algorithms(script, language, stemmers)
      chosen[script] = algorithms
      words.append((word, algorithms, StopWords.contains(word, in: algorithms)))
    }
    let hasOthers = words.contains { !$0.isStopWord }
    for (word, algorithms, isStopWord) in words where !(hasOthers && isStopWord) {
      var variants: [[UInt8]] = []
      for algorithm in algorithms {
        let term = AccentFolding.fold(stemmer.stem(word, by: algorithm))
        if !variants.contains(term) { variants.append(term) }
      }
      for term in variants {
        if let index = indices[term] {
          terms[index].count += 1
        } else {
          indices[term] = terms.count
          terms.append((term, 1))
        }
      }
    }
  }

  private static func algorithms(
    _ script: Script, _ language: String?, _ stemmers: UInt32
  ) -> [StemmingAlgorithm] {
    let own = StemmingAlgorithm.chosen(for: script, language: language)
    let isUsed = { (algorithm: StemmingAlgorithm) in
      stemmers & (1 << UInt32(algorithm.rawValue)) != 0
    }
    if StemmingAlgorithm.usual(for: script) == .plain { return [own] }
    if language != nil, isUsed(own) { return [own] }
    let used = StemmingAlgorithm.allCases.filter {
      isUsed($0) && ($0 == .plain || $0.script == script)
    }
    return used.isEmpty ? [own] : used
  }
}

/// A term's places in the segments of a set, with its weight.
struct WeighedTerm {
  let bytes: [UInt8]
  let weight: Float
  let rowCount: Int
  /// One a segment; nil where no row has the term.
  let places: [TermPlace?]
}

extension SegmentReader {
  /// Adds each term's score to the rows that hold it.
  ///
  /// `scores` has one number a row; `averageLength` is that of the whole set.
  ///
  /// - Throws: `corrupt` for postings that do not decode.
  func addScores(
    _ term: WeighedTerm, at place: TermPlace, averageLength: Float,
    to scores: UnsafeMutableBufferPointer<Float>
  ) throws(ShardError) {
    let saturation = BM25.saturation
    let flat = saturation * (1 - BM25.lengthShare)
    let slope = saturation * BM25.lengthShare / averageLength
    let gain = term.weight * (saturation + 1)
    let limit = min(rowCount, scores.count)
    let isSound = withSection(.postings) { postings in
      withSection(.rowLengths) { lengths in
        guard let bytes = postings.slice(place.postings.lowerBound, place.postings.count),
          lengths.count >= limit * 4
        else { return false }
        return Postings.walk(bytes, rowCount: place.rowCount, limit: limit) { row, count in
          // Inside by `limit`: walk gives rows below it only.
          let length = Float(lengths.loadUnaligned(fromByteOffset: row &* 4, as: UInt32.self))
          let frequency = Float(count)
          scores[row] += gain * frequency / (frequency + flat + slope * length)
        }
      }
    }
    guard isSound else { throw damage("the postings of a term do not decode") }
  }
}
