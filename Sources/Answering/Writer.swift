// Answers by a language model: sealed, from citable passages alone and at once; or blended, sentence by sentence through the gate,
// with the sealed answer in the place of what the gate has stopped. Nothing that a visitor gets tells that it did.

import AnswerGuard
import Corpus
import Embedding
import VectorShard

/// Has a model write one answer.
struct Writer: Sendable {
  /// Passages put before a model at most.
  private static let passageCount = 6
  private static let privatePassageCount = 4

  let model: LanguageModel
  let retriever: Retriever
  let lines: PassageLines
  let sentences: SentenceVectors
  let vocabulary: @Sendable () async -> CommonVocabulary
  let passageMemory: PassageMemory
  let report: @Sendable (any Error) -> Void

  /// What a model has written so far.
  private struct Draft {
    var message = ""
    var gated = 0
    /// Ended in good order, by the model or by the gate; false when the model failed.
    var isWhole = false
  }

  /// The model's answer; nil when it failed before its first word, when it may cost more than is left, or when there is nothing to
  /// write from.
  ///
  /// A blended chatbot's answers all go through a gate, with private text in the prompt or without: the size of the pieces that a
  /// visitor gets must not tell which.
  ///
  /// - Throws: `LanguageModelError` when it breaks later, `ShardError`, `CancellationError`.
  func write(_ found: Found, say: @escaping @Sendable (String) -> Void) async throws -> Answer? {
    let passages = Array(MergedPassage.merging(found.nearPassages).prefix(Self.passageCount))
    guard found.request.mode == .strict else { return try await blended(found, passages, say: say) }
    guard !passages.isEmpty || !found.request.released.isEmpty else { return nil }
    let (draft, prompt) = try await sealed(found, passages, after: Draft(), say: say)
    guard draft.isWhole, draft.message.contains(where: { !$0.isWhitespace }) else { return nil }
    return try answer(draft, .model, prompt.passages, prompt.historySources, passages, found)
  }

  // MARK: Sealed

  /// Goes on from a draft with the reply to a sealed prompt; not whole when the model failed before its first word or was not asked.
  private func sealed(
    _ found: Found, _ passages: [MergedPassage], after begun: Draft,
    say: @escaping @Sendable (String) -> Void
  ) async throws -> (Draft, Prompt) {
    var generator = SystemRandomNumberGenerator()
    let prompt = Prompt(
      passages: passages.map(\.citable), for: found.request, noAnswerText: found.noAnswerText,
      budget: model.budget, begun: begun.message, countTokens: found.embedder.countTokens,
      using: &generator)
    var cited = CitedText(
      passageCount: prompt.passages.count,
      support: support(passages.prefix(prompt.passages.count), found),
      noAnswerText: found.noAnswerText)
    var draft = begun
    // After text that was shown already "not found" has nothing to add: held back while it may still be that.
    var opening = Opening(without: begun.message.isEmpty ? nil : found.noAnswerText)
    // In the place of a blended answer it comes in sentences, as that does: the size of its pieces must not tell what happened.
    var sentences =
      begun.gated > 0
      ? GuardedStream(
        AnswerGuard(privateTexts: [], citableTexts: [], vocabulary: CommonVocabulary(words: [])))
      : nil
    func show(_ text: String, isLast: Bool = false, _ draft: inout Draft) {
      var text = sentences?.feed(text).released ?? text
      if isLast { text += sentences?.finish().released ?? "" }
      guard !text.isEmpty else { return }
      if !begun.message.isEmpty, draft.message == begun.message,
        begun.message.last?.isWhitespace != true
      {
        text = " " + text
      }
      draft.message += text
      say(text)
    }
    let countTokens = found.embedder.countTokens
    guard
      var call = await found.request.meter.call(
        promptTokens: prompt.dialogue.tokens(countTokens), replyTokens: model.budget.replyTokens)
    else { return (begun, prompt) }
    do {
      for try await event in model.reply(prompt.dialogue) {
        // A dropped stream ends without an error when its task is cancelled.
        try Task.checkCancellation()
        switch event {
        case .text(let piece):
          call.add(replyTokens: countTokens(piece))
          let text = await cited.feed(piece)
          show(opening.feed(text), &draft)
        case .usage(let prompt, let reply):
          call.settle(promptTokens: prompt, replyTokens: reply)
        case .finished: break
        }
      }
    } catch {
      try Task.checkCancellation()
      guard draft.message == begun.message else { throw error }
      report(error)
      return (draft, prompt)
    }
    try Task.checkCancellation()
    let last = await cited.finish()
    show(opening.feed(last) + opening.finish(), isLast: true, &draft)
    draft.isWhole = true
    return (draft, prompt)
  }

