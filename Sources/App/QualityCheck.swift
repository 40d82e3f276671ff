// Evaluations from rows and shards: what `bobbin eval` and the gate have in common. Reads shards, never changes them.

package import AnswerGuard
package import Answering
package import Corpus
package import Embedding
package import Evaluation
import Spool
package import Storage
package import VectorShard

/// Puts a chatbot's questions, its rows and one of its generations together.
package struct QualityCheck: Sendable {
  private let database: AppDatabase
  private let data: String
  private let embedder: @Sendable () async throws -> Embedder

  /// - Parameter data: the data directory.
  package init(
    database: AppDatabase, data: String,
    embedder: @escaping @Sendable () async throws -> Embedder
  ) {
    self.database = database
    self.data = data
    self.embedder = embedder
  }

  /// The chatbot's own golden questions.
  package func questions(of chatbot: ChatbotID) async throws -> [GoldenQuestion] {
    try await database.goldenQuestions(of: chatbot).map { row in
      GoldenQuestion(
        question: row.question, history: row.history,
        sources: row.source.map { [$0.text] } ?? [], expected: row.expected,
        hasNoAnswer: row.hasNoAnswer)
    }
  }

  /// Asks questions of a generation, current or held.
  ///
  /// - Parameters:
  ///   - fusion: how the two searches are weighed; the answerer's own when left out.
  ///   - isDeep: whether rankings are followed to the tenth passage.
  /// - Throws: `ShardError`, `EmbeddingError`, `StorageError`.
  package func report(
    on questions: [GoldenQuestion], of chatbot: Chatbot, in shard: ShardSet,
    fusion: RankFusion = RankFusion(), isDeep: Bool,
    progress: (Int) -> Void = { _ in }
  ) async throws -> EvaluationReport {
    let text = chatbot.settings.noAnswerText
    let subject = Evaluator.Subject(
      chatbot: chatbot.id, name: chatbot.name, noAnswerText: text.isEmpty ? nil : text,
      visibilities: try await database.visibilities(of: chatbot.id),
      names: SourceNames(try await database.sourceNames(of: chatbot.id)))
    return try await Evaluator(
      of: shard, subject, embedder: try await embedder(), fusion: fusion, isDeep: isDeep
    ).report(on: questions, progress: progress)
  }

  /// A kept generation of a chatbot.
  ///
  /// - Throws: `ShardError`.
  package func shard(of chatbot: ChatbotID, generation: Int) throws -> ShardSet {
    let directory = "\(data)/shards/\(chatbot)"
    return try ShardSet(
      try ShardManifest.manifest(generation: generation, in: directory), in: directory)
  }

  /// Runs the leak test on the live generation of a chatbot.
  ///
  /// - Parameters:
  ///   - mode: nil for the chatbot's own.
  ///   - model: nil for the one that copies all it is shown.
  ///   - isThorough: whether each attack is carried out under each disguise.
  /// - Throws: `EvaluationError.noShard`, `ShardError`, `EmbeddingError`, `StorageError`, `CancellationError`.
  package func leakReport(
    of chatbot: Chatbot, mode: PrivacyMode? = nil, model: LanguageModel? = nil,
    vocabulary: CommonVocabulary, attacks: [Attack]? = nil, isThorough: Bool = false,
    progress: (Int, Int) -> Void = { _, _ in }
  ) async throws -> LeakReport {
    let directory = "\(data)/shards/\(chatbot.id)"
    guard let manifest = try ShardManifest.current(in: directory) else {
      throw EvaluationError.noShard(chatbot: chatbot.slug)
    }
    let text = chatbot.settings.noAnswerText
    let subject = Evaluator.Subject(
      chatbot: chatbot.id, name: chatbot.name, noAnswerText: text.isEmpty ? nil : text,
      visibilities: try await database.visibilities(of: chatbot.id),
      names: SourceNames(try await database.sourceNames(of: chatbot.id)))
    let own = PrivacyMode(rawValue: chatbot.settings.privacyMode) ?? .strict
    return try await LeakTest(
      of: subject, mode: mode ?? own, embedder: try await embedder(), vocabulary: vocabulary,
      model: model, attacks: attacks, isThorough: isThorough
    ).report(
      on: manifest, in: directory,
      // Beside the shards: a link does not cross file systems.
      folder: "\(data)/leak-tests/\(chatbot.id)/\(FreshID.text(now: WallClock.now()))",
      progress: progress)
  }
}
