// Quoted answers that were given before: visitors of one site ask the same few questions, and a quoted answer depends on nothing
// but the question, the generation and what may be shown. All of that is in the key, so a new generation, a toggled source or
// another text for "not found" is another answer at once. A language model's answers are not kept.
//
// Kept in memory, a bounded number, the longest unused out first.

import Corpus
import Synchronization
import VectorShard

/// A bounded memory of quoted answers.
final class AnswerMemory: Sendable {
  struct Key: Hashable, Sendable {
    let chatbot: ChatbotID
    let generation: ShardManifest
    let visibilities: [SourceID: Visibility]
    let noAnswerText: String?
    let question: String

    init(_ request: AnswerRequest, _ shard: ShardSet) {
      chatbot = request.chatbot
      generation = shard.manifest
      visibilities = request.visibilities
      noAnswerText = request.noAnswerText
      question = request.question
    }
  }

  private struct Entry {
    let answer: Answer
    var used: Int
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var clock = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: answers kept; one takes about 2 kB.
  init(limit: Int = 8_192) { self.limit = max(2, limit) }

  /// The answer that was given to the same; nil when there is none.
  func answer(_ key: Key) -> Answer? {
    state.withLock { state in
      state.clock += 1
      state.entries[key]?.used = state.clock
      return state.entries[key]?.answer
    }
  }

  /// Keeps an answer, without the passages it was looked for in.
  func keep(_ answer: Answer, for key: Key) {
    let kept = Answer(
      message: answer.message, answered: answer.answered, sources: answer.sources,
      origin: answer.origin, passages: [])
    state.withLock { state in
      state.entries[key] = Entry(answer: kept, used: state.clock)
      guard state.entries.count > limit else { return }
      // Half at once: sorting is then rare, whatever the traffic.
      let oldest = state.entries.sorted { $0.value.used < $1.value.used }
      for (key, _) in oldest.prefix(state.entries.count - limit / 2) { state.entries[key] = nil }
    }
  }
}
