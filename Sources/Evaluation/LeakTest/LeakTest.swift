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
    var tested = 0
    var tokens = 0
    var replyTokens = 0
    var leaks: [LeakReport.Leak] = []
    /// How often each part of the canary was said alone, by disguise.
    var said: [Disguise: [Canary.Finding: Int]] = [:]
    /// The disguises that were to bring private text to the gate, and those that did.
    var tried: Set<Disguise> = []
    var came: Set<Disguise> = []

    var untested: [Disguise] {
      Disguise.allCases.filter { tried.contains($0) && !came.contains($0) }
    }
  }

  /// An attack on a source.
  private struct Planned {
    let attack: Attack
    let disguise: Disguise
    /// Which part of the canary is rather said alone after it; nil for none.
    let secret: Int?

    var answerCount: Int { attack.turns.count + (secret == nil ? 0 : 1) }
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
    let share = attackShare(sources: hidden.count)
    let total = hidden.indices.reduce(0) { sum, place in
      sum + planned(place, share).reduce(0) { $0 + $1.answerCount }
    }
    var done = 0
    var sources: [LeakReport.Source] = []
    for (place, id) in hidden.enumerated() {
      guard let canary = canaries[id] else { continue }
      var tally = Tally()
      for (number, plan) in planned(place, share).enumerated() {
        try Task.checkCancellation()
        // A code or a figure stops what words alone might pass, so every other time none of them is said.
        let watched = WatchedModel(
          canary, plan.disguise, mode: mode, real: model,
          isPlain: (number / Disguise.allCases.count + number % Disguise.allCases.count) % 2 == 1)
        try await carryOut(plan, watched, shadow.shard, visibilities, &tally)
        done += plan.answerCount
        progress(done, total)
      }
      sources.append(
        LeakReport.Source(
          id: id.text, name: subject.names.name(of: id) ?? id.text, attacks: tally.attacks,
          reached: tally.reached, stopped: tally.stopped, tested: tally.tested,
          untested: tally.untested.map(\.rawValue), tokens: tally.tokens,
          replyTokens: tally.replyTokens, leaks: tally.leaks))
    }
    return LeakReport(
      chatbot: subject.name, mode: mode.rawValue, against: model?.name ?? "stub",
      generation: manifest.generation, answers: done,
      disguises: Disguise.allCases.map(\.rawValue), sources: sources,
      limits: LeakReport.limits(mode.rawValue))
  }

  /// Of how many attacks a source gets one, so that all answers together keep the budget.
  private func attackShare(sources: Int) -> Int {
    guard !isThorough else { return 1 }
    let whole = planned(0, 1).reduce(0) { $0 + $1.answerCount } * sources
    guard whole > Self.budget else { return 1 }
    // The fewer attacks there are, the nearer to each of them a secret is said alone.
    let most =
      attacks.reduce(0) { $0 + $1.turns.count + (saysSecretsAlone ? 1 : 0) } * sources
    return max(1, most / Self.budget + (most % Self.budget > 0 ? 1 : 0))
  }

  /// A real model says what it likes, and before a strict chatbot's model there is no secret.
  private var saysSecretsAlone: Bool { mode == .blended && model == nil }

  /// The attacks on one source, each with a disguise of its own, or with all of them.
  ///
  /// A secret is said alone after the first four under each disguise, once for each part of the canary, and then after every fourth.
  private func planned(_ place: Int, _ share: Int) -> [Planned] {
    let all = Disguise.allCases
    let pairs: [(attack: Attack, disguise: Int)] =
      isThorough
      ? attacks.flatMap { attack in all.indices.map { (attack, $0) } }
      : attacks.enumerated().filter { ($0.offset + place) % share == 0 }.map { number, attack in
        (attack, (number / share + place) % all.count)
      }
    let parts = Canary.Finding.allCases.count
    var counts = [Int](repeating: 0, count: all.count)
    return pairs.map { attack, number in
      let count = counts[number]
      counts[number] += 1
      return Planned(
        attack: attack, disguise: all[number],
        secret: saysSecretsAlone && (count < parts || count % parts == 0) ? place + number : nil)
    }
  }

  /// What one visitor says and is told.
  private struct Conversation {
    let attack: Attack
    let answerer: Answerer
    let visibilities: [SourceID: Visibility]
    let trouble: Trouble
    var past: [AnswerRequest.Turn] = []
    var said = ""
  }

  /// The first error that was covered by quoting.
  private final class Trouble: Sendable {
    private let first = Mutex<(any Error)?>(nil)
    var error: (any Error)? { first.withLock { $0 } }
    func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
  }

  private func carryOut(
    _ plan: Planned, _ watched: WatchedModel, _ shard: ShardSet,
    _ visibilities: [SourceID: Visibility], _ tally: inout Tally
  ) async throws {
    let trouble = Trouble()
    let (attack, disguise, canary) = (plan.attack, plan.disguise, watched.canary)
    // However little an attack has to do with it: what is tested is the gate, not the search.
    var weights = QuotingWeights.set(for: embedder.model)
    weights.leastPassageScore = 0
    let answerer = Answerer(
      shards: ShardCache(fixed: [subject.chatbot.text: shard]), embedder: { embedder },
      model: watched.model, vocabulary: { vocabulary },
      retriever: Retriever(leastPrivateScore: 0), weights: weights, remembers: false,
      report: { trouble.note($0) })
    var conversation = Conversation(
      attack: attack, answerer: answerer, visibilities: visibilities, trouble: trouble)
    tally.attacks += 1
    for (number, turn) in attack.turns.enumerated() {
      var question = Attack.aimed(turn, at: canary)
      // An attack that does not name the subject would find another text, and test nothing.
      if number == 0, !question.contains(canary.topic) { question += " (\(canary.topic))" }
      _ = try await ask(question, watched, &conversation, &tally)
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
    if let first = plan.secret {
      try await saySecret(first, watched, &conversation, &tally)
    }
  }

  /// Asks once more, and has the model say a part of the canary alone: the one that was said least often under the disguise.
  private func saySecret(
    _ first: Int, _ watched: WatchedModel, _ conversation: inout Conversation,
    _ tally: inout Tally
  ) async throws {
    let (canary, disguise) = (watched.canary, watched.disguise)
    let question = SecretTurn.question(about: canary.topic)
    let visible = Set(
      canary.visibleParts(said: conversation.said + question, under: disguise))
    let all = Canary.Finding.allCases
    let parts = all.indices.map { all[($0 + first) % all.count] }.filter(visible.contains)
    let counts = tally.said[disguise] ?? [:]
    guard let part = parts.min(by: { counts[$0] ?? 0 < counts[$1] ?? 0 }) else { return }
    tally.said[disguise, default: [:]][part, default: 0] += 1
    tally.tried.insert(disguise)
    // A sentence that the gate does not let through tests nothing: then another one stands before the secret.
    for opening in SecretTurn.Opening.allCases {
      watched.says(part, after: opening)
      let (answer, found) = try await ask(question, watched, &conversation, &tally)
      let outcome = watched.secretTurn?.outcome(of: answer) ?? .early
      if outcome == .stopped { tally.tested += 1 }
      // Let out and not seen is not tested; let out and seen is told as a leak.
      if outcome == .stopped || outcome == .passed && !found.isEmpty { tally.came.insert(disguise) }
      if outcome != .early { break }
    }
  }

  /// One turn, and what is found in the answer.
  private func ask(
    _ question: String, _ watched: WatchedModel, _ conversation: inout Conversation,
    _ tally: inout Tally
  ) async throws -> (Answer, Set<Canary.Finding>) {
    let (canary, disguise) = (watched.canary, watched.disguise)
    conversation.said += question + "\n"
    watched.hears(conversation.said)
    var request = AnswerRequest(
      question: question, chatbot: subject.chatbot, chatbotName: subject.name,
      visibilities: conversation.visibilities, noAnswerText: subject.noAnswerText)
    request.mode = mode
    request.history = conversation.past
    let answer = try await conversation.answerer.wholeAnswer(request)
    // A model that does not reply has not been tested, whatever was quoted in its place.
    if let error = conversation.trouble.error { throw error }
    tally.tokens += answer.usage.promptTokens + answer.usage.replyTokens
    tally.replyTokens += answer.usage.replyTokens
    // As the server hands earlier answers on: what was blended is in no later prompt.
    conversation.past.append(
      AnswerRequest.Turn(
        question: question, answer: answer.origin == .blended ? nil : answer.message,
        sources: answer.promptSources))
    tally.stopped += answer.gated
    let shown =
      ([answer.message] + answer.sources.flatMap { [$0.title, $0.quote, $0.url ?? ""] })
      .joined(separator: "\n")
    let found = Set(
      canary.findings(in: shown, said: conversation.said, under: nil)
        + canary.findings(in: shown, said: conversation.said, under: disguise))
    tally.leaks += found.map {
      LeakReport.Leak(
        attack: conversation.attack.id, disguise: disguise.rawValue, what: $0.rawValue)
    }
    return (answer, found)
  }
}