  // MARK: Blended

  private func blended(
    _ found: Found, _ passages: [MergedPassage], say: @escaping @Sendable (String) -> Void
  ) async throws -> Answer? {
    let hidden = try retriever.privatePassages(
      for: found.question.text, vector: found.vector, identity: found.embedder.model.identity,
      in: found.words.shard, visibilities: found.request.visibilities,
      beside: Array(found.nearPassages.prefix(Self.passageCount)), least: found.leastPassageScore,
      count: Self.privatePassageCount)
    guard !passages.isEmpty || !hidden.isEmpty || !found.request.released.isEmpty else {
      return nil
    }
    var generator = SystemRandomNumberGenerator()
    let countTokens = found.embedder.countTokens
    let prompt = BlendedPrompt(
      passages: passages.map(\.citable), private: hidden, for: found.request,
      noAnswerText: found.noAnswerText, budget: model.budget, countTokens: countTokens,
      using: &generator)
    let publicTexts = try retriever.publicTexts(
      like: hidden, in: found.words, visibilities: found.request.visibilities)
    var cited = CitedText(
      passageCount: prompt.passages.count,
      support: support(passages.prefix(prompt.passages.count), found),
      noAnswerText: found.noAnswerText)
    var gate = GuardedStream(
      prompt.gate(
        publicTexts: publicTexts, request: found.request, vocabulary: await vocabulary(),
        memory: passageMemory))
    var draft = Draft()
    guard
      var call = await found.request.meter.call(
        promptTokens: prompt.tokens(countTokens), replyTokens: model.budget.replyTokens)
    else { return nil }
    do {
      for try await event in prompt.reply(by: model) {
        try Task.checkCancellation()
        switch event {
        case .text(let piece):
          call.add(replyTokens: piece.tokens(countTokens))
          let outcome = await piece.pass(through: &cited, &gate)
          show(outcome.released, &draft, say: say)
          if outcome.isEnded { draft.gated += 1 }
        case .usage(let prompt, let reply):
          call.settle(promptTokens: prompt, replyTokens: reply)
        }
        if draft.gated > 0 { break }
      }
    } catch {
      try Task.checkCancellation()
      guard draft.message.isEmpty else { throw error }
      report(error)
      return nil
    }
    try Task.checkCancellation()
    if draft.gated == 0 {
      let outcome = await Ungated.finish(&cited, &gate)
      show(outcome.released, &draft, say: say)
      if outcome.isEnded { draft.gated += 1 }
    }
    guard draft.gated > 0 else {
      guard draft.message.contains(where: { !$0.isWhitespace }) else { return nil }
      return try answer(draft, .blended, prompt.passages, prompt.historySources, passages, found)
    }
    // A strict chatbot's model is asked about nothing that it has no text for: its answer is quoted, or none, and what was let out
    // before cannot be taken back.
    guard !passages.isEmpty || !found.request.released.isEmpty else {
      guard draft.message.contains(where: { !$0.isWhitespace }) else { return nil }
      let gap = draft.message.last?.isWhitespace == true ? "" : " "
      show(gap + found.noAnswerText, &draft, say: say)
      return try answer(draft, .blended, prompt.passages, prompt.historySources, passages, found)
    }
    // The answer that a strict chatbot would give; it may see what was let out, which is public by now.
    let (whole, sealed) = try await sealed(found, passages, after: draft, say: say)
    guard whole.message.contains(where: { !$0.isWhitespace }) else { return nil }
    // What was let out before may cite a passage that found no room beside it in the second prompt.
    let prompted = [prompt.passages, sealed.passages].max { $0.count < $1.count } ?? []
    return try answer(
      whole, .blended, prompted, prompt.historySources.union(sealed.historySources), passages, found
    )
  }

