// Collects the words of rows and lays out the dictionary and the postings of a segment.
//
// Rows come in order, so a term's postings are encoded as they come. Holds everything in memory: a segment is one run's
// new documents. Does not score: WordQuery.

/// The word half of a segment being written.
struct WordIndexBuilder {
  private struct Term {
    var rowCount = 0
    var lastRow = -1
    var postings: [UInt8] = []
  }

  /// From an algorithm and a word to the term's index in `terms`: a word is stemmed once a segment.
  private var known: [String: Int] = [:]
  private var indices: [[UInt8]: Int] = [:]
  private var terms: [Term] = []
  /// Words in each row; a pair of unspaced characters is a word.
  private(set) var rowLengths: [UInt32] = []
  /// Bit n set: words of a script that has stemmers went through the algorithm of raw value n.
  private(set) var stemmers: UInt32 = 0

  /// Adds the next row and gives the bits of `stemmers` for its words.
  mutating func addRow(_ words: String, language: String?) -> UInt32 {
    let row = rowLengths.count
    let stemmer = Stemmer()
    var found: [Int] = []
    var used: UInt32 = 0
    var algorithms: [Script: StemmingAlgorithm] = [:]
    WordScanner.scan(words) { word, script in
      let algorithm: StemmingAlgorithm
      if let chosen = algorithms[script] {
        algorithm = chosen
      } else {
        algorithm = .chosen(for: script, language: language)
        algorithms[script] = algorithm
        if StemmingAlgorithm.usual(for: script) != .plain {
          used |= 1 << UInt32(algorithm.rawValue)
        }
      }
      found.append(term(for: word, by: algorithm, stemmer))
    }
    rowLengths.append(UInt32(clamping: found.count))
    found.sort()
    var start = 0
    while start < found.count {
      var end = start + 1
      while end < found.count, found[end] == found[start] { end += 1 }
      addPosting(term: found[start], row: row, count: end - start)
      start = end
    }
    stemmers |= used
    return used
  }

  private mutating func term(
    for word: [UInt8], by algorithm: StemmingAlgorithm, _ stemmer: Stemmer
  ) -> Int {
    // The algorithm's number cannot be a letter of a word, so the key is unambiguous.
    let key = String(decoding: [algorithm.rawValue] + word, as: UTF8.self)
    if let index = known[key] { return index }
    let bytes = AccentFolding.fold(stemmer.stem(word, by: algorithm))
    let index: Int
    if let existing = indices[bytes] {
      index = existing
    } else {
      index = terms.count
      indices[bytes] = index
      terms.append(Term())
    }
    known[key] = index
    return index
  }

  /// One posting: the distance from the term's last row, doubled, odd when the count is 1; then the count when it is not.
  private mutating func addPosting(term: Int, row: Int, count: Int) {
    let distance = row - terms[term].lastRow
    terms[term].lastRow = row
    terms[term].rowCount += 1
    if count == 1 {
      terms[term].postings.append(varint: distance << 1 | 1)
    } else {
      terms[term].postings.append(varint: distance << 1)
      terms[term].postings.append(varint: count)
    }
  }

  /// The three sections and the number of terms.
  func sections() -> (termBlocks: [UInt8], terms: [UInt8], postings: [UInt8], termCount: Int) {
    let sorted = indices.sorted { precedes($0.key, $1.key) }
    var blockBytes: [UInt8] = []
    var termBytes: [UInt8] = []
    var postingBytes: [UInt8] = []
    var previous: [UInt8] = []
    for (position, (bytes, index)) in sorted.enumerated() {
      if position % ShardFormat.termsPerBlock == 0 {
        blockBytes.append(integer: UInt64(termBytes.count))
        blockBytes.append(integer: UInt64(postingBytes.count))
        previous = []
      }
      let shared = zip(previous, bytes).prefix { $0 == $1 }.count
      termBytes.append(varint: shared)
      termBytes.append(varint: bytes.count - shared)
      termBytes.append(contentsOf: bytes[shared...])
      termBytes.append(varint: terms[index].rowCount)
      termBytes.append(varint: terms[index].postings.count)
      postingBytes.append(contentsOf: terms[index].postings)
      previous = bytes
    }
    return (blockBytes, termBytes, postingBytes, sorted.count)
  }
}
