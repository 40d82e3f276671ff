// From a question to its answer: made whole, embedded, searched for, then written by a language model or quoted.
//
// Reads the flags it is given at the start of each answer and uses nothing of a source that has none. A model that fails
// before its first word is replaced by the quoting answerer, and nothing tells a visitor. Relies on the caller for the length
// of questions, for history and for rows.

package import AnswerGuard
import Corpus
package import Embedding
package import VectorShard

/// Answers questions from shards.
package struct Answerer: Sendable {
  private let shards: ShardCache
  private let embedder: @Sendable () async throws -> Embedder
  private let model: LanguageModel?
  private let vocabulary: @Sendable () async -> CommonVocabulary
  private let retriever: Retriever
  private let weights: QuotingWeights?
  private let sentences = SentenceVectors()
  private let lines = PassageLines()
  private let passageMemory = PassageMemory()
  private let memory: AnswerMemory?
  private let report: @Sendable (any Error) -> Void

  /// Makes an answerer.
  ///
  /// - Parameters:
  ///   - shards: the open shards, by chatbot id.
  ///   - embedder: called for each question; loads the model the first time and keeps it.
  ///   - model: nil answers by quoting.
  ///   - vocabulary: words that are no secret, for the gate of blended answers; called when one is made.
  ///   - retriever: replaced in tests and by the evaluation.
  ///   - weights: nil takes those set for the embedding model.
  ///   - remembers: whether quoted answers are kept and given again.
  ///   - report: told of a model's failure that was covered by quoting; for the log.
  package init(
    shards: ShardCache, embedder: @escaping @Sendable () async throws -> Embedder,
    model: LanguageModel? = nil,
    vocabulary: @escaping @Sendable () async -> CommonVocabulary = { CommonVocabulary(words: []) },
    retriever: Retriever = Retriever(), weights: QuotingWeights? = nil,
    remembers: Bool = true,
    report: @escaping @Sendable (any Error) -> Void = { _ in }
  ) {
    self.shards = shards
    self.embedder = embedder
    self.model = model
    self.vocabulary = vocabulary
    self.retriever = retriever
    self.weights = weights
    memory = remembers ? AnswerMemory() : nil
    self.report = report
  }

  /// The answer while it is made; dropping the stream stops the work.
  ///
  /// Ends with a `ShardError`, an `EmbeddingError` or, once text has been given, a `LanguageModelError`.
  package func answer(_ request: AnswerRequest) -> AsyncThrowingStream<AnswerEvent, any Error> {
    let (stream, continuation) = AsyncThrowingStream<AnswerEvent, any Error>.makeStream()
    let work = Task {
      do {
        let answer = try await make(request) { text in
          if !text.isEmpty { continuation.yield(.delta(text)) }
        }
        continuation.yield(.sources(answer.sources))
        continuation.yield(.done(answer))
        continuation.finish()
      } catch {
        continuation.finish(throwing: error)
      }
    }
    continuation.onTermination = { _ in work.cancel() }
    return stream
  }

  /// The answer as a whole.
  ///
  /// - Throws: as the stream of `answer(_:)`.
  package func wholeAnswer(_ request: AnswerRequest) async throws -> Answer {
    try await make(request) { _ in }
  }

  /// An answer without a language model that takes no search: a fixed one, or one that was given to the same question before; nil
  /// when there is none.
  package func known(_ request: AnswerRequest) -> Answer? {
    guard model == nil else { return nil }
    if let fixed = FixedReplies.reply(to: request.question, chatbotName: request.chatbotName) {
      return self.fixed(fixed.text, answered: fixed.answered) { _ in }
    }
    guard let memory, request.visibilities.values.contains(.citable),
      let shard = shards.known(request.chatbot.text)
    else { return nil }
    return memory.answer(AnswerMemory.Key(request, followed(request), shard))
  }

  /// Makes the answer, giving its text to `say` while it comes.
  private func make(
    _ request: AnswerRequest, say: @escaping @Sendable (String) -> Void
  ) async throws -> Answer {
    if let fixed = FixedReplies.reply(to: request.question, chatbotName: request.chatbotName) {
      return self.fixed(fixed.text, answered: fixed.answered, say: say)
    }
    let hasText =
      request.visibilities.values.contains(.citable)
      || (model != nil
        && (!request.released.isEmpty
          || (request.mode == .blended && !request.visibilities.isEmpty)))
    guard let shard = try await opened(request.chatbot.text), hasText else {
      return fixed(FixedReplies.untrained, answered: false, say: say)
    }
    let question = await wholeQuestion(of: request, model: model)
    let key = model == nil ? AnswerMemory.Key(request, question, shard) : nil
    if let key, let known = memory?.answer(key) {
      say(known.message)
      return known
    }
    // Searching computes for milliseconds, which the thread of somebody's connection must not.
    let answer = try await withTaskExecutorPreference(globalConcurrentExecutor) {
      try await search(request, question, in: shard, model: model, say: say)
    }
    if let key { memory?.keep(answer, for: key) }
    return answer
  }

  /// The shard that answers.
  ///
  /// One that was opened before is at hand; a new generation's files are read and checked first, which
  /// the thread of somebody's connection must not.
  private func opened(_ chatbot: String) async throws -> ShardSet? {
    if let known = shards.known(chatbot) { return known }
    return try await withTaskExecutorPreference(globalConcurrentExecutor) {
      try shards.shard(chatbot)
    }
  }

  private func search(
    _ request: AnswerRequest, _ question: WholeQuestion, in shard: ShardSet, model: LanguageModel?,
    say: @escaping @Sendable (String) -> Void
  ) async throws -> Answer {
    let embedder = try await embedder()
    guard let vector = try await embedder.embed([question.text]).first else {
      throw EmbeddingError.kernelFailed(reason: "no vector came back for the question")
    }
    try Task.checkCancellation()
    let words = try ShardWords.citable(in: shard, visibilities: request.visibilities)
    let passages = try retriever.passages(
      for: question.text, vector: vector, identity: embedder.model.identity, in: words,
      visibilities: request.visibilities)
    let weights = weights ?? .set(for: embedder.model)
    let found = Found(
      request: request, question: question, vector: vector, passages: passages, words: words,
      embedder: embedder, noAnswerText: Self.noAnswerText(request),
      leastPassageScore: weights.leastPassageScore, meaningBounds: weights.meaning)
    var answer: Answer?
    if let model {
      answer = try await Writer(
        model: model, retriever: retriever, lines: lines, sentences: sentences,
        vocabulary: vocabulary, passageMemory: passageMemory, report: report
      ).write(found, say: say)
    }
    if answer == nil { answer = try await quote(found, say: say) }
    guard var answer else { throw CancellationError() }
    answer.searched = question.text
    answer.generation = shard.manifest.generation
    answer.usage = request.meter.usage
    answer.looked = passages.map(Answer.LookedAt.init)
    return answer
  }

  /// The question as it is searched for: a follow-up takes its topic from what was asked before.
  private func wholeQuestion(of request: AnswerRequest, model: LanguageModel?) async
    -> WholeQuestion
  {
    let earlier = request.history.map(\.question)
    guard !earlier.isEmpty, FollowUp.isDependent(request.question) else {
      return WholeQuestion(request.question)
    }
    if let model,
      let written = await FollowUp.written(
        request.question, after: earlier, by: model, meter: request.meter)
    {
      return WholeQuestion(written)
    }
    return followed(request)
  }

  /// The same without a model.
  private func followed(_ request: AnswerRequest) -> WholeQuestion {
    FollowUp.whole(request.question, after: request.history.map(\.question))
  }

  private func fixed(
    _ text: String, answered: Bool, passages: [RetrievedPassage] = [], say: (String) -> Void
  ) -> Answer {
    say(text)
    return Answer(
      message: text, answered: answered, sources: [], origin: .fixed, passages: passages)
  }

  private static func noAnswerText(_ request: AnswerRequest) -> String {
    let own = request.noAnswerText ?? ""
    return own.contains { !$0.isWhitespace } ? own : FixedReplies.noAnswer
  }

  private func quote(_ found: Found, say: (String) -> Void) async throws -> Answer {
    let embedder = found.embedder
    let weights = weights ?? .set(for: embedder.model)
    let quotation = try await QuotingAnswerer(weights: weights, lines: lines).quote(
      found.question, vector: found.vector, passages: found.passages, words: found.words
    ) { texts in
      try await sentences.vectors(of: texts, for: found.request.chatbot, by: embedder)
    }
    guard let quotation, quotation.confidence >= weights.threshold else {
      return fixed(found.noAnswerText, answered: false, passages: found.passages, say: say)
    }
    say(quotation.message)
    var answer = Answer(
      message: quotation.message, answered: true, sources: quotation.citations, origin: .quoted,
      passages: found.passages)
    answer.promptSources = Array(Set(quotation.citations.map(\.sourceID))).sorted()
    return answer
  }
}

/// What was found for a question before anything is said.
struct Found: Sendable {
  let request: AnswerRequest
  let question: WholeQuestion
  let vector: [Float]
  let passages: [RetrievedPassage]
  /// Those of the citable text.
  let words: ShardWords
  let embedder: Embedder
  let noAnswerText: String
  /// A language model is not asked about less.
  let leastPassageScore: Float
  /// From which cosines on a line says what a sentence says; nil where that is not known.
  let meaningBounds: SentenceMeaning.Bounds?

  /// All passages when the best of them is near the question, else none.
  var nearPassages: [RetrievedPassage] {
    (passages.first?.score ?? 0) >= leastPassageScore ? passages : []
  }
}