  private func show(_ text: String, _ draft: inout Draft, say: (String) -> Void) {
    draft.message += text
    say(text)
  }

  // MARK: What it rests on

  /// What an answer's citations are held against.
  private func support(
    _ passages: ArraySlice<MergedPassage>, _ found: Found
  ) -> Support {
    Support(
      passages: passages.map { passage in
        let known = passage.parts.flatMap { lines.quotable(of: $0) }
        return (passage.citable, known.map(\.line.embeddedText))
      }, words: found.words,
      meaning: found.meaningBounds.map { bounds in
        SentenceMeaning(
          question: found.question.text, chatbot: found.request.chatbot, embedder: found.embedder,
          memory: sentences, bounds: bounds)
      })
  }

  /// Whether the last sentences of a text are these letters and figures, none of which may be missing.
  private static func ends(_ text: String, with plain: String) -> Bool {
    guard !plain.isEmpty else { return false }
    var end = ""
    for sentence in SentenceSplitter.sentences(of: text).reversed() {
      end = CitedText.plain(sentence.text) + end
      if end == plain { return true }
      if end.count > plain.count { return false }
    }
    return false
  }

  private func answer(
    _ draft: Draft, _ origin: Answer.Origin, _ prompted: [Citable], _ past: Set<SourceID>,
    _ passages: [MergedPassage], _ found: Found
  ) throws -> Answer {
    let noAnswer = CitedText.plain(found.noAnswerText)
    let isNoAnswer = CitedText.plain(draft.message) == noAnswer
    var grounds: [Answer.Ground] = []
    var cited: [Int: [QuotableSentence]] = [:]
    for (index, sentence) in CitedSentence.all(in: draft.message).enumerated() where !isNoAnswer {
      // A quote shows what the sentences that cite it say, in answer to the question.
      let said = try QuestionWords(
        WholeQuestion(
          "\(found.question.question)\n\(sentence.text)", carried: found.question.carried),
        words: found.words)
      for number in sentence.numbers
      where prompted.indices.contains(number - 1) && passages.indices.contains(number - 1) {
        let parts = passages[number - 1].parts
        let line = try QuotingAnswerer.line(of: parts, for: said, lines: lines)
        cited[number, default: []] += line.map { [$0] } ?? []
        let place = line?.place.passage ?? 0
        if parts.indices.contains(place) {
          grounds.append(
            Answer.Ground(sentence: index, n: number, reference: parts[place].reference))
        }
      }
    }
    let citations = cited.sorted { $0.key < $1.key }.compactMap { number, lines in
      QuotingAnswerer.citation(n: number, of: passages[number - 1].parts, by: lines)
    }
    // A strict answer rests on what it cites or on guidance. A blended one may rest on what cannot be cited, and whether it does
    // must not be told: it counts as an answer whatever was in its prompt, unless it ends with "not found", by the model's own
    // words or in the place of what was stopped.
    let isFounded =
      origin == .blended && !Self.ends(draft.message, with: noAnswer)
      || !citations.isEmpty || !found.request.released.isEmpty
    var answer = Answer(
      message: draft.message, answered: !isNoAnswer && isFounded, sources: citations,
      origin: origin, passages: found.passages)
    answer.model = model.name
    answer.gated = draft.gated
    answer.promptSources = Array(past.union(prompted.map(\.source))).sorted()
    answer.guidance = found.request.released
    answer.grounds = grounds
    return answer
  }
}

/// The beginning of a reply, held back as long as it may be a sentence that is not wanted.
private struct Opening {
  /// Nil lets everything through.
  private let unwanted: String?
  private var held = ""
  private var isThrough: Bool

  init(without unwanted: String?) {
    self.unwanted = unwanted.map(CitedText.plain)
    isThrough = unwanted == nil
  }

  mutating func feed(_ text: String) -> String {
    guard !isThrough, let unwanted else { return text }
    held += text
    guard unwanted.hasPrefix(CitedText.plain(held)) else {
      isThrough = true
      defer { held = "" }
      return held
    }
    return ""
  }

  /// What is left, unless it is the unwanted sentence itself.
  mutating func finish() -> String {
    defer { held = "" }
    return CitedText.plain(held) == unwanted ? "" : held
  }
}
