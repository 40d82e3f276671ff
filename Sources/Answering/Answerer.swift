// From a question to its answer: embed, retrieve citable passages, then let a language model write from them, or quote.
//
// Reads the flags it is given at the start of each answer and uses nothing of a source that is not citable. A model that
// fails before its first word is replaced by the quoting answerer, and nothing tells a visitor. Relies on the caller
// for the length of questions, for history and for rows.

import Corpus
package import Embedding
package import VectorShard

/// Answers questions from shards.
package struct Answerer: Sendable {
  /// Passages put before a language model at most.
  private static let modelPassages = 6

  private let shards: ShardCache
  private let embedder: @Sendable () async throws -> Embedder
  private let model: LanguageModel?
  private let retriever: Retriever
  private let weights: QuotingWeights?
  private let sentences = SentenceVectors()
  private let lines = PassageLines()
  private let memory = AnswerMemory()
  private let report: @Sendable (any Error) -> Void

  /// Makes an answerer.
  ///
  /// - Parameters:
  ///   - shards: the open shards, by chatbot id.
  ///   - embedder: called for each question; loads the model the first time and keeps it.
  ///   - model: nil answers by quoting.
  ///   - retriever: replaced in tests and by the evaluation.
  ///   - weights: nil takes those set for the embedding model.
  ///   - report: told of a model's failure that was covered by quoting; for the log.
  package init(
    shards: ShardCache, embedder: @escaping @Sendable () async throws -> Embedder,
    model: LanguageModel? = nil, retriever: Retriever = Retriever(),
    weights: QuotingWeights? = nil, report: @escaping @Sendable (any Error) -> Void = { _ in }
  ) {
    self.shards = shards
    self.embedder = embedder
    self.model = model
    self.retriever = retriever
    self.weights = weights
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
        continuation.yield(.done(answered: answer.answered))
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

  /// Makes the answer, giving its text to `say` while it comes.
  private func make(
    _ request: AnswerRequest, say: @Sendable (String) -> Void
  ) async throws -> Answer {
    if let fixed = FixedReplies.reply(to: request.question, chatbotName: request.chatbotName) {
      return self.fixed(fixed.text, answered: fixed.answered, say: say)
    }
    guard let shard = try shards.shard(request.chatbot.text),
      request.visibilities.values.contains(.citable)
    else { return fixed(FixedReplies.untrained, answered: false, say: say) }
    let key = model == nil ? AnswerMemory.Key(request, shard) : nil
    if let key, let known = memory.answer(key) {
      say(known.message)
      return known
    }
    let embedder = try await embedder()
    guard let vector = try await embedder.embed([request.question]).first else {
      throw EmbeddingError.kernelFailed(reason: "no vector came back for the question")
    }
    try Task.checkCancellation()
    let passages = try retriever.passages(
      for: request.question, vector: vector, identity: embedder.model.identity, in: shard,
      visibilities: request.visibilities)
    if let model, !passages.isEmpty,
      let answer = try await write(
        request, model: model, passages, shard: shard, embedder: embedder, say: say)
    {
      return answer
    }
    let answer = try await quote(
      request, vector: vector, passages, shard: shard, embedder: embedder, say: say)
    if let key { memory.keep(answer, for: key) }
    return answer
  }

  private func fixed(
    _ text: String, answered: Bool, passages: [RetrievedPassage] = [], say: (String) -> Void
  ) -> Answer {
    say(text)
    return Answer(
      message: text, answered: answered, sources: [], origin: .fixed, passages: passages)
  }

  private func noAnswerText(_ request: AnswerRequest) -> String {
    let own = request.noAnswerText ?? ""
    return own.contains { !$0.isWhitespace } ? own : FixedReplies.noAnswer
  }

  private func quote(
    _ request: AnswerRequest, vector: [Float], _ passages: [RetrievedPassage], shard: ShardSet,
    embedder: Embedder, say: (String) -> Void
  ) async throws -> Answer {
    let weights = weights ?? .set(for: embedder.model)
    let quotation = try await QuotingAnswerer(weights: weights, lines: lines).quote(
      request.question, vector: vector, passages: passages, shard: shard
    ) { texts in
      try await sentences.vectors(of: texts, for: request.chatbot, by: embedder)
    }
    guard let quotation, quotation.confidence >= weights.threshold else {
      return fixed(noAnswerText(request), answered: false, passages: passages, say: say)
    }
    say(quotation.message)
    return Answer(
      message: quotation.message, answered: true, sources: quotation.citations, origin: .quoted,
      passages: passages)
  }

  /// The model's answer; nil when it failed before its first word.
  ///
  /// - Throws: `LanguageModelError` when it breaks later, `CancellationError`.
  private func write(
    _ request: AnswerRequest, model: LanguageModel, _ passages: [RetrievedPassage],
    shard: ShardSet, embedder: Embedder, say: (String) -> Void
  ) async throws -> Answer? {
    var generator = SystemRandomNumberGenerator()
    let prompt = Prompt(
      passages: passages.prefix(Self.modelPassages).map(\.citable), question: request.question,
      chatbotName: request.chatbotName, noAnswerText: noAnswerText(request), budget: model.budget,
      countTokens: embedder.countTokens, using: &generator)
    guard !prompt.passages.isEmpty else { return nil }
    var marks = CitationMarks(passageCount: prompt.passages.count)
    var message = ""
    do {
      for try await case .text(let piece) in model.reply(prompt) {
        // A dropped stream ends without an error when its task is cancelled.
        try Task.checkCancellation()
        let shown = marks.feed(piece)
        message += shown
        say(shown)
      }
    } catch {
      try Task.checkCancellation()
      guard message.isEmpty else { throw error }
      report(error)
      return nil
    }
    try Task.checkCancellation()
    let rest = marks.finish()
    message += rest
    say(rest)
    guard message.contains(where: { !$0.isWhitespace }) else { return nil }
    // What the answer and the question say is what a quote should show.
    let said = try QuestionWords("\(request.question)\n\(message)", shard: shard)
    let citations = try marks.cited.sorted().compactMap { number -> Citation? in
      let index = number - 1
      guard prompt.passages.indices.contains(index), passages.indices.contains(index) else {
        return nil
      }
      return try QuotingAnswerer.citation(n: number, of: passages[index], for: said, lines: lines)
    }
    return Answer(
      message: message, answered: !citations.isEmpty, sources: citations, origin: .model,
      passages: passages)
  }
}
