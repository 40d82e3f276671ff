// Quoted answers that were given before: visitors of one site ask the same few questions, and a quoted answer depends on nothing
// but the question, the generation and what may be shown. All of that is in the key, so a new generation, a toggled source or
// another text for "not found" is another answer at once. A language model's answers are not kept.

import Corpus
import VectorShard

/// A digest of which sources are citable, good for this process.
struct CitableDigest: Hashable, Sendable {
  private let first, second: Int

  init(_ visibilities: [SourceID: Visibility]) {
    let ids = visibilities.filter { $0.value == .citable }.map(\.key.text).sorted()
    // Two keyed 64-bit hashes of different beginnings: 128 bits in all.
    var (one, two) = (Hasher(), Hasher())
    one.combine(0)
    two.combine(1)
    one.combine(ids)
    two.combine(ids)
    (first, second) = (one.finalize(), two.finalize())
  }
}

/// A bounded memory of quoted answers.
final class AnswerMemory: Sendable {
  struct Key: Hashable, Sendable {
    let chatbot: ChatbotID
    let generation: ShardManifest
    /// A digest of the citable sources: with two thousand of them a key would be larger than its answer.
    let citable: CitableDigest
    let noAnswerText: String?
    let question: WholeQuestion

    /// Of what tells most keys apart: a manifest names every segment.
    func hash(into hasher: inout Hasher) {
      hasher.combine(chatbot)
      hasher.combine(generation.generation)
      hasher.combine(question)
    }

    init(_ request: AnswerRequest, _ question: WholeQuestion, _ shard: ShardSet) {
      chatbot = request.chatbot
      generation = shard.manifest
      citable = CitableDigest(request.visibilities)
      noAnswerText = request.noAnswerText
      self.question = question
    }
  }

  private let memory: BoundedMemory<Key, Answer>

  /// - Parameter limit: answers kept; one takes about 2 kB.
  init(limit: Int = 8_192) { memory = BoundedMemory(limit: limit) }

  /// The answer that was given to the same; nil when there is none.
  func answer(_ key: Key) -> Answer? { memory.value(of: key) }

  /// Keeps an answer, without the passages it was looked for in.
  func keep(_ answer: Answer, for key: Key) {
    var kept = Answer(
      message: answer.message, answered: answer.answered, sources: answer.sources,
      origin: answer.origin, passages: [])
    kept.searched = answer.searched
    kept.generation = answer.generation
    kept.promptSources = answer.promptSources
    kept.looked = answer.looked
    kept.forms = AnswerForms()
    memory.keep([(key, kept)])
  }
}
