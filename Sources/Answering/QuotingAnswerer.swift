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
    /// The best sentence's score, 0 to 1; an answer when it reaches the threshold.
    package let confidence: Float
  }

  /// UTF-8 bytes of sentences embedded per answer at most: about 220 tokens; 1,800 found no more answers.
  static let embeddedBytes = 1_000
  /// Sentences quoted at most.
  static let quotedSentences = 4
  /// Unicode scalars quoted at most, unless the best sentence alone has more.
  static let quotedLength = 600
  /// A best sentence goes on with the next one of its paragraph when both together are no longer than this.
  static let continuedLength = 260

  package let weights: QuotingWeights

  private let lines: PassageLines

  /// - Parameter lines: remembers passages from one answer to the next.
  package init(weights: QuotingWeights, lines: PassageLines = PassageLines()) {
    self.weights = weights
    self.lines = lines
  }

  /// The best sentences of `passages`; nil when they hold none.
  ///
  /// `vector` is the question's embedding, `embed` gives those of sentences by the same model. The caller compares the confidence with the threshold.
  ///
  /// - Throws: `ShardError` or `EmbeddingError`.
  package func quote(
    _ question: WholeQuestion, vector: [Float], passages: [RetrievedPassage], words: ShardWords,
    embed: ([String]) async throws -> [[Float]]
  ) async throws -> Quotation? {
    let words = try QuestionWords(question, words: words)
    let ranked = try await ranked(
      QuotableSentence.all(in: passages, words: words, lines: lines), question: vector, embed: embed
    )
    let scored = ranked.filter { $0.score != nil }
      .sorted { ($1.score ?? 0, $0.place) < ($0.score ?? 0, $1.place) }
    guard let best = scored.first, let confidence = best.score else { return nil }
    return compose(choose(scored, best: best, among: ranked), from: passages, confidence)
  }

  /// All sentences, those likeliest by their words embedded and scored.
  private func ranked(
    _ sentences: [QuotableSentence], question: [Float],
    embed: ([String]) async throws -> [[Float]]
  ) async throws -> [QuotableSentence] {
    var sentences = sentences.sorted { ($1.promise, $0.place) < ($0.promise, $1.place) }
    var texts: [String] = []
    var bytes = 0
    for sentence in sentences {
      let text = sentence.embeddedText
      bytes += text.utf8.count
      if bytes > Self.embeddedBytes, !texts.isEmpty { break }
      texts.append(text)
    }
    guard !texts.isEmpty else { return [] }
    for (index, vector) in try await embed(texts).enumerated()
    where sentences.indices.contains(index) {
      let cosine = zip(vector, question).reduce(0) { $0 + $1.0 * $1.1 }
      sentences[index].score =
        weights.cosineShare * max(0, cosine)
        + weights.coverageShare * sentences[index].coverage
        + weights.passageShare * sentences[index].passageScore
    }
    return sentences
  }

  /// The best sentence, what goes on from it, and what stands near it in score, within the bounds.
  private func choose(
    _ scored: [QuotableSentence], best: QuotableSentence, among all: [QuotableSentence]
  ) -> [QuotableSentence] {
    var chosen = [best]
    var length = best.length
    // "It is held on Fridays." and what a colon announces stand in the sentence after.
    if let next = all.first(where: { $0.follows(best) }),
      length + next.length <= Self.continuedLength
    {
      chosen.append(next)
      length += next.length
    }
    for sentence in scored.dropFirst() {
      guard chosen.count < Self.quotedSentences,
        sentence.score ?? 0 >= (best.score ?? 0) - weights.reach
      else { break }
      guard length + sentence.length <= Self.quotedLength,
        !chosen.contains(where: { $0.place == sentence.place })
      else { continue }
      length += sentence.length
      chosen.append(sentence)
    }
    return chosen
  }

  /// The message: passages by their best sentence, sentences of one passage in its order.
  private func compose(
    _ chosen: [QuotableSentence], from passages: [RetrievedPassage], _ confidence: Float
  ) -> Quotation {
    var order: [Int] = []
    for sentence in chosen where !order.contains(sentence.place.passage) {
      order.append(sentence.place.passage)
    }
    var sentences: [String] = []
    var citations: [Citation] = []
    for (index, number) in order.enumerated() {
      let lines = chosen.filter { $0.place.passage == number }.sorted { $0.place < $1.place }
      guard passages.indices.contains(number), let first = lines.first else { continue }
      sentences += lines.map { "\(Self.unmarked($0.shownText, order.count)) [\(index + 1)]" }
      // A recording or a PDF opens where the question is answered, not where what is quoted with it begins.
      let best = lines.max { ($0.score ?? 0, $1.place) < ($1.score ?? 0, $0.place) } ?? first
      citations.append(
        Citation(
          n: index + 1, citable: passages[number].citable, quote: Self.quote(lines),
          place: best.line.place))
    }
    return Quotation(
      message: sentences.joined(separator: " "), citations: citations, confidence: confidence)
  }

  /// A sentence without what would be taken for a mark of ours: a paper's "[2]" is its own note.
  private static func unmarked(_ text: String, _ citationCount: Int) -> String {
    // Neither code nor a link's text is a mark.
    CodeSpans.unmasked(
      CodeSpans.masked(text).replacing(#/\[([0-9]{1,3})\](?!\()/#) { match in
        (1...citationCount).contains(Int(match.1) ?? 0) ? "(\(match.1))" : String(match.0)
      })
  }

  /// Lines of one or of neighbouring passages, in their order, as one quote.
  private static func quote(_ lines: [QuotableSentence]) -> String {
    var quote = lines.first?.line.sentence.text ?? ""
    for (before, line) in zip(lines, lines.dropFirst()) {
      let isNext =
        line.place.passage == before.place.passage
        && line.place.position == before.place.position + 1
      quote += (isNext ? " " : " … ") + line.line.sentence.text
    }
    return quote
  }

  /// The sentence of neighbouring chunks that shares most with `words`; nil when they hold none that can be quoted.
  ///
  /// - Throws: `ShardError`.
  static func line(
    of passages: [RetrievedPassage], for words: QuestionWords, lines: PassageLines
  ) throws -> QuotableSentence? {
    try QuotableSentence.all(in: passages, words: words, lines: lines)
      .max { ($0.coverage, $1.place) < ($1.coverage, $0.place) }
  }

  /// Cites neighbouring chunks by some of their sentences, and by the chunk and the place that the first of these stands in.
  static func citation(
    n: Int, of passages: [RetrievedPassage], by lines: [QuotableSentence]
  ) -> Citation? {
    var seen: Set<QuotableSentence.Place> = []
    let lines = lines.filter { seen.insert($0.place).inserted }.sorted { $0.place < $1.place }
    let number = lines.first?.place.passage ?? 0
    guard let citable = passages.indices.contains(number) ? passages[number].citable : nil else {
      return nil
    }
    return Citation(
      n: n, citable: citable,
      quote: lines.isEmpty ? String(citable.text.prefix(200)) : quote(lines),
      place: lines.first?.line.place)
  }
}
