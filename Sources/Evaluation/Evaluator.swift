// Asks golden questions of one generation of a shard, current or held, through the real answerer, and compares.
//
// A conversation is held as a visitor would hold it: what came before is asked first, and its answers are handed on. No
// language model: the quoting answerer is deterministic, so equal shards and questions give equal reports. Relies on
// Answering for everything that is measured. Reads no rows and no files.

package import Answering
package import Corpus
package import Embedding
package import VectorShard

/// Evaluates a generation.
package struct Evaluator: Sendable {
  /// The chatbot as its rows have it.
  package struct Subject: Sendable {
    package let chatbot: ChatbotID
    package let name: String
    package let noAnswerText: String?
    package let visibilities: [SourceID: Visibility]
    package let names: SourceNames

    package init(
      chatbot: ChatbotID, name: String, noAnswerText: String? = nil,
      visibilities: [SourceID: Visibility], names: SourceNames = SourceNames()
    ) {
      self.chatbot = chatbot
      self.name = name
      self.noAnswerText = noAnswerText
      self.visibilities = visibilities
      self.names = names
    }
  }

  /// How far a ranking is followed at most: nDCG@10 and recall@10.
  package static let deepest = 10

  private let subject: Subject
  private let shard: ShardSet
  private let embedder: Embedder
  /// What visitors get.
  private let answerer: Answerer
  /// The same with a longer list of passages; nil when that is not asked for.
  private let deep: Answerer?
  private let ranks: Int

  /// Makes an evaluator of one generation.
  ///
  /// - Parameters:
  ///   - fusion: how the two searches are weighed; the answerer's own when left out.
  ///   - isDeep: whether rankings are followed to the tenth passage, at twice the work; else as far as answers look.
  package init(
    of shard: ShardSet, _ subject: Subject, embedder: Embedder,
    fusion: RankFusion = RankFusion(), isDeep: Bool = true
  ) {
    func answerer(_ retriever: Retriever) -> Answerer {
      Answerer(
        shards: ShardCache(fixed: [subject.chatbot.text: shard]), embedder: { embedder },
        // Every question is asked anew: a remembered answer has no passages to rank.
        retriever: retriever, remembers: false)
    }
    let usual = Retriever(fusion: fusion)
    self.subject = subject
    self.shard = shard
    self.embedder = embedder
    self.answerer = answerer(usual)
    let needsMore = isDeep && usual.passageCount < Self.deepest
    deep = needsMore ? answerer(Retriever(passageCount: Self.deepest, fusion: fusion)) : nil
    ranks = needsMore ? Self.deepest : usual.passageCount
  }

  /// Asks all questions, one after the other.
  ///
  /// - Parameter progress: told how many are done.
  /// - Throws: `ShardError`, `EmbeddingError`, `CancellationError`.
  package func report(
    on questions: [GoldenQuestion], progress: (Int) -> Void = { _ in }
  ) async throws -> EvaluationReport {
    let check = try LeakCheck(shard: shard, visibilities: subject.visibilities)
    var asked: [[String]: Answer] = [:]
    var results: [QuestionResult] = []
    for question in questions {
      try Task.checkCancellation()
      results.append(try await result(of: question, check: check, asked: &asked))
      progress(results.count)
    }
    return EvaluationReport(
      chatbot: subject.name, generation: shard.manifest.generation, model: shard.manifest.identity,
      threshold: Figures.rounded(Double(QuotingWeights.set(for: embedder.model).threshold)),
      ranks: ranks, results: results)
  }

  private func result(
    of question: GoldenQuestion, check: LeakCheck, asked: inout [[String]: Answer]
  ) async throws -> QuestionResult {
    var history: [AnswerRequest.Turn] = []
    var before: [String] = []
    for text in question.history {
      let answer = try await ask(text, before, history, &asked)
      history.append(AnswerRequest.Turn(question: text, answer: answer.message))
      before.append(text)
    }
    let answer = try await ask(question.question, before, history, &asked)
    var passages = answer.passages
    if let deep {
      passages = try await deep.wholeAnswer(request(question.question, history)).passages
    }
    let expectation = Expectation(question, names: subject.names)
    let ranking = expectation.map { expectation in
      PassageRanking(
        needCount: expectation.needCount,
        met: passages.prefix(ranks).map { expectation.needs(metBy: $0.citable) })
    }
    let cited = answer.sources.map { Self.passage(of: $0, among: answer.passages + passages) }
    let isRight = expectation?.isRight(answer, citing: cited) ?? false
    func figure(_ value: (PassageRanking) -> Double, to depth: Int) -> Double? {
      ranks < depth ? nil : ranking.map { Figures.rounded(value($0)) }
    }
    return QuestionResult(
      question: question,
      outcome: question.hasNoAnswer
        ? (answer.answered ? .unfounded : .declined)
        : !answer.answered ? .missed : isRight ? .right : .wrong,
      isAnswered: answer.answered, message: answer.message,
      citations: zip(answer.sources, cited).map { citation, passage in
        QuestionResult.Cited(
          title: citation.title, place: Self.text(citation.place.page, citation.place.heading),
          quote: citation.quote, reference: citation.reference,
          isRight: expectation?.isRight(citation, of: passage) ?? false)
      },
      passages: passages.prefix(ranks).enumerated().map { index, passage in
        Self.found(passage, isExpected: ranking.map { !$0.met[index].isEmpty } ?? false)
      },
      recallAt1: figure({ $0.recall(at: 1) }, to: 1),
      recallAt5: figure({ $0.recall(at: 5) }, to: 5),
      recallAt10: figure({ $0.recall(at: 10) }, to: 10),
      reciprocalRank: figure(\.reciprocalRank, to: 1),
      ndcgAt10: figure({ $0.discountedGain(at: 10) }, to: 10),
      // A fixed sentence comes from no source.
      leaks: answer.origin == .fixed
        ? []
        : check.leaks(
          in: [answer.message]
            + answer.sources.flatMap {
              [$0.quote, $0.title, $0.url ?? "", $0.place.heading ?? ""]
            },
          known: [question.question, subject.name, subject.noAnswerText ?? ""] + question.history))
  }

  /// Asks once what several questions have in common.
  private func ask(
    _ question: String, _ before: [String], _ history: [AnswerRequest.Turn],
    _ asked: inout [[String]: Answer]
  ) async throws -> Answer {
    let key = before + [question]
    if let known = asked[key] { return known }
    let answer = try await answerer.wholeAnswer(request(question, history))
    asked[key] = answer
    return answer
  }

  private func request(_ question: String, _ history: [AnswerRequest.Turn]) -> AnswerRequest {
    var request = AnswerRequest(
      question: question, chatbot: subject.chatbot, chatbotName: subject.name,
      visibilities: subject.visibilities, noAnswerText: subject.noAnswerText)
    request.history = history
    return request
  }

  /// The passage that a citation is of; nil when it is not among these.
  private static func passage(of citation: Citation, among passages: [RetrievedPassage]) -> Citable?
  {
    passages.first {
      citation.reference == $0.reference && citation.sourceID == $0.citable.source
    }?
    .citable
  }

  private static func found(
    _ passage: RetrievedPassage, isExpected: Bool
  ) -> QuestionResult.Found {
    let description = passage.citable.description
    let heading = passage.citable.place.headingPath.joined(separator: " › ")
    let words = passage.citable.text.split(whereSeparator: \.isWhitespace).prefix(40)
    return QuestionResult.Found(
      title: description.title.isEmpty ? description.uri : description.title,
      place: text(passage.citable.place.page, heading.isEmpty ? nil : heading),
      reference: passage.reference, score: Figures.rounded(Double(passage.score)),
      isExpected: isExpected, beginning: words.joined(separator: " "))
  }

  private static func text(_ page: Int?, _ heading: String?) -> String {
    [page.map { "page \($0)" }, heading].compactMap { $0 }.joined(separator: ", ")
  }
}
