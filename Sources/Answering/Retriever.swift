// From a question to the citable passages that fit it: both searches over the sources a visitor may see, one ranking, no
// passage twice.
//
// Sources of another class than is asked for, and sources without a row, are left out of the scan itself, and of the counts that
// words are weighed by: private text steers nothing in a citable ranking. Private passages are found for blended prompts alone.
// Relies on VectorShard for the searches, on Corpus for the classes. Does not judge whether there is an answer.

package import Corpus
import FoundationEssentials
package import VectorShard

/// Finds citable passages.
package struct Retriever: Sendable {
  /// Rows taken from each of the two searches.
  package let candidateCount: Int
  /// Passages given back at most.
  package let passageCount: Int
  package let fusion: RankFusion
  /// The least score of a private passage; nil asks for as much as the last citable one has: it then ranks among them.
  package let leastPrivateScore: Float?
  /// What a passage may share with a better one.
  let mostShared: Double

  package init(
    candidateCount: Int = 60, passageCount: Int = 8, fusion: RankFusion = RankFusion(),
    leastPrivateScore: Float? = nil
  ) {
    self.init(
      candidateCount: candidateCount, passageCount: passageCount, fusion: fusion,
      leastPrivateScore: leastPrivateScore, mostShared: DuplicateFilter.mostShared)
  }

  init(
    candidateCount: Int = 60, passageCount: Int = 8, fusion: RankFusion = RankFusion(),
    leastPrivateScore: Float? = nil, mostShared: Double
  ) {
    self.mostShared = mostShared
    self.leastPrivateScore = leastPrivateScore
    self.candidateCount = candidateCount
    self.passageCount = passageCount
    self.fusion = fusion
  }

  /// The citable passages that fit best, best first, near-duplicates dropped.
  ///
  /// `vector` is the question's embedding by the model called `identity`, `words` are those of the citable sources.
  ///
  /// - Throws: `ShardError` of a damaged shard or another model, `DecodingError` for a payload that is no chunk.
  package func passages(
    for question: String, vector: [Float], identity: String, in words: ShardWords,
    visibilities: [SourceID: Visibility]
  ) throws -> [RetrievedPassage] {
    let shard = words.shard
    var found: [RetrievedPassage] = []
    var filter = DuplicateFilter(mostShared: mostShared)
    for hit in try ranking(
      for: question, vector: vector, identity: identity, in: words, of: .citable,
      visibilities: visibilities)
    {
      guard found.count < passageCount else { break }
      guard let chunk = try citableChunk(hit.row, in: shard, visibilities: visibilities) else {
        continue
      }
      guard filter.admits(chunk.citable, offset: chunk.offset) else { continue }
      found.append(
        RetrievedPassage(
          citable: chunk.citable, ordinal: chunk.ordinal, offset: chunk.offset,
          cosine: hit.cosine, wordScore: hit.wordScore, score: hit.score,
          previous: try neighbour(of: hit.row, by: -1, in: shard, visibilities: visibilities),
          next: try neighbour(of: hit.row, by: 1, in: shard, visibilities: visibilities)))
    }
    return found
  }

  /// The learn-only passages of `shard` that fit best, best first: for a blended prompt and its gate, nothing else.
  ///
  /// - Parameters:
  ///   - citable: the citable passages that are beside them.
  ///   - floor: the least score of a passage that is near the question.
  ///   - count: passages at most.
  /// - Throws: as `passages`.
  func privatePassages(
    for question: String, vector: [Float], identity: String, in shard: ShardSet,
    visibilities: [SourceID: Visibility], beside citable: [RetrievedPassage], least floor: Float,
    count: Int
  ) throws -> [LearnOnly] {
    let last = citable.count > count ? citable.last?.score : nil
    let least = leastPrivateScore ?? max(floor, last ?? 0)
    guard visibilities.values.contains(.learnOnly) else { return [] }
    let words = try ShardWords(shard) { SourceID($0).flatMap { visibilities[$0] } != nil }
    var found: [LearnOnly] = []
    for hit in try ranking(
      for: question, vector: vector, identity: identity, in: words, of: .learnOnly,
      visibilities: visibilities)
    {
      guard found.count < count, hit.score >= least else { break }
      if case .learnOnly(let passage)? = try passage(hit.row, in: shard, visibilities: visibilities)
      {
        found.append(passage)
      }
    }
    return found
  }

  /// Citable texts that share most words with private ones: what stands in them too is no secret.
  func publicTexts(
    like passages: [LearnOnly], in words: ShardWords, visibilities: [SourceID: Visibility]
  ) throws -> [String] {
    var rows: Set<ShardSet.RowReference> = []
    for passage in passages {
      rows.formUnion(
        try words.search(
          words.question(passage.privateText, language: nil), count: passageCount
        ).map(\.row))
    }
    return try rows.sorted().compactMap {
      try citableChunk($0, in: words.shard, visibilities: visibilities)?.citable.text
    }
  }

  // MARK: Ranking

  private struct Ranked {
    let row: ShardSet.RowReference
    let cosine: Float
    let wordScore: Float
    let score: Float
  }

  /// The rows of one class of sources that either search found, best first, ties by row.
  private func ranking(
    for question: String, vector: [Float], identity: String, in words: ShardWords,
    of visibility: Visibility, visibilities: [SourceID: Visibility]
  ) throws -> [Ranked] {
    let shard = words.shard
    let isAllowed = { (group: String) in
      SourceID(group).flatMap { visibilities[$0] } == visibility
    }
    let near = try shard.nearest(
      to: vector, identity: identity, count: candidateCount, where: isAllowed)
    let topic = try words.question(ContentWords.text(of: question), language: nil)
    let worded = try words.search(topic, count: candidateCount, where: isAllowed)
    let rows = Array(Set(near.map(\.row)).union(worded.map(\.row))).sorted()
    guard !rows.isEmpty else { return [] }
    let cosines = try shard.similarities(of: rows, to: vector, identity: identity)
    let wordScores = try words.scores(of: rows, for: topic)
    let ceiling = ShardWords.ceiling(topic.weights)
    return zip(rows, zip(cosines, wordScores))
      .map { row, scores in
        Ranked(
          row: row, cosine: scores.0, wordScore: scores.1,
          score: fusion.score(
            cosine: scores.0, wordScore: scores.1, wordCeiling: ceiling))
      }
      .sorted { ($1.score, $0.row) < ($0.score, $1.row) }
  }

  // MARK: Reading

  private struct Found {
    let citable: Citable
    let ordinal: Int
    let offset: Int
  }

  /// The row's chunk when its source's row says citable; nil otherwise.
  ///
  /// The group that the scan was filtered by and the payload's own source must agree: a shard that says two things of one
  /// row says nothing.
  private func citableChunk(
    _ row: ShardSet.RowReference, in shard: ShardSet, visibilities: [SourceID: Visibility]
  ) throws -> Found? {
    let chunk = try chunk(row, in: shard)
    guard case .citable(let citable)? = try classed(chunk, row, in: shard, visibilities) else {
      return nil
    }
    return Found(citable: citable, ordinal: chunk.ordinal, offset: chunk.offset)
  }

  private func passage(
    _ row: ShardSet.RowReference, in shard: ShardSet, visibilities: [SourceID: Visibility]
  ) throws -> Passage? {
    try classed(try chunk(row, in: shard), row, in: shard, visibilities)
  }

  private func chunk(_ row: ShardSet.RowReference, in shard: ShardSet) throws -> Chunk {
    try JSONDecoder().decode(Chunk.self, from: Data(try shard.payload(of: row)))
  }

  private func classed(
    _ chunk: Chunk, _ row: ShardSet.RowReference, in shard: ShardSet,
    _ visibilities: [SourceID: Visibility]
  ) throws -> Passage? {
    let source = chunk.description.source
    guard try shard.entry(of: row).group == source.text, let visibility = visibilities[source]
    else { return nil }
    return Passage(chunk, visibility: visibility)
  }

  private func neighbour(
    of row: ShardSet.RowReference, by step: Int, in shard: ShardSet,
    visibilities: [SourceID: Visibility]
  ) throws -> RetrievedPassage.Neighbour? {
    let (number, overflow) = row.row.addingReportingOverflow(step)
    guard !overflow, try shard.entry(of: row).rows.contains(number) else { return nil }
    let beside = ShardSet.RowReference(segment: row.segment, row: number)
    return try citableChunk(beside, in: shard, visibilities: visibilities).map {
      RetrievedPassage.Neighbour(citable: $0.citable, offset: $0.offset)
    }
  }
}

extension ShardWords {
  /// The words of the citable sources of a shard: what citable text is ranked and judged by.
  ///
  /// - Throws: as `ShardWords.init`.
  package static func citable(
    in shard: ShardSet, visibilities: [SourceID: Visibility]
  ) throws(ShardError) -> ShardWords {
    try ShardWords(shard) { SourceID($0).flatMap { visibilities[$0] } == .citable }
  }
}
