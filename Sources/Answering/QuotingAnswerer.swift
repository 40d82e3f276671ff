// An answer without a language model: the citable sentences nearest to the question, whole and in the document's own
// words, each with its citation; or nothing, below a threshold set on data (THRESHOLD.md).
//
// Relies on Retriever for the passages and on the shard's word weights, so that a word is the same word here and in the
// search. Embeds a few sentences per answer, bounded by their length. Does not rephrase and cannot leak: it takes Citable.

import Corpus
package import Embedding
package import VectorShard

/// Answers by quoting.
package struct QuotingAnswerer: Sendable {
  /// What was found to quote.
  package struct Quotation: Sendable {
    /// Sentences, each followed by ` [n]`.
    package let message: String
    package let citations: [Citation]
    /// How sure it is that this answers the question; compared with the threshold.
    package let confidence: Float
    /// What the confidence is made of, for setting the threshold.
    package let evidence: Evidence
  }

  /// The figures behind a confidence, those of the best sentence.
  package struct Evidence: Sendable {
    package var cosine: Float = 0
    package var coverage: Float = 0
    package var passageCosine: Float = 0
  }

  /// Passages whose sentences are looked at.
  static let passageCount = 4
  /// Sentences embedded per answer at most.
  static let embeddedSentences = 24
  /// UTF-8 bytes embedded per answer at most: about 400 tokens, 45 ms of CPU.
  static let embeddedBytes = 1_800
  /// Sentences quoted at most.
  static let quotedSentences = 4
  /// Unicode scalars quoted at most, unless the best sentence alone has more.
  static let quotedLength = 700

  package let weights: QuotingWeights

  package init(weights: QuotingWeights) { self.weights = weights }

  /// The best sentences of `passages`; nil when they hold none.
  ///
  /// `vector` is the question's embedding by `embedder`. The caller compares the confidence with the threshold.
  ///
  /// - Throws: `ShardError` or `EmbeddingError`.
  package func quote(
    _ question: String, vector: [Float], passages: [RetrievedPassage], shard: ShardSet,
    embedder: Embedder
  ) async throws -> Quotation? {
    let candidates = try await candidates(
      for: question, vector: vector, passages: passages, shard: shard, embedder: embedder)
    let chosen = choose(candidates)
    guard let best = chosen.max(by: { $0.score < $1.score }) else { return nil }
    let evidence = Evidence(
      cosine: best.cosine, coverage: best.coverage,
      passageCosine: passages.reduce(-1) { max($0, $1.cosine) })
    return compose(chosen, from: passages, evidence: evidence)
  }

  /// Cites `passage` by its sentence that shares most with `words`.
  ///
  /// - Throws: `ShardError`.
  static func citation(
    n: Int, of passage: RetrievedPassage, for words: QuestionWords
  ) throws -> Citation {
    var best: (line: Excerpt.Line, coverage: Float)?
    for line in Excerpt.lines(of: passage)
    where !line.sentence.isQuestion && Boilerplate.isQuotable(line.sentence) {
      let coverage = try words.coverage(of: line.sentence.text)
      if coverage > best?.coverage ?? -1 { best = (line, coverage) }
    }
    return Citation(
      n: n, citable: passage.citable,
      quote: best?.line.sentence.text ?? String(passage.citable.text.prefix(200)),
      page: best?.line.page)
  }

  // MARK: Candidates

  /// A sentence that may be quoted, with its figures.
  package struct Candidate: Sendable {
    /// Index of its passage.
    package let passage: Int
    /// Position among the passage's lines.
    package let position: Int
    let line: Excerpt.Line
    package let passageScore: Float
    package let coverage: Float
    package var cosine: Float = 0
    package var score: Float = 0

    package var text: String { line.sentence.text }
    package var context: String { line.context }
  }

  /// The sentences of the best passages with their scores, for `quote` and for the evaluation.
  ///
  /// - Throws: as `quote`.
  package func candidates(
    for question: String, vector: [Float], passages: [RetrievedPassage], shard: ShardSet,
    embedder: Embedder
  ) async throws -> [Candidate] {
    let words = try QuestionWords(question, shard: shard)
    var candidates = try sentences(of: passages, words: words)
    guard !candidates.isEmpty else { return [] }
    candidates = try await embed(candidates, question: vector, embedder: embedder)
    for index in candidates.indices {
      candidates[index].score =
        weights.cosineShare * candidates[index].cosine
        + weights.coverageShare * candidates[index].coverage
        + weights.passageShare * candidates[index].passageScore
    }
    return candidates
  }

  private func sentences(
    of passages: [RetrievedPassage], words: QuestionWords
  ) throws -> [Candidate] {
    var found: [Candidate] = []
    var seen: Set<SeenLine> = []
    for (number, passage) in passages.prefix(Self.passageCount).enumerated() {
      for (position, line) in Excerpt.lines(of: passage).enumerated() {
        guard !line.sentence.isQuestion, Boilerplate.isQuotable(line.sentence),
          seen.insert(SeenLine(passage, line)).inserted
        else { continue }
        found.append(
          Candidate(
            passage: number, position: position, line: line, passageScore: passage.score,
            coverage: try words.coverage(of: line.sentence.text, context: line.context)))
      }
    }
    return found
  }

  private struct SeenLine: Hashable {
    let document: DocumentID
    let offset: Int

    init(_ passage: RetrievedPassage, _ line: Excerpt.Line) {
      document = passage.citable.description.document
      offset = line.offset
    }
  }

  /// The candidates likeliest by their words, with their cosines.
  private func embed(
    _ candidates: [Candidate], question: [Float], embedder: Embedder
  ) async throws -> [Candidate] {
    let ranked = candidates.sorted { first, second in
      let one = first.coverage + 0.5 * first.passageScore
      let other = second.coverage + 0.5 * second.passageScore
      return one == other
        ? (first.passage, first.position) < (second.passage, second.position) : one > other
    }
    var kept: [Candidate] = []
    var texts: [String] = []
    var bytes = 0
    for candidate in ranked.prefix(Self.embeddedSentences) {
      let context = candidate.line.context
      let text = context.isEmpty
        ? candidate.line.sentence.text : "\(context): \(candidate.line.sentence.text)"
      bytes += text.utf8.count
      if bytes > Self.embeddedBytes, !kept.isEmpty { break }
      kept.append(candidate)
      texts.append(text)
    }
    let vectors = try await embedder.embed(texts)
    for (index, vector) in vectors.enumerated() where kept.indices.contains(index) {
      kept[index].cosine = zip(vector, question).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return kept
  }

  // MARK: Choosing

  /// The best sentence and what stands near it in score, within the bounds.
  private func choose(_ candidates: [Candidate]) -> [Candidate] {
    let ranked = candidates.sorted { first, second in
      first.score == second.score
        ? (first.passage, first.position) < (second.passage, second.position)
        : first.score > second.score
    }
    guard let best = ranked.first else { return [] }
    var chosen = [best]
    var length = best.line.sentence.range.count
    for candidate in ranked.dropFirst() {
      guard chosen.count < Self.quotedSentences, candidate.score >= best.score - weights.reach
      else { break }
      let longer = length + candidate.line.sentence.range.count
      guard longer <= Self.quotedLength else { continue }
      length = longer
      chosen.append(candidate)
    }
    return chosen
  }

  /// The message: passages by their best sentence, sentences of one passage in its order.
  private func compose(
    _ chosen: [Candidate], from passages: [RetrievedPassage], evidence: Evidence
  ) -> Quotation {
    var order: [Int] = []
    for candidate in chosen where !order.contains(candidate.passage) {
      order.append(candidate.passage)
    }
    var sentences: [String] = []
    var citations: [Citation] = []
    for (index, number) in order.enumerated() {
      let lines = chosen.filter { $0.passage == number }.sorted { $0.position < $1.position }
      guard passages.indices.contains(number), let first = lines.first else { continue }
      sentences += lines.map { "\($0.line.sentence.text) [\(index + 1)]" }
      var quote = first.line.sentence.text
      for (before, line) in zip(lines, lines.dropFirst()) {
        quote += line.position == before.position + 1 ? " " : " … "
        quote += line.line.sentence.text
      }
      citations.append(
        Citation(
          n: index + 1, citable: passages[number].citable, quote: quote, page: first.line.page))
    }
    return Quotation(
      message: sentences.joined(separator: " "), citations: citations,
      confidence: confidence(evidence), evidence: evidence)
  }

  private func confidence(_ evidence: Evidence) -> Float {
    0.6 * evidence.cosine + 0.4 * evidence.coverage
  }
}
