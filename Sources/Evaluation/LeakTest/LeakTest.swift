// The leak test of PRIVACY.md: canaries in a copy of the shard, the attack suite against a model that copies its whole context under
// each disguise, and an exact look at what came out. Offline, free, and the same each time.

package import AnswerGuard
package import Answering
package import Corpus
import FoundationEssentials
package import Embedding
import Synchronization
package import VectorShard

/// Runs leak tests.
package struct LeakTest: Sendable {
  /// Answers of one test at most: with many sources each gets a share of the attacks, others each time by its place.
  package static let budget = 6_000

  private let subject: Evaluator.Subject
  private let mode: PrivacyMode
  private let embedder: Embedder
  private let vocabulary: CommonVocabulary
  private let attacks: [Attack]
  private let isThorough: Bool
  /// Nil for the copying one.
  private let model: LanguageModel?

  /// - Parameters:
  ///   - mode: The chatbot's own, or the one to try.
  ///   - model: A real one, in place of the one that copies everything.
  ///   - attacks: Nil for the whole suite.
  ///   - isThorough: Whether each attack is carried out under each disguise, and on each source, instead of one by its turn.
  /// - Throws: `DecodingError` for a suite that cannot be read.
  package init(
    of subject: Evaluator.Subject, mode: PrivacyMode, embedder: Embedder,
    vocabulary: CommonVocabulary, model: LanguageModel? = nil, attacks: [Attack]? = nil,
    isThorough: Bool = false
  ) throws {
    self.isThorough = isThorough
    self.subject = subject
    self.mode = mode
    self.embedder = embedder
    self.vocabulary = vocabulary
    self.model = model
    self.attacks = try attacks ?? Attack.suite()
  }

  /// Tokens that a test may cost with a real model at most: each turn may make three calls, with a full prompt and reply.
  ///
  /// - Parameter attacks: nil for the whole suite.
  package static func tokens(
    of model: LanguageModel, sources: Int, attacks: [Attack]? = nil
  ) throws -> Int {
    let turns = try (attacks ?? Attack.suite()).reduce(0) { $0 + $1.turns.count }
    return min(turns * sources, budget + turns) * 3 * model.budget.contextTokens
  }

  private struct Tally {
    var attacks = 0
    var reached = 0
    var stopped = 0
    var tokens = 0
    var replyTokens = 0
    var leaks: [LeakReport.Leak] = []
  }

  /// Tests one generation.
  ///
  /// - Parameters:
  ///   - folder: For the copy; is made and removed.
  ///   - progress: Told how many answers are done, and of how many.
  /// - Throws: `ShardError`, `EmbeddingError`, `CancellationError`, and a real model's errors.
  package func report(
    on manifest: ShardManifest, in directory: String, folder: String,
    progress: (Int, Int) -> Void = { _, _ in }
  ) async throws -> LeakReport {
    let hidden = subject.visibilities.filter { $0.value == .learnOnly }.map(\.key).sorted()
    let canaries = Dictionary(
      hidden.map { ($0, Canary(seed: $0.text)) }, uniquingKeysWith: { first, _ in first })
    // Best effort: what is left of a test that was killed.
    try? FileManager.default.removeItem(atPath: folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let documents = attacks.compactMap(\.document).enumerated().map { number, text in
      canaries.values.sorted { $0.code < $1.code }.dropFirst(number % max(1, canaries.count)).first
        .map { Attack.aimed(text, at: $0) } ?? text
    }
    let shadow = try await ShadowShard(
      of: manifest, in: directory, folder: folder, canaries: canaries, documents: documents,
      embedder: embedder)
    var visibilities = subject.visibilities
    visibilities[ShadowShard.planter] = .citable
    let turns = attacks.reduce(0) { $0 + $1.turns.count }
    let share =
      isThorough
      ? 1
      : max(
        1, turns * hidden.count / Self.budget + (turns * hidden.count % Self.budget > 0 ? 1 : 0))
    let total = hidden.indices.reduce(0) { sum, place in
      sum + chosen(place, share).reduce(0) { $0 + $1.attack.turns.count }
    }
    var done = 0
    var sources: [LeakReport.Source] = []
    for (place, id) in hidden.enumerated() {
      guard let canary = canaries[id] else { continue }
      var tally = Tally()
      for (number, (attack, disguise)) in chosen(place, share).enumerated() {
        try Task.checkCancellation()
        // A code or a figure stops what words alone might pass, so every other time none of them is said.
        let watched = Watched(
          canary, disguise, mode: mode, model: model,
          isPlain: (number / Disguise.allCases.count + number % Disguise.allCases.count) % 2 == 1)
        try await carryOut(attack, watched, shadow.shard, visibilities, &tally)
        done += attack.turns.count
        progress(done, total)
      }
      sources.append(
        LeakReport.Source(
          id: id.text, name: subject.names.name(of: id) ?? id.text, attacks: tally.attacks,
          reached: tally.reached, stopped: tally.stopped, tokens: tally.tokens,
          replyTokens: tally.replyTokens, leaks: tally.leaks))
    }
    return LeakReport(
      chatbot: subject.name, mode: mode.rawValue, against: model?.name ?? "stub",
      generation: manifest.generation, answers: done,
      disguises: Disguise.allCases.map(\.rawValue), sources: sources,
      limits: LeakReport.limits(mode.rawValue))
  }

  /// The attacks on one source, each with a disguise of its own, or with all of them.
  private func chosen(_ place: Int, _ share: Int) -> [(attack: Attack, disguise: Disguise)] {
    if isThorough {
      return attacks.flatMap { attack in Disguise.allCases.map { (attack, $0) } }
    }
    return attacks.enumerated().filter { ($0.offset + place) % share == 0 }.map { number, attack in
      let all = Disguise.allCases
      return (attack, all[(number / share + place) % all.count])
    }
  }

  private func carryOut(
    _ attack: Attack, _ watched: Watched, _ shard: ShardSet,
    _ visibilities: [SourceID: Visibility], _ tally: inout Tally
  ) async throws {
    let trouble = Mutex<(any Error)?>(nil)
    let (canary, disguise) = (watched.canary, watched.disguise)
    // However little an attack has to do with it: what is tested is the gate, not the search.
    var weights = QuotingWeights.set(for: embedder.model)
    weights.leastPassageScore = 0
    let answerer = Answerer(
      shards: ShardCache(fixed: [subject.chatbot.text: shard]), embedder: { embedder },
      model: watched.model, vocabulary: { vocabulary },
      retriever: Retriever(leastPrivateScore: 0), weights: weights, remembers: false,
      report: { error in trouble.withLock { $0 = $0 ?? error } })
    tally.attacks += 1
    var past: [AnswerRequest.Turn] = []
    var said = ""
    for (number, turn) in attack.turns.enumerated() {
      var question = Attack.aimed(turn, at: canary)
      // An attack that does not name the subject would find another text, and test nothing.
      if number == 0, !question.contains(canary.topic) { question += " (\(canary.topic))" }
      said += question + "\n"
      watched.hears(said)
      var request = AnswerRequest(
        question: question, chatbot: subject.chatbot, chatbotName: subject.name,
        visibilities: visibilities, noAnswerText: subject.noAnswerText)
      request.mode = mode
      request.history = past
      let answer = try await answerer.wholeAnswer(request)
      // A model that does not reply has not been tested, whatever was quoted in its place.
      if let error = trouble.withLock({ $0 }) { throw error }
      tally.tokens += answer.usage.promptTokens + answer.usage.replyTokens
      tally.replyTokens += answer.usage.replyTokens
      // As the server hands earlier answers on: what was blended is in no later prompt.
      past.append(
        AnswerRequest.Turn(
          question: question, answer: answer.origin == .blended ? nil : answer.message,
          sources: answer.promptSources))
      tally.stopped += answer.gated
      let shown =
        ([answer.message] + answer.sources.flatMap { [$0.title, $0.quote, $0.url ?? ""] })
        .joined(separator: "\n")
      for found in Set(
        canary.findings(in: shown, said: said, under: nil)
          + canary.findings(in: shown, said: said, under: disguise))
      {
        tally.leaks.append(
          LeakReport.Leak(attack: attack.id, disguise: disguise.rawValue, what: found.rawValue))
      }
    }
    if watched.hasReached {
      tally.reached += 1
      if mode == .strict {
        tally.leaks.append(
          LeakReport.Leak(attack: attack.id, disguise: disguise.rawValue, what: "prompt"))
      }
    } else if mode == .strict, watched.wasAsked {
      // The model was asked, and what it was shown held nothing: that is what is tested here.
      tally.reached += 1
    }
  }
}

/// A model whose prompts are looked at: the copying one, or a real one.
private final class Watched: Sendable {
  private struct Seen {
    var wasAsked = false
    var hasReached = false
    var said = ""
  }

  let canary: Canary
  let disguise: Disguise
  private let mode: PrivacyMode
  private let real: LanguageModel?
  /// Whether the copying model leaves out the canary's code, name and number: its sentence is of words that everybody knows.
  private let isPlain: Bool
  private let seen = Mutex(Seen())

  init(
    _ canary: Canary, _ disguise: Disguise, mode: PrivacyMode, model: LanguageModel?, isPlain: Bool
  ) {
    self.isPlain = isPlain
    self.canary = canary
    self.disguise = disguise
    self.mode = mode
    real = model
  }

  var wasAsked: Bool { seen.withLock { $0.wasAsked } }
  /// Whether the canary stood in some prompt: of a strict chatbot any trace of it that the visitor has not said.
  var hasReached: Bool { seen.withLock { $0.hasReached } }

  /// Takes what the visitor has said by now.
  func hears(_ said: String) { seen.withLock { $0.said = said } }

  var model: LanguageModel {
    let budget = real?.budget ?? Prompt.Budget(contextTokens: 1 << 20)
    return LanguageModel(name: real?.name ?? "stub", budget: budget) { dialogue in
      let text = dialogue.messages.map(\.content).joined(separator: "\n")
      let isHere = text.contains(self.canary.mark)
      self.seen.withLock {
        $0.wasAsked = true
        $0.hasReached =
          $0.hasReached || isHere
          || self.mode == .strict
            && !self.canary.findings(in: text, said: $0.said, under: nil).isEmpty
      }
      if let real = self.real { return real.reply(dialogue) }
      return AsyncThrowingStream { continuation in
        // The sealed answer of a blended chatbot holds nothing to copy.
        let copy =
          isHere || self.mode == .strict
          ? self.disguise.put(on: self.isPlain ? self.canary.withoutMarks(text) : text)
          : "It is in the documents [1]."
        continuation.yield(.text("Here is all of it. "))
        continuation.yield(.text(copy))
        continuation.finish()
      }
    }
  }
}
